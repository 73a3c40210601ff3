"""Changed bytes for all that sakka reads of strangers: an answer or our own error, soon; `make fuzz` looks for more.

    python -m tests.fuzz [--seconds 60] [--seed 0] [TARGET ...]

A target is what is read: photos, tables, saved models (with a manifest that fits the changed files, as someone with bad
intent would make one), requests on a server's socket. Each round draws its own numbers from the seed, so a round that
fails is done again by its number: `python -m tests.fuzz TARGET --round NUMBER`. What is found goes into a test.
"""

import argparse
import faulthandler
import io
import json
import logging
import random
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image
from safetensors.numpy import load, save
from studies.inputs import crafted_photos as crafted
from studies.inputs.crafted_photos import encoded
from tests.catalogs import vector_catalog
from tests.model_folders import sign_anew
from tests.web.servers import running

from sakka import Catalog, Work, build_catalog, load_model, save_model
from sakka.errors import CatalogError, ModelError, PhotoError
from sakka.models.fused import FusedModel
from sakka.models.registry import make_model
from sakka.photos.decode import read_photo
from sakka.web.settings import Limits, Settings

LONGEST_S = 120  # of a round: a hang is a failure
MEANINGFUL = (
    b"\xff\xda", b"\xff\xc2", b"!\xf9\4", b",", b"IDAT", b"PLTE", b"VP8L",
    b'"', b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf", b"{", b"[", b"]", b"-1", b"1e999", b"null", b"NaN", b"\\ud800",
    b": ", b"; ", b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"%00", b"../",
)  # fmt: skip
"""What formats give a meaning to."""

Round = Callable[[random.Random], object]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Bytes some of which are changed, cut out, doubled, or replaced by what formats give a meaning to."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed)) if chance.random() < 0.5 else chance.randrange(min(len(changed), 64))
        kind = chance.randrange(5)
        if kind == 0:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            changed[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"))
        elif kind == 2:
            del changed[at : at + chance.randint(1, 40)]
        elif kind == 3:
            changed[at:at] = changed[at : at + chance.randint(1, 60)]
        else:
            changed[at : at + 1] = chance.choice(MEANINGFUL)
        if not changed:
            return b"\0"
    return bytes(changed)


@contextmanager
def photos() -> Iterator[Round]:
    """Photos of every format and mode."""
    rows, columns = np.mgrid[0:16, 0:24]
    image = Image.fromarray(np.stack([columns * 9 % 256, rows * 9 % 256, (rows + columns) % 256], 2).astype(np.uint8))
    modes = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA"), "BMP": ("1", "L", "P", "RGB", "RGBA"), "GIF": ("L", "P")}
    whole = [encoded(image.convert(mode), kind) for kind, own in modes.items() for mode in own]
    for way in (0, 1):
        whole += [encoded(image.convert(mode), "JPEG", progressive=way) for mode in ("L", "RGB", "CMYK")]
        whole += [encoded(image.convert(mode), "WEBP", lossless=way) for mode in ("RGB", "RGBA")]
    whole += [crafted.webp_of_frames(20, 2), crafted.png(9, 9, interlaced=True), crafted.png(9, 9, colour=2, depth=16)]
    whole.append(crafted.bmp(40, 40, 8, compression=1, data=b"\x28\1\0\0" * 40))

    def read(chance: random.Random) -> None:
        with suppress(PhotoError):
            found = read_photo(mutated(chance.choice(whole), chance), at_least_px=chance.choice((None, 8)))
            assert found.mode == "RGB"

    yield read


@contextmanager
def tables() -> Iterator[Round]:
    """Tables of works of every kind that is a file."""
    names = ("id", "creator", "title", "price", "created_at")
    rows = [(str(row), ("Mori", "Abe")[row % 2], "花の brooch", row * 1.5, f"2019-0{row}-01") for row in range(1, 9)]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    parquet, workbook = io.BytesIO(), io.BytesIO()
    frame.write_parquet(parquet)
    frame.write_excel(workbook)
    whole = {
        "csv": frame.write_csv().encode("cp932"),
        "tsv": frame.write_csv(separator="\t").encode("utf-16"),
        "jsonl": frame.write_ndjson().encode(),
        "parquet": parquet.getvalue(),
        "xlsx": workbook.getvalue(),
    }
    with tempfile.TemporaryDirectory(prefix="sakka-fuzz-") as folder:

        def read(chance: random.Random) -> None:
            kind = chance.choice(sorted(whole))
            path = Path(folder) / f"works.{kind}"
            path.write_bytes(mutated(whole[kind], chance))
            with suppress(CatalogError):
                build_catalog(path, keep=chance.choice(((), ("price",))))

        yield read


@contextmanager
def models() -> Iterator[Round]:
    """Saved models, some with a manifest that fits what was changed; what can be loaded is asked."""
    works = vector_catalog(3, 8)
    question = Catalog.from_works([Work("asked", title="linen button", kept={"clip": (0.1, 0.2, 0.3, 0.4, 0.5)})])
    kinds = (FusedModel("photo-column:clip"), make_model("text-linear"), make_model("dummy"))
    with tempfile.TemporaryDirectory(prefix="sakka-fuzz-") as name:
        folders = [Path(name) / str(number) for number in range(len(kinds))]
        for model, folder in zip(kinds, folders, strict=True):
            save_model(model.fit(works), folder)

        def read(chance: random.Random) -> None:
            folder = chance.choice(folders)
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            before = {path: path.read_bytes() for path in files}
            path = chance.choice(files)
            path.write_bytes((_other_array if chance.random() < 0.3 else mutated)(before[path], chance))
            if chance.random() < 0.7:
                sign_anew(folder)
            try:
                with suppress(ModelError):
                    load_model(folder).identify_one(question)
            finally:
                for each, content in before.items():
                    each.write_bytes(content)

        yield read


def _other_array(content: bytes, chance: random.Random) -> bytes:
    """Arrays one of which has another shape, type or value; of a file that holds none, its bytes changed."""
    try:
        arrays = load(content)
        name = chance.choice(sorted(arrays))
        array = arrays[name]
        ways = (array[None], array.ravel()[:-1], array.astype(np.int8), array.astype(np.float32), array * -1, array * 0)
        return bytes(save({**arrays, name: np.ascontiguousarray(chance.choice(ways))}))
    except Exception:  # noqa: BLE001  JSON and texts, and arrays that safetensors can't hold
        return mutated(content, chance)


@contextmanager
def requests() -> Iterator[Round]:
    """Requests on a server's socket, whole and in parts."""
    form = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nlinen\r\n--b--\r\n'
    text = json.dumps({"works": [{"title": "linen"}, {"title": "月"}]}).encode()
    bodies = (
        ("/v1/identify", "multipart/form-data; boundary=b", form),
        ("/v1/identify", "application/x-www-form-urlencoded", b"title=linen&count=3"),
        ("/v1/identify/batch", "application/json", text),
        ("/", "multipart/form-data; boundary=b", form),
    )
    whole = [
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for path, kind, body in bodies
    ]
    paths = ("/", "/health", "/creators?start=3", "/v1/creators", "/photos/0/a", "/static/page.css", "/key?next=/")
    end = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: a\r\n\r\n"
    whole += [f"GET {path} {end}".encode() for path in paths]
    with tempfile.TemporaryDirectory(prefix="sakka-fuzz-") as name:
        save_model(make_model("text-linear").fit(vector_catalog(3, 8)), Path(name) / "model")
        limits = Limits(requests_a_minute=1_000_000, head_seconds=1, idle_seconds=1, seconds=2)
        with running(Settings(Path(name) / "model", port=0, limits=limits)) as client:
            server = client.base_url.host, client.base_url.port or 80

            def send(chance: random.Random) -> None:
                content = mutated(chance.choice(whole), chance)
                with socket.create_connection(server, timeout=LONGEST_S) as sock, suppress(ConnectionError):
                    sock.sendall(content)
                    sock.shutdown(socket.SHUT_WR)
                    status = sock.recv(4096).split(b" ", 2)[1:2]
                    assert status in ([], [b"503"]) or status[0] < b"500", status

            yield send


TARGETS = {"photos": photos, "tables": tables, "models": models, "requests": requests}


def one_round(target: str, read: Round, seed: int, number: int) -> None:
    """One round of a target; it raises, or ends the process, where something is wrong."""
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    try:
        read(random.Random(f"{target} {seed} {number}"))
    except BaseException as error:
        error.add_note(f"python -m tests.fuzz {target} --seed {seed} --round {number}")
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    """Read changed bytes until the time is up; the exit code says whether anything failed."""
    parser = argparse.ArgumentParser(description="Changed bytes for all that sakka reads of strangers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; none: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--round", type=int, help="do this round alone")
    asked = parser.parse_args()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # else it tells of each request that is none
    names, failed = asked.targets or list(TARGETS), 0
    for name in names:
        until_s = time.monotonic() + asked.seconds / len(names)
        with ExitStack() as held:
            read = held.enter_context(TARGETS[name]())
            for number in count() if asked.round is None else (asked.round,):
                try:
                    one_round(name, read, asked.seed, number)
                except Exception:  # noqa: BLE001  it is told, and the next round is done
                    failed += 1
                    traceback.print_exc()
                if time.monotonic() > until_s or asked.round is not None:
                    break
        sys.stdout.write(f"{name}: {number + 1:,} rounds\n")
    sys.exit(f"{failed:,} rounds failed" if failed else 0)


if __name__ == "__main__":
    main()

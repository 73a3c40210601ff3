"""What photos cost that are made to cost much: each one's processor time and memory, an answer or one line.

    python -m studies crafted_photos [MODEL and options of `sakka serve`]

Bombs of pixels and floods of parts in every format (`studies/inputs/crafted_photos.py`), each read in a process of its
own; then all of them as the photos of a catalog, and sent to `sakka serve`, one after the other and eight large ones at
once. It fails where one ends in anything but a photo or a `PhotoError` of one line, or needs more than `MOST_S` or
`MOST_MIB` above what the process had before; where a server's answer is a server error, or its memory with eight at
once grows beyond `MOST_TOGETHER_MIB`.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx

from sakka.errors import PhotoError
from sakka.photos.decode import read_photo
from studies.figures import Figure
from studies.hostile import drawn_market, peak_mib, sakka, serving
from studies.inputs.crafted_photos import MAKERS

MOST_S, MOST_MIB, MOST_TOGETHER_MIB = 5.0, 512, 1024
TOGETHER = 8
LARGEST = "PNG of 5,000 x 5,000, RGBA"
SIDE_PX = 224


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--only", default="", help="photos whose name has this in it")
    parser.add_argument("--reading", action="store_true", help="no catalog and no server")
    parser.add_argument("serve", nargs="*", help="MODEL and options of `sakka serve`; none: a small drawn market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Read each, then build a catalog of them and send them; ends with what failed where something did."""
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sakka-crafted-") as name:
        folder = Path(name)
        paths = {each: folder / f"{number}.photo" for number, each in enumerate(MAKERS) if asked.only in each}
        for each, path in paths.items():
            in_fork(lambda each=each, path=path: path.write_bytes(MAKERS[each]()) and "")  # type: ignore[misc]
            yield from read_once(each, path, failures)
        if not asked.reading:
            yield from catalog_of(list(paths.values()), folder, failures)
            yield from served(asked.serve, paths, folder, failures)
    if failures:
        sys.exit("\n".join(f"FAILED: {failure}" for failure in failures))


def read_once(name: str, path: Path, failures: list[str]) -> Iterator[Figure]:
    """Read a photo in a process of its own."""
    seconds, mib, said = in_fork(lambda: reading(path))
    if "\n" in said or not said.startswith(("read", "refused")) or seconds > MOST_S or mib > MOST_MIB:
        failures.append(f"{name}: {seconds:.1f} s, {mib:.0f} MiB, {said[:200]}")
    yield Figure(name, "bytes", path.stat().st_size)
    yield Figure(name, "s of processor", seconds)
    yield Figure(name, "MiB more", mib)
    yield Figure(name, "read", said.startswith("read"))


def reading(path: Path) -> str:
    """What came of reading a photo as the networks want it."""
    try:
        return f"read {read_photo(path, at_least_px=SIDE_PX).size}"
    except PhotoError as error:
        return f"refused: {error}"


def in_fork(do: Callable[[], str]) -> tuple[float, float, str]:
    """Do something in a process of its own: its processor time in s, its memory above the start in MiB, its answer."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            said = do()
        except BaseException as error:  # noqa: BLE001  whatever it is, it is what is measured
            said = f"{type(error).__name__}: {error}"
        after = resource.getrusage(resource.RUSAGE_SELF)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        os.write(writes, json.dumps([seconds, (after.ru_maxrss - before.ru_maxrss) / 1024, said[:2000]]).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    seconds, mib, said = json.loads(told) if told else (0.0, 0.0, "ended without an answer")
    return seconds, mib, said


def catalog_of(paths: list[Path], folder: Path, failures: list[str]) -> Iterator[Figure]:
    """Build a catalog with a work for each photo, and each work by one creator."""
    table = folder / "works.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "creator", "title", "photo"])
        rows.writerows([number, "one", f"work {number}", path.name] for number, path in enumerate(paths))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sakka(), "catalog", "build", str(table), "-o", str(folder / "catalog"), "--min-works", "1"]
    built = subprocess.run(words, check=False, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "Traceback" in built.stderr or built.returncode:
        failures.append(f"catalog build: {built.returncode} {built.stderr[-500:]}")
    yield Figure("catalog of all", "exit code", built.returncode)
    yield Figure(
        "catalog of all", "s of processor", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    )


def served(words: list[str], paths: dict[str, Path], folder: Path, failures: list[str]) -> Iterator[Figure]:
    """Send each to a server, then the largest several times at once."""
    with serving(words or drawn_market(folder)) as (base, process), httpx.Client(base_url=base, timeout=120) as client:
        statuses: Counter[int] = Counter()
        slowest_s = 0.0
        for name, path in paths.items():
            status, seconds = send(client, path)
            statuses[status] += 1
            slowest_s = max(slowest_s, seconds)
            if status >= 500:
                failures.append(f"{name}: the server answers {status}")
        for status, count in sorted(statuses.items()):
            yield Figure("sent one after the other", f"status {status}", count, len(paths))
        yield Figure("sent one after the other", "s for the slowest", slowest_s)
        before, peak = resident_mib(process), peak_mib(process)
        with suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(lambda _: send(client, paths[LARGEST]), range(TOGETHER)))
        yield Figure("sent one after the other", "MiB at most", peak)
        grown = peak_mib(process) - before
        if grown > MOST_TOGETHER_MIB:
            failures.append(f"{TOGETHER} at once: {grown:.0f} MiB more")
        yield Figure(f"{TOGETHER} at once: {LARGEST}", "MiB before", before)
        yield Figure(f"{TOGETHER} at once: {LARGEST}", "MiB more at most", grown)
        time.sleep(1)
        yield Figure(f"{TOGETHER} at once: {LARGEST}", "MiB more afterwards", resident_mib(process) - before)


def send(client: httpx.Client, path: Path) -> tuple[int, float]:
    """Send a photo; the status of the answer, and how long it took in s."""
    started_s = time.monotonic()
    answer = client.post("/v1/identify", files={"photo": path.read_bytes()})
    return answer.status_code, time.monotonic() - started_s


def resident_mib(process: int) -> float:
    """The memory that a process holds, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

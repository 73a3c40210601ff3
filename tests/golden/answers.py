"""What the scene's folders answer: one golden record a function, each given the scene's folder."""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import polars as pl
from PIL import Image
from safetensors.numpy import load_file
from tests.golden.command import asked
from tests.golden.scene import NEW_CREATOR, PHOTO_MODEL
from tests.web.servers import running

from sakka import Catalog, load_model
from sakka.web.settings import Settings

WORK, OTHER, COPIED = "work-01-003", "work-03-004", "work-02-001"
TEXTS = {"title": "刺繍 brooch", "description": "小鳥と　linen、No. 3"}
WORDS = ["--title", TEXTS["title"], "--description", TEXTS["description"]]


def experiment(root: Path) -> Any:
    """The rows of `results.json`, the folds of every split, and some stored predictions."""
    run = root / "run"
    splits = {name: run / ("" if name == "random" else name) for name in ("random", "grouped", "temporal")}
    return {
        "results": _results(run),
        "folds": {name: _folds(folder / "splits.parquet") for name, folder in splits.items()},
        "predictions": {
            name: {part: values[:3].tolist() for part, values in load_file(_first_fold(run, name)).items()}
            for name in (PHOTO_MODEL, "text-linear", "dummy")
        },
    }


def paper(root: Path) -> Any:
    """The rows of `results.json` of the preset `paper`."""
    return _results(root / "paper")


def audit(root: Path) -> Any:
    """What the audit found."""
    return json.loads((root / "audit" / "findings.json").read_text(encoding="utf-8"))


def models(root: Path) -> Any:
    """The probabilities that saved models give for works with photo and text, and with one of them."""
    works = Catalog.read(root / "catalog")
    some = works.take([0, 7, 23, 30, len(works) - 2])
    loaded = {name: load_model(root / name) for name in ("model", "grown", "thorough")}
    return {
        "works": some.ids,
        **{
            name: {"creators": list(model.creators_), "probabilities": model.predict_proba(some).tolist()}
            for name, model in loaded.items()
        },
    }


def commands(root: Path) -> Any:
    """What every command with `--json` prints."""
    return {**_lists(root), **_identified(root), **_explained(root), **_described(root), **_found(root)}


def _lists(root: Path) -> dict[str, Any]:
    shown = asked("catalog", "show", root / "catalog")
    del shown["problems_sha256"]  # the list of problems names files of the scene's folder
    return {
        "catalog show": shown,
        "creators list": asked("creators", "list", root / "model"),
        "creators list, grown": asked("creators", "list", root / "grown"),
        "labels": asked("labels", root / "catalog"),
        "weights list": [{name: row[name] for name in ("name", "sha256")} for row in asked("weights", "list")],
    }


def _identified(root: Path) -> dict[str, Any]:
    photo = ["--photo", root / "photos" / "photo-01-003.png"]
    new = [
        "--photo",
        root / "photos" / "photo-05-006.png",
    ]  # by the creator who was added, of whom only three are known
    return {
        "identify by both": asked("identify", root / "model", *photo, *WORDS),
        "identify by a photo": asked("identify", root / "model", *photo, "--top", 2),
        "identify by a text": asked("identify", root / "model", *WORDS),
        "identify by a strange text": asked("identify", root / "model", "--title", "something else"),
        "identify with reasons": asked("identify", root / "model", *photo, "--explain"),
        "identify a new creator": asked("identify", root / "model", *new),
        f"identify {NEW_CREATOR}": asked("identify", root / "grown", *new),
        "identify thoroughly": asked("identify", root / "thorough", *photo, *WORDS),
    }


def _explained(root: Path) -> dict[str, Any]:
    catalog, index = ["--catalog", root / "catalog"], ["--index", root / "index"]
    photo = ["--photo", root / "photos" / "photo-01-003.png"]
    pair = ["--creator", "creator 04", "--against", "creator 02"]
    return {
        "explain a work": asked("explain", root / "model", *catalog, "--work", WORK, "--nearest", 3),
        "explain with an index": asked("explain", root / "model", *photo, *WORDS, *index),
        "explain two photos": asked("explain", root / "model", *photo, "--photo", root / "photos" / "photo-03-004.png"),
        "explain a text for a pair": asked("explain", root / "model", *WORDS, *pair),
        "explain thoroughly": asked("explain", root / "thorough", *photo, *WORDS, *catalog, "--nearest", 2),
        "explain a grown model": asked("explain", root / "grown", *photo, *WORDS),
    }


def _described(root: Path) -> dict[str, Any]:
    catalog, model, index = root / "catalog", [root / "model"], ["--index", root / "index"]
    return {
        "describe a creator": asked("describe", catalog, "--creator", "creator 02"),
        "describe a creator with all": asked("describe", catalog, "--creator", "creator 01", *model, *index),
        "describe a creator with a model": asked("describe", catalog, "--creator", "creator 01", *model),
        "describe a work": asked("describe", catalog, "--work", COPIED, *model),
        "describe a work with an index": asked("describe", catalog, "--work", COPIED, *model, *index),
        "describe a text": asked("describe", root / "model", *WORDS),
    }


def _found(root: Path) -> dict[str, Any]:
    index, top = root / "index", ["--top", 4]
    photo = ["--photo", root / "photos" / "photo-01-003.png"]
    after = ["--from", "2015-02-01", "--of-one-creator", 1]
    return {
        "similar to a work": asked("similar", index, "--work", COPIED, *top),
        "similar by others": asked("similar", index, "--work", WORK, "--other-creators", *top, *after),
        "similar to both": asked("similar", index, *photo, *WORDS, *top),
        "similar to one and unlike another": asked("similar", index, "--like", WORK, "--unlike", OTHER, *top),
        "search": asked("search", index, "刺繍 linen", *top),
        "search for a style": asked("search", index, "brooch", "--work", WORK, *top),
        "search with a photo": asked("search", index, "ブローチ", *photo, *top),
        "recommend for a work": asked("recommend", index, "--work", WORK, *top),
        "recommend for a person": asked("recommend", index, "--liked", WORK, "--liked", OTHER, *top),
        "recommend creators": asked("recommend", index, "--creator", "creator 01", "--top", 3),
    }


def api(root: Path) -> Any:
    """The names in the API's schema, and what every operation answers."""
    with _served(root) as client:
        return {
            "schema": _schema(_answer(client.get("/openapi.json"))),
            "GET /health": {
                **_answer(client.get("/health")),
                "model": "the model's SHA-256",
            },  # it differs by processor
            **_got(client, "/v1/creators?start=1&count=2", "/v1/creators/creator 01?start=8"),
            **_got(client, f"/v1/works/{WORK}", "/v1/descriptions/creator 01", "/v1/related-creators/creator 01"),
            **_got(client, f"/v1/explain/{COPIED}", f"/v1/explain/{WORK}?creator=creator 04&against=creator 00"),
            **_posted(client),
            **_uploaded(
                client, *((root / "photos" / f"photo-{name}.png").read_bytes() for name in ("01-003", "03-004"))
            ),
            "/photos": _photo(client, f"/photos/0/{WORK}?size=small"),
            "/metrics": re.findall(r"^# TYPE (\S+ \S+)", client.get("/metrics").text, re.MULTILINE),
            "a problem": client.get("/v1/works/nowhere").json(),
        }


def _got(client: httpx.Client, *addresses: str) -> dict[str, Any]:
    return {f"GET {address}": _answer(client.get(address)) for address in addresses}


def _posted(client: httpx.Client) -> dict[str, Any]:
    bodies = [
        ("/v1/identify/batch", {"works": [{**TEXTS, "id": "mine"}, {"title": "猫"}], "ids": [WORK, OTHER], "top": 2}),
        ("/v1/similar", {"like": [WORK], "unlike": [OTHER], "other_creators": True, "count": 3}),
        ("/v1/similar", {"like": [COPIED], "after": "2015-02-01", "count": 3}),
        ("/v1/search", {"words": "刺繍 linen", "count": 3}),
        ("/v1/search", {"words": "brooch", "like": WORK, "of_one_creator": 1, "count": 3}),
        ("/v1/recommend", {"liked": [WORK], "count": 3}),
        ("/v1/recommend", {"liked": [WORK, OTHER], "count": 3}),
    ]
    return {
        f"POST {path} {json.dumps(body, ensure_ascii=False)}": _answer(client.post(path, json=body))
        for path, body in bodies
    }


def _uploaded(client: httpx.Client, photo: bytes, other: bytes) -> dict[str, Any]:
    forms: list[tuple[str, dict[str, str]]] = [
        ("/v1/identify", TEXTS),
        ("/v1/explain", {**TEXTS, "against": "creator 03"}),
        ("/v1/similar/upload", {**TEXTS, "count": "3"}),
        ("/v1/search/upload", {"words": "ブローチ", "count": "3"}),
    ]
    return {
        f"POST {path} a photo and {json.dumps(form, ensure_ascii=False)}": _answer(
            client.post(path, files={"photo": ("a", photo)}, data=form)
        )
        for path, form in forms
    } | {
        "POST /v1/identify a title": _answer(client.post("/v1/identify", data={"title": "leather"})),
        "POST /v1/identify two photos": _answer(
            client.post("/v1/identify", files=[("photo", ("a", each)) for each in (photo, other)])
        ),
    }


def _photo(client: httpx.Client, address: str) -> Any:
    answer = client.get(address)
    return [answer.headers["content-type"], *Image.open(io.BytesIO(answer.content)).size]


def _schema(found: dict[str, Any]) -> Any:
    """The names in the API's schema: parameters by operation, fields by type."""
    operations = {
        f"{method.upper()} {path}": [parameter["name"] for parameter in operation.get("parameters", [])]
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    }
    types = {name: sorted(each.get("properties", {})) for name, each in found["components"]["schemas"].items()}
    return {"operations": operations, "types": types}


def page(root: Path) -> Any:
    """What the page shows of works and percentages: those it links to and those it prints, in its order."""
    photo = (root / "photos" / "photo-01-003.png").read_bytes()
    with _served(root) as client:
        answers = {
            "an upload": client.post("/", data=TEXTS, files={"photo": ("a", photo)}, follow_redirects=True),
            "a text": client.post("/", data=TEXTS, follow_redirects=True),
            "a question about a work": client.post(f"/works/{COPIED}/answer", follow_redirects=True),
            **{path: client.get(path) for path in ("/", f"/works/{COPIED}", "/creators", "/creators/creator 01")},
            "/search": client.get("/search", params={"q": "刺繍"}),
        }
        return {name: _shown(answer) for name, answer in answers.items()}


def _shown(answer: httpx.Response) -> dict[str, list[str]]:
    assert answer.is_success, answer.text
    text = unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", answer.text, flags=re.DOTALL))
    return {
        "works": re.findall(r'href="/works/([^"?#]+)', answer.text),
        "creators": re.findall(r'href="/creators/([^"?#]+)', answer.text),
        "percentages": re.findall(r"[<>]?\d[\d.,]* ?%", text),
    }


def _answer(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


@contextmanager
def _served(root: Path) -> Iterator[httpx.Client]:
    with running(Settings(root / "model", root / "index", root / "catalog", port=0)) as client:
        yield client


def _results(run: Path) -> Any:
    return json.loads((run / "report" / "results.json").read_text(encoding="utf-8"))


def _folds(path: Path) -> dict[str, str]:
    """Each column of folds as one word."""
    table = pl.read_parquet(path)
    return {name: " ".join(map(str, table[name])) for name in table.columns}


def _first_fold(run: Path, model: str) -> Path:
    return run / "predictions" / model / "0-0.safetensors"


RECORDS: Mapping[str, Callable[[Path], Any]] = MappingProxyType(
    {each.__name__: each for each in (experiment, paper, audit, models, commands, api, page)}
)

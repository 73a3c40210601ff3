"""The page without a browser: languages, escapes, and what it shows with and without works."""

import csv
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.models.test_conformal import titled
from tests.web.servers import Folders

from sakka.catalog.works import Catalog, Work
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.models.identification import Candidate, Identification
from sakka.pages.audit import CSV_COLUMNS
from sakka.web import describing
from sakka.web.answer_store import Answer, AnswerStore, SentPhotos
from sakka.web.collection import Collection
from sakka.web.language import accepted
from sakka.web.pictures import Pictures
from sakka.web.settings import Limits, Settings

PAGE = {"Accept": "text/html"}
Serve = Callable[[Settings], httpx.Client]


def test_the_language_is_the_readers_choice_then_the_browsers(serve: Serve, settings: Settings) -> None:
    client = serve(settings)
    japanese = {**PAGE, "Accept-Language": "fr;q=0.9, ja;q=0.8, en;q=0.2"}
    assert '<html lang="ja">' in client.get("/", headers=japanese).text
    assert '<html lang="en">' in client.get("/", headers=PAGE).text
    assert '<html lang="en">' in client.get("/creators?lang=en&start=0", headers=japanese).text
    assert '<html lang="en">' in client.get("/", headers=japanese).text  # the choice is remembered
    assert '<html lang="ja">' in client.get("/?lang=ja", headers=PAGE).text
    assert '<html lang="ja">' in client.get("/?lang=xx", headers=PAGE).text
    assert 'href="?start=0&amp;lang=en"' in client.get("/creators?start=0", headers=PAGE).text
    assert client.get("/").headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize("header", ["", ";;;", "ja;q=x", "*", "q=0", "日本", ",".join(["x"] * 1000)])
def test_a_language_header_that_is_none_means_english(header: str) -> None:
    assert accepted(header) == "en"


def test_what_a_person_types_is_never_markup(client: httpx.Client) -> None:
    typed = "<script>alert(1)</script>\"'>{{ 7 * 7 }}"
    answer = client.post("/", data={"title": typed, "description": typed}, headers=PAGE, follow_redirects=True)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "{{" in answer.text  # shown as it was typed
    refused = client.post("/", data={"title": typed}, files={"photo": ("x", b"no photo")}, headers=PAGE)
    assert refused.status_code == 415
    assert "<script>alert" not in refused.text
    assert "&lt;script&gt;" in refused.text  # what was typed stands in the form again


def test_an_answer_is_kept_under_its_own_address(client: httpx.Client, photo: bytes) -> None:
    sent = client.post("/", data={"title": "桜のブローチ"}, files={"photo": ("x", photo)}, headers=PAGE)
    assert sent.status_code == 303
    address = sent.headers["location"]
    pages = [client.get(address, headers={**PAGE, "Accept-Language": each}).text for each in ("en", "ja")]
    assert all("creator 01" in page and "ブローチ" in page for page in pages)
    pictures = [client.get(f"{address}/{name}") for name in ("photo-1", "map")]
    assert [each.headers["content-type"] for each in pictures] == ["image/jpeg"] * 2
    assert pictures[0].content != pictures[1].content
    for other in (f"{address}x", f"{address}/photo-2", "/answers/x/photo-1", "/answers/x"):
        assert client.get(other, headers=PAGE).status_code == 404


def test_an_answer_to_a_text_has_no_picture_and_one_about_a_work_leads_back(client: httpx.Client) -> None:
    sent = client.post("/", data={"description": "leather"}, headers=PAGE)
    assert client.get(sent.headers["location"] + "/photo-1").status_code == 404
    sent = client.post("/works/work-01-003/answer", headers=PAGE)
    assert 'href="/works/work-01-003"' in client.get(sent.headers["location"], headers=PAGE).text
    assert client.post("/works/none/answer", headers=PAGE).status_code == 404


def test_a_question_that_the_model_can_not_read_is_refused_in_words(
    serve: Serve, settings: Settings, folder: Path, photo: bytes
) -> None:
    works = (Work(str(number), f"maker {number % 2}", ("leather", "linen")[number % 2]) for number in range(8))
    save_model(FusedModel().fit(Catalog.from_works(works)), folder / "model")
    Catalog.from_works([Work("silent", "maker 0", photos=("x.png",))]).write(folder / "catalog")
    client = serve(replace(settings, model=folder / "model", index=None, catalog=folder / "catalog"))
    reason = "model reads only texts, and the work has only a photo; give it a title or a description"
    for address in ("/v1/identify", "/v1/explain", "/"):
        answer = client.post(address, files={"photo": ("x", photo)}, headers=PAGE if address == "/" else {})
        assert answer.status_code == 422
        assert reason in answer.text
    asked = client.post("/works/silent/answer", headers=PAGE)
    assert asked.status_code == 422
    assert reason in asked.text
    (batched,) = client.post("/v1/identify/batch", json={"ids": ["silent"]}).json()["identifications"]
    assert (batched["answer"], batched["candidates"]) == (None, [])
    assert [each["reason"] for each in batched["problems"]] == ["nothing to read"]
    text = client.post("/", data={"title": "linen"}, headers=PAGE, follow_redirects=True).text
    assert 'id="evidence"' in text


def test_an_answer_says_who_is_possible_in_the_readers_language_and_in_the_api(
    serve: Serve, settings: Settings, folder: Path
) -> None:
    save_model(FusedModel().fit(titled(400)), folder / "model")
    client = serve(replace(settings, model=folder / "model", index=None))
    given = {"title": "hana1 hana2 hana3"}  # words of both makers
    page = client.post("/", data=given, headers=PAGE, follow_redirects=True).text
    assert "<dt>95 in 100</dt>" in page
    assert "<dd>any of them: there is no telling</dd>" in page
    assert "of the known creators’ works look no more like theirs than this one." in page
    client.get("/?lang=ja", headers=PAGE)  # is remembered
    page = client.post("/", data=given, headers=PAGE, follow_redirects=True).text
    assert "<dt>95 %の確かさ</dt><dd>絞り込めません</dd>" in page
    assert "はこの作品と同じか、それ以上に一致度が低くなります。" in page
    found = client.post("/v1/identify", data=given).json()
    sets = found["sets"]
    assert [each["coverage"] for each in sets] == [0.9, 0.95]  # the 80 works held out say nothing of 99 %
    assert (sets[1]["size"], sorted(sets[1]["creators"])) == (2, ["creator 0", "creator 1"])
    (batched,) = client.post("/v1/identify/batch", json={"works": [{"id": "a", **given}]}).json()["identifications"]
    assert (batched["sets"], batched["p_value"]) == (sets, found["p_value"])
    assert 0 < found["p_value"] < 1


def test_answers_are_forgotten_by_age_and_by_number() -> None:
    now = [0.0]
    store = AnswerStore(Limits(kept_minutes=2, kept_answers=5), clock=lambda: now[0])
    answer = Answer(
        title="",
        description="",
        identification=Identification(
            "named", "threshold", tuple(map(Candidate, "abcde", (0.5, 0.3, 0.1, 0.09, 0.009)))
        ),
    )
    first = store.keep(answer)
    now[0] = 120
    assert store.get(first) == answer
    now[0] = 121
    assert store.get(first) is None
    tokens = [store.keep(answer) for _ in range(8)]
    assert len(store) == 5
    assert [store.get(token) for token in (tokens[2], tokens[3])] == [None, answer]
    assert [each.creator for each in answer.candidates] == ["a", "b", "c", "d"]


def test_answers_with_many_photos_are_forgotten_sooner() -> None:
    store, found = AnswerStore(Limits(kept_bytes=100)), Identification("not sure enough", "threshold", ())
    rest = {"title": "", "description": "", "identification": found}
    tokens = [store.keep(Answer(photos=(bytes(20), bytes(20)), **rest)) for _ in range(4)]
    assert [store.get(token) is not None for token in tokens] == [False, False, True, True]
    assert store.kept_bytes == 80
    large = store.keep(SentPhotos((bytes(300),)))
    assert (len(store), store.kept_bytes) == (1, 300)
    assert store.get(large) is not None


def test_an_answer_shows_every_photo_and_marks_the_one_that_said_most(
    client: httpx.Client, folders: Folders, photo: bytes
) -> None:
    other = (folders.photos / "photo-04-000.png").read_bytes()
    sent = client.post("/", files=[("photo", ("x", photo)), ("photo", ("y", other))], headers=PAGE)
    address = sent.headers["location"]
    page = client.get(address, headers=PAGE).text
    (marked,) = re.findall(r'<li class="marked"><a href="\?photo=(\d)" data-large="\S+" aria-current="true">', page)
    assert f'<figure class="mat"><img src="{address}/photo-{marked}" alt="Photo {marked}">' in page
    assert f"This is photo {marked}, which said most." in page
    pictures = [client.get(f"{address}/photo-{number}") for number in (1, 2, 3)]
    assert [each.status_code for each in pictures] == [200, 200, 404]
    assert pictures[0].content != pictures[1].content
    for number, shown in ((1, 1), (2, 2), (9, int(marked))):
        page = client.get(f"{address}?photo={number}", headers={**PAGE, "Accept-Language": "ja"}).text
        assert f'<figure class="mat"><img src="{address}/photo-{shown}" alt="写真{shown}">' in page


def test_more_photos_of_a_work_than_are_read_are_refused_on_the_page(client: httpx.Client, photo: bytes) -> None:
    answer = client.post("/", files=[("photo", ("x", photo))] * 6, data={"title": "桜"}, headers=PAGE)
    assert answer.status_code == 422
    assert "Got 6 photos of one work, and the model reads 5 at most; leave some out" in answer.text
    assert 'value="桜"' in answer.text


def test_pages_of_works_and_creators_lead_to_each_other(client: httpx.Client) -> None:
    work = client.get("/works/work-01-003", headers=PAGE).text
    assert 'href="/creators/creator%2001"' in work
    assert 'src="/photos/0/work-01-003?size=large"' in work
    creator = client.get("/creators/creator 01", headers=PAGE).text
    assert 'href="/works/work-01-003"' in creator
    assert "12 works" in creator
    assert 'href="/creators/creator%2001"' in client.get("/creators", headers=PAGE).text
    for path in ("/works/x", "/creators/x", "/nothing"):
        missing = client.get(path, headers=PAGE)
        assert missing.status_code == 404
        assert "There is nothing here." in missing.text
    assert client.get("/creators?start=-1", headers=PAGE).status_code == 422


def test_a_creators_page_describes_the_creator_and_leads_to_kindred_ones(client: httpx.Client) -> None:
    page = client.get("/creators/creator 05", headers={**PAGE, "Accept-Language": "ja"}).text
    assert 'href="/search?q=leather&amp;creator=creator+05"' in page
    assert page.count("<rect") >= 2
    assert "この作家らしい作品" in page
    kin = page.split('id="kin"')[1].split("</section>")[0]
    assert kin.count('href="/creators/') == 5
    assert "creator%2005" not in kin


def test_a_description_that_takes_long_does_not_hold_the_page_up(
    serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.web.describing.PATIENCE_S", 0.2)
    go_on = threading.Event()
    made = describing.describe_creator

    def describe_slowly(*arguments: Any) -> Any:
        go_on.wait(20)
        return made(*arguments)

    monkeypatch.setattr("sakka.web.describing.describe_creator", describe_slowly)
    client = serve(settings)
    page = client.get("/creators/creator 05", headers=PAGE).text
    assert "is being made" in page
    assert "12 works" in page
    assert client.get("/v1/descriptions/creator 05").status_code == 503
    go_on.set()
    until_s = time.monotonic() + 20
    while "Kindred creators" not in page and time.monotonic() < until_s:
        page = client.get("/creators/creator 05", headers=PAGE).text
    assert "Kindred creators" in page


def test_a_server_of_a_model_alone_shows_no_way_to_works(serve: Serve, settings: Settings) -> None:
    page = serve(replace(settings, index=None)).get("/", headers=PAGE).text
    assert 'href="/creators"' not in page
    assert 'href="/search"' not in page
    assert 'name="photo"' in page


def test_a_server_of_a_catalog_without_an_index_shows_works_and_finds_none(
    serve: Serve, settings: Settings, folders: Folders
) -> None:
    client = serve(replace(settings, index=None, catalog=folders.catalog))
    page = client.get("/works/work-01-003", headers=PAGE).text
    assert "More by creator 01" in page
    assert 'href="/works/work-01-001"' in page
    assert "other hands" not in page
    assert client.get("/search?q=leather", headers=PAGE).status_code == 409
    for path, body in (("/v1/similar", {"like": ["work-01-003"]}), ("/v1/search", {"words": "leather"})):
        answer = client.post(path, json=body)
        assert answer.status_code == 409
        assert "has no index" in answer.json()["detail"]


def test_a_search_leads_to_works_and_says_where_there_are_none(client: httpx.Client) -> None:
    found = client.get("/search", params={"q": "leather saddle stitch"}, headers=PAGE).text
    assert re.search(r'<h2 id="found">\d+ works', found)
    assert 'href="/works/work-05-' in found
    filtered = client.get("/search", params={"q": "leather", "creator": "nobody"}, headers=PAGE).text
    for page in (filtered, client.get("/search", params={"q": " 、。"}, headers=PAGE).text):
        assert "Nothing was found" in page
    assert '<h2 id="found">72 works</h2>' in client.get("/search", headers=PAGE).text
    typed = client.get("/search", params={"q": '"><script>alert(1)</script>'}, headers=PAGE).text
    assert "<script>alert" not in typed


def test_a_page_says_in_its_language_why_something_cant_be_done(client: httpx.Client) -> None:
    japanese = {**PAGE, "Accept-Language": "ja"}
    assert "手がかりがありません。写真、題名、説明のいずれか" in client.post("/", headers=japanese).text
    two = [("photo", ("x", b"%PDF-1.7")), ("photo", ("y", b""))]
    assert "1枚目の写真: 写真はPDFファイルです。JPEG、PNG、" in client.post("/", files=two, headers=japanese).text
    assert "このIDの作品はありません" in client.get("/works/none", headers=japanese).text
    assert "There is no work of this id" in client.get("/works/none", headers=PAGE).text


def test_chances_of_the_same_creator_stand_beside_the_creators_works_and_not_beside_those_by_others(
    client: httpx.Client, photo: bytes
) -> None:
    page = client.post("/", files={"photo": ("x", photo)}, headers=PAGE, follow_redirects=True).text
    own, others = page.split('id="same"')[1].split('id="kindred"')
    assert "same creator:" in own
    assert "same creator:" not in others


def test_a_work_leads_to_kindred_works_of_other_creators(client: httpx.Client) -> None:
    page = client.get("/works/work-01-003", headers=PAGE).text
    same, kindred = page.split('id="kindred"')
    assert re.findall(r'href="/works/work-(\d\d)', same.split('id="same"')[1]).count("01") >= 3
    others = re.findall(r'href="/works/work-(\d\d)', kindred)
    assert others
    assert "01" not in others


def test_the_findings_of_an_audit_are_gone_through_by_kind(
    serve: Serve, settings: Settings, folder: Path, folders: Folders
) -> None:
    works = {
        "works": ["work-01-003"],
        "beside": ["work-02-001", "work-02-002"],
        "evidence": ["Because of <b>this</b>."],
    }
    pair = {"kind": "wrong creator", "score": 0.9, "creators": ["creator 01", "creator 02"], **works}
    findings = [{**pair, "works": [f"work-0{1 + n // 11}-{1 + n % 11:03}"]} for n in range(13)]
    findings.append({"kind": "one person", "score": 0.5, "creators": ["creator 03", "creator 04"], **works})
    timeline = {"works": ["work-01-001", "work-01-002", "work-01-003"], "positions": [-1, -0.5, 1], "after": 2}
    findings.append({"kind": "handover", "score": 0.9, "creators": ["creator 01"], **works, "timeline": timeline})
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    client = serve(replace(settings, audit=folder))
    first = client.get("/audit", headers=PAGE).text
    assert first.count('</b><span class="figure"') == 12
    assert "Under creator 01, may be by creator 02" in first
    assert "Because of &lt;b&gt;this" in first
    assert client.get("/audit?kind=wrong creator&start=12", headers=PAGE).text.count("</b><span") == 1
    assert "expected to be right" not in first
    assert "creator 03 and creator 04" in client.get("/audit?kind=one person", headers=PAGE).text
    changed = client.get("/audit?kind=handover", headers=PAGE).text
    assert (changed.count('<circle class="before"'), changed.count('<circle class="after"')) == (2, 1)
    assert "Each dot is a work" in changed
    assert 'href="/audit"' in client.get("/", headers=PAGE).text


def test_the_queue_says_how_many_of_the_open_findings_are_expected_to_be_right(
    serve: Serve, settings: Settings, folder: Path
) -> None:
    rest = {"kind": "wrong creator", "creators": ["creator 01", "creator 02"], "beside": [], "evidence": ["Because."]}
    findings = [{**rest, "score": 1 - rate, "error_rate": rate, "works": [f"work-01-00{n}"]}
                for n, rate in enumerate((0.0, 0.5, 0.7), 1)]  # fmt: skip
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    client = serve(replace(settings, audit=folder))
    page = client.get("/audit", headers=PAGE).text
    assert "Of these 3 findings, about 1 is expected to be right as things stand." in page
    japanese = client.get("/audit?lang=ja", headers=PAGE).text
    assert "この3件のうち1件ほどは、今の登録のままで正しいと見込まれます。" in japanese


def test_a_shared_photo_has_a_page_that_says_which_came_first(serve: Serve, settings: Settings, folder: Path) -> None:
    both = {"creators": ["creator 01", "creator 02"], "works": ["work-01-003", "work-02-001"]}
    said = {"came_first": "creator 01", "reason": "", "log_odds": 2.5, "error_rate": 0.1, "cues": {"beyond": [3, 1.8]}}
    dossier = {**both, **said, "photos": [0, 0], "mirrored": True, "listed": ["2019-03-01", None], "metadata": [[], []]}
    rest = {"beside": [], "evidence": ["Because."], "score": 0.9}
    findings = [
        {"kind": "shared photo", **both, **rest, "dossier": dossier},
        {"kind": "one person", **both, **rest},
    ]
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    client = serve(replace(settings, audit=folder))
    (address,) = re.findall(r'href="(/audit/\w+)"', client.get("/audit", headers=PAGE).text)
    page = client.get(address, headers=PAGE).text
    assert "creator 01’s photo came first" in page
    assert "Nothing here speaks against creator 01" in page
    assert page.count("size=large") == 2
    assert "先にあったのはcreator 01さんの写真です" in client.get(f"{address}?lang=ja", headers=PAGE).text
    assert client.get("/audit/0000000000000000", headers=PAGE).status_code == 404


def test_a_finding_that_is_decided_leaves_the_queue_and_can_be_opened_again(
    serve: Serve, settings: Settings, folder: Path
) -> None:
    both = {"works": ["work-01-003"], "beside": [], "evidence": ["Because."]}
    findings = [
        {"kind": "one person", "score": 0.5, "creators": [f"creator 0{n}", "creator 04"], **both} for n in (1, 2)
    ]
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    client = serve(replace(settings, audit=folder))
    page = client.get("/audit", headers=PAGE).text
    assert "Open <small>2</small>" in page
    key = re.findall(r'name="finding" value="(\w+)"', page)[0]
    decided = client.post("/audit", data={"finding": key, "decision": "dismissed", "kind": "one person"}, headers=PAGE)
    assert decided.headers["location"] == "/audit?kind=one+person"
    page = client.get("/audit", headers=PAGE).text
    assert "creator 01 and" not in page
    assert "creator 02 and" in page
    assert "Dismissed" in client.get("/audit?state=decided", headers=PAGE).text

    again = serve(replace(settings, audit=folder))  # what was decided is kept on disk
    assert "Decided <small>1</small>" in again.get("/audit", headers=PAGE).text
    again.post("/audit", data={"finding": key, "decision": "open"}, headers=PAGE)
    assert "creator 01 and" in again.get("/audit", headers=PAGE).text
    assert json.loads((folder / "decisions.json").read_text(encoding="utf-8")) == {}


def test_several_findings_are_decided_at_once_or_left_for_later_and_all_stand_in_a_table(
    serve: Serve, settings: Settings, folder: Path
) -> None:
    said = {"kind": "wrong creator", "score": 0.9, "beside": [], "evidence": ["The photo alone: =Mori with 72 %."]}
    findings = [{**said, "creators": ["creator 01", f"creator 0{n}"], "works": [f"work-01-00{n}"]} for n in (2, 3, 4)]
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    client = serve(replace(settings, audit=folder))
    keys = re.findall(r'name="finding" value="(\w+)" aria-label', client.get("/audit", headers=PAGE).text)
    client.post("/audit", data={"finding": keys[:2], "decision": "confirmed"}, headers=PAGE)
    client.post("/audit", data={"finding": keys[2], "decision": "later"}, headers=PAGE)
    page = client.get("/audit?state=later", headers=PAGE).text
    counts = [f"{state} <small>{count}</small>" for state, count in (("Open", 0), ("Later", 1), ("Decided", 2))]
    assert all(each in page for each in counts)
    assert "For later" in page
    table = client.get("/audit.csv", headers={"Accept-Language": "ja"})
    rows = list(csv.DictReader(table.content.decode("utf-8-sig").splitlines()))
    assert [each["decision"] for each in rows] == ["confirmed", "confirmed", "later"]
    assert [each["finding"] for each in rows] == keys
    assert tuple(rows[0]) == CSV_COLUMNS
    assert rows[0]["evidence"] == "写真だけでは、=Moriが72 %です。"
    refused = client.post("/audit", data={"finding": [*keys[:1], "0" * 16], "decision": "open"}, headers=PAGE)
    assert refused.status_code == 404
    assert "Decided <small>2</small>" in client.get("/audit", headers=PAGE).text
    assert client.post("/audit", data={"finding": keys * 20, "decision": "open"}, headers=PAGE).status_code == 422


def test_a_work_that_may_be_anothers_stands_beside_works_of_both_in_the_readers_language(
    serve: Serve, settings: Settings, folder: Path
) -> None:
    said = {
        "kind": "wrong creator",
        "score": 0.9,
        "beside": ["work-05-001"],
        "evidence": ["The text alone: A with 72 %."],
    }
    finding = {**said, "creators": ["creator 01", "creator 05"], "works": ["work-01-003"]}
    (folder / "findings.json").write_text(json.dumps([finding]), encoding="utf-8")
    page = serve(replace(settings, audit=folder)).get("/audit?lang=ja", headers=PAGE).text
    sides = page.split('<h2 class="small">')[1:]
    assert [each.split("<")[0] for each in sides] == ["この作品", "creator 01", "creator 05"]
    works = [re.findall(r'<a href="/works/work-(\d\d-\d+)">', each) for each in sides]
    assert works[0] == ["01-003"]
    assert [[each[:2] for each in side] for side in works[1:]] == [["01"] * 4, ["05"] * 4]
    assert "01-003" not in works[1]
    assert "文章だけでは、Aが72 %です。" in page


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"finding": "0" * 16, "decision": "confirmed"}, 404),
        ({"finding": "0" * 16, "decision": "perhaps"}, 422),
        ({"finding": "0" * 17, "decision": "confirmed"}, 422),
        ({"decision": "confirmed"}, 422),
    ],
)
def test_a_decision_about_nothing_is_refused(
    serve: Serve, settings: Settings, folder: Path, sent: dict[str, str], status: int
) -> None:
    (folder / "findings.json").write_text("[]", encoding="utf-8")
    assert serve(replace(settings, audit=folder)).post("/audit", data=sent, headers=PAGE).status_code == status


def test_no_page_names_another_host(client: httpx.Client) -> None:
    paths = ("/", "/works/work-01-003", "/creators", "/creators/creator 01", "/key", "/nothing", "/search?q=leather")
    for path in (*paths, "/picks?id=work-01-003", "/docs", "/map"):
        text = client.get(path, headers=PAGE).text
        assert re.findall(r"(?:src|href|action)=\"(?!/|\?|#)[^\"]*", text) == []
        assert "style=" not in text  # the page's own policy would not let it through
    for name in ("style.css", "drop.js", "queue.js", "map.js"):
        content = client.get(f"/static/{name}").text
        assert "http" not in content
        assert "url(" not in content


def test_a_creator_is_compared_with_some_others_in_a_large_catalog(folders: Folders) -> None:
    collection = Collection(Catalog.read(folders.catalog))
    few = collection.beside_others("creator 03", 7)
    assert few.table["creator"].to_list().count("creator 03") == 12
    assert len(few) == 19
    assert few.ids == collection.beside_others("creator 03", 7).ids
    assert len(collection.beside_others("creator 03", 1000)) == 72


def test_pictures_are_kept_in_bounded_memory(folders: Folders) -> None:
    collection = Collection(Catalog.read(folders.catalog))
    pictures = Pictures(collection, most_bytes=5000)
    works = [work for work in (collection.work(f"work-01-{number:03}") for number in range(12)) if work]
    made = [pictures.picture(work, 0, "small") for work in works]
    assert sum(map(len, made)) > 5000 >= pictures.kept_bytes
    assert pictures.picture(works[0], 0, "small") == made[0]
    assert collection.photo_path(Work("x"), 0) is None

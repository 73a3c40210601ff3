import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console
from tests.runs import MODELS, make_works, write_run

from sakka.catalog.works import Catalog, Work
from sakka.errors import RunError
from sakka.evaluation.layout import RunLayout
from sakka.evaluation.tables import all_tables
from sakka.pages.headline import headline
from sakka.pages.headline_terminal import headline as terminal_headline
from sakka.pages.language import texts_in
from sakka.pages.markdown_csv import comma_separated
from sakka.pages.write_report import report_of, write_report
from sakka.photos.data_uris import thumbnail

HOSTILE = "<script>alert('花')</script>"


class Page(HTMLParser):
    """What a browser would see: tags, addresses, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attributes)
        self.addresses += [value for name in ("src", "href", "data", "action") if (value := found.get(name))]
        self.ids |= {value for name, value in attributes if name == "id" and value}

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> RunLayout:
    folder = tmp_path_factory.mktemp("report")
    works = []
    for at, work in enumerate(make_works(lacking=True, title=HOSTILE)):
        photo = folder / f"{at}.png"
        if work.photos and at % 3:  # every third photo is missing
            Image.new("RGB", (60, 40), (at % 255, 90, 120)).save(photo)
        works.append(Work(work.id, creator=work.creator, title=work.title, photos=(str(photo),) if work.photos else ()))
    layout = write_run(folder / "run", Catalog.from_works(works))
    write_report(layout.folder)
    return layout


@pytest.fixture(scope="module")
def page(layout: RunLayout) -> Page:
    return Page(layout.page.read_text(encoding="utf-8"))


def test_the_page_needs_no_other_file_but_the_tables_beside_it(layout: RunLayout, page: Page) -> None:
    assert page.addresses
    for address in page.addresses:
        if address.startswith("#"):
            assert address[1:] in page.ids
        elif not address.startswith("data:image/jpeg;base64,"):
            assert (layout.report / address).is_file()
    html = layout.page.read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\(", html)


def test_chapters_are_closed_and_every_table_of_a_model_stands_in_one(layout: RunLayout, page: Page) -> None:
    html = layout.page.read_text(encoding="utf-8")
    assert "script" not in page.tags
    assert html.count('<details class="chapter">') >= 7
    assert "<details open" not in html
    tables = {each["table"] for each in json.loads(layout.results.read_text(encoding="utf-8"))}
    assert tables <= page.ids


def test_the_first_screen_says_how_good_how_sure_what_to_do_and_what_to_distrust(layout: RunLayout) -> None:
    results = json.loads(layout.results.read_text(encoding="utf-8"))
    first = layout.page.read_text(encoding="utf-8").partition('<section class="chapters">')[0]
    summary = {each["measure"]: each["value"] for each in results if each["table"] == "summary"}
    for measure in ("accuracy", "low_accuracy", "high_accuracy"):
        assert f"{100 * summary[measure]:.1f}" in first
    assert "probability of 95 %" in first
    assert "sakka experiment CATALOG -o RUN --split all" in first
    assert "sakka unknown-creators" in first
    assert first.count('<li><a href="#chapter-') == 3


def test_a_shop_s_report_says_nothing_of_the_paper(layout: RunLayout) -> None:
    html = re.sub(r"<style>.*?</style>", "", layout.page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search("paper|oracle|micro", html, flags=re.IGNORECASE)


def test_the_japanese_page_has_no_english_sentence_and_every_word_of_the_tables(layout: RunLayout) -> None:
    html = (layout.report / "index.ja.html").read_text(encoding="utf-8")
    shown = re.sub(r"<(style|code|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", "\n", shown)
    assert re.findall(r"[A-Za-z]+(?: [a-z]+){2,}", words) == []
    assert re.findall(r'(?:title|aria-label)="[A-Za-z]+(?: [a-z]+){2,}', shown) == []
    for table in report_of(layout.folder).tables:
        for english in (table.title, *table.head, *table.note.split("\n")):
            assert not english or not english.isascii() or texts_in("ja").said(english) != english or len(english) < 3


def test_hostile_titles_and_creators_stay_text(page: Page) -> None:
    assert "script" not in page.tags
    assert HOSTILE in page.words
    assert "<script>alert(1)</script>" in page.words


def test_a_photo_that_can_not_be_read_gets_a_placeholder(page: Page, folder: Path) -> None:
    assert "img" in page.tags
    assert "no photo" in page.words
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert thumbnail(folder / "broken.jpg") is None


def test_the_same_run_gives_the_same_bytes(layout: RunLayout) -> None:
    before = {path.name: path.read_bytes() for path in layout.report.iterdir()}
    write_report(layout.folder)
    assert before == {path.name: path.read_bytes() for path in layout.report.iterdir()}


def test_every_figure_of_the_page_and_of_the_csv_files_stands_in_the_results(layout: RunLayout, page: Page) -> None:
    results = json.loads(layout.results.read_text(encoding="utf-8"))
    assert set(results[0]) == {"table", "split", "model", "row", "measure", "value", "spread", "n", "folds"}
    for table in sorted({each["table"] for each in results}):
        known = {repr(each["value"]) for each in results if each["table"] == table}
        rows = list(csv.DictReader(io.StringIO((layout.report / f"{table}.csv").read_text(encoding="utf-8-sig"))))
        deviations = [
            name.removesuffix(" standard deviation") for name in rows[0] if name.endswith(" standard deviation")
        ]
        assert deviations
        assert {row[name] for row in rows for name in deviations if row[name]} <= known
    fused = next(
        each for each in results if (each["table"], each["model"], each["row"]) == ("table3", "fused", "fused")
    )
    assert f"{fused['value']:.3f} ± {fused['spread']:.3f}" in page.words


def test_every_work_s_prediction_is_in_a_table_and_shown_works_can_be_found_in_it(layout: RunLayout) -> None:
    content = (layout.report / "predictions.csv").read_text(encoding="utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(content))}
    results = json.loads(layout.results.read_text(encoding="utf-8"))
    (overall,) = [each for each in results if (each["table"], each["measure"]) == ("summary", "accuracy")]
    assert len(rows) == overall["n"]
    correct = [row["creator"] == row["predicted"] for row in rows.values()]
    assert [row["correct"] == "yes" for row in rows.values()] == correct
    assert sum(correct) / len(rows) == pytest.approx(overall["value"])
    html = layout.page.read_text(encoding="utf-8")
    errors = html.partition('id="chapter-errors"')[2].partition("</details>")[0]
    named = re.findall(r'<p class="by">.*<code>(.+?)</code>', errors)
    assert len(named) == 9
    assert {rows[each]["correct"] for each in named} == {"no"}
    pairs = html.partition('id="chapter-confusions"')[2].partition('id="chapter-errors"')[0]
    assert set(re.findall(r"<code>(.+?)</code>", pairs)) & set(rows)


def test_the_headline_says_who_wins_and_by_how_much_over_the_dummy(layout: RunLayout) -> None:
    results = json.loads(layout.results.read_text(encoding="utf-8"))
    said = headline(results)
    value = {
        (each["model"], each["row"]): each["value"]
        for each in results
        if each["table"] == "table3" and each["measure"] == "accuracy"
    }
    best = value["fused", "fused"]
    assert [bar.label for bar in said.bars] == [
        "Photo + text",
        "Photo (lite0)",
        "Text (linear)",
        "Dummy (largest creator)",
    ]
    assert f"{100 * best:.1f} %" in said.title
    assert f"{100 * (best - value['dummy', 'ensemble']):.1f} points above the dummy" in " ".join(said.sentences)
    assert said.bars[-1].kind == "none"


def test_models_that_do_worse_than_the_dummy_are_said_to_stand_below_it(folder: Path) -> None:
    write_run(folder, make_works(), models=MODELS[1:], inner_folds=1, skill={"text": -9.0})
    assert re.search(r"That is \d+\.\d points below the dummy", Page(write_report(folder).read_text("utf-8")).words)


def test_a_run_without_any_error_has_a_report(folder: Path) -> None:
    write_run(folder, make_works(), skill={"photo": 99.0, "text": 99.0})
    words = Page(write_report(folder).read_text("utf-8")).words
    assert "name the right creator for 100.0 % of the works" in words
    assert "That is the same as the photo alone (100.0 %), the same as the text alone (100.0 %) and " in words


def test_the_curve_of_sure_answers_ends_at_the_accuracy_of_all_works_and_is_drawn(
    layout: RunLayout, page: Page
) -> None:
    results = json.loads(layout.results.read_text(encoding="utf-8"))
    curve = [each for each in results if each["table"] == "sure" and " surest " in each["model"]]
    learned = next(
        each for each in results if (each["table"], each["model"], each["row"]) == ("table3", "fused", "fused")
    )
    assert len(curve) == 20
    assert curve[-1]["model"] == "fused surest 1.00"
    assert curve[-1]["value"] == learned["value"]
    assert curve[0]["value"] > learned["value"]  # the surest twentieth
    assert "share of works answered" in page.words
    assert "probability at least 0.50: coverage" in page.words


def test_the_terminal_headline_fits_80_columns(layout: RunLayout) -> None:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    console.print(terminal_headline(json.loads(layout.results.read_text(encoding="utf-8"))))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Dummy" in text
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_a_run_of_texts_alone_has_a_report_that_says_what_is_left_out(folder: Path) -> None:
    works = [Work(work.id, creator=work.creator, title=work.title) for work in make_works()]
    write_run(folder, Catalog.from_works(works), models=MODELS[1:], inner_folds=1)
    page = Page(write_report(folder).read_text(encoding="utf-8"))
    assert "The text alone names the right creator" in page.words
    assert "nothing to fuse" in page.words
    assert "img" not in page.tags
    assert not (folder / "report" / "table2.csv").exists()


def test_a_run_of_the_baseline_alone_has_a_report(folder: Path) -> None:
    write_run(folder, make_works(), models=MODELS[2:], inner_folds=1)
    assert "The baseline names" in write_report(folder).read_text(encoding="utf-8")


def test_a_cell_that_a_deviationsheet_would_run_is_disarmed(folder: Path) -> None:
    from sakka.evaluation.figures import Table, figure

    table = Table("t", "T", "", ("Creator", "F1"), (("=cmd()", figure("m", "fused", "f1", [0.5, 1.0], 4)),))
    assert comma_separated(table).splitlines() == [
        "\ufeffCreator,F1,F1 standard deviation,n,folds",
        "'=cmd(),0.75,0.3535533905932738,4,2",
    ]


def test_a_folder_that_is_no_run_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(RunError, match="is not a run"):
        write_report(folder)


def test_a_table_is_one_function_and_one_entry_as_the_docs_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "reference" / "report.md").read_text(encoding="utf-8")
    code = docs.split("```python")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/reference/report.md", "exec"), names)
    monkeypatch.setattr(all_tables, "TABLES", (*all_tables.TABLES, names["certainty"]))
    layout = write_run(folder, make_works(), inner_folds=1)
    page = Page(write_report(folder).read_text(encoding="utf-8"))
    assert "Once more" in page.words
    assert (layout.report / "certainty.csv").is_file()
    assert "certainty" in {each["table"] for each in json.loads(layout.results.read_text(encoding="utf-8"))}


def test_the_docs_name_every_table(layout: RunLayout) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "reference" / "report.md").read_text(encoding="utf-8")
    assert {path.stem for path in layout.report.glob("*.csv")} <= set(re.findall(r"^\| `(\w+)` \|", docs, re.MULTILINE))

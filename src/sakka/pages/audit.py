"""The page of an audit, `findings.json` and `findings.csv`."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sakka.audit.findings import KINDS, Finding, Kind
from sakka.audit.run import Audit
from sakka.catalog.works import Catalog
from sakka.files import write_json, write_text
from sakka.pages.markdown_csv import FORMULA_STARTS
from sakka.pages.report import WorkCard, environment, shortened
from sakka.pages.thumbnails import Thumbnails

PAGE_FILE, JSON_FILE, CSV_FILE = "index.html", "findings.json", "findings.csv"
MOST_SHOWN = 40
TITLES: dict[Kind, tuple[str, str]] = {
    "wrong creator": (
        "Works that may be under the wrong creator",
        "Models that have not seen the work, nor a near-identical one, are as sure of the other creator as they are of "
        "that creator's own works. It may also be a work in another's manner: look before changing anything. Where the "
        "two creators look like one person (below), their works are not listed here.",
    ),
    "shared photo": (
        "Photos that two creators use",
        "Near-identical photos, also cut, framed, mirrored or recoloured, under more than one creator.",
    ),
    "one person": (
        "Accounts that look like one person",
        "Equal names, shared photos, or works that models can't tell apart. Two people of one school or workshop look "
        "alike as well.",
    ),
}


@dataclass(frozen=True)
class FindingCard:
    """A finding as the page shows it."""

    head: str
    score: str
    evidence: tuple[str, ...]
    left_words: str
    left: tuple[WorkCard, ...]
    right_words: str
    right: tuple[WorkCard, ...]


def write_audit(audit: Audit, works: Catalog, folder: Path | str) -> Path:
    """Write an audit's page, `findings.json` and `findings.csv`; the same audit gives the same bytes.

    Returns:
        The page to open.
    """
    folder = Path(folder)
    ids = works.ids
    write_json(folder / JSON_FILE, [each.as_json(ids) for each in audit.findings])
    write_text(folder / CSV_FILE, findings_csv(audit.findings, ids))
    write_text(folder / PAGE_FILE, audit_page(audit, works))
    return folder / PAGE_FILE


def findings_csv(findings: Sequence[Finding], ids: Sequence[str]) -> str:
    """The findings as CSV; several creators, works or sentences of one finding are parted by ` | `."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["kind", "score", "creators", "works", "beside", "evidence"])
    for each in findings:
        lists = (each.creators, [ids[row] for row in each.rows], [ids[row] for row in each.beside], each.evidence)
        cells = [" | ".join(values) for values in lists]
        safe = ["'" + cell if cell.startswith(FORMULA_STARTS) else cell for cell in cells]
        writer.writerow([each.kind, f"{each.score:.4f}", *safe])
    return buffer.getvalue()


def audit_page(audit: Audit, works: Catalog) -> str:
    """The page as HTML, one file that needs nothing else."""
    cards = _Cards(works)
    sections = []
    for kind in KINDS:
        found = audit.of_kind(kind)
        title, note = TITLES[kind]
        shown = [cards.finding(each) for each in found[:MOST_SHOWN]]
        sections.append({"key": kind.replace(" ", "-"), "title": title, "note": note, "n": len(found), "cards": shown})
    return (
        environment()
        .get_template("audit.html")
        .render(
            sections=sections,
            works=len(works),
            creators=len(works.creators),
            sentences=_sentences(audit),
            has_photos=bool(works.has_photo.any()),
            files=[JSON_FILE, CSV_FILE],
        )
    )


class _Cards:
    def __init__(self, works: Catalog) -> None:
        self.works, self.paths = works, works.photo_paths
        self.thumbnails = Thumbnails()

    def work(self, row: int) -> WorkCard:
        work = self.works.table.row(row, named=True)
        path = self.paths[row]
        return WorkCard(
            shortened(work["title"] or "") or "(no title)",
            shortened(work["description"] or ""),
            work["creator"],
            self.thumbnails.of(None if path is None else str(path)),
        )

    def finding(self, finding: Finding) -> FindingCard:
        first, second = finding.creators[0], finding.creators[-1]
        words = {
            "wrong creator": (f"stands under {first}", f"by {second}"),
            "shared photo": ("the works", ""),
            "one person": (f"by {first}", f"by {second}"),
        }[finding.kind]
        heads = {
            "wrong creator": f"Under {first}, may be by {second}",
            "shared photo": f"Shared by {', '.join(finding.creators)}",
            "one person": f"{first} and {second}",
        }
        left, right = (tuple(self.work(row) for row in rows) for rows in (finding.rows, finding.beside))
        return FindingCard(
            heads[finding.kind], f"{finding.score:.2f}", finding.evidence, words[0], left, words[1], right
        )


def _sentences(audit: Audit) -> list[str]:
    near = audit.near
    said = [
        f"{int(near.sizes.sum()):,} works are near-identical to another one ({len(near.sizes):,} groups, "
        f"{near.across_creators:,} of them across creators)."
    ]
    if audit.accuracy is not None:
        said.append(
            f"Models ({', '.join(audit.models)}; seed {audit.seed}) that have not seen the work, nor a near-identical "
            f"one, name the catalog's creator for {100 * audit.accuracy:.1f} % of {audit.evaluated:,} works."
        )
    if audit.left_out:
        said.append(f"{audit.left_out:,} creators have too few works for models to judge them.")
    return said

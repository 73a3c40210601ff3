"""The page of an audit, `findings.json` and `findings.csv`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sakka.audit.decisions import Decisions
from sakka.audit.decisions import key_of as decision_key
from sakka.audit.dossier import Dossier
from sakka.audit.findings import KINDS, Finding, Kind, Timeline, expected_right
from sakka.audit.run import Audit
from sakka.catalog.works import Catalog
from sakka.files import csv_text, write_json, write_text
from sakka.pages.dossier import DOSSIER_COLUMNS, dossier_cells, dossier_sentence, dossier_words, rate_cell
from sakka.pages.evidence_sentences import evidence_sentence
from sakka.pages.formats import percent
from sakka.pages.language import LANGUAGES, Texts, texts_in
from sakka.pages.rendering import render
from sakka.pages.thumbnails import Card, Thumbnails
from sakka.pages.timeline import Strip, timeline_strip
from sakka.photos.data_uris import thumbnail

PAGE_FILE, JSON_FILE, CSV_FILE = "index.html", "findings.json", "findings.csv"
CSV_COLUMNS = (
    *("finding", "kind", "score", "error_rate", "creators", "works", "beside"),
    *(*DOSSIER_COLUMNS, "decision", "decided_at", "evidence"),
)
DOSSIERS = "dossiers"
MOST_SHOWN = 40
LARGE_PX = 560


@dataclass(frozen=True)
class FindingCard:
    """A finding as the page shows it."""

    head: str
    score: str
    evidence: tuple[str, ...]
    works: tuple[Card, ...]
    beside: tuple[Card, ...]
    strip: Strip | None
    verdict: str = ""
    dossier: str = ""


def write_audit(audit: Audit, works: Catalog, folder: Path | str, language: str = "en") -> Path:
    """Write an audit's page, `findings.json` and `findings.csv`; the same audit gives the same bytes.

    Returns:
        The page to open.
    """
    folder = Path(folder)
    ids = works.ids
    findings = [each.as_json(ids) for each in audit.findings]
    write_json(folder / JSON_FILE, findings)
    write_text(folder / CSV_FILE, findings_csv(findings, texts_in(language)))
    write_text(folder / PAGE_FILE, audit_page(audit, works, language))
    for earlier in (folder / DOSSIERS).glob("*.html"):
        earlier.unlink()  # what no longer holds is not to be shown to anyone
    for each in audit.findings:
        if each.dossier is not None:
            for other in LANGUAGES:
                write_text(folder / dossier_file(each, ids, other), dossier_page(each.dossier, works, other))
    return folder / PAGE_FILE


def dossier_file(finding: Finding, ids: list[str], language: str) -> str:
    """Where a finding's dossier stands below the audit's folder; in each language there is one."""
    return f"{DOSSIERS}/{decision_key(finding.as_json(ids))}.{language}.html"


def dossier_page(dossier: Dossier, works: Catalog, language: str = "en") -> str:
    """The page of a dossier as HTML, one file that needs nothing else and names no other finding."""
    both = works.take(dossier.rows)
    sides = [
        Card(work.title or "", "", creator, thumbnail(photos[number], LARGE_PX))
        for work, creator, photos, number in zip(both, dossier.creators, both.every_photo, dossier.photos, strict=True)
    ]
    words = dossier_words(replace(dossier, rows=(0, 1)).as_json(both.ids), texts_in(language))
    return render("dossier.html", language, words=words, first=sides[0], second=sides[1])


def findings_csv(findings: Iterable[Mapping[str, Any]], texts: Texts, decisions: Decisions | None = None) -> str:
    """The findings as CSV; several creators, works or sentences of one finding are parted by ` | `.

    Args:
        findings: As `findings.json` holds them.
        texts: Of the language in which is said what a finding goes by.
        decisions: What was decided about them; None leaves these columns empty.
    """
    return csv_text([CSV_COLUMNS, *(_cells(each, texts, decisions) for each in findings)])


def _cells(finding: Mapping[str, Any], texts: Texts, decisions: Decisions | None) -> tuple[str, ...]:
    """The cells of `CSV_COLUMNS`."""
    key, entry = decision_key(finding), (decisions and decisions.entry(finding)) or {}
    evidence = [evidence_sentence(each, texts) for each in finding["evidence"]]
    lists = (" | ".join(each) for each in (finding["creators"], finding["works"], finding["beside"]))
    decided = (entry.get("decision", ""), entry.get("decided_at", ""))
    rate, dossier = rate_cell(finding.get("error_rate")), dossier_cells(finding.get("dossier"))
    return key, finding["kind"], f"{finding['score']:.4f}", rate, *lists, *dossier, *decided, " | ".join(evidence)


def audit_page(audit: Audit, works: Catalog, language: str = "en") -> str:
    """The page as HTML, one file that needs nothing else."""
    texts, cards = texts_in(language), _AuditCards(works)
    sections = []
    for kind in KINDS:
        found = audit.of_kind(kind)
        shown = [cards.finding(each, texts) for each in found[:MOST_SHOWN]]
        cost = cost_of_looking(kind, [each.error_rate for each in found], texts)
        sections.append({"key": key_of(kind), "n": len(found), "cards": shown, "cost": cost})
    return render(
        "audit.html",
        language,
        sections=sections,
        works=len(works),
        creators=len(works.creators),
        sentences=_sentences(audit, texts),
        files_beside=[JSON_FILE, CSV_FILE],
    )


def cost_of_looking(kind: str, rates: Sequence[float | None], texts: Texts) -> str:
    """How many of some findings are expected to be right as they stand, in words; empty where nobody can say.

    Args:
        kind: Their kind.
        rates: The error rate of each.
        texts: The texts of a language.
    """
    expected = expected_right(kind, rates)
    if expected is None:
        return ""
    return texts("audit_cost" if expected >= 0.5 else "audit_cost_none", n=len(rates), right=max(1, round(expected)))


def key_of(kind: Kind) -> str:
    """The name of a kind of findings within the names of texts and places of a page.

    >>> key_of("one person")
    'one_person'
    """
    return kind.replace(" ", "_")


class _AuditCards:
    def __init__(self, works: Catalog) -> None:
        self.works, self.ids, self.paths = works, works.ids, works.photo_paths
        self.thumbnails = Thumbnails()

    def work(self, row: int) -> Card:
        work, path = self.works.table.row(row, named=True), self.paths[row]
        picture = self.thumbnails.of(None if path is None else str(path))
        return Card(work["title"] or "", work["description"] or "", work["creator"], picture)

    def finding(self, finding: Finding, texts: Texts) -> FindingCard:
        names = {"first": finding.creators[0], "second": finding.creators[-1], "all": texts.join([*finding.creators])}
        head = texts(f"finding_{key_of(finding.kind)}", **names)
        works, beside = (tuple(self.work(row) for row in rows) for rows in (finding.rows, finding.beside))
        because = tuple(evidence_sentence(each, texts) for each in finding.evidence)
        card = FindingCard(head, f"{finding.score:.2f}", because, works, beside, self.strip(finding.timeline))
        if finding.dossier is None:
            return card
        verdict = dossier_sentence(finding.dossier.as_json(self.ids), texts)
        return replace(card, verdict=verdict, dossier=dossier_file(finding, self.ids, texts.language))

    def strip(self, timeline: Timeline | None) -> Strip | None:
        if timeline is None:
            return None
        dates = self.works.table["created_at"].gather(list(timeline.rows)).to_list()
        return timeline_strip(dates, timeline.positions, timeline.after)


def _sentences(audit: Audit, texts: Texts) -> list[str]:
    near = audit.near
    groups = {"groups": len(near.sizes), "across": int(near.across_creators)}
    said = [texts("audit_near", n=int(near.sizes.sum()), **groups)]
    if audit.accuracy is not None:
        how = {"models": ", ".join(audit.models), "seed": audit.seed, "accuracy": percent(audit.accuracy)}
        said.append(texts("audit_models", n=audit.evaluated, **how))
        said.append(texts("audit_fdr", rate=f"{100 * audit.fdr:g} %"))
    return [*said, texts("audit_left_out", n=audit.left_out)] if audit.left_out else said

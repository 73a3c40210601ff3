"""What findings go by is said in Japanese too: every form of sentence that an audit writes."""

import ast
import json
import re
from pathlib import Path

import pytest

from sakka.audit import findings
from sakka.pages.evidence_sentences import FORMS, evidence_sentence
from sakka.pages.language import texts_in

RECORDED = Path(__file__).parents[1] / "golden" / "records" / "audit.json"
WRITTEN = {
    "because_named": "Models that have not seen it name Mori & Co. with over 99 % (61 % is usual for that creator's "
    "own works) and 花 with 花 with under 1 %.",
    "because_alone": "The photo alone: Mori with 72 %.",
    "because_chance": "The chance that it is right as it stands: under 1 %.",
    "because_names": 'Their names are equal but for case, width and punctuation: "mori\'s".',
    "because_both": "Photos of 3 works, 25% of the smaller account's, are in both.",
    "because_mixed": "By photo and text, 27% and 55% of the belief in the two goes to the wrong one.",
    "because_same_file": "2 works have a near-identical photo; the most similar two agree to 1.000 and are the "
    "same file.",
    "because_near": "3 works have a near-identical photo; the most similar two agree to 0.981 (correlation of local "
    "contrast where one lies on the other).",
    "because_since": "From 2015-05-03 on the works look like another maker's: 12 works before and 9 from then on; "
    "works that follow a maker's own development change little by little.",
    "because_rarer": "So sudden a change comes up in fewer than 1 in 1,000 accounts whose maker stays the same, "
    "judging by the 24 accounts of this catalog.",
    "because_rare": "So sudden a change comes up in 1 in 400 accounts whose maker stays the same, judging by the 24 "
    "accounts of this catalog.",
    "because_views": "What tells before and after apart is seen 60% in the photos and 40% in the texts.",
}
WORDS_OF_THE_AUDIT = re.compile(r"[A-Za-z' ]{12,}")


def test_every_form_of_sentence_is_tried_here() -> None:
    assert list(WRITTEN) == list(FORMS)


@pytest.mark.parametrize("key", FORMS)
def test_a_sentence_of_a_known_form_is_said_in_japanese_with_its_figures_and_names(key: str) -> None:
    said = evidence_sentence(WRITTEN[key], texts_in("ja"))
    assert re.search("[ぁ-ん]", said)
    assert WORDS_OF_THE_AUDIT.search(said.replace("Mori & Co.", "")) is None
    figures = [each for each in re.findall(r"[\d,.]+\d|\d", WRITTEN[key]) if "2015" not in each and "-" not in each]
    assert all(each.lstrip("0") in said for each in figures if key != "because_since")
    assert evidence_sentence(WRITTEN[key], texts_in("en")) == WRITTEN[key]


def test_every_sentence_of_a_recorded_audit_has_a_known_form() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    sentences = _evidence(recorded)
    assert sentences
    assert [each for each in sentences if evidence_sentence(each, texts_in("ja")) == each] == []


def test_every_sentence_that_the_code_of_an_audit_begins_is_one_of_them() -> None:
    begun = _sentences_of_the_code()
    assert len(begun) > 6
    assert [said for said in begun if not any(each.startswith(said) for each in WRITTEN.values())] == []


def test_a_sentence_of_no_known_form_stays_as_it_is() -> None:
    assert evidence_sentence("Because of <b>this</b>.", texts_in("ja")) == "Because of <b>this</b>."


def _evidence(value: object) -> list[str]:
    if isinstance(value, dict):
        own = value.get("evidence", [])
        return [*own, *(said for each in value.values() for said in _evidence(each))]
    return [said for each in value for said in _evidence(each)] if isinstance(value, list) else []


def _sentences_of_the_code() -> list[str]:
    """The beginnings of sentences in f-strings of the audit: what stands before the first figure or name."""
    modules = (Path(findings.__file__).parent / name for name in ("wrong_creator.py", "same_person.py", "handovers.py"))
    found = []
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            first = node.values[0] if isinstance(node, ast.JoinedStr) else None
            if isinstance(first, ast.Constant) and re.match(r"[A-Z]\w+ ", first.value):
                found.append(first.value)
    return found

"""Decisions about findings: filed under what a finding says, kept on disk."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sakka.audit.decisions import DECISIONS_FILE, Decisions, key_of
from sakka.errors import SakkaError

WRONG = {"kind": "wrong creator", "creators": ["Mori", "Abe"], "works": ["1", "2"], "score": 0.9}
PERSON = {"kind": "one person", "creators": ["Mori", "Abe"], "works": ["1"], "score": 0.5}


def test_a_decision_is_found_again_by_what_the_finding_says(folder: Path) -> None:
    Decisions(folder).decide([WRONG], "confirmed")
    again = Decisions(folder)
    assert again.of({**WRONG, "score": 0.1, "works": ["2", "1"], "creators": ["Abe", "Mori"]}) == "confirmed"
    assert again.of({**WRONG, "works": ["1"]}) is None
    assert again.of(PERSON) is None


def test_two_accounts_are_the_same_finding_whichever_works_show_it() -> None:
    assert key_of(PERSON) == key_of({**PERSON, "works": ["7", "8"]})
    assert key_of(PERSON) != key_of({**PERSON, "creators": ["Mori", "Sato"]})


def test_a_decision_can_be_changed_and_taken_back(folder: Path) -> None:
    decisions = Decisions(folder)
    assert not (folder / DECISIONS_FILE).exists()
    for decision in ("dismissed", "confirmed", None):
        decisions.decide([WRONG], decision)  # type: ignore[arg-type]
        assert Decisions(folder).of(WRONG) == decision


def test_a_file_that_calls_decisions_right_and_wrong_is_read_and_kept_in_todays_words(folder: Path) -> None:
    before = {key_of(each): {"decision": word} for each, word in ((WRONG, "right"), (PERSON, "wrong"))}
    (folder / DECISIONS_FILE).write_text(json.dumps(before), encoding="utf-8")
    decisions = Decisions(folder)
    assert (decisions.of(WRONG), decisions.of(PERSON)) == ("confirmed", "dismissed")
    decisions.decide([WRONG], "later")
    written = json.loads((folder / DECISIONS_FILE).read_text(encoding="utf-8"))
    assert sorted(each["decision"] for each in written.values()) == ["dismissed", "later"]


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": {}}', '{"a": {"decision": "perhaps"}}', '"text"', "\xff"])
def test_a_file_that_holds_no_decisions_is_refused_in_one_line(folder: Path, content: str) -> None:
    (folder / DECISIONS_FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(SakkaError, match=re.escape(str(folder / DECISIONS_FILE))):
        Decisions(folder)


def test_what_two_processes_decide_is_kept_and_each_sees_the_others(folder: Path) -> None:
    one, other = Decisions(folder), Decisions(folder)
    one.decide([WRONG], "confirmed")
    other.decide([PERSON], "dismissed")
    seen = [(each.of(WRONG), each.of(PERSON)) for each in (one, other, Decisions(folder))]
    assert seen == [("confirmed", "dismissed")] * 3
    other.decide([WRONG], None)
    assert one.of(WRONG) is None


def test_decisions_that_come_at_one_time_are_all_kept(folder: Path) -> None:
    persons = [{**PERSON, "creators": ["Mori", str(number)]} for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda person: Decisions(folder).decide([person], "confirmed"), persons))
    assert {Decisions(folder).of(person) for person in persons} == {"confirmed"}

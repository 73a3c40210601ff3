"""A tiny catalog gives what it gave: experiments, an audit, commands, the API, the page and saved models.

After a change that is meant, `python -m tests.golden` writes the records anew; their differences go into the commit.
The comparison lets other processors round otherwise. On one machine the records are the same to the byte.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.golden.answers import RECORDS
from tests.golden.records import differences, read_record, record
from tests.golden.scene import make_scene

MOST_SHOWN = 20


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("golden")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(folder / "cache"))  # its own: other tests plant other labels of these photos
        make_scene(folder)
        yield folder


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RECORDS))
def test_a_tiny_catalog_gives_what_it_gave(root: Path, name: str) -> None:
    found = list(differences(record(name, root), read_record(name)))
    shown = "\n".join(found[:MOST_SHOWN])
    assert not found, f"{name}.json, {len(found)} differences (meant? python -m tests.golden):\n{shown}"


def test_a_difference_is_named_by_its_path_with_both_values() -> None:
    expected = {"rows": [{"value": 0.5, "n": 3}, {"value": 0.25, "n": 1}], "name": "Mori"}
    got = {"rows": [{"value": 0.50001, "n": 3}, {"value": 0.26, "n": True}], "title": "桜"}
    assert list(differences(expected, expected)) == []
    assert list(differences(got, expected)) == [
        "$.rows[1].value: got 0.26, expected 0.25",
        "$.rows[1].n: got True, expected 1",
        "$.name: got 'nothing', expected 'Mori'",
        "$.title: got '桜', expected 'nothing'",
    ]
    assert list(differences([1], [1, 2])) == ["$: got [1], expected [1, 2]"]

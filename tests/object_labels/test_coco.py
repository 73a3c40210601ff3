"""The label map: ids, names, places."""

import re
from pathlib import Path

from sakka.object_labels.coco import LABELS, N_LABELS, NONE_COLUMN

LEFT_OUT_OF_COCO = {
    12: "street sign",
    26: "hat",
    29: "shoe",
    30: "eye glasses",
    45: "plate",
    66: "mirror",
    68: "window",
    69: "desk",
    71: "door",
    83: "blender",
    91: "hair brush",
}
OTHERS = {1: "person", 4: "motorcycle", 17: "cat", 47: "cup", 62: "chair", 67: "dining table", 86: "vase"}


def test_there_are_91_labels_and_none() -> None:
    assert N_LABELS == len(LABELS) == 92
    assert LABELS[NONE_COLUMN].english == "none"


def test_an_id_is_the_place_in_a_vector() -> None:
    assert [label.id for label in LABELS] == list(range(92))


def test_the_ids_are_those_of_the_original_map() -> None:
    assert {index: LABELS[index].english for index in LEFT_OUT_OF_COCO} == LEFT_OUT_OF_COCO
    assert {index: LABELS[index].english for index in OTHERS} == OTHERS


def test_no_two_labels_share_a_name_in_either_language() -> None:
    assert len({label.english for label in LABELS}) == len({label.japanese for label in LABELS}) == 92
    assert all(label.english.isascii() and not label.japanese.isascii() for label in LABELS)


def test_the_table_in_the_docs_names_the_same_labels() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "object-labels.md"
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+?)( \*)? \| (\S+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(index), english, japanese) for index, english, _, japanese in rows] == [
        (label.id, label.english, label.japanese) for label in LABELS
    ]
    assert {int(index) for index, _, star, _ in rows if star} == set(LEFT_OUT_OF_COCO)

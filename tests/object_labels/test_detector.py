"""The detector on real photos, and on files that are no detector."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.detector_weights import detector_file, sample_photo

from sakka.errors import WeightsError
from sakka.object_labels.boxes import LOWEST_CONFIDENCE
from sakka.object_labels.coco import LABELS
from sakka.object_labels.detector import Detector, squeeze
from sakka.object_labels.network import SIDE_PX


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(detector_file())


def _photo(name: str) -> np.ndarray:
    with Image.open(sample_photo(name)) as image:
        return squeeze(image)


@pytest.mark.parametrize(
    ("name", "label"),
    [("chelsea.png", "cat"), ("coffee.png", "cup"), ("astronaut.png", "person"), ("motorcycle_left.png", "motorcycle")],
)
def test_the_most_confident_box_is_the_photo_s_subject(detector: Detector, name: str, label: str) -> None:
    boxes = detector.detect([_photo(name)])[0]
    assert LABELS[int(boxes[0, 0])].english == label
    assert boxes[0, 1] > 0.75


def test_the_cat_s_box_covers_its_face(detector: Detector) -> None:
    left, top, right, bottom = detector.detect([_photo("chelsea.png")])[0][0, 2:]
    assert left < 0.35
    assert right > 0.65
    assert top < 0.2
    assert bottom > 0.8


def test_boxes_are_sorted_within_the_photo_and_above_the_floor(detector: Detector) -> None:
    boxes = detector.detect([_photo("coins.png")])[0]
    assert len(boxes) > 3
    assert (np.diff(boxes[:, 1]) <= 0).all()
    assert boxes[:, 1].min() >= LOWEST_CONFIDENCE
    assert boxes[:, 2:].min() >= 0
    assert boxes[:, 2:].max() <= 1


def test_a_photo_s_boxes_do_not_depend_on_its_batch(detector: Detector) -> None:
    cat, cup = _photo("chelsea.png"), _photo("coffee.png")
    together = detector.detect([cup, cat, cup])
    assert np.array_equal(together[1], detector.detect([cat])[0])
    assert np.array_equal(together[0], together[2])
    assert detector.detect([]) == []


def test_a_large_photo_is_shrunk_before_it_is_squeezed() -> None:
    stripes = np.zeros((SIDE_PX * 4, SIDE_PX * 4, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(squeeze(Image.fromarray(stripes))) <= 1


def test_a_small_photo_grows_to_the_very_pixels_that_opencv_s_resize_gives() -> None:
    rows, columns = np.mgrid[:7, :5]
    pattern = np.stack([rows * 40, columns * 60, (rows * 5 + columns) * 31 % 256], axis=-1).astype(np.uint8)
    grown = squeeze(Image.fromarray(pattern))
    assert grown[::75, ::99, 1].tolist() == [[0, 69, 168, 240]] * 4
    assert grown[::75, ::99, 2].tolist() == [
        [0, 36, 87, 124],
        [128, 164, 215, 63],
        [208, 204, 42, 79],
        [31, 67, 118, 155],
    ]
    assert int(grown.astype(np.int64).sum()) == 32_770_628  # of OpenCV 5.0.0, as the rows above


def test_a_photo_of_one_pixel_can_be_squeezed() -> None:
    assert squeeze(Image.new("L", (1, 1), 7)).shape == (SIDE_PX, SIDE_PX, 3)


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "missing"])
def test_a_file_that_is_no_detector_is_one_clear_line(
    folder: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    graph, content = folder / "graph.pb", detector_file().read_bytes()
    damaged = {"empty": b"", "text": b"no network\n", "truncated": content[: len(content) // 2]}
    if damage in damaged:
        graph.write_bytes(damaged[damage])
    with pytest.raises(WeightsError) as caught:
        Detector(graph)
    assert "\n" not in str(caught.value)
    assert str(graph) in str(caught.value)
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""

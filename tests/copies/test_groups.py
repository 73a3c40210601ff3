"""Near-identical works: what is found, what is not, and how it is joined."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from sakka.catalog.works import Catalog, Work
from sakka.copies import groups
from sakka.copies.candidates import candidate_pairs
from sakka.copies.connected import connected
from sakka.copies.fingerprints import HASHES, PhotoFingerprints
from sakka.copies.groups import NearIdentical, near_identical


def picture(seed: int, size_px: int = 160) -> Image.Image:
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size_px, size_px), Image.Resampling.BICUBIC)


def cut(image: Image.Image, left: float, top: float, share: float) -> Image.Image:
    side = image.width
    return image.crop(
        (round(left * side), round(top * side), round((left + share) * side), round((top + share) * side))
    )


COPIES = {
    "cut from a corner": lambda image: cut(image, 0.0, 0.0, 0.9),
    "cut off the middle": lambda image: cut(image, 0.13, 0.04, 0.82),
    "scaled": lambda image: image.resize((91, 97)),
    "framed": lambda image: ImageOps.expand(image, 12, "white"),
    "mirrored": ImageOps.mirror,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
}


def listed(folder: Path, images: list[Image.Image]) -> Catalog:
    works = []
    for number, image in enumerate(images):
        image.save(folder / f"{number}.png")
        works.append(Work(f"w{number}", f"creator {number % 2}", photos=(f"{number}.png",)))
    return Catalog.from_works(works, photo_root=folder)


@pytest.mark.parametrize("change", COPIES)
def test_a_changed_copy_is_found_among_other_pictures(folder: Path, change: str) -> None:
    images = [picture(seed) for seed in range(6)]
    found = near_identical(listed(folder, [*images, COPIES[change](images[2])]))
    assert found.pairs("photo").tolist() == [[2, 6]]
    assert found.sizes.tolist() == [2]
    assert found.across_creators == 0


def test_copies_are_joined_across_creators_and_works_without_photos_stay_alone(folder: Path) -> None:
    images = [picture(0), picture(1), picture(0).resize((80, 80)), cut(picture(0), 0.05, 0.05, 0.9)]
    works = listed(folder, images)
    more = Catalog.from_works([*works, Work("a", "c"), Work("b", "c")], photo_root=folder)
    found = near_identical(more)
    assert found.groups[0] == found.groups[2] == found.groups[3]
    assert len(set(found.groups.tolist())) == 4
    assert (found.sizes.tolist(), found.across_creators) == ([3], 1)


def test_an_even_photo_has_no_copies(folder: Path) -> None:
    white = Image.new("RGB", (64, 64), "white")
    assert near_identical(listed(folder, [white, white, picture(3)])).evidence.height == 0


def test_what_was_found_is_read_back_and_a_damaged_file_is_found_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = listed(folder, [picture(0), picture(0)])
    first = near_identical(works)
    monkeypatch.setattr(groups, "_found", lambda works: pytest.fail("looked again"))
    assert near_identical(works).evidence.equals(first.evidence)
    monkeypatch.undo()
    groups._kept_at(works).write_bytes(b"PAR1")
    assert near_identical(works).evidence.equals(first.evidence)


def test_photos_that_were_replaced_under_their_names_are_looked_at_again(folder: Path) -> None:
    assert near_identical(listed(folder, [picture(0), picture(0)])).pairs().tolist() == [[0, 1]]
    assert near_identical(listed(folder, [picture(0), picture(1)])).pairs().tolist() == []
    assert near_identical(listed(folder, [picture(0), picture(0)])).pairs().tolist() == [[0, 1]]


def test_groups_are_what_pairs_connect() -> None:
    assert connected(np.array([[4, 1], [1, 0], [3, 2]]), 6).tolist() == [0, 0, 1, 1, 0, 2]
    assert connected(np.empty((0, 2), dtype=np.int64), 3).tolist() == [0, 1, 2]


def test_one_picture_in_very_many_works_connects_them_without_all_their_pairs(folder: Path) -> None:
    picture(0).save(folder / "none.png")
    picture(0).resize((90, 90)).save(folder / "small.png")
    names = ["none.png"] * 60 + ["small.png"]
    works = Catalog.from_works(
        [Work(str(number), "a", photos=(name,)) for number, name in enumerate(names)], photo_root=folder
    )
    found = near_identical(works)
    assert found.sizes.tolist() == [61]
    assert len(found.pairs()) < 200


def test_a_row_keeps_its_nearest_candidates_and_a_pair_stays_where_either_row_keeps_it() -> None:
    hashes = np.zeros((5, HASHES), dtype=np.uint64)
    hashes[:] = np.array([0, 0b1, 0b111, 0b111111, 0b1111111111], dtype=np.uint64)[:, None]
    blank = np.zeros((5, 1, 1), dtype=np.uint8)
    fingerprints = PhotoFingerprints(hashes, blank, blank, np.ones(5, dtype=np.bool_))
    pairs = np.sort(candidate_pairs(fingerprints, 12, most_of_one=1).pairs, axis=1).tolist()
    assert sorted(pairs) == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert len(candidate_pairs(fingerprints, 12).pairs) == 10
    assert len(candidate_pairs(fingerprints, 3).pairs) == 4


def test_candidates_found_part_by_part_are_those_of_one_search() -> None:
    generator = np.random.default_rng(0)
    hashes = generator.integers(0, 1 << 6, (90, HASHES), dtype=np.uint64)  # all near each other, many equally
    fingerprints = PhotoFingerprints(
        hashes, np.zeros((90, 1, 1), np.uint8), np.zeros((90, 2, 1, 1), np.uint8), np.arange(90) % 7 > 0
    )
    for most_of_one in (2, 32):
        whole = candidate_pairs(fingerprints, 2, most_of_one)
        for rows_at_once in (25, 77):
            parts = candidate_pairs(fingerprints, 2, most_of_one, rows_at_once)
            assert parts.pairs.tolist() == whole.pairs.tolist()
            assert parts.views.tolist() == whole.views.tolist()


class Listings:
    """Works whose photos are pictures by number; near-identical works are found by the rows of the pairs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pairs(self, *listings: tuple[str, list[int]]) -> list[list[int]]:
        return self.found(*listings).pairs().tolist()

    def found(self, *listings: tuple[str, list[int]]) -> NearIdentical:
        works = []
        for number, (creator, pictures) in enumerate(listings):
            for seed in pictures:
                picture(seed, 64).save(self.folder / f"{seed}.png")
            works.append(Work(str(number), creator, photos=tuple(f"{seed}.png" for seed in pictures)))
        return near_identical(Catalog.from_works(works, photo_root=self.folder))


@pytest.fixture
def listings(folder: Path) -> Listings:
    return Listings(folder)


def test_works_are_joined_by_any_of_their_photos_and_the_evidence_names_them(listings: Listings) -> None:
    found = listings.found(("a", [0, 1]), ("a", [2, 3]), ("b", [4, 5, 0]), ("b", [6, 3]))
    evidence = found.evidence.select("first", "second", "first_photo", "second_photo")
    assert evidence.rows() == [(0, 2, 0, 2), (1, 3, 1, 1)]


def test_of_several_photos_in_both_works_the_first_is_the_evidence(listings: Listings) -> None:
    found = listings.found(("a", [0, 1]), ("a", [1, 0]))
    assert found.evidence.select("first", "second", "first_photo", "second_photo").rows() == [(0, 1, 0, 1)]


def test_a_picture_in_works_of_three_creators_joins_no_works(listings: Listings) -> None:
    assert listings.pairs(("a", [0, 9]), ("b", [1, 9]), ("c", [2, 9])) == []
    assert listings.pairs(("a", [9]), ("b", [1, 9]), ("c", [2, 9])) == []
    assert listings.pairs(("a", [9]), ("b", [9]), ("c", [2, 9])) == [[0, 1]]  # by featured photos, as ever


def test_a_picture_that_no_work_features_joins_two_works_and_not_three(listings: Listings) -> None:
    assert listings.pairs(("a", [0, 9]), ("a", [1, 9])) == [[0, 1]]
    found = listings.found(("a", [0, 9]), ("a", [1, 9]), ("a", [2, 3, 9]))
    assert found.pairs().tolist() == []
    assert found.common.tolist() == [[0, 1], [1, 1], [2, 2]]


def test_a_featured_photo_joins_six_works_that_show_it_beside_theirs_and_not_seven(listings: Listings) -> None:
    six = [("a", [9]), *(("a", [seed, 9]) for seed in range(5))]
    assert listings.found(*six).sizes.tolist() == [6]
    assert listings.pairs(*six, ("a", [5, 9])) == []


def test_a_work_that_shows_one_picture_twice_is_not_its_own_copy(listings: Listings) -> None:
    assert listings.pairs(("a", [0, 0]), ("a", [1, 2])) == []

"""The evidence of an answer as the page shows it: words with their strength, and a map over the photo."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from sakka.explain.explanation import Explanation
from sakka.pages.heat_map import mapped
from sakka.pages.passages import Passage, passages_of
from sakka.web.uploads import as_jpeg


@dataclass(frozen=True)
class Evidence:
    """Why a creator was named.

    Attributes:
        creator: The creator.
        against: The runner-up.
        title: The title in passages.
        description: The description in passages.
        words: The words that spoke most for the creator, the strongest first.
        photo: Which of several photos said most, from 0; None where only one is compared.
        heat_map: A JPEG of the map over that photo, or the only one; None without a photo.
        photo_part: The photo's part of what photo and text said together, 0 to 1; None where there is one of them only.
    """

    creator: str
    against: str
    title: tuple[Passage, ...]
    description: tuple[Passage, ...]
    words: tuple[str, ...]
    photo: int | None
    heat_map: bytes | None
    photo_part: float | None


def evidence_of(found: Explanation, title: str, description: str, photos: Sequence[Image.Image]) -> Evidence:
    """Make evidence of an explanation.

    Args:
        found: The explanation of the work.
        title: The work's title as it was given.
        description: Its description.
        photos: Its photos, the featured one first.
    """
    drawn = None
    if found.photo is not None and found.regions is not None and photos:
        drawn = as_jpeg(mapped(photos[found.photo], found.regions))
    photo_size, text_size = abs(found.photo_share), abs(found.text_share)
    both = drawn is not None and bool(found.words) and photo_size + text_size > 0
    return Evidence(
        creator=found.creator,
        against=found.against,
        title=passages_of(found, title, "title"),
        description=passages_of(found, description, "description"),
        words=tuple(word for word, _ in found.strongest_words()),
        photo=found.photo if len(found.photo_shares) > 1 else None,
        heat_map=drawn,
        photo_part=photo_size / (photo_size + text_size) if both else None,
    )

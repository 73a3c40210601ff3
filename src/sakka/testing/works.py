"""A small generated catalog with photos and texts, for tests that need works: `tiny_catalog(folder)`."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sakka.catalog.works import Catalog, Work

HUES = ((200, 40, 40), (40, 160, 60), (50, 70, 200), (210, 180, 40), (150, 60, 170), (60, 180, 190), (120, 90, 60))
WORDS = (
    ("花", "桜", "つまみ細工", "和装"),
    ("linen", "button", "vintage", "forest"),
    ("刺繍", "小鳥", "手縫い", "毛糸"),
    ("glass", "moon", "silver wire", "night"),
    ("レジン", "海", "貝殻", "夏"),
    ("leather", "saddle stitch", "brown", "classic"),
    ("フェルト", "猫", "ふわふわ", "羊毛"),
)
KINDS = ("ブローチ", "コサージュ", "brooch", "corsage")


def tiny_catalog(
    folder: Path,
    *,
    creators: int = 6,
    works: int = 10,
    size_px: int = 48,
    without_photo: int = 0,
    without_text: int = 0,
    seed: int = 0,
) -> Catalog:
    """Make `creators` x `works` works in memory, their photos as PNG files in `folder`.

    Each creator has a hue, a stripe width and four words, so that photo and text models can learn something. The
    first `without_photo` works of each creator have no photo, the last `without_text` have no text.
    """
    generator = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        _work(folder, creator, number, generator, size_px=size_px)
        for number in range(works)
        for creator in range(creators)
    ]
    blank: dict[str, Any] = {"photos": (), "photos_sha256": ()}
    trimmed = []
    for place, work in enumerate(listed):
        number = place // creators
        changes: dict[str, Any] = {**(blank if number < without_photo else {})}
        changes |= {"title": "", "description": ""} if number >= works - without_text else {}
        trimmed.append(Work(**{**vars(work), **changes}))
    return Catalog.from_works(trimmed, photo_root=folder)


def _work(folder: Path, creator: int, number: int, generator: np.random.Generator, *, size_px: int) -> Work:
    name = f"photo-{creator:02}-{number:03}.png"
    pixels = _stripes(creator, generator, size_px)
    Image.fromarray(pixels).save(folder / name)
    words = WORDS[creator % len(WORDS)]
    chosen = [words[place] for place in generator.permutation(len(words))[:3]]
    return Work(
        id=f"work-{creator:02}-{number:03}",
        creator=f"creator {creator:02}",
        title=f"{chosen[0]} {KINDS[int(generator.integers(len(KINDS)))]}",
        description=f"{chosen[1]}、{chosen[2]}。No. {number}",
        category="コサージュ・ブローチ",
        created_at=datetime(2015, 1, 1) + timedelta(days=7 * number + creator),
        photos=(name,),
        photos_sha256=(hashlib.sha256((folder / name).read_bytes()).hexdigest(),),
    )


def _stripes(creator: int, generator: np.random.Generator, size_px: int) -> np.ndarray:
    hue = np.array(HUES[creator % len(HUES)], dtype=np.float64)
    width_px = 3 + 2 * (creator % 4)
    across = (np.arange(size_px) + generator.integers(size_px)) // width_px % 2
    plane = np.broadcast_to(across if creator % 2 else across[:, None], (size_px, size_px))
    pixels = hue * (0.55 + 0.45 * plane)[..., None] + generator.normal(0, 18, (size_px, size_px, 3))
    return pixels.clip(0, 255).astype(np.uint8)

"""A contact sheet: one row a creator, so that one sees how works of one hand belong together."""

from pathlib import Path

from PIL import Image, ImageDraw

from sakka.errors import CatalogError
from sakka.files import writing_whole
from sakka.market.identity import WorkKey, work_id
from sakka.market.photo import draw_photo
from sakka.market.plan import plan_work
from sakka.market.settings import MarketSettings
from sakka.market.sizes import works_of_people
from sakka.market.style import style_of

SHEET_PX = 1200
GAP_PX = 6
PAPER = (250, 249, 246)


def contact_sheet(settings: MarketSettings, path: Path | str, rows: int = 6, columns: int = 8) -> Path:
    """Draw works of `rows` creators, `columns` of each, as a PNG or JPEG about 1,200 pixels wide.

    The creators are taken so that backdrops and mounts differ; each one's works are the first different items.

    Raises:
        CatalogError: The market has fewer creators than `rows`, or the path ends in neither .png nor .jpg.
    """
    path = Path(path)
    if not 1 <= rows <= settings.creators or not 1 <= columns <= settings.fewest_works:
        raise CatalogError(
            f"got {rows} rows and {columns} columns for {settings.creators} creators of at least "
            f"{settings.fewest_works} works, expected at least 1 and no more than there are; ask for fewer"
        )
    kind = {".png": "PNG", ".jpg": "JPEG"}.get(path.suffix.lower())
    if kind is None:
        raise CatalogError(f"got {path.name} for a contact sheet, expected a name that ends in .png or .jpg; rename it")
    side = (SHEET_PX - GAP_PX * (columns + 1)) // columns
    sheet = Image.new("RGB", (columns * (side + GAP_PX) + GAP_PX, rows * (side + GAP_PX) + GAP_PX), PAPER)
    corners = Image.new("L", (side * 4, side * 4), 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, side * 4 - 1, side * 4 - 1), radius=side // 4, fill=255)
    rounded = corners.resize((side, side), Image.Resampling.LANCZOS)
    for row, person in enumerate(_varied(settings, rows)):
        for column, identifier in enumerate(_items(settings, person, columns)):
            photo = draw_photo(settings, identifier).resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(photo, (GAP_PX + column * (side + GAP_PX), GAP_PX + row * (side + GAP_PX)), rounded)
    with writing_whole(path) as part:
        sheet.save(part, format=kind, quality=86, optimize=True)
    return path


def _varied(settings: MarketSettings, count: int) -> list[int]:
    """Choose people one by one, each time the one who shares least with those chosen (the first of equals)."""
    traits = [
        {style.backdrops[0], style.prop, style.mount, style.materials[0], style.motifs[0], style.palette[0]}
        for style in (style_of(settings, person) for person in range(settings.creators))
    ]
    chosen = [0]
    while len(chosen) < count:
        shared = {
            person: sum(len(traits[person] & traits[other]) for other in chosen)
            for person in range(settings.creators)
            if person not in chosen
        }
        chosen.append(min(shared, key=lambda person: (shared[person], person)))
    return chosen


def _items(settings: MarketSettings, person: int, count: int) -> list[str]:
    """The ids of a person's first works that aren't relistings (or too few of them, relistings too)."""
    keys = [WorkKey(person, number) for number in range(works_of_people(settings)[person])]
    first = [key for key in keys if plan_work(settings, key).item == key.number]
    return [work_id(settings.seed, key) for key in (first + keys)[:count]]

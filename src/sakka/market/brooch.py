"""Draws one brooch or corsage: chooses paints for its parts, mounts them, adds accents, and lights the whole."""

from dataclasses import dataclass

import numpy as np

from sakka.market.canvas import Canvas, Paint, Pieces
from sakka.market.chance import Chance
from sakka.market.motifs import Form, parts_of, placed
from sakka.market.plan import WorkPlan
from sakka.market.shapes import Shape, bar, ellipse
from sakka.market.style import Style
from sakka.market.surfaces import NUMBERS, Field, see_through, shade
from sakka.market.textures import tile
from sakka.market.vocabulary import COLOURS, MATERIALS, Rgb

METALS = ("silver", "brass")
BACKED = ("embroidery", "beads", "pearls")
PLATE_OF = {"embroidery": "fabric", "beads": "felt", "pearls": "fabric"}
PEARL: Paint = ((242, 234, 224), "pearl")
GOLD: Paint = ((218, 180, 98), "brass")
STONE: Paint = ((176, 206, 228), "rhinestone")
DARK: Rgb = (42, 38, 40)
GREEN: Rgb = (98, 124, 78)
STITCH_PX = 3.4


@dataclass(frozen=True)
class Drawn:
    """A lit brooch.

    Attributes:
        colours: RGB, not clipped, shape (3, size, size).
        cover: Share of each pixel that the brooch fills, what shines through resin left out, shape (size, size).
        outline: The same with resin solid: what casts the shadow.
    """

    colours: Field
    cover: Field
    outline: Field


def draw_brooch(plan: WorkPlan, style: Style, chance: Chance, size_px: int, light_angle: float) -> Drawn:
    """Draw a work without what surrounds it."""
    paints = _paints(plan, chance)
    canvas = Canvas(size_px, paints["main"], chance)
    corsage = plan.kind == "corsage"
    form = Form(max(4, style.petals + chance.whole(-1, 1)), style.pointed, style.plump * chance.around(1.0, 0.12))
    parts = parts_of(plan.motif, form, chance, corsage)
    squeeze = np.array([min(1.0, plan.width_mm / plan.height_mm), min(1.0, plan.height_mm / plan.width_mm)]) ** 0.35
    turn = style.tilt + chance.around(0.0, 0.35)
    mounted = style.mount != "none" and not corsage
    parts = placed(parts, 0.0, 0.0, 0.6 if mounted else 0.86, turn)
    parts = [Shape(part.outline * squeeze, *list(vars(part).values())[1:]) for part in parts]
    if mounted:
        _mount(canvas, style, plan, chance)
    elif plan.material in BACKED:
        canvas.back(parts, _backing(plan, paints), 0.07)
    if not mounted:
        _drops(canvas, plan, chance)
    for part in parts:
        canvas.paint(part, paints[part.role])
        if plan.accent == "gold_edge" and part.role in ("main", "second"):
            canvas.edge(part, GOLD, 0.03)
    if mounted:
        _row(canvas, plan, chance)
    return _lit(canvas.pieces(), light_angle, chance)


def _paints(plan: WorkPlan, chance: Chance) -> dict[str, Paint]:
    """What each role is painted with."""
    material = plan.material
    own = MATERIALS[material].rgb
    main = _near(COLOURS[plan.colour].rgb if own is None or material == "pearls" else own, chance)
    if material in METALS:
        main = _dimmed(own or main, chance.between(0.92, 1.03))
    second = _near(COLOURS[plan.second_colour].rgb, chance)
    light, green, dark = (240, 232, 214), _near(GREEN, chance), (DARK, "dark")
    if material in METALS or material == "wood":
        second, light, green = (_dimmed(main, share) for share in (0.8, 1.1, 0.88))
    centre = {"pearl": PEARL, "rhinestone": STONE, "bead": (second, "bead")}.get(
        plan.accent or "", ((226, 184, 84) if material not in METALS else _dimmed(main, 0.85), material)
    )
    plain = {"main": main, "second": second, "light": light, "green": green}
    paints: dict[str, Paint] = {role: (colour, material) for role, colour in plain.items()}
    return paints | {"centre": centre, "dark": dark, "ribbon": (second, "satin")}


def _near(colour: Rgb | None, chance: Chance) -> Rgb:
    red, green, blue = (min(250, max(12, round(value + chance.around(0, 14)))) for value in colour or DARK)
    return red, green, blue


def _dimmed(colour: Rgb, share: float) -> Rgb:
    red, green, blue = (min(250, round(value * share)) for value in colour)
    return red, green, blue


def _backing(plan: WorkPlan, paints: dict[str, Paint]) -> Paint:
    colour = _dimmed(paints["second"][0], 0.82) if plan.material != "pearls" else (214, 200, 178)
    return colour, "felt"


def _mount(canvas: Canvas, style: Style, plan: WorkPlan, chance: Chance) -> None:
    """Lay the plate that the motif stands on, with its rim."""
    shape = ellipse(0, 0, 0.94, 0.94) if style.mount != "oval" else ellipse(0, 0, 0.78, 0.96)
    surface = PLATE_OF.get(plan.material, plan.material)
    base = COLOURS[plan.second_colour].rgb if plan.material not in METALS else MATERIALS[plan.material].rgb
    pale = tuple(round(0.45 * value + 0.55 * 238) for value in base or DARK)
    colour = pale if chance.happens(0.6) and plan.material not in METALS else base
    ground: Paint = (_near(colour, chance), surface)  # type: ignore[arg-type]
    plate = Shape(shape, "plate", 0.05, 0.14)
    canvas.paint(plate, ground)
    if style.mount == "ring":
        canvas.edge(plate, GOLD if plan.material != "silver" else ((206, 210, 216), "silver"), 0.09)
    if style.mount == "pearl_ring":
        for angle in np.arange(20) * np.pi / 10:
            canvas.ball(0.89 * np.cos(angle), 0.89 * np.sin(angle), 0.125, PEARL, 0.3)


def _accent_paint(plan: WorkPlan, chance: Chance) -> Paint | None:
    bead = _near(COLOURS[plan.second_colour].rgb, chance)
    paints: dict[str, Paint] = {"pearl": PEARL, "rhinestone": STONE, "bead": (bead, "bead")}
    return paints.get(plan.accent or "")


def _row(canvas: Canvas, plan: WorkPlan, chance: Chance) -> None:
    """Set a row of pearls, stones or beads on the plate."""
    paint = _accent_paint(plan, chance)
    if paint is None:
        return
    count, radius, middle = chance.whole(2, 5), chance.between(0.075, 0.115), chance.between(0.9, 2.3)
    for place in range(count):
        angle = middle + (place - (count - 1) / 2) * 2.6 * radius
        canvas.ball(0.76 * np.cos(angle), 0.76 * np.sin(angle), radius, paint, 0.45)


def _drops(canvas: Canvas, plan: WorkPlan, chance: Chance) -> None:
    """Hang pearls, stones or beads on fine chains below a work that has no plate."""
    paint = _accent_paint(plan, chance)
    if paint is None:
        return
    count, radius = chance.whole(1, 3), chance.between(0.085, 0.125)
    for place in range(count):
        x = 0.3 * (place - (count - 1) / 2) + chance.around(0.0, 0.04)
        y = 0.9 - 0.12 * abs(place - (count - 1) / 2) - radius / 2
        canvas.paint(Shape(bar(0.4 * x, 0.1, x, y, 0.03), "chain", 0.1, 0.0), GOLD)
        canvas.ball(x, y, radius, paint, 0.2)


def _lit(pieces: Pieces, light_angle: float, chance: Chance) -> Drawn:
    colours, heights = _stitched(pieces, light_angle)
    corner = (chance.whole(0, 400), chance.whole(0, 400))
    lit = shade(colours, heights, pieces.kinds, light_angle, corner)
    solid = 1.0 - see_through(pieces.kinds)
    return Drawn(lit, pieces.cover * solid, pieces.cover)


def _stitched(pieces: Pieces, light_angle: float) -> tuple[Field, Field]:
    """Work threads into embroidered places: rows along each part's grain, glossier across the light."""
    sewn = (pieces.kinds == NUMBERS["embroidery"]) | (pieces.kinds == NUMBERS["satin"])
    if not sewn.any():
        return pieces.colours, pieces.heights
    size = pieces.kinds.shape[0]
    down, across = np.mgrid[0:size, 0:size].astype(np.float32)
    sine, cosine = np.sin(pieces.grain), np.cos(pieces.grain)
    along, beside = across * cosine + down * sine, down * cosine - across * sine
    uneven = tile("fuzz")[:size, :size]
    rows = np.cos(beside * np.float32(2 * np.pi / STITCH_PX) + 0.7 * uneven)
    ends = np.cos(along * np.float32(2 * np.pi / 17.0) + 2.4 * np.floor(beside / STITCH_PX)) > 0.93
    gloss = np.abs(np.sin(pieces.grain - np.float32(light_angle)))
    level = 1.0 + sewn * (0.15 * rows + 0.16 * (gloss - 0.6) - 0.14 * ends + 0.05 * uneven)
    return pieces.colours * level, pieces.heights + sewn * (0.022 * rows).astype(np.float32)

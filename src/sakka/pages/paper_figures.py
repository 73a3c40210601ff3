"""The paper's figures 1 to 5 as a run has them: network, text model and fusion of its plan, detections, the labels.

Diagrams are plain geometry; the template draws them as inline SVG, with the words of the page's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sakka.arrays import top
from sakka.errors import SakkaError
from sakka.evaluation.open_run import StoredRun
from sakka.evaluation.plan import ModelSpec, Plan
from sakka.object_labels.coco import LABELS, NONE_COLUMN, Label
from sakka.object_labels.detections import kept_boxes
from sakka.object_labels.table import THRESHOLD, LabelTable, read_labels
from sakka.paper.plan import PAPER_MODELS
from sakka.photos.data_uris import thumbnail
from sakka.photos.store import photo_sha256

STEP_WIDTH, STEP_HEIGHT, GAP = 180, 62, 34
DETECTIONS = 6
DETECTION_PX = 220

Words = tuple[str, str, Mapping[str, object]]
"""The keys of a step's two lines, and what they have places for."""


@dataclass(frozen=True)
class FlowStep:
    """A box of a diagram.

    Attributes:
        says: The text's key: what it is.
        detail: The key of a second line.
        values: What both have places for.
        x: Its left edge, in SVG units.
        y: Its upper edge.
        kind: Its colour's name.
    """

    says: str
    detail: str
    values: Mapping[str, object]
    x: int
    y: int
    kind: str

    @property
    def middle(self) -> int:
        """Where its arrows begin and end."""
        return self.y + STEP_HEIGHT // 2


@dataclass(frozen=True)
class Diagram:
    """A figure: steps from left to right, and arrows from each to the next.

    Attributes:
        number: The paper's figure.
        steps: The boxes.
        arrows: From where to where, in SVG units: x, y, x, y.
        note: The key of what stands below.
        values: What the note has places for.
    """

    number: int
    steps: tuple[FlowStep, ...]
    arrows: tuple[tuple[int, int, int, int], ...]
    note: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """In SVG units."""
        return max(step.x for step in self.steps) + STEP_WIDTH

    @property
    def height(self) -> int:
        """In SVG units."""
        return max(step.y for step in self.steps) + STEP_HEIGHT


@dataclass(frozen=True)
class Detected:
    """A photo with the boxes of what was found in it.

    Attributes:
        picture: A `data:` URI.
        boxes: Of each box its label, its confidence, then left, top, width and height in per cent of the photo.
    """

    picture: str
    boxes: tuple[tuple[Label, float, float, float, float, float], ...]


@dataclass(frozen=True)
class PaperFigures:
    """The paper's figures as a run has them.

    Attributes:
        diagrams: Figures 1 to 3, those that the plan has the models for.
        detected: Figure 4: photos with what was found in them; none where the cache has no boxes.
        labels: Figure 5: every label, and how many works show it; None where no labels were looked for.
    """

    diagrams: tuple[Diagram, ...]
    detected: tuple[Detected, ...]
    labels: tuple[tuple[Label, int | None], ...]


def paper_figures(run: StoredRun) -> PaperFigures:
    """Make the figures from a run's plan, its labels and the boxes in the cache.

    Raises:
        RunError: The labels in the run folder are damaged.
    """
    table = read_labels(run.layout.folder)
    shown = None if table is None else (table.vectors > 0).sum(axis=0)
    labels = tuple((label, None if shown is None else int(shown[label.id])) for label in LABELS)
    detected = () if table is None else _detected(run.works, table)
    return PaperFigures(diagrams(run.plan), detected, labels)


def diagrams(plan: Plan) -> tuple[Diagram, ...]:
    """Figures 1 to 3: the network, the text model and their fusion."""
    by_modality = {model.modality: model for model in reversed(plan.models)}
    photo, text = by_modality.get("photo"), by_modality.get("text")
    made = [] if photo is None else [_network(photo, plan)]
    if text is not None:
        made.append(_text_model(text, plan))
    if photo is not None and text is not None:
        made.append(_fusion(plan))
    return tuple(made)


def _network(model: ModelSpec, plan: Plan) -> Diagram:
    settings = model.settings
    layers: list[Words] = [("vgg16", "convolutions", {}), ("connected", "wide", settings)]
    return _of_model(1, model, plan, ("photo", "pixels", settings), layers, "trained")


def _text_model(model: ModelSpec, plan: Plan) -> Diagram:
    steps: list[Words] = [("mecab", "words", {}), ("fasttext", "dimensions", model.settings)]
    return _of_model(2, model, plan, ("texts", "as_is", {}), steps, "passes")


def _of_model(number: int, model: ModelSpec, plan: Plan, reads: Words, steps: list[Words], note: str) -> Diagram:
    """A model in a row: what it reads, its steps, the creators; of another model than the paper's its name alone."""
    values = model.settings
    if model.name != PAPER_MODELS[model.modality].name:
        reads, note, values = (reads[0], "as_is", {}), "settings_below", {}
        steps = [("model", "named", {"name": model.name})]
    words = [reads, *steps, ("softmax", "creators", {"creators": len(plan.creators)})]
    made = [
        FlowStep(says, detail, of, place * (STEP_WIDTH + GAP), 0, model.modality)
        for place, (says, detail, of) in enumerate(words)
    ]
    return Diagram(number, tuple(made), tuple(map(_arrow, made, made[1:])), note, values)


def _fusion(plan: Plan) -> Diagram:
    folds = {"folds": plan.inner_folds}
    lower = STEP_HEIGHT + GAP
    between = lower // 2
    step = STEP_WIDTH + GAP
    lanes = [FlowStep(f"{kind}_models", "a_fold", folds, 0, y, kind) for kind, y in (("photo", 0), ("text", lower))] + [
        FlowStep("mean", "of_each", {}, step, y, kind) for kind, y in (("photo", 0), ("text", lower))
    ]
    weighted = FlowStep("weighted", "nine", {}, 2 * step, between, "fused")
    named = FlowStep("creator", "highest", {}, 3 * step, between, "fused")
    pairs = [(lanes[0], lanes[2]), (lanes[1], lanes[3]), (lanes[2], weighted), (lanes[3], weighted), (weighted, named)]
    return Diagram(3, (*lanes, weighted, named), tuple(map(_arrow, *zip(*pairs, strict=True))), "chosen")


def _arrow(one: FlowStep, other: FlowStep) -> tuple[int, int, int, int]:
    return one.x + STEP_WIDTH, one.middle, other.x, other.middle


def _detected(works: pl.DataFrame, table: LabelTable) -> tuple[Detected, ...]:
    """For each of the labels that are surest somewhere the work where it is, if the cache has its photo's boxes."""
    vectors = table.vectors[:, NONE_COLUMN + 1 :]
    surest = vectors.max(axis=0)
    chosen = [label for label in top(surest, DETECTIONS).tolist() if surest[label] > 0]
    ids = dict.fromkeys(table.ids[int(vectors[:, label].argmax())] for label in chosen)
    photos = dict(works.select("id", "photo").rows())
    made = (_one_detected(photos[each]) for each in ids if photos.get(each) is not None)
    return tuple(each for each in made if each is not None)


def _one_detected(photo: str) -> Detected | None:
    try:
        key = photo_sha256(Path(photo))
        boxes = kept_boxes([key]).get(key)
    except SakkaError:
        return None
    picture = thumbnail(Path(photo), DETECTION_PX)
    if boxes is None or picture is None:
        return None
    sure = boxes[boxes[:, 1] >= THRESHOLD]
    rows = ((LABELS[int(label)], sureness, corners) for label, sureness, *corners in sure.tolist())
    return Detected(picture, tuple((label, sureness, *_per_cent(*corners)) for label, sureness, corners in rows))


def _per_cent(left: float, top_edge: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    """Left, top, width and height of a box in per cent."""
    left, top_edge, width, height = (round(100 * each, 1) for each in (left, top_edge, right - left, bottom - top_edge))
    return left, top_edge, width, height

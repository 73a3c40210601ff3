"""What the page asks of the engine for one work: who made it, why, and what is near it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from sakka.explain.explanation import explain
from sakka.models.identification import Identification
from sakka.models.question import Question
from sakka.photos.held import HeldPhoto
from sakka.web.answer_store import Answer
from sakka.web.engine import Engine
from sakka.web.evidence import Evidence, evidence_of
from sakka.web.uploads import as_jpeg, shown_picture

NAMED = 5
NEAR_WORKS = 6


def ask_about(engine: Engine, photos: Sequence[HeldPhoto], title: str, description: str) -> Answer:
    """Answer for a work from outside.

    Raises:
        Problem: The work has nothing that the model reads.
    """
    return _answer(engine, Question.of_parts(photos, title, description))


def ask_about_work(engine: Engine, work_id: str) -> Answer:
    """Answer for a work of the catalog as if its creator were not known.

    Raises:
        Problem: There is no such work, or it has nothing that the model reads.
    """
    question = engine.question(work_id)
    return _answer(engine, question, work_id)


def _answer(engine: Engine, question: Question, work_id: str | None = None) -> Answer:
    work = question.work
    found = engine.identify(question, NAMED)
    with ThreadPoolExecutor(1, "sakka-near") as beside:  # the database and the map each have a core then
        near = beside.submit(engine.around, question, NEAR_WORKS, creator=found.candidates[0].creator)
        shown = [shown_picture(photo) for photo in question.photos[: engine.photos_per_work]]
        evidence = evidence_for(engine, question, found, shown)
        photos = tuple(as_jpeg(picture) for picture in shown)
        return Answer(
            title=work.title,
            description=work.description,
            identification=found,
            photos=photos,
            work_id=work_id,
            evidence=evidence,
            near=near.result(),
        )


def evidence_for(
    engine: Engine, question: Question, found: Identification, shown: Sequence[Image.Image]
) -> Evidence | None:
    """What spoke for the first creator and against the second; None where the model reads nothing of any work."""
    if len(found.candidates) < 2 or not engine.model.reads:
        return None
    first, second = (each.creator for each in found.candidates[:2])
    why = explain(engine.model, question, creator=first, against=second)
    return evidence_of(why, question.work.title, question.work.description, shown)

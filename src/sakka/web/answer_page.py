"""What the page asks of the engine for one work: who made it, why, and what is near it."""

from sakka.catalog.works import Catalog, Work
from sakka.explain.explanation import explain
from sakka.models.identification import Identification
from sakka.photos.decode import read_photo
from sakka.web.answer_store import Answer
from sakka.web.engine import Engine
from sakka.web.evidence import Evidence, evidence_of
from sakka.web.uploads import SHOWN_PX, Upload, as_jpeg, work_of

NAMED = 5
NEAR_WORKS = 6


def ask_about(engine: Engine, upload: Upload | None, title: str, description: str) -> Answer:
    """Answer for a work from outside.

    Raises:
        Problem: The work has nothing that the model reads.
    """
    with work_of(upload, title, description) as work:
        found = engine.identify(Catalog.from_works([work]), NAMED)
        near = engine.around(work, NEAR_WORKS, creator=found.candidates[0].creator)
        evidence = evidence_for(engine, work, found, upload)
    photo = None if upload is None else as_jpeg(upload.shown)
    return Answer(title, description, found, photo, None, evidence, near)


def ask_about_work(engine: Engine, work: Work) -> Answer:
    """Answer for a work of the catalog as if its creator were not known.

    Raises:
        Problem: The work has nothing that the model reads.
    """
    found = engine.identify(engine.collection.catalog_of([work.id]), NAMED)
    path = engine.collection.photo_path(work, 0)
    upload = None
    if path is not None:
        shown = read_photo(path, at_least_px=SHOWN_PX)
        shown.thumbnail((SHOWN_PX, SHOWN_PX))
        upload = Upload(b"", work.photo_sha256 or "", shown)
    near = engine.around(work, NEAR_WORKS, creator=found.candidates[0].creator)
    evidence = evidence_for(engine, work, found, upload)
    photo = None if upload is None else as_jpeg(upload.shown)
    return Answer(work.title, work.description, found, photo, work.id, evidence, near)


def evidence_for(engine: Engine, work: Work, found: Identification, upload: Upload | None) -> Evidence | None:
    """What spoke for the first creator and against the second; None where the model reads nothing of any work."""
    if len(found.candidates) < 2 or not engine.model.reads:
        return None
    first, second = (each.creator for each in found.candidates[:2])
    root = engine.collection.works.photo_root
    why = explain(engine.model, work, creator=first, against=second, photo_root=root)
    return evidence_of(why, work.title, work.description, None if upload is None else upload.shown)

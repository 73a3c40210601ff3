"""What the server knows: the model, the works, the index and the findings, loaded once and asked by a few threads."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from sakka.audit.decisions import Decisions
from sakka.catalog.works import Catalog, Work
from sakka.engines.threads import single_threaded
from sakka.errors import ModelError, ServeError
from sakka.models.base import CreatorModel
from sakka.models.feature_model import PhotoFeatureModel
from sakka.models.folder import load_model
from sakka.models.identification import Identification
from sakka.models.question import Question
from sakka.networks.batches import hold_vectors
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.mapped import use_mapped_weights
from sakka.photos.held import HeldPhoto
from sakka.search.hits import Hit
from sakka.web.collection import Collection
from sakka.web.describing import Describer
from sakka.web.finding import Finder, Near
from sakka.web.metrics import Metrics
from sakka.web.photo_batches import Together
from sakka.web.pictures import Pictures
from sakka.web.problems import Problem
from sakka.web.settings import Limits, Settings
from sakka.web.snapshot import Snapshot
from sakka.web.uploads import as_jpeg, check_upload
from sakka.web.workers import Workers

Result = TypeVar("Result")
PICTURE_THREADS = 2
WARM_UP = ("red", "blue")  # two photos, so that batches are tried
FINDINGS_FILE = "findings.json"


class Engine:
    """Everything that answers are made of.

    Attributes:
        model: The fitted model.
        model_sha256: The SHA-256 of its manifest.
        index_version: The version of the index's table of works as it was opened; None without an index.
        finder: Finds works; None without an index.
        collection: The works that can be shown; empty without an index and a catalog.
        describer: Describes creators.
        findings: What the audit found, as `findings.json` has it.
        decisions: What was decided about it; None without an audit.
        pictures: Photos as they are shown.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Load everything.

        Args:
            settings: What to load.
            metrics: Are told how many questions came together.

        Raises:
            SakkaError: A folder is not what it should be, or two of them do not belong together.
        """
        limits = settings.limits
        self.settings = settings
        self.model = load_model(settings.model, mapped=settings.processes > 1)
        self.model_sha256 = self.model.manifest_sha256_
        with ExitStack() as held:
            address = None if settings.index is None else held.enter_context(closing(Snapshot(settings.index))).address
            self.finder, works = _opened(settings, address)
            self.index_version = None if self.finder is None else int(self.finder.index.table.version)
            self.collection = Collection(works)
            _check_of_one_kind(settings, self.model, self.finder, self.collection)
            self.describer = Describer(self.collection, self.model, self.finder.index if self.finder else None)
            self.findings = read_findings(settings.audit, self.collection)
            self.decisions = None if settings.audit is None else Decisions(settings.audit)
            self._held = held.pop_all()
        self.pictures = Pictures(self.collection)
        together = Together(limits.gather_ms / 1000, self._hold_vectors, metrics.record_batch)
        self.worker = Workers("sakka-model", 1, limits.waiting, limits.seconds, together, waited=metrics.record_wait)
        self.picture_workers = Workers("sakka-photos", PICTURE_THREADS, limits.connections, limits.seconds)

    async def ask(self, job: Callable[[], Result], photos: Sequence[HeldPhoto] = ()) -> Result:
        """Run a job on the model's thread: one at a time, each with all of torch's threads.

        Args:
            job: The job.
            photos: Photos from outside that it asks the model about; those of jobs that wait pass the networks side
                by side.
        """
        return await self.worker.run(job, photos)

    async def draw(self, job: Callable[[], Result]) -> Result:
        """Run a job on the threads that read photos."""
        return await self.picture_workers.run(job)

    def warm_up(self) -> None:
        """Load what is loaded on first use, so that the first caller does not wait for it."""
        if self.settings.processes > 1:
            for encoder in self._encoders:
                if isinstance(encoder, PhotoExtractor):
                    use_mapped_weights(encoder)
        photo = check_upload(as_jpeg(Image.new("RGB", (64, 64))), Limits())
        self.model.identify(Question.of_parts(photo, "warm-up", "").works, 1)
        photos = [check_upload(as_jpeg(Image.new("RGB", (64, 64), colour)), Limits()) for colour in WARM_UP]
        with single_threaded(1, "sakka-warm-up") as pool:
            pool.submit(self._hold_vectors, photos).result()

    def _hold_vectors(self, photos: Sequence[HeldPhoto]) -> None:
        hold_vectors(photos, self._encoders)

    @cached_property
    def _encoders(self) -> list[PhotoEncoder]:
        """What the model looks at photos through; none where it has no frozen encoder."""
        reader = self.model.reader("photo")
        return [each.encoder for each in reader.readings()] if isinstance(reader, PhotoFeatureModel) else []

    def close(self) -> None:
        """End the threads, and let go of the index."""
        self.worker.close()
        self.picture_workers.close()
        self.describer.workers.close()
        self._held.close()

    def identify(self, question: Question, count: int) -> Identification:
        """Who may have made a work.

        Raises:
            Problem: The work has nothing that the model reads.
        """
        try:
            return self.model.identify_one(question.works, count)
        except ModelError as error:
            raise Problem(422, str(error)) from error

    @property
    def photos_per_work(self) -> int:
        """How many photos of a work may be asked about."""
        return max(1, self.model.photos_read)

    @property
    def can_find(self) -> bool:
        """Whether there is an index."""
        return self.finder is not None

    def need_finder(self) -> Finder:
        """What finds works.

        Raises:
            Problem: There is no index.
        """
        if self.finder is None:
            raise Problem(409, "this server has no index to find works with; its keeper can start it with one")
        return self.finder

    def around(self, asked: Question | Work, count: int, creator: str | None = None) -> Near:
        """What is near a work: works of its creator, and works by others.

        Args:
            asked: A work of the catalog, or a question about one from outside.
            count: How many of each at most.
            creator: Whose works count as the same creator's; None: the work's own.
        """
        work = asked.work if isinstance(asked, Question) else asked
        creator = creator or work.creator
        if self.finder is not None:
            return self.finder.around(asked, count, creator, stored=self.collection.work(work.id) == work)
        others = self.collection.works_of(creator or "", 0, count + 1)
        return Near(tuple(Hit(each, 0.0) for each in others if each.id != work.id)[:count], ranked=False)

    def question(self, work_id: str) -> Question:
        """A question about a work that can be shown.

        Raises:
            Problem: There is none of that id.
        """
        self.work(work_id)
        return Question.of_works(self.collection.catalog_of([work_id]))

    def work(self, work_id: str) -> Work:
        """A work that can be shown.

        Raises:
            Problem: There is none of that id.
        """
        work = self.collection.work(work_id)
        if work is None:
            raise Problem(404, "there is no work of this id")
        return work


def _opened(settings: Settings, index_address: Path | str | None) -> tuple[Finder | None, Catalog]:
    """Open the index and give the works to show: the catalog's where there is one, else the index's.

    Args:
        settings: What is served.
        index_address: Where the index is opened; None: there is none.

    Raises:
        SakkaError: One of them is not what it should be, or the index is of other works.
    """
    catalog = None if settings.catalog is None else Catalog.read(settings.catalog)
    if index_address is None:
        return None, Catalog.from_works([]) if catalog is None else catalog
    from sakka.search.index import Index

    index = Index.open(index_address)
    indexed = index.catalog()
    if catalog is None:
        return Finder(index), indexed
    lacking = set(indexed.ids) - set(catalog.ids)
    if lacking:
        raise ServeError(
            f"{settings.index} is an index of other works: {len(lacking):,} of its {len(indexed):,} works are not in "
            f"{settings.catalog}; build the index of this catalog, or leave out `catalog`"
        )
    return Finder(index), catalog


def _check_of_one_kind(settings: Settings, model: CreatorModel, finder: Finder | None, collection: Collection) -> None:
    """Refuse an index of other works than the model's.

    The vectors do not come from what the model learned of its creators, so a model that was fitted anew, or that has
    taken creators in, may go on with its index.
    """
    if finder is None or finder.index.model_sha256 == model.manifest_sha256_:
        return
    met = sum(creator in collection.creators for creator in model.creators_)
    if 2 * met < len(model.creators_):
        raise ServeError(
            f"{settings.index} is the index of another model: {met:,} of the {len(model.creators_):,} creators that "
            f"{settings.model} knows have works in it; build the index with this model"
        )


def read_findings(folder: Path | None, collection: Collection) -> list[dict[str, Any]]:
    """Read what an audit found; the strongest findings of each kind come first, as they were written.

    Raises:
        ServeError: The folder is no audit, or an audit of other works.
    """
    if folder is None:
        return []
    try:
        findings = json.loads((folder / FINDINGS_FILE).read_bytes())
        if not isinstance(findings, list):
            raise TypeError("not a list")
        ids = {each for finding in findings for each in [*finding["works"], *finding["beside"]]}
        ids |= {each for finding in findings for each in finding.get("timeline", {"works": []})["works"]}
        kinds = {(str(each["kind"]), float(each["score"])) for each in findings}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ServeError(
            f"{folder} is not an audit: {FINDINGS_FILE} can't be read ({type(error).__name__}); "
            f"make one with `write_audit`"
        ) from error
    lacking = [each for each in ids if collection.work(each) is None]
    if kinds and lacking:
        raise ServeError(
            f"{folder} is an audit of other works: {len(lacking):,} of its {len(ids):,} works are not among the "
            f"{len(collection):,} shown; audit the catalog that is served, or leave out `audit`"
        )
    return list(findings)

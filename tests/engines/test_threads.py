import threading
from collections.abc import Iterator

import pytest
import torch
from tests.catalogs import vector_catalog

from sakka.catalog.splits import nested_splits
from sakka.engines.threads import work_off
from sakka.models.base import CreatorModel
from sakka.models.text.linear import LinearText
from sakka.paper.models.fasttext import FastText


def test_answers_come_in_the_order_of_the_jobs() -> None:
    assert list(work_off(range(50), lambda job: job * job, "test")) == [job * job for job in range(50)]
    assert list(work_off([], lambda job: job, "test")) == []


def test_a_worker_has_one_thread_and_the_caller_keeps_its_own() -> None:
    before = torch.get_num_threads()
    assert set(work_off(range(8), lambda _: torch.get_num_threads(), "test")) == {1}
    assert torch.get_num_threads() == before
    found = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [before]


def test_jobs_are_not_taken_far_ahead_of_the_answers() -> None:
    taken = 0

    def jobs() -> Iterator[int]:
        nonlocal taken
        for taken in range(1, 1000):
            yield taken * 1

    answers = work_off(jobs(), lambda job: job, "test")
    assert next(answers) == 1
    assert taken <= 2 * torch.get_num_threads() + 1
    answers.close()


def test_what_a_job_raises_comes_out() -> None:
    def fail(job: int) -> int:
        if job == 3:
            raise ValueError("job 3")
        return job

    answers = work_off(range(9), fail, "test")
    with pytest.raises(ValueError, match="job 3"):
        list(answers)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many PyTorch may use."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("model", [LinearText(), FastText(epoch=100)], ids=lambda model: model.name)
def test_a_text_model_fits_folds_in_as_many_threads_as_pytorch_may_use(model: CreatorModel, threads: int) -> None:
    works = vector_catalog(creators=3)
    found = model.predict_folds(works, nested_splits(works, seed=0).folds(1), works.creators)
    next(found)
    assert sum(each.name.startswith("sakka-text-folds") for each in threading.enumerate()) == threads
    assert len(list(found)) == 4

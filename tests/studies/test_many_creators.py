"""The study of very many creators: what it measures of creators who are added."""

import json

import numpy as np
import pytest
from studies.many_creators import _added
from tests.catalogs import vector_catalog

from sakka.models.candidate_model import CandidateModel
from sakka.models.fused import FusedModel


def test_a_creator_of_one_work_who_can_not_be_added_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CandidateModel, "fewest", 2)
    works = vector_catalog(creators=12, works=10)
    labels = works.creator_indices()
    known, unknown = np.flatnonzero(labels < 10), np.flatnonzero(labels == 10)
    model = FusedModel("photo-column:clip", candidates=True).fit(works.take(known))
    one = np.flatnonzero(labels == 11)[:1]
    _added(model, works.take(np.append(unknown, one)), 10, len(known))
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["measure"], said["value"]) == ("accuracy of added creators", 1.0)

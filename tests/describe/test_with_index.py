from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.describe import describe_creator, describe_work
from sakka.explain.evidence import nearest_in_index
from sakka.models.folder import save_model
from sakka.models.question import Question
from sakka.models.text.linear import LinearText
from sakka.pages.description_sentences import creator_sentences

pytest.importorskip("lancedb", reason="needs an index: pip install '.[index]'")


def test_an_index_gives_related_creators_and_works_by_style(folder: Path) -> None:
    from sakka.search.index import Index

    works = tiny_catalog(folder / "photos", creators=4, works=8)
    model = LinearText().fit(works)
    save_model(model, folder / "model")
    index = Index.build(folder / "index", works, folder / "model")
    found = describe_creator(works, "creator 01", model, index)
    assert found.related_by_style
    assert {each.creator for each in found.related_creators} == {"creator 00", "creator 02", "creator 03"}
    assert creator_sentences(found, "ja")[-3].startswith("作風の近い作家：")
    assert len({each.work.id for each in (*found.typical, *found.unusual)}) == 8
    asked = works.take([works.ids.index("work-01-003")])
    evidence = nearest_in_index(asked, index, "creator 02", 3)
    assert [each.work.creator for each in evidence] == ["creator 02"] * 3
    assert not any(each.near_identical for each in evidence)
    own = nearest_in_index(asked, index, "creator 01", 20)
    assert "work-01-003" not in [each.work.id for each in own]
    for told in (
        describe_work(model, Question.of_works(asked), index=index),
        describe_work(model, outside(asked), index=index),
    ):
        assert told.by_style
        assert told.similar_works
        assert "creator 01" not in {each.work.creator for each in told.similar_works}
        assert all(Path(each.work.photos[0]).is_file() for each in told.similar_works)
        assert all(0 <= each.similarity <= 1 for each in told.similar_works)


def outside(asked: Catalog) -> Work:
    (path,) = asked.photo_paths
    return Work("asked", title="linen button", photos=(str(path),))

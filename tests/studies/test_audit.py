"""What counts as a work under a wrong creator in the study of audits."""

from studies.audit import Planted

from sakka import Catalog, Work


def test_a_copy_is_under_a_wrong_creator_unless_its_account_is_the_makers_own() -> None:
    listed = [("original", "a"), ("moved", "b"), ("back", "a 2"), ("copy", "c"), ("own copy", "a 2")]
    works = Catalog.from_works(Work(each, creator, title=each) for each, creator in listed)
    copies = {"copy": "original", "own copy": "original"}
    planted = Planted(works, {"moved": "c", "back": "a"}, copies, {frozenset(("a", "a 2"))})
    assert planted.wrong(planted.split) == {"moved": "c", "copy": "a"}

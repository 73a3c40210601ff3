"""Explanations and creators over the API."""

import httpx
import pytest
from tests.web.servers import Folders


def test_an_explanation_adds_up_and_marks_words_where_they_stand(client: httpx.Client, photo: bytes) -> None:
    data = {"title": "刺繍 brooch", "description": "小鳥と　linen"}
    found = client.post("/v1/explain", files={"photo": ("a", photo)}, data=data).json()
    assert found["creator"] == "creator 01" != found["against"]
    assert found["photo_share"] + found["text_share"] + found["rest"] == pytest.approx(found["log_odds"], abs=1e-4)
    assert sum(word["share"] for word in found["words"]) == pytest.approx(found["text_share"], abs=1e-4)
    assert sum(map(sum, found["regions"])) == pytest.approx(found["photo_share"], abs=1e-2)
    normal = {"title": "刺繍 brooch", "description": "小鳥と linen"}
    for word in found["words"]:
        assert normal[word["field"]][word["start"] : word["stop"]] == word["text"]


def test_each_of_several_photos_has_its_share(client: httpx.Client, folders: Folders, photo: bytes) -> None:
    other = (folders.photos / "photo-04-000.png").read_bytes()
    found = client.post("/v1/explain", files=[("photo", ("a", photo)), ("photo", ("b", other))]).json()
    assert len(found["photo_shares"]) == 2
    assert sum(found["photo_shares"]) == pytest.approx(found["photo_share"], abs=1e-4)
    assert sum(map(sum, found["regions"])) == pytest.approx(found["photo_shares"][found["photo"]], abs=1e-2)


def test_a_work_of_the_catalog_is_explained_for_the_creators_asked_for(client: httpx.Client) -> None:
    asked = {"creator": "creator 04", "against": "creator 01"}
    found = client.get("/v1/explain/work-01-003", params=asked).json()
    turned = client.get("/v1/explain/work-01-003", params={"creator": "creator 01", "against": "creator 04"}).json()
    assert (found["creator"], found["against"]) == ("creator 04", "creator 01")
    assert found["log_odds"] == pytest.approx(-turned["log_odds"], abs=1e-5)
    assert found["log_odds"] < 0


@pytest.mark.parametrize("asked", [{"creator": "nobody"}, {"creator": "creator 01", "against": "creator 01"}])
def test_a_creator_that_can_not_be_explained_is_told_in_words(client: httpx.Client, asked: dict[str, str]) -> None:
    answer = client.get("/v1/explain/work-01-003", params=asked)
    assert answer.status_code == 422
    assert "creator" in answer.json()["detail"]


def test_creators_are_listed_in_parts_and_given_with_works(client: httpx.Client) -> None:
    listed = client.get("/v1/creators", params={"start": 4, "count": 5}).json()
    assert listed["total"] == 6
    assert [each["name"] for each in listed["creators"]] == ["creator 04", "creator 05"]
    one = client.get("/v1/creators/creator 04", params={"start": 10}).json()
    assert (one["works"], one["known"]) == (12, True)
    assert [each["id"] for each in one["shown"]] == ["work-04-010", "work-04-011"]
    assert client.get("/v1/creators/nobody").status_code == 404


def test_a_creator_is_described_in_both_languages(client: httpx.Client) -> None:
    described = client.get("/v1/descriptions/creator 05").json()
    assert {"leather", "classic"} <= {each["word"] for each in described["words"]}
    assert len(described["related_creators"]) == 5
    assert {language: len(said) > 2 for language, said in described["sentences"].items()} == {"en": True, "ja": True}
    assert client.get("/v1/descriptions/nobody").status_code == 404

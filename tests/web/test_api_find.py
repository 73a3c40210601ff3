"""Finding and recommending over the API, on a server with an index."""

from typing import Any

import httpx
import pytest


def found(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    works: list[dict[str, Any]] = answer.json()["found"]
    return works


def creators_of(works: list[dict[str, Any]]) -> list[str]:
    return [each["work"]["creator"] for each in works]


def test_works_like_a_work_are_by_its_maker_first_with_a_probability(client: httpx.Client) -> None:
    works = found(client.post("/v1/similar", json={"like": ["work-02-003"], "count": 5}))
    assert creators_of(works[:3]) == ["creator 02"] * 3
    assert works[0]["same_creator"] > 0.5
    assert all(0 <= each["same_creator"] <= 1 for each in works)
    assert "work-02-003" not in [each["work"]["id"] for each in works]
    assert client.get(works[0]["work"]["photos"][0]).status_code == 200


def test_filters_leave_works_out(client: httpx.Client) -> None:
    asked = {"like": ["work-02-003"], "other_creators": True, "of_one_creator": 1, "count": 10}
    works = creators_of(found(client.post("/v1/similar", json=asked)))
    assert "creator 02" not in works
    assert len(works) == len(set(works)) > 1
    asked = {"like": ["work-02-003"], "creators": ["creator 04"], "after": "2015-02-01", "before": "2015-03-01"}
    for each in found(client.post("/v1/similar", json=asked)):
        assert each["work"]["creator"] == "creator 04"
        assert "2015-02" in each["work"]["created_at"]
    assert found(client.post("/v1/similar", json={"like": ["work-02-003"], "categories": ["x'; --"]})) == []


def test_an_unwanted_example_pushes_its_like_away(client: httpx.Client) -> None:
    ids = ["work-02-003", "work-04-003"]
    both = found(client.post("/v1/similar", json={"like": ids, "count": 20}))
    one = found(client.post("/v1/similar", json={"like": ids[:1], "unlike": ids[1:], "count": 20}))
    assert creators_of(one).count("creator 04") < creators_of(both).count("creator 04")


def test_words_find_the_works_that_hold_them(client: httpx.Client) -> None:
    works = found(client.post("/v1/search", json={"words": "刺繍 小鳥", "count": 4}))
    assert creators_of(works) == ["creator 02"] * 4
    assert all(each["same_creator"] is None for each in works)
    styled = found(client.post("/v1/search", json={"words": "brooch", "like": "work-05-001", "count": 3}))
    assert "creator 05" in creators_of(styled)


def test_an_upload_finds_works_like_it(client: httpx.Client, photo: bytes) -> None:
    works = found(client.post("/v1/similar/upload", files={"photo": ("x", photo)}, data={"count": "4"}))
    assert works[0]["work"]["id"] == "work-01-003"
    text = found(client.post("/v1/similar/upload", data={"title": "leather saddle stitch"}))
    assert creators_of(text)[0] == "creator 05"
    both = found(client.post("/v1/search/upload", files={"photo": ("x", photo)}, data={"words": "linen"}))
    assert creators_of(both)[0] == "creator 01"


def test_works_are_recommended_for_one_and_for_several(client: httpx.Client) -> None:
    one = creators_of(found(client.post("/v1/recommend", json={"liked": ["work-01-003"], "count": 5})))
    assert one
    assert "creator 01" not in one
    assert len(one) == len(set(one))
    liked = ["work-01-003", "work-03-003"]
    several = found(client.post("/v1/recommend", json={"liked": liked, "count": 5}))
    assert {"creator 01", "creator 03"} <= set(creators_of(several))
    assert not {each["work"]["id"] for each in several} & set(liked)


def test_related_creators_come_with_a_probability(client: httpx.Client) -> None:
    others = client.get("/v1/related-creators/creator 01").json()
    assert len(others) == 5
    assert "creator 01" not in [each["creator"] for each in others]
    assert client.get("/v1/related-creators/nobody").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/similar", {"like": ["nowhere"]}, 404),
        ("/v1/similar", {"like": []}, 422),
        ("/v1/similar", {"like": ["work-01-003"], "count": 101}, 422),
        ("/v1/similar", {"like": ["work-01-003"], "after": "soon"}, 422),
        ("/v1/search", {"words": "linen", "by_creator": True, "count": 34}, 422),
        ("/v1/similar", {"like": ["work-01-003"], "by_creator": True, "count": 11, "of_one_creator": 10}, 422),
        ("/v1/search", {"words": ""}, 422),
        ("/v1/search", {"words": "、。"}, 422),
        ("/v1/search", {"words": "\0"}, 422),
        ("/v1/search", {"words": "x", "like": "nowhere"}, 404),
        ("/v1/recommend", {"liked": ["work-01-003"] * 51}, 422),
    ],
)
def test_a_question_that_can_not_be_answered_is_refused(
    client: httpx.Client, path: str, body: dict[str, Any], status: int
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]

"""Questions that come at one time pass the networks together; each answer is the one that it gets alone."""

import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
from PIL import Image


def photos(count: int) -> list[bytes]:
    found = []
    for seed in range(count):
        buffer = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((300, 300)).save(buffer, "JPEG")
        found.append(buffer.getvalue())
    return found


def batches_of(client: httpx.Client) -> tuple[float, float]:
    """How many batches there were, and how many photos in them."""
    lines = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if not line.startswith("#"))
    return float(lines["sakka_batch_photos_count"]), float(lines["sakka_batch_photos_sum"])


def test_answers_to_questions_that_come_together_are_those_that_come_alone(client: httpx.Client) -> None:
    def ask(photo: bytes) -> bytes:
        answer = client.post("/v1/identify", files={"photo": ("x", photo)}, data={"title": "linen button"})
        return answer.raise_for_status().content

    sent = photos(12)
    alone = [ask(photo) for photo in sent]
    before = batches_of(client)
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(ask, sent))
    after = batches_of(client)
    assert together == alone
    assert after[1] - before[1] == 12
    assert after[0] - before[0] < 12


def test_finding_by_a_photo_passes_the_networks_with_the_others(client: httpx.Client) -> None:
    sent = [{"photo": ("x", photo)} for photo in photos(2)]
    before = batches_of(client)
    assert client.post("/v1/similar/upload", files=sent[0]).is_success
    assert client.post("/v1/search/upload", files=sent[1], data={"words": "linen button"}).is_success
    after = batches_of(client)
    assert [after[place] - before[place] for place in (0, 1)] == [2, 2]

"""Photos of others are decoded by processes of their own: the same pixels, and whatever goes wrong costs one photo."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studies.inputs import crafted_photos as crafted
from studies.inputs.crafted_photos import encoded
from tests.decoder_processes import processes_of, ticks_of, waited_for
from tests.fuzz import mutated

from sakka.errors import PhotoError, SakkaError
from sakka.photos import decode, decoders
from sakka.photos.by_sha256 import store
from sakka.photos.decode import TOO_LARGE, check_photo, read_photo
from sakka.photos.decoders import Decoders
from sakka.photos.held import HeldPhoto


def picture(mode: str = "RGB", side: int = 90) -> Image.Image:
    rows, columns = np.mgrid[0:side, 0 : side + 40]
    image = Image.fromarray(np.stack([columns % 256, rows % 256, (rows * columns) % 256], axis=2).astype(np.uint8))
    return image.convert(mode) if mode != "P" else image.quantize(16)


PHOTOS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(picture(), "JPEG"),
    "JPEG that is turned": lambda: encoded(picture(), "JPEG", exif=b"Exif\0\0" + turned_by_exif()),
    "progressive JPEG": lambda: encoded(picture(side=700), "JPEG", progressive=True),
    "CMYK JPEG": lambda: encoded(picture("CMYK"), "JPEG"),
    "JPEG beyond a band": lambda: encoded(picture(side=1100), "JPEG"),
    "PNG": lambda: encoded(picture(), "PNG"),
    "PNG with a palette": lambda: encoded(picture("P"), "PNG", transparency=3),
    "grey PNG with alpha": lambda: encoded(picture("LA"), "PNG"),
    "16-bit PNG": lambda: encoded(Image.fromarray(np.arange(6000, dtype=np.uint16).reshape(60, 100) * 9), "PNG"),
    "PNG in bands": lambda: crafted.png(6_000, 4_500, colour=0),
    "WebP": lambda: encoded(picture(), "WEBP"),
    "GIF": lambda: encoded(picture("P"), "GIF"),
    "BMP": lambda: encoded(picture(), "BMP"),
}


def turned_by_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes().removeprefix(b"Exif\0\0")


def outcome(read: Callable[[], Image.Image]) -> tuple[object, ...]:
    """The pixels, or the refusal."""
    try:
        image = read()
    except PhotoError as error:
        return str(error), error.reason
    return image.mode, image.size, image.tobytes(), image.info


@pytest.fixture
def one() -> Iterator[Decoders]:
    """A single decoder, so that what follows a photo meets what it left."""
    found = Decoders(1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def common() -> Iterator[Decoders]:
    found = Decoders(1)
    yield found
    found.close()


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A photo that got past the limits, and needs several seconds of processor time: it has 20,000 scans."""
    monkeypatch.setattr(decode, "MOST_JPEG_SCANS", 1 << 40)
    monkeypatch.setattr(decode, "MOST_SCANNED_PIXELS", 1 << 60)
    return crafted.jpeg(1_000, 1_000, 1, progressive=20_000)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("at_least_px", [None, 30])
def test_another_process_gives_the_same_pixels(name: str, at_least_px: int | None, common: Decoders) -> None:
    content = PHOTOS[name]()
    here = outcome(lambda: read_photo(content, at_least_px=at_least_px))
    assert here[0] == "RGB"
    assert outcome(lambda: read_photo(content, at_least_px=at_least_px, decode=common.pixels)) == here


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP"])
def test_another_process_refuses_in_the_same_words(name: str, common: Decoders) -> None:
    content = PHOTOS[name]()
    chance = random.Random(name)
    for each in (content[: len(content) * 2 // 3], *(mutated(content, chance) for _ in range(30))):
        read = partial(read_photo, each, at_least_px=30)
        assert outcome(partial(read, decode=common.pixels)) == outcome(read)


def test_a_photo_that_hangs_its_decoder_is_refused_and_the_next_one_is_read(long: bytes) -> None:
    slow = Decoders(1, seconds=0.05)
    with pytest.raises(PhotoError, match=r"^the photo takes more than 0.6 s to decode; save it anew$") as caught:
        read_photo(long, decode=slow.pixels)
    assert caught.value.reason == TOO_LARGE
    slow.seconds = 10
    assert read_photo(PHOTOS["PNG"](), decode=slow.pixels).size == picture().size
    slow.close()


@pytest.mark.slow
def test_a_photo_may_take_so_much_processor_time(long: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "WAITED", 100)
    slow = Decoders(1, seconds=1)
    with pytest.raises(PhotoError, match="takes more than 1 s of processor time to decode"):
        read_photo(long, decode=slow.pixels)
    for _ in range(3):  # each has that much
        assert read_photo(PHOTOS["PNG"](), decode=slow.pixels).size == picture().size
    slow.close()


def test_a_photo_that_fills_the_memory_is_refused_and_the_next_one_is_read() -> None:
    narrow = Decoders(1, most_bytes=24 << 20)
    with pytest.raises(PhotoError, match=r"takes more than 24 MiB of memory to decode; save it anew$") as caught:
        read_photo(crafted.png(3_000, 3_000), decode=narrow.pixels)
    assert caught.value.reason == TOO_LARGE
    assert read_photo(PHOTOS["PNG"](), decode=narrow.pixels).size == picture().size
    narrow.close()


def test_a_process_that_is_killed_costs_its_photo(long: bytes, one: Decoders) -> None:
    before = processes_of(os.getpid())
    read_photo(PHOTOS["PNG"](), decode=one.pixels)
    (killed,) = processes_of(os.getpid()) - before
    begun = ticks_of(killed)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_photo, long, decode=one.pixels)
        assert waited_for(lambda: ticks_of(killed) > begun + 10)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(PhotoError, match=r"^the photo ended the process that decodes it \(SIGKILL\); save it anew"):
            reading.result()
    assert read_photo(PHOTOS["PNG"](), decode=one.pixels).size == picture().size
    assert killed not in processes_of(os.getpid())


def test_an_idle_process_that_is_killed_costs_nothing(one: Decoders) -> None:
    before = processes_of(os.getpid())
    read_photo(PHOTOS["PNG"](), decode=one.pixels)
    (killed,) = processes_of(os.getpid()) - before
    os.kill(killed, signal.SIGKILL)
    assert waited_for(lambda: killed not in processes_of(os.getpid()))
    assert read_photo(PHOTOS["PNG"](), decode=one.pixels).size == picture().size
    one.close()
    assert processes_of(os.getpid()) == before


def test_as_many_processes_are_started_as_photos_come_at_a_time() -> None:
    several = Decoders(3)
    before = processes_of(os.getpid())
    for _ in range(3):
        read_photo(PHOTOS["PNG"](), decode=several.pixels)
    assert len(processes_of(os.getpid()) - before) == 1
    content = PHOTOS["PNG in bands"]()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: read_photo(content, at_least_px=100, decode=several.pixels), range(12)))
    assert {each.tobytes() for each in found} == {read_photo(content, at_least_px=100).tobytes()}
    assert 1 < len(processes_of(os.getpid()) - before) <= 3
    several.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_fork_has_processes_of_its_own(one: Decoders) -> None:
    content = PHOTOS["PNG"]()
    here = read_photo(content, decode=one.pixels).tobytes()
    before = processes_of(os.getpid())
    if not (child := os.fork()):
        same = read_photo(content, decode=one.pixels).tobytes() == here
        own = len(processes_of(os.getpid()))
        one.close()
        os._exit(0 if same and own == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read_photo(content, decode=one.pixels).tobytes() == here
    assert processes_of(os.getpid()) == before


def test_where_no_process_can_be_started_it_is_said_and_no_photo_is_called_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for program, said in (("/nowhere/python", "no process can be started"), ("/bin/false", "did not start")):
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises(SakkaError, match=said) as caught:
            read_photo(PHOTOS["PNG"](), decode=Decoders(1).pixels)
        assert not isinstance(caught.value, PhotoError)


ENDLESS = """
import sys
from pathlib import Path
from sakka.photos.decode import read_photo
from sakka.photos.decoders import Decoders
content, decoders = Path(sys.argv[1]).read_bytes(), Decoders()
while True:
    read_photo(content, decode=decoders.pixels)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_asks_may_be_ended_at_any_moment_and_no_process_is_left(how: signal.Signals, folder: Path) -> None:
    (folder / "long.png").write_bytes(crafted.png(5_000, 5_000))
    command = [sys.executable, "-c", ENDLESS, str(folder / "long.png")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as asking:
        assert waited_for(lambda: processes_of(asking.pid))
        started = processes_of(asking.pid)
        time.sleep(0.3)
        asking.send_signal(how)
        asking.communicate(timeout=30)
    assert asking.returncode == -how
    assert waited_for(lambda: not any(Path(f"/proc/{each}").exists() for each in started))


def test_a_photo_that_was_fetched_is_decoded_by_another_process_and_one_of_your_own_by_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folder / "1.jpg"
    own.write_bytes(PHOTOS["JPEG"]())
    fetched = store(own, check_photo(own).sha256, folder / "fetched")
    assert outcome(partial(read_photo, fetched)) == outcome(partial(read_photo, own))
    monkeypatch.setattr(decode, "pixels_of", None)  # this process can decode nothing
    reads: tuple[Callable[[Path], object], ...] = (read_photo, check_photo, lambda path: HeldPhoto(path).at_least(8))
    for read in reads:
        assert read(fetched)
        with pytest.raises(PhotoError, match="is damaged"):
            read(own)

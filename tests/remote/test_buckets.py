"""Photos at s3:// and gs://: moto's S3 server on loopback, and a web server where it has to go wrong."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.photo_server import PhotoServer, photo_server
from tests.s3_server import put_objects, s3_server

from sakka.errors import PhotoError
from sakka.remote.cache import FetchedFile, FetchedFiles
from sakka.remote.fetcher import Fetching, FileFetcher

PHOTO = bytes(range(256)) * 4
SHA256 = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PhotoServer]:
    """A web server in the place of both services, which see a bucket as the first part of a path."""
    with photo_server({"photos/花 1.jpg": PHOTO, "a": PHOTO}) as running:
        for name, value in {
            "AWS_ENDPOINT_URL": running.address,
            "AWS_SKIP_SIGNATURE": "true",
            "GOOGLE_BASE_URL": running.address,
            "GOOGLE_SKIP_SIGNATURE": "true",
        }.items():
            monkeypatch.setenv(name, value)
        yield running


def fetched(address: str, folder: Path, host: str | None = None, file_s: float = 20.0) -> FetchedFile | PhotoError:
    hosts = (host or "/".join(address.split("/")[:3]),)
    settings = Fetching(hosts, 4, 4096, file_s=file_s, silent_s=0.5, tries=3, first_wait_s=0.01)
    with FileFetcher(settings, FetchedFiles(folder)) as fetcher:
        return fetcher.file(address)


def test_a_photo_comes_from_s3_with_the_credentials_and_the_endpoint_of_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server(monkeypatch) as address:
        put_objects(address, "shop", {"photos/花 1.jpg": PHOTO})
        found = fetched("s3://shop/photos/花 1.jpg", folder)
        assert isinstance(found, FetchedFile)
        assert (found.sha256, found.n_bytes) == (SHA256, len(PHOTO))
        assert found.etag == f'"{hashlib.md5(PHOTO).hexdigest()}"'
        assert str(fetched("s3://shop/absent.jpg", folder)) == "s3://shop/absent.jpg: the bucket has no such object"
        said = str(fetched("s3://shop/photos/花 1.jpg", folder, "s3://other"))
        assert said.endswith("s3://shop is not among the hosts to fetch from; name it too where you trust it")


def test_the_same_address_of_another_service_is_another_photo(
    server: PhotoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fetched("s3://ok/a", folder)
    with photo_server({"a": PHOTO[::-1]}) as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL", other.address)
        second = fetched("s3://ok/a", folder)
    assert first == FetchedFile(SHA256, len(PHOTO), '"one"')
    assert second == FetchedFile(hashlib.sha256(PHOTO[::-1]).hexdigest(), len(PHOTO), '"one"')


@pytest.mark.parametrize("scheme", ["s3", "gs"])
@pytest.mark.parametrize("bucket", ["ok", "flaky", "slow"])
def test_a_photo_comes_whole_also_where_the_first_tries_fail(
    server: PhotoServer, folder: Path, scheme: str, bucket: str
) -> None:
    found = fetched(f"{scheme}://{bucket}/photos/花 1.jpg", folder)
    assert found == FetchedFile(SHA256, len(PHOTO), '"one"')


@pytest.mark.parametrize("scheme", ["s3", "gs"])
@pytest.mark.parametrize(
    ("bucket", "why"),
    [
        ("missing", "the bucket has no such object"),
        ("failing", ", 3 times"),
        ("cut", ", 3 times"),
        ("huge", "more than the 4,096 bytes"),
        ("drip", "not here after 0.5 s"),
    ],
)
def test_a_service_that_lies_or_never_ends_is_refused_in_one_line(
    server: PhotoServer, folder: Path, scheme: str, bucket: str, why: str
) -> None:
    found = fetched(f"{scheme}://{bucket}/a", folder, file_s=0.5 if bucket == "drip" else 20.0)
    assert isinstance(found, PhotoError)
    assert why in str(found)
    assert "\n" not in str(found)
    assert server.sent[f"/{bucket}/a"] < 1 << 24

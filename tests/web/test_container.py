"""The container image, as far as it can be known without building it: each of its steps is one that works."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import httpx
import pytest
from tests.command import run

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with what they are given, in order."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def given(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def words_of(name: str) -> list[str]:
    """The words of an instruction in the form of JSON, the last of its name."""
    found: list[str] = json.loads(re.sub(r"^.*?CMD (?=\[)|^--\S+ ", "", given(name)[-1]))
    return found


def test_what_is_copied_is_there_and_sent_to_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in ignored if line.startswith("!")]
    copied = [word for rest in given("COPY") if "--from" not in rest for word in rest.split()[:-1]]
    assert sorted(copied) == sorted(sent)
    assert all((ROOT / name).exists() for name in copied)
    assert ignored[1] == "*"
    assert not any(fnmatch("src", line) for line in ignored[2:] if not line.startswith("!"))


def test_it_installs_extras_of_this_project_at_the_locked_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (install,) = (rest for rest in given("RUN") if "pip install" in rest)
    words = shlex.split(install.partition("&&")[2])
    extras = re.fullmatch(r"\.\[(.*)\]", words[-1])
    assert extras is not None
    assert set(extras[1].split(",")) == {"index", "web"} <= set(project["optional-dependencies"])
    made = re.search(rf"sed (.*) > {re.escape(words[words.index('--constraint') + 1])} ", install)
    assert made is not None
    lock = subprocess.run(["sed", *shlex.split(made[1])], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--hash" not in lock
    assert all(f"\n{package}==" in lock for package in ("torch", "fastapi", "uvicorn", "prometheus-client", "lancedb"))
    assert {rest.split()[0] for rest in given("FROM")} == {"python:3.11-slim-bookworm"}
    assert project["requires-python"] == ">=3.11"


def test_it_does_not_run_as_root() -> None:
    (user,) = given("USER")
    assert any(f" {user}" in rest and "useradd --system" in rest for rest in given("RUN"))
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_what_it_runs_is_a_command_that_asks_for_the_models_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = words_of("ENTRYPOINT") + words_of("CMD")
    assert program == "sakka"
    monkeypatch.delenv("SAKKA_KEY", raising=False)
    code, _, error = run(words, monkeypatch, capsys)
    assert (code, "needs a key" in error) == (2, True)
    monkeypatch.setenv("SAKKA_KEY", "k" * 16)
    code, _, error = run([*words, "--port", "0"], monkeypatch, capsys)
    assert (code, error.startswith("sakka: there is no folder /srv/model")) == (2, True)
    assert given("EXPOSE") == [words[words.index("--port") + 1]]


def test_its_health_check_passes_where_a_server_is_ready_and_fails_where_none_is(client: httpx.Client) -> None:
    program, *words = words_of("HEALTHCHECK")
    assert program == "python"
    for port, expected in ((client.base_url.port, 0), (1, 1)):
        asked = [word.replace(":8000/", f":{port}/") for word in words]
        assert subprocess.run([sys.executable, *asked], capture_output=True, check=False).returncode == expected

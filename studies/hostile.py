"""What a server does under requests that mean it harm: server errors, refusals, memory.

    python -m studies hostile [MODEL and options of `sakka serve`]

Requests generated from the API's own schema by schemathesis (half of them break the schema on purpose), then uploads
that must be refused, sent to `sakka serve` in a process of its own. It fails where a response is a server error, is not
as the schema says, where an upload is not refused with a problem that has a detail, or where the server's memory grows
beyond a bound. Model and index are those of a small drawn market unless others are given.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from studies.figures import Figure
from studies.inputs.hostile_requests import HostileRequest, hostile_requests

REQUESTS, UPLOADS = 2000, 500
MOST_GROWTH_MIB = 600
START_S = 120
SEED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests from the schema")
    parser.add_argument("--uploads", type=int, default=UPLOADS, help="hostile uploads")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("serve", nargs="*", help="MODEL and options of `sakka serve`; none: a small drawn market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Send both kinds of requests; ends with what failed where something did."""
    failures: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="sakka-hostile-") as folder,
        serving(asked.serve or drawn_market(Path(folder))) as (base, process),
    ):
        before = peak_mib(process)
        started_s = time.monotonic()
        statuses, failed = generated_requests(base, asked.requests, asked.seed)
        failures += failed
        yield from status_figures("requests from the schema", statuses, failed, time.monotonic() - started_s)
        yield from uploads_sent(base, asked.uploads, asked.seed, failures)
        growth = peak_mib(process) - before
    yield Figure("memory of the server", "MiB at the start", before)
    yield Figure("memory of the server", f"MiB more at most (bound {MOST_GROWTH_MIB})", growth)
    if growth > MOST_GROWTH_MIB:
        failures.append("the memory grew beyond its bound")
    if failures:
        sys.exit("\n".join(f"FAILED: {failure}" for failure in failures[:20]))


def uploads_sent(base: str, count: int, seed: int, failures: list[str]) -> Iterator[Figure]:
    """Send uploads; what is not refused as it must be joins `failures`."""
    started_s = time.monotonic()
    statuses: Counter[int] = Counter()
    failed = []
    slowest_s = 0.0
    with httpx.Client(base_url=base, timeout=60) as client:
        for request in hostile_requests(count, seed):
            asked_s = time.monotonic()
            response = send(client, request)
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
            statuses[response.status_code] += 1
            if (failure := not_refused(request, response)) is not None:
                failed.append(failure)
    failures += failed
    yield from status_figures("hostile uploads", statuses, failed, time.monotonic() - started_s)
    yield Figure("hostile uploads", "s for the slowest", slowest_s)


def status_figures(row: str, statuses: Counter[int], failed: Sequence[str], seconds: float) -> Iterator[Figure]:
    """How many responses had each status, and how many were not as they must be."""
    sent = sum(statuses.values())
    yield Figure(row, "failed", len(failed), sent)
    yield Figure(row, "seconds", seconds)
    for status, count in sorted(statuses.items()):
        yield Figure(row, f"status {status}", count, sent)


def send(client: httpx.Client, request: HostileRequest) -> httpx.Response:
    """Send a hostile request to the operation that takes photos."""
    return client.post("/v1/identify", content=request.body, headers={"Content-Type": request.content_type.encode()})


def not_refused(request: HostileRequest, response: httpx.Response) -> str | None:
    """In what a response is no clear refusal; None where it is one."""
    said = f"{request.name} ({len(request.body):,} bytes): {response.status_code} {response.text[:200]}"
    if not 400 <= response.status_code < 500 or response.headers.get("content-type") != "application/problem+json":
        return said
    detail = response.json()["detail"]
    return said if len(detail) < 10 or "/tmp" in detail else None


def generated_requests(base: str, count: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send at least `count` requests made from the schema, spread over its operations, about half of them against it.

    Returns:
        How many answers had each status; and what failed.
    """
    import schemathesis
    from schemathesis.generation import GenerationMode

    operations = [each.ok() for each in schemathesis.openapi.from_url(f"{base}/openapi.json").get_all_operations()]
    plans = [(each, mode) for each in operations for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    while (sent := sum(statuses.values())) < count:
        for operation, mode in plans:
            answered, failed = generated_for(operation, mode, base, -(-(count - sent) // len(plans)), seed + sent)
            statuses += answered
            failures += failed
    return statuses, failures


def generated_for(operation: Any, mode: Any, base: str, count: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send up to `count` requests for one operation; fewer where it has no more different ones."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Unsatisfiable
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    statuses: Counter[int] = Counter()
    checked = [
        not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
        checks.response_schema_conformance, checks.negative_data_rejection,
    ]  # fmt: skip

    @seeded(seed)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call(base_url=base)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=checked)

    try:
        ask()
    except Unsatisfiable:
        return statuses, []  # it has nothing that could be wrong
    except BaseExceptionGroup as failed:
        return statuses, [f"{operation.label} ({mode.value}): {each}" for each in failed.exceptions]
    return statuses, []


def peak_mib(process: int) -> float:
    """The most memory that a process has held, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def drawn_market(folder: Path) -> list[str]:
    """Fit a model and build an index on a small drawn market; give the words that serve them."""
    catalog, model, index = (str(folder / name) for name in ("market", "model", "index"))
    steps = (
        ["catalog", "build", "market", "-o", catalog, "--creators", "5", "--works", "100", "--seed", "1"],
        ["fit", catalog, "-o", model],
        ["index", "build", catalog, model, "-o", index],
    )
    for words in steps:
        subprocess.run([sakka(), *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [model, "--index", index]


@contextmanager
def serving(words: list[str]) -> Iterator[tuple[str, int]]:
    """Run `sakka serve WORDS` without limits on a client; give its address and the id of its process."""
    unlimited = ["--limit", "requests_a_minute=1000000", "--limit", "client_requests=1000000"]
    command = [sakka(), "serve", *words, "--port", "0", *unlimited]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            base = next((word for word in said.split() if word.startswith("http")), "").rstrip("/")
            assert base, f"the server did not start: {said}"
            wait_for(base)
            yield base, process.pid
        finally:
            process.terminate()


def wait_for(base: str) -> None:
    """Wait until a server answers."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        with suppress(httpx.TransportError):
            if httpx.get(f"{base}/health", timeout=START_S).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{base} does not answer")


def sakka() -> str:
    """The path of the command in this environment."""
    return str(Path(sys.executable).parent / "sakka")

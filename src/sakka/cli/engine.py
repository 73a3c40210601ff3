"""The options `--on` and `--workers`: where units of work are done."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from sakka.errors import EngineError

LOCAL, RAY = "local", "ray"

OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="Where work is done: local (this process) or ray (the cluster at RAY_ADDRESS, else workers on this "
        "machine); where RAY_ADDRESS is set, ray.",
        show_default=False,
        metavar="ENGINE",
    ),
]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="ray: how many workers of one core each, not all free cores.", metavar="N")
]


@contextmanager
def engine_asked_for(on: str | None, workers: int | None) -> Iterator[None]:
    """Let the library work on the engine that the options ask for.

    Raises:
        EngineError: There is no such engine, or it can't be used.
        MissingPartError: Ray is not installed.
    """
    from sakka.engines.engine import working_on

    address = os.environ.get("RAY_ADDRESS") or None
    chosen = on or (RAY if address else LOCAL)
    if chosen not in (LOCAL, RAY):
        raise EngineError(f"got --on {chosen}, expected {LOCAL} or {RAY}")
    if chosen == LOCAL:
        if workers is not None:
            raise EngineError(f"got --workers {workers}, which are Ray's; add --on ray, or leave them out")
        yield
        return
    from sakka.engines.ray import ray_engine

    with ray_engine(address, workers) as engine, working_on(engine):
        yield

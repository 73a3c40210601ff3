"""What is one a process of a server: its log, its threads, and how uvicorn runs its application."""

import logging
import os
from typing import Any

import torch
import uvicorn
from starlette.types import ASGIApp

from sakka.web.settings import Settings

MOST_CONNECTIONS = 512  # open ones, served or not
KEEP_ALIVE_S = 5
SHUTDOWN_S = 10


def prepare_process(settings: Settings) -> None:
    """Set up what is one a process: the log, and how many threads the networks use."""
    use_threads(settings.processes)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # else each malformed form is a line in the log


def server_of(app: ASGIApp) -> uvicorn.Server:
    """What runs an application."""
    return uvicorn.Server(config_of(app))


def config_of(app: Any, **more: Any) -> uvicorn.Config:
    """How an application is run.

    Args:
        app: The application, or what makes it.
        more: Further settings of uvicorn.
    """
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="on",
        **more,
    )


def use_threads(processes: int) -> None:
    """Let torch use all cores, or the process's part of them: a model answers one request at a time."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // processes))

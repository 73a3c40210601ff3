"""What is one a process of a server: its log, its threads, and how uvicorn runs its application."""

import logging
import os
from functools import partial
from typing import Any

import torch
import uvicorn
from starlette.types import ASGIApp

from sakka.web.connection import Connection
from sakka.web.settings import Settings

MOST_CONNECTIONS = 512  # open ones, served or not
SHUTDOWN_S = 10


def prepare_process(settings: Settings) -> None:
    """Set up what is one a process: the log, and how many threads the networks use."""
    use_threads(settings.processes)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # else each malformed form is a line in the log


def server_of(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """What runs an application."""
    return uvicorn.Server(config_of(app, settings))


def config_of(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """How an application is run.

    Args:
        app: The application, or what makes it.
        settings: The limits on connections, and the proxies.
        more: Further settings of uvicorn.
    """
    connection = partial(Connection, limits=settings.limits, most=MOST_CONNECTIONS, proxies=settings.proxies)
    return uvicorn.Config(
        app,
        http=connection,  # type: ignore[arg-type]  # what makes one will do
        ws="none",
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.limits.idle_seconds,  # type: ignore[arg-type]  # a part of a second will do
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="on",
        **more,
    )


def use_threads(processes: int) -> None:
    """Let torch use all cores, or the process's part of them: a model answers one request at a time."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // processes))

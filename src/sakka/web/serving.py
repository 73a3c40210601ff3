"""Runs the application on a socket that is bound before anything long is loaded."""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from sakka.errors import MissingPartError, ServeError
from sakka.web.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server

MOST_CONNECTIONS = 512  # open ones, served or not
KEEP_ALIVE_S = 5
SHUTDOWN_S = 10


def run_server(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until a signal says to end.

    Args:
        settings: What to serve, and where.
        say: Is told in a line where the page is, when the server answers.

    Raises:
        SakkaError: The address can't be listened on, or the application can't be made.
    """
    try:
        import python_multipart  # noqa: F401  FastAPI asks for it late, and not by an ImportError
        import uvicorn  # noqa: F401

        from sakka.web.app import create_app
    except ImportError as error:
        raise MissingPartError(error.name or "a part of the server", "web", error) from error
    with listening(settings) as sock:
        use_threads()
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # else each malformed form is a line in the log
        server = server_of(create_app(settings))
        say(f"serving on {address_of(sock)} until Ctrl-C")
        with suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


def server_of(app: "ASGIApp") -> "Server":
    """What runs an application."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
            lifespan="on",
        )
    )


def listening(settings: Settings) -> socket.socket:
    """A socket that is bound to the address.

    Raises:
        ServeError: The port is taken, or the address does not belong to this machine.
    """
    try:
        found = socket.getaddrinfo(settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        # asyncio turns Nagle's delay of some 40 ms off only for sockets that say that they are TCP.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"{settings.host} is no address of this machine ({error}); give another `host`") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise ServeError(
            f"can't listen on {settings.host} port {settings.port} ({error.strerror}); "
            "end what listens there, or give another `port`"
        ) from error
    return sock


def address_of(sock: socket.socket) -> str:
    """The address of the page."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def use_threads() -> None:
    """Let torch use all cores: the model answers one request at a time."""
    import torch

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))

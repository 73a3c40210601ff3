"""Runs the application on a socket that is bound before anything long is loaded."""

import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from sakka.errors import MissingPartError, ServeError
from sakka.web.settings import Settings


def run_server(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until a signal says to end.

    Args:
        settings: What to serve, and where.
        say: Is told in a line where the page is, when the server answers.

    Raises:
        SakkaError: The address can't be listened on, or the application can't be made.
    """
    with suppress(ValueError):  # only the main thread may say so
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until what is loaded can be loaded anew (`takeover.py`)
    try:
        import python_multipart  # noqa: F401  FastAPI asks for it late, and not by an ImportError
        import uvicorn  # noqa: F401

        from sakka.web.app import create_app
    except ImportError as error:
        raise MissingPartError(error.name or "a part of the server", "web", error) from error
    with listening(settings) as sock:
        if settings.processes > 1:
            from sakka.web.processes import run_processes

            run_processes(settings, sock, lambda: say(serving_on(sock)))
            return
        from sakka.web.process import prepare_process, server_of

        prepare_process(settings)
        server = server_of(create_app(settings), settings)
        say(serving_on(sock))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


def serving_on(sock: socket.socket) -> str:
    """The line that says where the page is."""
    return f"serving on {address_of(sock)} until Ctrl-C"


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

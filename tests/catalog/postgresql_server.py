"""A PostgreSQL server of the tests' own, on a free port of loopback, thrown away after them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

PASSWORD = "pass word@%/:?#"
USER = "sakka"


def programs() -> Path | None:
    """The folder of Debian's PostgreSQL programs, the newest; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def as_server(*words: object) -> list[str]:
    """A command as a user that PostgreSQL runs as: it refuses root."""
    line = [str(word) for word in words]
    return line if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *line]


@contextmanager
def running_server(folder: Path) -> Iterator[int]:
    """Start a server in a folder that its user can reach, and stop it.

    Returns:
        Its port; the superuser `USER` has `PASSWORD`, the database is called postgres.
    """
    home = programs()
    assert home is not None
    folder.mkdir()
    if not os.geteuid():
        shutil.chown(folder, "postgres", "postgres")
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = (home / "initdb", "-D", folder / "data", "-U", USER, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8")
    subprocess.run(as_server(*make, "--no-sync", "--locale=C"), check=True, capture_output=True)
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = (home / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log")
    subprocess.run(as_server(*control, "-o", settings, "start"), check=True, capture_output=True)
    try:
        yield port
    finally:
        subprocess.run(as_server(*control, "-m", "immediate", "stop"), check=True, capture_output=True)

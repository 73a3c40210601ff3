"""Files at s3:// and gs://, through obstore: one package, where fsspec with s3fs and gcsfs brings forty-seven.

Credentials and endpoints come from where each service's own tools have them (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
`GOOGLE_APPLICATION_CREDENTIALS`, a machine's role); `AWS_SKIP_SIGNATURE=true` and `GOOGLE_SKIP_SIGNATURE=true` read
public buckets without any. The service is the caller's own choice, so its IP address is not checked; the bucket is.
Source: https://developmentseed.org/obstore/latest/authentication/.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, NotModifiedError, PermissionDeniedError, UnauthenticatedError
from obstore.store import GCSStore, S3Store

from sakka.errors import PhotoError
from sakka.remote.addresses import NOT_FETCHED, AllowedHosts, FileAddress, endpoint
from sakka.remote.answer import AbsentFile, FileAnswer, TryAgain, Unchanged

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, RetryConfig

STORES: dict[str, Callable[..., Any]] = {"s3": S3Store, "gs": GCSStore}
PIECE_BYTES = 1 << 20
CONNECT_S = 10.0
MACHINES = ("169.254.169.254", "169.254.170.2", "metadata.google.internal")
"""Where obstore asks for the credentials of a cloud's machine, when the environment has none."""
NO_CREDENTIALS = "no credentials were found; set them, or AWS_SKIP_SIGNATURE=true for a public bucket"


class BucketFiles:
    """Asks object stores for files, one client a bucket.

    Args:
        hosts: Which buckets may be asked.
        silent_s: How long a service may send nothing, in seconds.
    """

    def __init__(self, hosts: AllowedHosts, silent_s: float) -> None:
        self.hosts = hosts
        self._silent = timedelta(seconds=silent_s)
        self._stores: dict[tuple[str, str], Any] = {}

    @asynccontextmanager
    async def open(self, address: FileAddress, etag: str | None = None) -> AsyncIterator[FileAnswer]:
        """Ask for a file, as `FileSource` says."""
        self.hosts.check(address)
        try:
            options: GetOptions = {} if etag is None else {"if_none_match": etag}
            found = await obstore.get_async(self._store(address.scheme, address.host), address.target, options=options)
            pieces = (bytes(each) async for each in found.stream(min_chunk_size=PIECE_BYTES))
            yield FileAnswer(found.meta["size"], found.meta["e_tag"], pieces)
        except NotModifiedError as error:
            raise Unchanged from error
        except FileNotFoundError as error:
            raise AbsentFile("the bucket has no such object", NOT_FETCHED) from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise PhotoError("access is refused; check the credentials in the environment", NOT_FETCHED) from error
        except ValueError as error:
            raise PhotoError(f"the object's name can't be asked for ({obstore_said(error)})", NOT_FETCHED) from error
        except BaseError as error:
            raise TryAgain(obstore_said(error)) from error

    def _store(self, scheme: str, bucket: str) -> Any:
        if (scheme, bucket) not in self._stores:
            store = bucket_store(scheme, bucket, self._silent, tries=1)  # the fetcher tries again
            self._stores[scheme, bucket] = store
        return self._stores[scheme, bucket]


def bucket_store(scheme: str, bucket: str, silent: timedelta, tries: int) -> Any:
    """A client of a bucket.

    Args:
        scheme: `s3` or `gs`.
        bucket: Its name.
        silent: How long the service may send nothing.
        tries: How often it asks by itself where that fails.
    """
    client: ClientConfig = {
        "allow_http": endpoint(scheme).startswith("http://"),
        "connect_timeout": min(silent, timedelta(seconds=CONNECT_S)),
        "read_timeout": silent,
    }
    retries: RetryConfig = {"max_retries": tries - 1, "retry_timeout": silent * tries}
    return STORES[scheme](bucket, client_options=client, retry_config=retries)


def obstore_said(error: Exception) -> str:
    """The first line of what obstore says; the others are Rust's own and may hold what was sent."""
    if any(service in str(error) for service in MACHINES):
        return NO_CREDENTIALS
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= 160 else line[:159] + "…"

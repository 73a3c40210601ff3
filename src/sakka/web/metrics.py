"""What the server has done, for Prometheus; every app has a registry of its own.

Where several processes answer, each writes what it counts into a file of a folder that `PROMETHEUS_MULTIPROC_DIR` names
before any of them starts, and whichever is asked adds them up.

Names follow https://prometheus.io/docs/practices/naming/.
"""

import os
import resource
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as MEDIA_TYPE
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["MEDIA_TYPE", "Metrics"]

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_PHOTOS = (1, 2, 3, 4)
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PEAK_EVERY_S = 1.0  # the system counts it over all of the process
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class Metrics:
    """Counts of requests and how long they took; methods and routes are few and known, so memory is bounded."""

    def __init__(self) -> None:
        self._requests_in_flight, self._peak_read_s = 0, 0.0
        self._registry = registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter("sakka_requests", "Requests answered.", labels, registry=registry)
        self._duration = Histogram(
            "sakka_request_duration_seconds", "Time to answer.", ["route"], registry=registry, buckets=BUCKETS_S
        )
        self._refused = Counter("sakka_requests_refused", "Requests refused unread.", ["reason"], registry=registry)
        self._takeovers = Counter("sakka_takeovers", "Models and indexes replaced.", ["result"], registry=registry)
        self._batch = Histogram(
            "sakka_batch_photos",
            "Photos that passed the networks together.",
            registry=registry,
            buckets=BUCKETS_PHOTOS,
        )
        self._wait = Histogram(
            "sakka_wait_seconds",
            "Time that photos waited for the networks, and questions for the model.",
            ["stage"],
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._in_flight = _gauge("sakka_requests_in_flight", "Requests being served.", "livesum", registry)
        self._works = _gauge("sakka_works", "Works that can be shown.", "livemax", registry)
        self._creators = _gauge("sakka_creators", "Creators that the model knows.", "livemax", registry)
        self._peak = _gauge("sakka_peak_memory_bytes", "Peak memory of the process.", "livemax", registry)

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is answered."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._duration.labels(route).observe(seconds)
        now_s = time.monotonic()
        if now_s - self._peak_read_s > PEAK_EVERY_S:
            self._peak_read_s = now_s
            self._peak.set(peak_memory_bytes())

    @property
    def in_flight(self) -> int:
        """How many requests are being served."""
        return self._requests_in_flight

    @in_flight.setter
    def in_flight(self, requests: int) -> None:
        self._requests_in_flight = requests
        self._in_flight.set(requests)

    def record_batch(self, waited_s: Sequence[float]) -> None:
        """Count photos that passed the networks together, each with how long it waited for that."""
        self._batch.observe(len(waited_s))
        for seconds in waited_s:
            self._wait.labels("networks").observe(seconds)

    def record_wait(self, seconds: float) -> None:
        """Count a question that waited for the model, after its photos had passed the networks."""
        self._wait.labels("model").observe(seconds)

    def record_takeover(self, result: str) -> None:
        """Count a model or an index that was replaced on disk: `taken over`, or `refused`."""
        self._takeovers.labels(result).inc()

    def refuse(self, reason: str) -> None:
        """Count a request that is refused before anything reads it."""
        self._refused.labels(reason).inc()

    def text(self, works: int, creators: int) -> bytes:
        """Everything in the text format of Prometheus.

        Args:
            works: How many works can be shown.
            creators: How many creators the model knows.
        """
        self._works.set(works)
        self._creators.set(creators)
        self._peak.set(peak_memory_bytes())
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self._registry)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every)


def _gauge(name: str, help_text: str, over_processes: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, help_text, registry=registry, multiprocess_mode=over_processes)  # type: ignore[arg-type]


def peak_memory_bytes() -> int:
    """The most bytes that this process has held at any time."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB

"""What the server has done, in the text format of Prometheus.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import resource
from collections import Counter
from collections.abc import Iterable

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts of requests and how long they took; the routes are few and known, so memory is bounded."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.refused: Counter[str] = Counter()
        self.in_flight = 0
        self._bins: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is answered."""
        self.requests[method, route, status] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # a Counter adds floats as well
        for bound in BOUNDS_S:
            if seconds <= bound:
                self._bins[route, bound] += 1

    def text(self, works: int, creators: int) -> str:
        """Everything as text.

        Args:
            works: How many works can be shown.
            creators: How many creators the model knows.
        """
        lines = [
            *_family("sakka_requests_total", "counter", "Requests answered.", self._request_lines()),
            *_family("sakka_request_seconds", "histogram", "How long answers took.", self._second_lines()),
            *_family("sakka_refused_total", "counter", "Requests refused unread.", self._refused_lines()),
            *_family("sakka_requests_in_flight", "gauge", "Requests being served.", [f" {self.in_flight}"]),
            *_family("sakka_works", "gauge", "Works that can be shown.", [f" {works}"]),
            *_family("sakka_creators", "gauge", "Creators that the model knows.", [f" {creators}"]),
            *_family("sakka_peak_memory_bytes", "gauge", "Most memory held at any time.", [f" {peak_memory()}"]),
        ]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterable[str]:
        for (method, route, status), count in sorted(self.requests.items()):
            yield f'{{method="{method}",route="{route}",status="{status}"}} {count}'

    def _second_lines(self) -> Iterable[str]:
        answered: Counter[str] = Counter()
        for (_, route, _), count in self.requests.items():
            answered[route] += count
        for route, count in sorted(answered.items()):
            for bound in BOUNDS_S:
                yield f'_bucket{{route="{route}",le="{bound}"}} {self._bins[route, bound]}'
            yield f'_bucket{{route="{route}",le="+Inf"}} {count}'
            yield f'_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'_count{{route="{route}"}} {count}'

    def _refused_lines(self) -> Iterable[str]:
        for why, count in sorted(self.refused.items()):
            yield f'{{why="{why}"}} {count}'


def _family(name: str, kind: str, said: str, lines: Iterable[str]) -> list[str]:
    return [f"# HELP {name} {said}", f"# TYPE {name} {kind}", *(name + line for line in lines)]


def peak_memory() -> int:
    """The most bytes that this process has held at any time."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB

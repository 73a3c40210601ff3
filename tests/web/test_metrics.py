"""The server's metrics: counted by app, in bounded memory."""

from sakka.web.metrics import Metrics


def lines_of(metrics: Metrics) -> list[str]:
    return metrics.text(works=3, creators=2).decode().splitlines()


def test_two_apps_count_for_themselves() -> None:
    first, second = Metrics(), Metrics()
    first.record("GET", "/health", 200, 0.02)
    first.refuse("rate")
    lines = lines_of(first)
    assert 'sakka_requests_total{method="GET",route="/health",status="200"} 1.0' in lines
    assert 'sakka_requests_refused_total{reason="rate"} 1.0' in lines
    assert not [line for line in lines_of(second) if line.startswith("sakka_requests") and "{" in line]


def test_durations_fall_into_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.02, 0.3):
        metrics.record("GET", "/", 200, seconds)
    lines = lines_of(metrics)
    for bucket, count in (("0.01", 0), ("0.025", 1), ("0.5", 2), ("+Inf", 2)):
        assert f'sakka_request_duration_seconds_bucket{{le="{bucket}",route="/"}} {count}.0' in lines
    assert 'sakka_request_duration_seconds_sum{route="/"} 0.32' in lines


def test_batches_and_waits_are_counted_by_what_was_waited_for() -> None:
    metrics = Metrics()
    metrics.record_batch([0.02, 0.3])
    metrics.record_wait(0.02)
    lines = lines_of(metrics)
    assert 'sakka_batch_photos_bucket{le="2.0"} 1.0' in lines
    assert 'sakka_wait_seconds_count{stage="networks"} 2.0' in lines
    assert 'sakka_wait_seconds_bucket{le="0.025",stage="model"} 1.0' in lines


def test_invented_methods_share_one_label() -> None:
    metrics = Metrics()
    for number in range(3):
        metrics.record(f"M{number}", "other", 405, 0.0)
    assert 'sakka_requests_total{method="other",route="other",status="405"} 3.0' in lines_of(metrics)


def test_requests_in_flight_are_read_when_asked() -> None:
    metrics = Metrics()
    metrics.in_flight = 2
    assert "sakka_requests_in_flight 2.0" in lines_of(metrics)

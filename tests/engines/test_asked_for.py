"""Which engine is asked for, and what is refused; Ray itself need not be installed."""

import sys

import pytest

from sakka.cli.engine import engine_asked_for
from sakka.engines.engine import LocalEngine, current_engine
from sakka.engines.ray import check_address, ray_engine
from sakka.errors import EngineError, MissingPartError


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nonsense", r"^got 'nonsense' as the address of a Ray cluster; expected HOST:PORT, such as"),
        ("ray://127.0.0.1:10001", "expected HOST:PORT"),
        ("127.0.0.1:99999", "expected HOST:PORT"),
        ("127.0.0.1:1", r"^no Ray cluster can be reached at 127\.0\.0\.1:1 \(.*refused\); start one"),
    ],
)
def test_an_address_without_a_cluster_is_refused_at_once(address: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        check_address(address)


@pytest.mark.parametrize(
    ("on", "workers", "message"),
    [
        ("mars", None, "got --on mars, expected local or ray"),
        (None, 2, "got --workers 2, which are Ray's; add --on ray"),
    ],
)
def test_options_that_ask_for_no_engine_are_refused(on: str | None, workers: int | None, message: str) -> None:
    with pytest.raises(EngineError, match=message), engine_asked_for(on, workers):
        pass


def test_the_variable_of_ray_asks_for_its_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(EngineError, match="no Ray cluster can be reached"), engine_asked_for(None, None):
        pass
    with engine_asked_for("local", None):
        assert isinstance(current_engine(), LocalEngine)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPartError, match=r"^Ray is not installed .*\[cluster\]"), ray_engine(workers=1):
        pass

"""Progress and tables as a person sees them."""

import io
import time

import pytest
from rich.console import Console

from sakka.cli import terminal
from sakka.cli.terminal import showing_progress, table_of
from sakka.progress import task, track


def console(is_terminal: bool, width: int = 80) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=is_terminal, width=width), written


def test_short_work_writes_nothing_to_a_log() -> None:
    where, written = console(False)
    with showing_progress(where):
        assert list(track(range(5), "photos", total=5)) == [0, 1, 2, 3, 4]
    assert written.getvalue() == ""


def test_long_work_writes_a_plain_line_with_the_time_left_to_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 30.0, 31.0, 90.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(seconds))
    where, written = console(False)
    with showing_progress(where), task("photos", 3000) as running:
        running.advance(1000)
        running.advance()
        running.advance(1999)
    assert written.getvalue() == "photos: 1,000 of 3,000, 33.3/s, about 1 min left\n"


def test_slow_work_tells_how_long_a_step_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 60.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(seconds))
    where, written = console(False)
    with showing_progress(where), task("judging models", 5) as running:
        running.advance(2)
    assert written.getvalue() == "judging models: 2 of 5, 30 s each, about 1 min 30 s left\n"


def test_a_terminal_shows_a_bar_that_goes_away() -> None:
    where, written = console(True)
    with showing_progress(where), task("photos", 4) as running, task("inner", 2) as inner:
        inner.advance()
        running.advance(2)
    assert "photos" in written.getvalue()
    assert written.getvalue().endswith("\r")


def test_how_long_the_rest_will_take_is_said_once_enough_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 30.0, 90.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(seconds))
    where, written = console(False)
    with showing_progress(where), task("photos", 3000) as running:
        running.advance(30)
        running.advance(60)
    first, second = written.getvalue().splitlines()
    assert first == "photos: 30 of 3,000, 1.0/s"
    assert second == "photos: 90 of 3,000, 1.0/s, about 48 min 30 s left"


def test_a_bar_shows_the_steps_a_second_and_keeps_to_the_width() -> None:
    where, written = console(True)
    with showing_progress(where), task("fine-tuning vgg16, photos", 385_400) as running:
        for _ in range(3):
            running.advance(100)
            time.sleep(0.15)
    assert "/s" in written.getvalue()


def test_a_bar_is_stopped_when_the_work_fails() -> None:
    where, _ = console(True)
    with showing_progress(where):
        with pytest.raises(ValueError, match="no"), task("photos", 4):
            raise ValueError("no")
        with task("again", 1) as running:
            running.advance()


def test_a_table_shows_text_as_it_is_and_keeps_to_the_width() -> None:
    where, written = console(False, width=40)
    where.print(table_of(["creator", "works"], [["[red]森" + "あ" * 60, "12"]], title="Creators"))
    assert "[red]森" in written.getvalue()
    assert all(len(line) <= 40 for line in written.getvalue().splitlines())

from pathlib import Path

import polars as pl
import pytest
from studies.two_runs import figures_of, openable

BOTH = pl.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "outer": [0, 0, 1, 1],
        "correct": [1.0, 0.0, 0.0, 1.0],
        "log_loss": [0.5, 2.0, 2.0, 0.5],
        "correct_after": [1.0, 1.0, 1.0, 1.0],
        "log_loss_after": [0.5, 1.0, 1.0, 0.5],
        "group": [3, 8, 8, 9],
    }
)


def test_a_gain_is_counted_work_by_work_and_with_near_identical_works_as_one() -> None:
    found = {figure.measure: figure for figure in figures_of("photo", BOTH)}
    assert (found["before"].value, found["after"].value, found["before"].n) == (0.5, 1.0, 4)
    assert found["gain, points"].value == 50
    assert found["gain, groups once"].value == pytest.approx(100 / 3)
    assert found["log-loss saved"].value == 0.5


def test_a_run_of_a_version_that_looked_at_one_photo_a_work_can_be_opened(folder: Path) -> None:
    pl.DataFrame({"id": ["a", "b"], "has_photo": [True, False]}).write_parquet(folder / "works.parquet")
    (folder / "plan.json").write_text("{}", encoding="utf-8")
    with openable(folder) as path:
        assert pl.read_parquet(path / "works.parquet")["photos"].to_list() == [1, 0]
        assert (path / "plan.json").read_text(encoding="utf-8") == "{}"
    assert pl.read_parquet(folder / "works.parquet").columns == ["id", "has_photo"]

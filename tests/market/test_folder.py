import csv
import json
from pathlib import Path

import polars as pl
import pytest

from sakka.errors import CatalogError
from sakka.market import MarketSettings, write_market
from sakka.market import folder as market_folder

MARKET = MarketSettings(creators=4, works=40, photo_px=64)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), MARKET).parent


def test_the_folder_holds_listings_photos_truth_and_settings(written: Path) -> None:
    with (written / "listings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "creator", "title", "description", "category", "created_at", "image"]
    assert len(rows) >= 40
    for row in rows:
        assert row["image"] in ("", f"photos/{row['id'][-2:]}/{row['id']}.jpg")
        assert not row["image"] or (written / row["image"]).is_file()
    truth = pl.read_parquet(written / "truth.parquet")
    assert truth.columns == ["id", "person", "group", "motif", "material", "colour", "kinds", "shows"]
    assert truth["kinds"].to_list() == ["featured" if row["image"] else "" for row in rows]
    assert truth["id"].to_list() == [row["id"] for row in rows]
    assert json.loads((written / "market.json").read_text())["creators"] == 4


def test_the_same_settings_write_the_same_bytes(written: Path, folder: Path) -> None:
    write_market(folder, MARKET)
    assert _content(folder) == _content(written)


def test_an_interrupted_write_goes_on_and_keeps_the_photos_that_stand(
    written: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    draw = market_folder.bytes_at

    def interrupted(settings: MarketSettings, path: str) -> bytes:
        if len(drawn) == 10:
            raise KeyboardInterrupt
        drawn.append(path)
        return draw(settings, path)

    monkeypatch.setattr(market_folder, "bytes_at", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_market(folder, MARKET)
    assert not (folder / "listings.csv").exists()
    standing = list(folder.rglob("*.jpg"))
    assert len(standing) == 10
    standing[0].with_name(f".{standing[0].name}.killed.part").write_bytes(b"half a photo")
    monkeypatch.setattr(market_folder, "bytes_at", lambda *photo: drawn.append(photo[1]) or draw(*photo))
    write_market(folder, MARKET)
    assert len(drawn) == len(set(drawn)) == len(list(written.rglob("*.jpg")))
    assert _content(folder) == _content(written)


def test_a_market_of_several_photos_has_a_file_for_each_and_one_for_each_size_chart(folder: Path) -> None:
    market = MarketSettings(creators=4, works=28, photo_px=64, photos_per_work=3)
    rows = pl.read_csv(write_market(folder, market), infer_schema=False).filter(pl.col("image") != "")
    listed = [path for row in rows["image"] for path in row.split("|")]
    charts = {path for path in listed if path.startswith("photos/charts/")}
    assert 0 < len(charts) <= 3
    assert sum(path in charts for path in listed) > len(charts)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")} == set(listed)


def test_two_workers_write_the_same_bytes_as_one(written: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_folder, "FEW_PHOTOS", 0)
    monkeypatch.setattr(market_folder.os, "cpu_count", lambda: 2)
    write_market(folder, MARKET)
    assert _content(folder) == _content(written)


def test_a_worker_that_fails_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_folder, "FEW_PHOTOS", 0)
    monkeypatch.setattr(market_folder.os, "cpu_count", lambda: 2)
    folder.joinpath("photos").write_text("in the way")
    with pytest.raises(CatalogError, match="worker that draws photos") as caught:
        write_market(folder, MARKET)
    assert "\n" not in str(caught.value)


def test_a_folder_of_another_market_is_refused(written: Path) -> None:
    with pytest.raises(CatalogError, match="holds a market with other settings"):
        write_market(written, MarketSettings(creators=5, works=50, photo_px=64))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1, "creators": 0}', '{"version": 1, "colour": 3}', '{"version": 9}']
)
def test_a_damaged_settings_file_is_refused(folder: Path, content: str) -> None:
    (folder / "market.json").write_text(content)
    with pytest.raises(CatalogError, match=r"market\.json|creators is 0") as caught:
        write_market(folder, MARKET)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path) -> None:
    (folder / "file").write_text("no folder")
    with pytest.raises(CatalogError, match="can't be written as a market"):
        write_market(folder / "file" / "market", MARKET)

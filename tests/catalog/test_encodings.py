"""Tables in every encoding that they come in: found out, given, and damaged."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakka import build_catalog
from sakka.catalog.sources import ReadOptions, open_source
from sakka.catalog.sources.encodings import encoding_of
from sakka.errors import CatalogError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "iso2022_jp")
WORDS = ("桜のブローチ", "手作り", "木のコースター", "藍染めの手ぬぐい", "猫のぬいぐるみ", "銀のピアス", "森", "山田")
ONLY_CP932 = "①㈱髙﨑ﾌﾞﾛｰﾁ"
cells = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("、".join)


def read(path: Path, **options: str) -> list[tuple[str, ...]]:
    listings = open_source(path, ReadOptions(**options)).listings
    return [tuple(listing.values.values()) for listing in listings]


def written(folder: Path, rows: list[tuple[str, ...]], encoding: str) -> Path:
    path = folder / "works.csv"
    lines = ["商品ID,作家名,商品名", *(",".join(row) for row in rows)]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=15)
@given(rows=st.lists(st.tuples(st.just("1"), cells, cells), min_size=3, max_size=20))
def test_japanese_text_is_read_back_from_any_encoding_without_its_name(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, rows: list[tuple[str, ...]]
) -> None:
    assert read(written(tmp_path_factory.mktemp("e"), rows, encoding)) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932", "euc_jp"])
@settings(max_examples=15)
@given(data=st.data())
def test_any_text_is_read_back_where_the_encoding_is_given(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, data: st.DataObject
) -> None:
    alphabet = st.characters(codec=encoding, exclude_categories=["Cc", "Cs", "Z"], exclude_characters=',"¢£¬‖−〜¥‾')
    rows = data.draw(st.lists(st.tuples(*[st.text(alphabet, min_size=1)] * 3), min_size=1))
    assert read(written(tmp_path_factory.mktemp("e"), rows, encoding), encoding=encoding) == rows


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp"])
def test_short_names_that_read_well_in_no_encoding_are_told_by_what_can_be_read(folder: Path, encoding: str) -> None:
    path = folder / "works.csv"
    rows = [(f"{number:04}", ("森", "佐藤")[number % 2], f"桜のブローチ{number}") for number in range(20)]
    lines = ["商品番号;作家;作品名", *(";".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding=encoding)
    assert read(path) == rows


def test_the_first_japanese_name_may_stand_far_below(folder: Path) -> None:
    path = folder / "works.csv"
    lines = ["id,creator,title", *(f"{number},Mori,brooch {number}" for number in range(20_000)), "x,山田,桜のブローチ"]
    for encoding in ("utf-8", "cp932", "euc_jp"):
        path.write_text("\n".join(lines), encoding=encoding)
        assert read(path)[-1] == ("x", "山田", "桜のブローチ")


def test_characters_that_only_windows_has_are_read_also_where_shift_jis_is_given(folder: Path) -> None:
    path = written(folder, [("1", "髙﨑", ONLY_CP932), ("2", "㈱森", "桜のブローチ")], "cp932")
    assert read(path) == read(path, encoding="Shift_JIS") == [("1", "髙﨑", ONLY_CP932), ("2", "㈱森", "桜のブローチ")]


def test_characters_that_windows_added_to_euc_jp_are_read(folder: Path) -> None:
    path = written(folder, [(str(number), "山田", "桜のブローチ") for number in range(9)], "euc_jp")
    added = bytes([0xAD, 0xA1, 0xFC, 0xE2])  # ① and 髙
    path.write_bytes(path.read_bytes().replace("山田".encode("euc_jp"), added))
    assert {row[1] for row in read(path)} == {"①髙"}


def test_western_text_is_told_from_japanese(folder: Path) -> None:
    path = folder / "works.csv"
    path.write_bytes("id,creator,title\n1,José Müller,café à la crème\n2,Zoë,naïve\n".encode("cp1252"))
    assert encoding_of(path, ReadOptions()).name == "cp1252"
    assert read(path)[0] == ("1", "José Müller", "café à la crème")


@pytest.mark.parametrize(("encoding", "bad"), [("utf-8", b"\xff"), ("cp932", b"\x81\x20"), ("euc_jp", b"\xa4\x20")])
def test_a_bad_byte_costs_its_character_and_is_listed(folder: Path, encoding: str, bad: bytes) -> None:
    path = written(folder, [(str(number), "山田", "桜のブローチ") for number in range(1, 9)], encoding)
    content = path.read_bytes()
    at = content.rindex("桜".encode(encoding))
    path.write_bytes(content[:at] + bad + content[at + len("桜".encode(encoding)) :])
    catalog = build_catalog(path)
    assert len(catalog) == 8
    assert catalog.info["source"]["encoding"] == encoding
    assert catalog.table["title"].to_list()[:7] == ["桜のブローチ"] * 7
    assert catalog.table["title"][7].startswith("\ufffd")
    assert catalog.problems.select("row", "id", "field", "reason", "left_out").rows() == [
        (8, "8", "title", "characters not readable", False)
    ]


@pytest.mark.parametrize("name", ["utf-9", "base64", "", "x" * 200])
def test_an_unknown_encoding_is_one_line_that_names_some(folder: Path, name: str) -> None:
    with pytest.raises(CatalogError, match=r"is no encoding of text; expected one such as utf-8, cp932"):
        read(written(folder, [("1", "森", "桜")], "utf-8"), encoding=name)


def test_a_stray_nul_does_not_make_a_text_utf_16(folder: Path) -> None:
    path = folder / "works.csv"
    path.write_text("商品ID,作家名,商品名\n1,森,桜\0\n", encoding="utf-8")
    assert encoding_of(path, ReadOptions()).name == "utf-8"


def test_names_that_a_wrong_encoding_spoils_are_said_with_it(folder: Path) -> None:
    path = written(folder, [("1", "森", "桜")], "cp932")
    with pytest.raises(CatalogError, match=r"\(read as utf-8-sig\) has no column for id or creator; it has \ufffd"):
        read(path, encoding="utf-8")


def test_what_was_found_is_in_the_catalog(folder: Path) -> None:
    path = written(folder, [("1", "森", "桜のブローチ")], "utf-16")
    source = build_catalog(path).info["source"]
    assert (source["encoding"], source["encoding_found"]) == ("utf-16", "byte order mark")

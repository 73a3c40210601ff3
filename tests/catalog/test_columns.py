"""Which column holds what: by its usual name, by choice, in English and Japanese."""

import pytest

from sakka.catalog.sources import ReadOptions
from sakka.catalog.sources.column_names import USUAL_NAMES
from sakka.catalog.sources.columns import columns_of
from sakka.errors import CatalogError

EXPORTS = {
    "a minne shop": (
        "作品ID,ショップ名,作品名,作品説明,カテゴリー,販売価格,在庫数,公開日,画像1,画像2,画像10",
        {
            "id": "作品ID",
            "creator": "ショップ名",
            "title": "作品名",
            "description": "作品説明",
            "category": "カテゴリー",
            "created_at": "公開日",
            "photos": "画像1 画像2 画像10",
        },
        "販売価格 在庫数",
    ),
    "a Japanese shop's own": (
        "商品ＩＤ,作家名,ショップ名,商品名（必須）,商品説明,ｶﾃｺﾞﾘ,出品日,価格(税込),画像,画像URL,商品URL",
        {
            "id": "商品ＩＤ",
            "creator": "作家名",
            "title": "商品名（必須）",
            "description": "商品説明",
            "category": "ｶﾃｺﾞﾘ",
            "created_at": "出品日",
            "photos": "画像",
        },
        "ショップ名 価格(税込) 画像URL 商品URL",
    ),
    "Shopify": (
        "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Variant Price,Image Src,Image Position",
        {
            "id": "Handle",
            "creator": "Vendor",
            "title": "Title",
            "description": "Body (HTML)",
            "category": "Product Category",
            "photos": "Image Src",
        },
        "Type Tags Variant Price Image Position",
    ),
    "Etsy, with a column of sellers": (
        "TITLE,DESCRIPTION,PRICE,TAGS,IMAGE2,IMAGE1,IMAGE10,SKU,Seller",
        {
            "id": "SKU",
            "creator": "Seller",
            "title": "TITLE",
            "description": "DESCRIPTION",
            "photos": "IMAGE1 IMAGE2 IMAGE10",
        },
        "PRICE TAGS",
    ),
    "WooCommerce, with a column of brands": (
        "ID,Type,SKU,Name,Published,Short description,Description,Categories,Images,Brand",
        {
            "id": "ID",
            "creator": "Brand",
            "title": "Name",
            "description": "Description",
            "category": "Categories",
            "photos": "Images",
        },
        "Type SKU Published Short description",
    ),
    "a museum": (
        "Object Number,Object ID,Title,Artist Display Name,Object Date,Classification,Medium",
        {
            "id": "Object ID",
            "creator": "Artist Display Name",
            "title": "Title",
            "category": "Classification",
            "created_at": "Object Date",
        },
        "Object Number Medium",
    ),
    "one photo of each side": (
        "管理番号,作者,題名,メイン画像,サブ画像2,サブ画像1",
        {"id": "管理番号", "creator": "作者", "title": "題名", "photos": "メイン画像 サブ画像1 サブ画像2"},
        "",
    ),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_the_columns_of_usual_exports_are_found(export: str) -> None:
    header, fields, unread = EXPORTS[export]
    names = header.split(",")
    found = columns_of(names, ReadOptions(), "t")
    photos = fields.get("photos", "").split()
    assert found.fields == {name: (column,) for name, column in fields.items() if name != "photos"} | (
        {"photos": tuple(photos) if all(photo in names for photo in photos) else (fields["photos"],)} if photos else {}
    )
    assert [name for name in names if name in found.unread] == list(found.unread)
    assert " ".join(found.unread) == unread


def test_no_usual_name_stands_for_two_fields() -> None:
    names = [name for names in USUAL_NAMES.values() for name in names]
    assert len(names) == len(set(names))


def test_a_choice_goes_before_the_usual_names() -> None:
    found = columns_of(["ID", "seller", "maker", "image"], ReadOptions(columns={"creator": ("seller",)}), "t")
    assert found.fields == {"id": ("ID",), "creator": ("seller",), "photos": ("image",)}
    assert found.unread == ("maker",)


def test_photos_of_several_columns_are_joined_in_the_order_given() -> None:
    options = ReadOptions(columns={"photos": ("back", "front")}, keep=("price",))
    columns = columns_of(["id", "maker", "front", "back", "price"], options, "t")
    listing = columns.listing(1, {"id": "1", "maker": "Mori", "front": "f.jpg", "back": "b.jpg|c.jpg", "price": "9"})
    assert listing.values == {"id": "1", "creator": "Mori", "photos": ["b.jpg|c.jpg", "f.jpg"]}
    assert listing.kept == {"price": "9"}


def test_a_row_number_stands_in_for_an_id_where_no_creator_is_needed() -> None:
    columns = columns_of(["title"], ReadOptions(creator_required=False), "t")
    assert columns.listing(7, {"title": "brooch"}).values == {"title": "brooch", "id": "7"}


@pytest.mark.parametrize(
    ("found", "options", "message"),
    [
        (
            ["a", "b"],
            {},
            "no column for id or creator; it has a, b; name yours with `columns={'id': COLUMN, 'crea",
        ),
        (["id", "creator"], {"columns": {"title": ("headline",)}}, "no column 'headline'; it has id, creator"),
        (["id", "creator"], {"columns": {"photo": ("id",)}}, "created_at, photos; did you mean photos?"),
        (["id", "creator", "価格（税込）"], {"keep": ("価格",)}, "価格（税込）; did you mean 価格（税込）"),
        (["id", "creator"], {"columns": {"artisan": ("creator",)}}, "'artisan' is no field"),
        (["id", "creator", "creator"], {}, "2 columns 'creator'"),
        (["id", "creator", "b"], {"columns": {"title": ("id", "b")}}, "title is given 2 columns"),
        (["id", "creator"], {"keep": ("price",)}, "no column 'price'"),
        (["id", "creator"], {"keep": ("creator",)}, "the column 'creator' can't be kept"),
        (["id", "creator", "x", "x"], {"keep": ("x",)}, "2 columns 'x'"),
    ],
)
def test_a_column_that_is_wrong_is_said_with_those_found(found: list[str], options: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        columns_of(found, ReadOptions(**options), "works.csv")

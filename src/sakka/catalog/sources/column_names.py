"""The names that columns have in exports of shops and museums, by the field of a catalog that they hold.

The earlier name goes before the later one where a table has both: 作家名 before ショップ名, which may sell the works of
several people. Names are compared after Unicode NFKC and case folding, without blanks and punctuation; a part in
brackets may be left out, as in 価格 (税込). A photo column may have a number: 画像1 ... 画像10, image_1_url.

Looked at were the exports of minne, Creema, BASE, STORES, Rakuten, Yahoo, Shopify, WooCommerce and Etsy, and the open
tables of the Metropolitan Museum and the Museum of Modern Art.
"""

import re
import unicodedata
from collections.abc import Iterable

_NAMES = {
    "id": """
        id, work id, item id, product id, listing id, object id, 作品id, 商品id, アイテムid, 出品id,
        作品番号, 商品番号, 商品管理番号, 管理番号, 商品コード, 品番, 整理番号, 資料番号, 登録番号, 所蔵番号, 資料id,
        sku, handle, item number, product code, item code, object number, accession number, inventory number,
        code, 番号, no
    """,
    "creator": """
        creator, artist, author, maker, creator name, artist name, author name, maker name, artist display name,
        作家名, 作家, 作者名, 作者, 制作者名, 制作者, 製作者名, 製作者, クリエイター名, クリエイター,
        クリエーター名, クリエーター, アーティスト名, アーティスト, 作り手, デザイナー,
        出品者名, 出品者, 販売者名, 販売者, seller, seller name, ショップ名, ショップ, 店舗名, 店名,
        shop, shop name, store, store name, vendor, ブランド名, ブランド, brand, メーカー名, メーカー,
        designer, painter, photographer,
        作家id, クリエイターid, 出品者id, ショップid, creator id, artist id, seller id, shop id
    """,
    "title": """
        title, 作品名, 商品名, アイテム名, タイトル, 作品タイトル, 商品タイトル, 題名, 作品題名, 資料名, 名称, 品名,
        item name, product name, work name, product title, name, headline
    """,
    "description": """
        description, 作品説明, 商品説明, 作品説明文, 商品説明文, アイテム説明, 説明文, 説明, 作品の説明, 商品の説明,
        紹介文, 作品紹介, 商品紹介, pc用商品説明文, pc用販売説明文, 作品詳細, 商品詳細, 解説, 詳細, 本文,
        body html, body, long description, short description, product description, item description,
        explanation, caption, text
    """,
    "category": """
        category, categories, カテゴリ, カテゴリー, カテゴリ名, カテゴリー名, 作品カテゴリ, 商品カテゴリ,
        作品カテゴリー, 商品カテゴリー, ジャンル, ジャンル名, 分類, 大カテゴリ, 部門, 種別,
        category name, product category, product type, genre, classification, department, type
    """,
    "created_at": """
        created at, listed at, created, published at, 出品日, 出品日時, 登録日, 登録日時, 公開日, 公開日時,
        掲載日, 掲載日時, 作成日, 作成日時, 投稿日, 投稿日時, 販売開始日, 販売開始日時, date, 日付, 日時,
        created date, listing date, listed, date created, date listed, created on,
        制作日, 制作年月日, 制作年, 年代, object date, year
    """,
    "photos": """
        photos, photo, images, image, 画像, 写真, 作品画像, 商品画像, アイテム画像, 作品写真, 商品写真, メイン画像,
        画像ファイル, 画像ファイル名, 写真ファイル, 画像パス, 商品画像パス, 画像名, photo file, image file,
        image path, photo path, picture, pictures, file name,
        image src, featured image, main image, 画像url, 作品画像url, 商品画像url, 写真url, image url, image urls,
        photo url, photo urls, サムネイル画像, サムネイル, サムネイルurl, thumbnail, thumbnail url
    """,
}
_WORTH_KEEPING = """
    price, 価格, 販売価格, 値段, 本体価格, 定価, regular price, variant price, url, 商品url, 作品url, ページurl, link,
    permalink, 在庫, 在庫数, stock, quantity, tags, tag, タグ, 素材, 材料, materials, サイズ, size
"""
FOLLOWED_BY = {"メイン画像": "サブ画像", "main image": "sub image"}
"""Numbered photo columns that come after the one of the first photo."""

MOST_COMPARED_CHARACTERS = 200  # of a column's name

_BRACKETS = re.compile(r"[(\[【〔<「『][^)\]】〕>」』]*[)\]】〕>」』]")
_NUMBER = re.compile(r"\d+")


def folded(name: str) -> str:
    """A column's name as it is compared.

    >>> folded("Body (HTML)"), folded("作品_ＩＤ"), folded("Image-1")
    ('bodyhtml', '作品id', 'image1')
    """
    text = unicodedata.normalize("NFKC", name[:MOST_COMPARED_CHARACTERS]).casefold()
    return "".join(filter(str.isalnum, text))


def without_brackets(name: str) -> str:
    """A column's name as it is compared, what stands in brackets left out.

    >>> without_brackets("商品名（必須）")
    '商品名'
    """
    return folded(_BRACKETS.sub("", unicodedata.normalize("NFKC", name[:MOST_COMPARED_CHARACTERS])))


def numbered(name: str) -> tuple[str, int]:
    """A folded name without its one number, and the number; 0 where it has none or several.

    >>> numbered("画像10"), numbered("image2url"), numbered("画像")
    (('画像', 10), ('imageurl', 2), ('画像', 0))
    """
    numbers = _NUMBER.findall(name)
    return (_NUMBER.sub("", name), int(numbers[0])) if len(numbers) == 1 and len(numbers[0]) < 5 else (name, 0)


USUAL_NAMES = {field: tuple(folded(name) for name in names.split(",")) for field, names in _NAMES.items()}
"""Field of the catalog -> the folded names of its columns, the best first."""


def worth_keeping(names: Iterable[str]) -> list[str]:
    """Of columns that no field is read from, those that pages and searches have a use for, such as a price.

    >>> worth_keeping(["memo", "価格（税込）", "商品URL"])
    ['価格（税込）', '商品URL']
    """
    usual = {folded(name) for name in _WORTH_KEEPING.split(",")}
    return [name for name in names if without_brackets(name) in usual]

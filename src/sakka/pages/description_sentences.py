"""A creator and a work in sentences, in Japanese and in English, by templates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sakka.pages.explanation_sentences import explanation_sentences, percent_of

if TYPE_CHECKING:
    from sakka.describe.creator import CreatorDescription
    from sakka.describe.objects import ObjectShare
    from sakka.describe.palette import Swatch
    from sakka.describe.work import WorkDescription

NAMED_WORDS, NAMED_COLOURS, NAMED_OBJECTS, NAMED_CREATORS, NAMED_WORKS = 6, 4, 4, 3, 3

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "join": ", ",
        "quote": "“{}”",
        "works": "{creator} has {works} in the catalog.",
        "work": "one work",
        "many works": "{n:,} works",
        "period": "They date from {first} to {last}.",
        "day": "They date from {first}.",
        "categories": "Categories: {list}.",
        "category": "{name} ({n:,})",
        "words": "Words that set the creator apart from others: {list}.",
        "palette": "The photos are mostly {list}.",
        "palette of one": "The photo is mostly {list}.",
        "objects": "They show: {list}.",
        "objects of one": "The photo shows: {list}.",
        "object": "{name} ({share:.0%})",
        "typical": "Most typical: {list}.",
        "unusual": "Most unusual: {list}.",
        "kindred by style": "Nearest in style: {list}.",
        "kindred by model": "The model takes the works most easily for those of {list}.",
        "unknown, threshold": "It is by none of the known creators, as far as can be told: 95 % of their works get a "
        "surer answer.",
        "unknown, nothing read": "It may be by one or by none of the known creators: the model reads nothing of it.",
        "answer": "Probably by {creator} ({probability}).",
        "guess": "The nearest of the known creators is {creator} ({probability}).",
        "copies": "Near-identical works: {list}.",
        "kindred works": "Kindred works by others: {list}.",
        "titled": "“{title}” by {creator}",
        "untitled": "work {id} by {creator}",
        "own title": "“{title}”",
        "own untitled": "work {id}",
        "nobody": "an unknown creator",
    },
    "ja": {
        "join": "、",
        "quote": "「{}」",
        "works": "{creator}の作品は、カタログに{works}あります。",
        "work": "1点",
        "many works": "{n:,}点",
        "period": "年代は{first}から{last}までです。",
        "day": "年代は{first}です。",
        "categories": "カテゴリー：{list}。",
        "category": "{name}（{n:,}点）",
        "words": "ほかの作家と比べて特徴的な言葉：{list}。",
        "palette": "写真の主な色：{list}。",
        "palette of one": "写真の主な色：{list}。",
        "objects": "写真に写っているもの：{list}。",
        "objects of one": "写真に写っているもの：{list}。",
        "object": "{name}（{share:.0%}）",
        "typical": "最も典型的な作品：{list}。",
        "unusual": "最も異色の作品：{list}。",
        "kindred by style": "作風の近い作家：{list}。",
        "kindred by model": "モデルが取り違えやすい作家：{list}。",
        "unknown, threshold": "登録されている作家の作品ではないようです。"
        "登録作家の作品であれば、95 % はより確かな答えになります。",
        "unknown, nothing read": "モデルが作品の内容を読まないため、登録されている作家の作品かどうかは分かりません。",
        "answer": "{creator}の作品と思われます（確率 {probability}）。",
        "guess": "登録されている作家の中で最も近いのは{creator}です（確率 {probability}）。",
        "copies": "ほぼ同一の作品：{list}。",
        "kindred works": "ほかの作家の近い作品：{list}。",
        "titled": "「{title}」（{creator}）",
        "untitled": "作品{id}（{creator}）",
        "own title": "「{title}」",
        "own untitled": "作品{id}",
        "nobody": "作家不明",
    },
}


def creator_sentences(found: "CreatorDescription", language: str = "en") -> list[str]:
    """Say a creator's description in sentences, `en` or `ja`."""
    texts = TEXTS[language]
    works = texts["work"] if found.works == 1 else texts["many works"].format(n=found.works)
    said = [texts["works"].format(creator=found.creator, works=works)]
    if found.first is not None and found.last is not None:
        first, last = date_words(found.first.year, language), date_words(found.last.year, language)
        said.append(texts["day" if first == last else "period"].format(first=first, last=last))
    own = [_own_name(shown.work.title, shown.work.id, language) for shown in found.typical]
    odd = [_own_name(shown.work.title, shown.work.id, language) for shown in found.unusual]
    kindred = "kindred by style" if found.kindred_by_style else "kindred by model"
    lists = {
        "categories": [texts["category"].format(name=name, n=n) for name, n in found.categories],
        "words": [texts["quote"].format(mark.word) for mark in found.words[:NAMED_WORDS]],
        "palette": colour_names(found.palette, language),
        "objects": object_names(found.objects or (), language),
        kindred: [name for name, _ in found.kindred[:NAMED_CREATORS]],
        "typical": own[:NAMED_WORKS],
        "unusual": odd[:NAMED_WORKS],
    }
    return said + _listed(lists, language)


def work_sentences(found: "WorkDescription", language: str = "en") -> list[str]:
    """Say a work's description in sentences, `en` or `ja`."""
    texts = TEXTS[language]
    identification = found.identification
    first = identification.candidates[0]
    said = [] if identification.known else [texts[f"unknown, {identification.basis}"]]
    kind = "answer" if identification.known else "guess"
    said.append(texts[kind].format(creator=first.creator, probability=percent_of(first.probability)))
    if found.explanation is not None:
        said += explanation_sentences(found.explanation, language)[1:]
    lists = {
        "palette of one": colour_names(found.palette, language),
        "objects of one": object_names(found.objects or (), language, shares=False),
        "copies": [_name(work.title, work.id, work.creator, language) for work in found.copies[:NAMED_WORKS]],
        "kindred works": [
            _name(kin.work.title, kin.work.id, kin.work.creator, language) for kin in found.kindred[:NAMED_WORKS]
        ],
    }
    return said + _listed(lists, language)


def colour_names(palette: "Sequence[Swatch]", language: str) -> list[str]:
    """The names of a palette's colours, each once, the most frequent first."""
    names = (swatch.name.japanese if language == "ja" else swatch.name.english for swatch in palette)
    return list(dict.fromkeys(names))[:NAMED_COLOURS]


def object_names(objects: "Sequence[ObjectShare]", language: str, *, shares: bool = True) -> list[str]:
    """The names of objects, with the share of photos that show each."""
    names = [(each.japanese if language == "ja" else each.english, each.share) for each in objects[:NAMED_OBJECTS]]
    return [TEXTS[language]["object"].format(name=name, share=share) if shares else name for name, share in names]


def date_words(year: int, language: str) -> str:
    """Write a year.

    >>> date_words(1890, "ja")
    '1890年'
    """
    return f"{year}年" if language == "ja" else str(year)


def _listed(lists: Mapping[str, Sequence[str]], language: str) -> list[str]:
    texts = TEXTS[language]
    return [texts[key].format(list=texts["join"].join(entries)) for key, entries in lists.items() if entries]


def _name(title: str, work_id: str, creator: str | None, language: str) -> str:
    texts = TEXTS[language]
    names = {"title": title, "id": work_id, "creator": creator or texts["nobody"]}
    return texts["titled" if title else "untitled"].format(**names)


def _own_name(title: str, work_id: str, language: str) -> str:
    return TEXTS[language]["own title" if title else "own untitled"].format(title=title, id=work_id)

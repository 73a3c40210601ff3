"""An explanation in sentences, in Japanese and in English.

A share of s nats multiplies the odds of the creator against the other by e^s; that factor is what is said, because
a reader can multiply: the factors of the photo, the text and the rest make the odds.
"""

import math
from collections.abc import Mapping

from sakka.explain.explanation import Explanation
from sakka.pages.regions_in_words import named_regions

LANGUAGES = ("en", "ja")
MOST_NAMED = 3
LEAST_SHARE = 0.05  # in nats; a part that says less is not worth a sentence

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "answer": "{creator}: {probability}; the runner-up is {against} ({other}).",
        "asked": "{creator}: {probability}; compared with {against} ({other}).",
        "photo for": "The photo speaks for {creator} (odds {factor}), most of all its {regions}.",
        "photo against": "The photo speaks for {against} (odds {factor}), most of all its {regions}.",
        "text for": "The text speaks for {creator} (odds {factor}), most of all the words {words}.",
        "text against": "The text speaks for {against} (odds {factor}), most of all the words {words}.",
        "effects words": "The words' shares are what leaving each out changes; they need not add up.",
        "effects regions": "The regions' shares are what blurring each away changes; they need not add up.",
        "join": ", ",
        "quote": "“{}”",
    },
    "ja": {
        "answer": "{creator}（確率 {probability}）。次点は{against}（{other}）です。",
        "asked": "{creator}（確率 {probability}）。{against}（{other}）と比べました。",
        "photo for": "写真は{creator}を示しています（オッズ{factor}）。特に{regions}の部分です。",
        "photo against": "写真は{against}を示しています（オッズ{factor}）。特に{regions}の部分です。",
        "text for": "文章は{creator}を示しています（オッズ{factor}）。特に{words}という言葉です。",
        "text against": "文章は{against}を示しています（オッズ{factor}）。特に{words}という言葉です。",
        "effects words": "言葉の寄与は、その言葉を除いたときの変化です。合計は全体と一致しません。",
        "effects regions": "領域の寄与は、その部分をぼかしたときの変化です。合計は全体と一致しません。",
        "join": "、",
        "quote": "「{}」",
    },
}


def explanation_sentences(explanation: Explanation, language: str = "en", *, asked: bool = False) -> list[str]:
    """Say an explanation in sentences.

    Args:
        explanation: The explanation.
        language: `en` or `ja`.
        asked: Whether the one compared with was asked for, and need not be the runner-up.
    """
    texts = TEXTS[language]
    names = {"creator": explanation.creator, "against": explanation.against}
    said = [
        texts["asked" if asked else "answer"].format(
            **names,
            probability=percent_of(explanation.probability),
            other=percent_of(explanation.against_probability),
        )
    ]
    for part, share in (("photo", explanation.photo_share), ("text", explanation.text_share)):
        if abs(share) < LEAST_SHARE:
            continue
        side = "for" if share > 0 else "against"
        detail = texts["join"].join(_named(explanation, part, language, speaking_for=share > 0))
        said.append(texts[f"{part} {side}"].format(**names, factor=factor_of(abs(share)), regions=detail, words=detail))
    if explanation.words and not explanation.exact_words:
        said.append(texts["effects words"])
    if explanation.regions is not None and not explanation.exact_regions:
        said.append(texts["effects regions"])
    return said


def _named(explanation: Explanation, part: str, language: str, *, speaking_for: bool) -> list[str]:
    if part == "text":
        words = explanation.strongest_words(MOST_NAMED, speaking_for=speaking_for)
        return [TEXTS[language]["quote"].format(word) for word, _ in words]
    assert explanation.regions is not None
    regions = named_regions(explanation.regions, language)
    ordered = regions if speaking_for else regions[::-1]
    return [name for name, share in ordered[:2] if (share > 0) == speaking_for]


def factor_of(share: float) -> str:
    """Write a share as what it does to the odds, in two figures.

    >>> factor_of(2.5), factor_of(-0.6), factor_of(9.0)
    ('×12', '÷1.8', '×8,100')
    """
    size = math.exp(min(abs(share), 700.0))
    sign = "×" if share >= 0 else "÷"
    if size < 9.95:
        return f"{sign}{size:.1f}"
    if size >= 1e7:
        return f"{sign}10^{abs(share) / math.log(10):.0f}"
    rounded = round(size, 1 - math.floor(math.log10(size)))
    return f"{sign}{int(rounded):,}"


def percent_of(probability: float) -> str:
    """Write a probability in percent; one that is merely near 0 or 1 is not written as certain.

    >>> percent_of(0.1234), percent_of(0.99999), percent_of(0.00001)
    ('12.3 %', '>99.9 %', '<0.1 %')
    """
    if 0.9995 <= probability < 1:
        return ">99.9 %"
    return "<0.1 %" if 0 < probability < 0.0005 else f"{100 * probability:.1f} %"

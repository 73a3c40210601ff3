"""An explanation in sentences, in Japanese and in English.

A share of s nats multiplies the odds of the creator against the other by e^s; that factor is what is said, because
a reader can multiply: the factors of the photo, the text and the rest make the odds.
"""

from sakka.explain.explanation import Explanation
from sakka.pages.formats import factor, probability
from sakka.pages.language import Texts, texts_in
from sakka.pages.regions_in_words import named_regions

MOST_WORDS, MOST_REGIONS = 3, 2
LEAST_SHARE = 0.05  # in nats; a part that says less is not worth a sentence


def explanation_sentences(explanation: Explanation, language: str = "en", *, asked: bool = False) -> list[str]:
    """Say an explanation in sentences.

    Args:
        explanation: The explanation.
        language: `en` or `ja`.
        asked: Whether the one compared with was asked for, and need not be the runner-up.
    """
    texts = texts_in(language)
    names = {"creator": explanation.creator, "against": explanation.against}
    chances = {"probability": explanation.probability, "other": explanation.against_probability}
    written = {name: probability(chance) for name, chance in chances.items()}
    said = [texts("say_asked" if asked else "say_answer", **names, **written)]
    several = len(explanation.photo_shares) > 1
    for part, share in (("photos" if several else "photo", explanation.photo_share), ("text", explanation.text_share)):
        if abs(share) >= LEAST_SHARE:
            side = "for" if share > 0 else "against"
            parts = _strongest(explanation, part, texts, speaking_for=share > 0)
            said.append(texts(f"say_{part}_{side}", **names, factor=factor(abs(share)), parts=parts))
    if explanation.words and not explanation.exact_words:
        said.append(texts("say_effects_words"))
    if explanation.regions is not None and not explanation.exact_regions:
        said.append(texts("say_effects_regions"))
    return said


def named_photos(explanation: Explanation, language: str = "en") -> list[tuple[str, float]]:
    """The photos with their shares, the featured one first; numbered where several are read."""
    texts, shares = texts_in(language), explanation.photo_shares
    if len(shares) < 2:
        return [(texts("photo"), explanation.photo_share)]
    return [(texts("photo_number", n=number), share) for number, share in enumerate(shares, start=1)]


def _strongest(explanation: Explanation, part: str, texts: Texts, *, speaking_for: bool) -> str:
    """What spoke most for one side: words, regions of the only photo, or regions of one of several photos."""
    if part == "text":
        words = explanation.strongest_words(MOST_WORDS, speaking_for=speaking_for)
        return texts.join([texts("quote", text=word) for word, _ in words])
    if part == "photo":
        return _strongest_regions(explanation, texts, speaking_for=speaking_for)
    shares = explanation.photo_shares
    number = shares.index(max(shares) if speaking_for else min(shares))
    if number != explanation.photo:  # the one with a map speaks for the other side, and alone against the rest
        return texts("whole_photo", n=number + 1)
    regions = _strongest_regions(explanation, texts, speaking_for=speaking_for)
    return texts("regions_of_photo", n=number + 1, regions=regions)


def _strongest_regions(explanation: Explanation, texts: Texts, *, speaking_for: bool) -> str:
    assert explanation.regions is not None
    regions = named_regions(explanation.regions, texts.language)
    ordered = regions if speaking_for else regions[::-1]
    return texts.join([name for name, share in ordered[:MOST_REGIONS] if (share > 0) == speaking_for])

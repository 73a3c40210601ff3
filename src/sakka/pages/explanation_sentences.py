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
    for part, share in (("photo", explanation.photo_share), ("text", explanation.text_share)):
        if abs(share) >= LEAST_SHARE:
            side = "for" if share > 0 else "against"
            parts = texts.join(_strongest(explanation, part, texts, speaking_for=share > 0))
            said.append(texts(f"say_{part}_{side}", **names, factor=factor(abs(share)), parts=parts))
    if explanation.words and not explanation.exact_words:
        said.append(texts("say_effects_words"))
    if explanation.regions is not None and not explanation.exact_regions:
        said.append(texts("say_effects_regions"))
    return said


def _strongest(explanation: Explanation, part: str, texts: Texts, *, speaking_for: bool) -> list[str]:
    """The words, or the regions of the photo, that spoke most for one side."""
    if part == "text":
        words = explanation.strongest_words(MOST_WORDS, speaking_for=speaking_for)
        return [texts("quote", text=word) for word, _ in words]
    assert explanation.regions is not None
    regions = named_regions(explanation.regions, texts.language)
    ordered = regions if speaking_for else regions[::-1]
    return [name for name, share in ordered[:MOST_REGIONS] if (share > 0) == speaking_for]

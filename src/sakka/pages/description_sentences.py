"""A creator and a work in sentences, in Japanese and in English, by templates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sakka.as_json import as_json
from sakka.pages.answer import reason_key
from sakka.pages.explanation_sentences import explanation_sentences
from sakka.pages.formats import percent, probability
from sakka.pages.language import LANGUAGES, Texts, texts_in

if TYPE_CHECKING:
    from sakka.catalog.works import Work
    from sakka.describe.colours import ColourName
    from sakka.describe.creator import CreatorDescription
    from sakka.describe.objects import ObjectShare
    from sakka.describe.palette import Swatch
    from sakka.describe.work import WorkDescription
    from sakka.models.identification import Answer

SAID: "Mapping[Answer, str]" = {
    "named": "say_probably",
    "not sure enough": "say_most_probable",
    "none of the known creators": "say_nearest",
}
NAMED_WORDS, NAMED_COLOURS, NAMED_OBJECTS, NAMED_CREATORS, NAMED_WORKS = 6, 4, 4, 3, 3


def creator_sentences(found: "CreatorDescription", language: str = "en") -> list[str]:
    """Say a creator's description in sentences, `en` or `ja`."""
    texts = texts_in(language)
    said = [texts("say_works", creator=found.creator, n=found.works)]
    if found.first is not None and found.last is not None:
        first, last = (texts("year", year=date.year) for date in (found.first, found.last))
        said.append(texts("say_year" if first == last else "say_period", first=first, last=last))
    lists = {
        "say_categories": [texts("say_category", name=each.name, n=each.works) for each in found.categories],
        "say_own_words": [texts("quote", text=mark.word) for mark in found.words[:NAMED_WORDS]],
        "say_palette": colour_names(found.palette, language),
        "say_objects": [
            texts("say_object", name=_in(each, language), share=percent(each.share, 0))
            for each in (found.objects or ())[:NAMED_OBJECTS]
        ],
        "say_kindred_by_style" if found.related_by_style else "say_kindred_by_model": [
            each.creator for each in found.related_creators[:NAMED_CREATORS]
        ],
        "say_typical": [_title(shown.work, texts) for shown in found.typical[:NAMED_WORKS]],
        "say_unusual": [_title(shown.work, texts) for shown in found.unusual[:NAMED_WORKS]],
    }
    return said + _listed(lists, texts)


def work_sentences(found: "WorkDescription", language: str = "en") -> list[str]:
    """Say a work's description in sentences, `en` or `ja`."""
    texts = texts_in(language)
    identification = found.identification
    first = identification.candidates[0]
    said = [texts("say_none")] if identification.answer == "none of the known creators" else []
    if identification.answer != "named":
        said.append(texts(reason_key(identification)))
    key = "say_most_works" if identification.basis == "nothing read" else SAID[identification.answer]
    said.append(texts(key, creator=first.creator, probability=probability(first.probability)))
    if found.explanation is not None:
        said += explanation_sentences(found.explanation, language)[1:]
    lists = {
        "say_palette_of_one": colour_names(found.palette, language),
        "say_objects_of_one": [_in(each, language) for each in (found.objects or ())[:NAMED_OBJECTS]],
        "say_copies": [_name(work, texts) for work in found.near_identical[:NAMED_WORKS]],
        "say_kindred_works": [_name(kin.work, texts) for kin in found.similar_works[:NAMED_WORKS]],
    }
    return said + _listed(lists, texts)


def description_json(found: "CreatorDescription | WorkDescription") -> dict[str, Any]:
    """A description as JSON can hold it, with its sentences by language."""
    return {**as_json(found), "sentences": {language: sentences_of(found, language) for language in LANGUAGES}}


def sentences_of(found: "CreatorDescription | WorkDescription", language: str = "en") -> list[str]:
    """Say a description in sentences, `en` or `ja`."""
    from sakka.describe.creator import CreatorDescription

    if isinstance(found, CreatorDescription):
        return creator_sentences(found, language)
    return work_sentences(found, language)


def colour_names(palette: "Sequence[Swatch]", language: str) -> list[str]:
    """The names of a palette's colours, each once, the most frequent first."""
    return list(dict.fromkeys(_in(swatch.name, language) for swatch in palette))[:NAMED_COLOURS]


def _in(named: "ColourName | ObjectShare", language: str) -> str:
    return named.japanese if language == "ja" else named.english


def _listed(lists: Mapping[str, list[str]], texts: Texts) -> list[str]:
    return [texts(key, names=texts.join(names)) for key, names in lists.items() if names]


def _name(work: "Work", texts: Texts) -> str:
    """A work with its creator."""
    key = "say_titled" if work.title else "say_untitled"
    return texts(key, title=work.title, id=work.id, creator=work.creator or texts("say_nobody"))


def _title(work: "Work", texts: Texts) -> str:
    return texts("quote", text=work.title) if work.title else texts("say_own_untitled", id=work.id)

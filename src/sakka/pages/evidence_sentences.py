"""What an audit's findings go by, in the reader's language.

`findings.json` has its sentences in English. Each is one of a few forms with figures and names in it; here a form is
recognised, and the same is said by the text of another language. A sentence of no form that is known stays as it is.
"""

import re
from datetime import datetime

from sakka.pages.formats import date_words
from sakka.pages.language import Texts

PERCENT = r"(?:under |over )?[\d.]+ ?%"
ALIKE = r"(?P<n>\d+) works have a near-identical photo; the most similar two agree to (?P<share>[\d.]+)"
SUDDEN = r"accounts whose maker stays the same, judging by the (?P<n>\d+) accounts of this catalog\."
FORMS = {
    "because_named": rf"Models that have not seen it name (?P<other>.+) with (?P<share>{PERCENT}) "
    rf"\((?P<usual>{PERCENT}) is usual for that creator's own works\) and (?P<own>.+) with (?P<own_share>{PERCENT})\.",
    "because_alone": rf"The (?P<view>\w+) alone: (?P<other>.+) with (?P<share>{PERCENT})\.",
    "because_chance": rf"The chance that it is right as it stands: (?P<share>{PERCENT})\.",
    "because_names": r"Their names are equal but for case, width and punctuation: (?P<q>['\"])(?P<name>.*)(?P=q)\.",
    "because_both": rf"Photos of (?P<n>\d+) works, (?P<share>{PERCENT}) of the smaller account's, are in both\.",
    "because_mixed": rf"By (?P<view>[\w ]+), (?P<share>{PERCENT}) and (?P<other_share>{PERCENT}) of the belief in the "
    r"two goes to the wrong one\.",
    "because_same_file": ALIKE + r" and are the same file\.",
    "because_near": ALIKE + r" \(correlation of local contrast where one lies on the other\)\.",
    "because_since": r"From (?P<date>[\d-]+) on the works look like another maker's: (?P<before>\d+) works before and "
    r"(?P<n>\d+) from then on; works that follow a maker's own development change little by little\.",
    "because_rarer": r"So sudden a change comes up in fewer than 1 in (?P<one_in>[\d,]+) " + SUDDEN,
    "because_rare": r"So sudden a change comes up in 1 in (?P<one_in>[\d,]+) " + SUDDEN,
    "because_views": rf"What tells before and after apart is seen (?P<first_share>{PERCENT}) in the (?P<first>\w+) and "
    rf"(?P<share>{PERCENT}) in the (?P<view>\w+)\.",
}
VIEWS = {"photo": "photo", "photos": "photo", "text": "text", "texts": "text", "photo and text": "photo_and_text"}


def evidence_sentence(sentence: str, texts: Texts) -> str:
    """A sentence of a finding's evidence in a language.

    Args:
        sentence: As `findings.json` has it.
        texts: Of the language.

    >>> from sakka.pages.language import texts_in
    >>> evidence_sentence("The photo alone: Mori with over 99 %.", texts_in("ja"))
    '写真だけでは、Moriが99 %超です。'
    """
    if texts.language == "en":
        return sentence
    for key, form in FORMS.items():
        if found := re.fullmatch(form, sentence):
            return texts(key, **{name: _value(name, said, texts) for name, said in found.groupdict().items()})
    return sentence


def _value(name: str, said: str, texts: Texts) -> str | int:
    if name == "date":
        return date_words(datetime.fromisoformat(said if "-" in said else f"{said}-01-01"), texts)
    if name in ("view", "first"):
        return texts(VIEWS[said]) if said in VIEWS else said
    if name in ("n", "before"):
        return int(said)
    if not re.fullmatch(PERCENT, said):
        return said
    said = re.sub(r"(?<=\d)%", " %", said)
    for word, key in (("under ", "less_than"), ("over ", "more_than")):
        if said.startswith(word):
            return texts(key, share=said.removeprefix(word))
    return said

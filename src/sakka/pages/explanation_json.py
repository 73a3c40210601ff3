"""An explanation as JSON: what `--json` prints and `explanation.json` holds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sakka.explain.evidence import Evidence
    from sakka.explain.explanation import Explanation


def explanation_json(explanation: "Explanation", evidence: "Sequence[Evidence]" = ()) -> dict[str, Any]:
    """An explanation and the evidence as JSON can hold them; shares are in nats."""
    regions = explanation.regions
    return {
        "creator": explanation.creator,
        "against": explanation.against,
        "probability": round(explanation.probability, 6),
        "against_probability": round(explanation.against_probability, 6),
        "log_odds": round(explanation.log_odds, 6),
        "photo_share": round(explanation.photo_share, 6),
        "text_share": round(explanation.text_share, 6),
        "rest": round(explanation.rest, 6),
        "words": [{**vars(word), "share": round(word.share, 6)} for word in explanation.words],
        "exact_words": explanation.exact_words,
        "regions": None if regions is None else [[round(float(value), 6) for value in row] for row in regions],
        "exact_regions": explanation.exact_regions,
        "evidence": [
            {
                "id": each.work.id,
                "title": each.work.title,
                "likeness": round(each.likeness, 6),
                "near_identical": each.near_identical,
            }
            for each in evidence
        ],
    }

import numpy as np
from studies.known_works_refused import figures_of

from sakka.evaluation.views import ViewOutcome


def test_what_other_rates_would_refuse_is_said_of_p_values_alone() -> None:
    def measured(confidence: list[float], has_p_values: bool) -> dict[str, float]:
        none, all_of = np.zeros(4, np.bool_), np.ones(4, np.bool_)
        found = ViewOutcome(np.arange(4), np.array(confidence), has_p_values, none, all_of, all_of, np.ones(4))
        return {each.measure: each.value for each in figures_of("title", [found])}

    assert measured([0.005, 0.08, 0.2, 0.7], True) == {
        "refused at 1 %": 0.25, "refused at 10 %": 0.5, "refused": 0.0, "named": 1.0, "correct": 1.0
    }  # fmt: skip
    assert measured([-0.1, -0.2, -0.3, -2.0], False) == {"refused": 0.0, "named": 1.0, "correct": 1.0}

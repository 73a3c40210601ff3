"""Naming the creator of a text: fitting one fold and answering for its test part."""

from benchmarks.data import text_works, write_works
from benchmarks.harness import Comparison, Plan, compare_all
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "Texts: one fold, from texts to names"
SIZE = None  # all works


def measure(plan: Plan) -> Section:
    """Compare the linear text model with fastText and with scikit-learn."""
    chosen = text_works(plan).first(plan.size)
    works = str(write_works(chosen, plan.scratch / "works.json"))
    ours = Side("sakka text-linear", "benchmarks.ours.texts:TextModel", {"works": works})
    fasttext = Side("fastText, 1,000 epochs", "benchmarks.peers.texts:FastText", {"works": works}, "classic")
    person = Side("scikit-learn TF-IDF", "benchmarks.peers.texts:TfidfLogisticRegression", {"works": works}, "classic")
    comparisons = [
        Comparison(f"text-linear / {fasttext.name}", "folds", ours, fasttext, 20, wanted_gain=0.12),
        Comparison(f"text-linear / {person.name}", "folds", ours, person),
    ]
    return section_of("text", TITLE, plan, compare_all(comparisons, plan), chosen.source)

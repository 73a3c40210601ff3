"""How many works the paper's pipeline in Keras and fastText names rightly, beside sakka: `docs/performance.md`.

    python -m benchmarks.pipeline_accuracy [--data FOLDER]

Both judge the test works of the first outer fold of the benchmark `experiment`, by five image and five text models: on
the other side a layer trained for 100 epochs on frozen VGG16 in Keras, fastText with 1,000 epochs, and their average
5:5; on ours `sakka experiment --preset best`. Half an hour to an hour on two cores.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data import data_folder, photo_works, write_vgg16, write_works
from benchmarks.environments import python_of
from benchmarks.harness import Plan
from benchmarks.ours.experiments import BestExperiment
from benchmarks.peers.works import read_works
from benchmarks.processes import Side, WorkerProcess
from benchmarks.results import table
from sakka.evaluation.aggregate import condense
from sakka.evaluation.learned_fusion import LEARNED_KIND
from sakka.evaluation.open_run import open_run
from sakka.evaluation.tables.fusions import mcnemar

Named = npt.NDArray[np.int64]


def named_by_keras(works: Path, weights: Path, scratch: Path) -> dict[str, Named]:
    """The creators that the paper's pipeline names, as numbers, by `photo`, `text` and `both`."""
    settings = {"works": str(works), "weights": str(weights), "output": str(scratch / "features.npy")}
    target = "benchmarks.peers.keras_pipeline:FrozenOuterFold"
    side = Side("Keras frozen VGG16 + fastText", target, settings, "keras", {"KERAS_BACKEND": "torch"})
    with WorkerProcess(side, python_of("keras"), None, scratch / "keras.log") as process:
        sys.stderr.write(f"{process.ask('describe')['notes']}\n")
        found = process.ask("quality")
    return {kind: np.array(found[kind]) for kind in ("photo", "text", "both")}


def named_by_sakka(works: Path, scratch: Path) -> tuple[Named, dict[str, Named]]:
    """The right creators of the first outer fold's works, and those that sakka names."""
    side = BestExperiment(str(works), str(scratch))
    side.before()
    side.run()
    judged = condense(open_run(side.run_folder))
    fusion, rows = judged.fusion, judged.facts.tested(0)
    assert fusion is not None
    assert rows.tolist() == read_works(str(works))["folds"][0]["test"], "both sides must judge the same works"
    answers = {
        "photo": judged.model(fusion.photo).ensemble,
        "text": judged.model(fusion.text).ensemble,
        "both": fusion.chosen,
        "both, learned": fusion.learned[LEARNED_KIND],
    }
    return judged.facts.labels[rows], {kind: answer.named[rows].astype(np.int64) for kind, answer in answers.items()}


def rows_of(right: Named, ours: dict[str, Named], other: dict[str, Named]) -> list[tuple[str, ...]]:
    """A row for each kind of answer: both accuracies, works that only one side names rightly, McNemar's p."""
    rows = []
    for kind, named in ours.items():
        good, theirs = named == right, other[kind.partition(",")[0]] == right
        alone, beside = int((good & ~theirs).sum()), int((theirs & ~good).sum())
        accuracies = f"{theirs.mean():.4f}", f"{good.mean():.4f}"
        rows.append((kind, *accuracies, f"{alone} / {beside}", f"{mcnemar(alone, beside):.2g}"))
    return rows


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    with tempfile.TemporaryDirectory(prefix="sakka-accuracy-") as folder:
        scratch = Path(folder)
        chosen = photo_works(Plan(1, None, None, scratch, data_folder(parser.parse_args().data)))
        works, weights = write_works(chosen, scratch / "works.json"), write_vgg16(scratch / "vgg16.npz")
        if weights is None:
            sys.exit("the weights of vgg16 are not at hand; see `sakka weights list`")
        other = named_by_keras(works, weights, scratch)
        right, ours = named_by_sakka(works, scratch)
    heads = ("answers by", "Keras + fastText", "sakka", "only sakka right / only the other", "McNemar's p")
    sys.stdout.write(f"n = {len(right):,} works ({chosen.source}).\n\n{table(heads, rows_of(right, ours, other))}\n")


if __name__ == "__main__":
    main()

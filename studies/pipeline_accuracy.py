"""Works named right by the paper's pipeline in Keras and fastText, and by sakka.

    python -m studies pipeline_accuracy [--data FOLDER]

Both are evaluated on the test works of the first outer fold of the benchmark `experiment`, with five image and five
text models: on the other side a layer trained for 100 epochs on frozen VGG16 in Keras, fastText with 1,000 epochs, and
their average 5:5; on ours `sakka experiment --preset best`. p is McNemar's. Half an hour to an hour on two cores.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.data import data_folder, photo_works, write_vgg16, write_works
from benchmarks.environments import python_of
from benchmarks.harness import Plan
from benchmarks.ours.experiments import BestExperiment
from benchmarks.peers.works import read_works
from benchmarks.processes import Side, WorkerProcess

from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.frame import FUSED, FUSED_LEARNED, ensemble
from sakka.evaluation.open_run import open_run
from sakka.evaluation.tables.fusions import mcnemar
from studies.figures import Figure

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
    run = evaluate_run(open_run(side.run_folder))
    pair, rows = run.facts.fused, run.facts.tested(0)
    assert pair is not None
    assert rows.tolist() == read_works(str(works))["folds"][0]["test"], "both sides must be evaluated on the same works"
    found = {
        "photo": ensemble(pair[0]),
        "text": ensemble(pair[1]),
        "both": FUSED,
        "both, learned": FUSED_LEARNED,
    }
    predicted = {kind: run.of(each).filter(outer=0)["predicted"].to_numpy() for kind, each in found.items()}
    return run.facts.labels[rows], {kind: each.astype(np.int64) for kind, each in predicted.items()}


def compared(right: Named, ours: dict[str, Named], other: dict[str, Named]) -> Iterator[Figure]:
    """For photo, text and both: the two accuracies, works that only one side names right, McNemar's p."""
    for kind, named in ours.items():
        good, theirs = named == right, other[kind.partition(",")[0]] == right
        alone, beside = int((good & ~theirs).sum()), int((theirs & ~good).sum())
        yield Figure(kind, "Keras + fastText", float(theirs.mean()), len(right))
        yield Figure(kind, "sakka", float(good.mean()), len(right))
        yield Figure(kind, "only sakka right", alone)
        yield Figure(kind, "only the other right", beside)
        yield Figure(kind, "p", mcnemar(alone, beside))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--data", type=Path, help="folder with paintings/ (or SAKKA_BENCHMARK_DATA)")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Run both pipelines and compare what they name."""
    with tempfile.TemporaryDirectory(prefix="sakka-accuracy-") as folder:
        scratch = Path(folder)
        chosen = photo_works(Plan(1, None, None, scratch, data_folder(asked.data)))
        works, weights = write_works(chosen, scratch / "works.json"), write_vgg16(scratch / "vgg16.npz")
        if weights is None:
            sys.exit("the weights of vgg16 are not at hand; see `sakka weights list`")
        other = named_by_keras(works, weights, scratch)
        yield from compared(*named_by_sakka(works, scratch), other)

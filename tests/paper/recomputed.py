"""The paper's tables 1 to 8 from a run's stored files, computed anew with NumPy and scikit-learn and nothing of sakka.

    python -m tests.paper.recomputed RUN

reads the plan, the folds, the works, the labels and the predictions of an evaluated run, computes what its report says
of tables 1 to 8 and of where photo and text agree, and compares each figure, its standard deviation and its n with
`report/results.json`. A figure that differs, or that is not recomputed, is named, and the exit code is 1.

It follows docs/reference/evaluation.md and the paper, and is written without a look at how sakka computes: the learned
fusion, for one, is solved by Newton's method in double precision. Runs are refused whose fusion learns from a part of
their works (more than 4 million probabilities a fold), from works with several photos or from kept vectors.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors.numpy import load_file
from sklearn.metrics import accuracy_score, f1_score

RATIOS = [round(number / 10, 1) for number in range(1, 10)]
WAYS = ("arithmetic", "log-linear")
TABLES = (*(f"table{number}" for number in range(1, 9)), "agreement")
MOST_PROBABILITIES = 2**22
TOLERANCE = 1e-9
Key = tuple[str, str, str, str]  # table, model, row, measure
Figures = dict[Key, tuple[float | None, float | None, int]]  # value, standard deviation, n


class Run:
    """A run's files as arrays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        works, splits = (pl.read_parquet(folder / f"{name}.parquet") for name in ("works", "splits"))
        self.labels = works["creator"].to_numpy().astype(int)
        self.seen, self.read = works["photos"].to_numpy() > 0, works["has_text"].to_numpy()
        self.outer = splits["outer"].to_numpy()
        self.n_creators = len(plan["creators"])
        self.models = [(model["name"], model["modality"]) for model in plan["models"]]
        self.folds = [(outer, range(plan["inner_folds"])) for outer in range(plan["outer_folds"])]
        self.log = np.log2 if plan.get("log_base") == "2" else np.log
        if works["photos"].max() > 1 or any(name.startswith("read by") for name in works.columns):
            raise SystemExit(
                "this run has works with several photos or kept vectors; expected one photo a work at most"
            )
        if len(works) * self.n_creators > MOST_PROBABILITIES:
            raise SystemExit("this run is so large that its fusion learns from a part of its works")

    def first(self, modality: str) -> str | None:
        """The first model that reads something."""
        return next((name for name, reads in self.models if reads == modality), None)

    def stored(self, model: str, outer: int, inner: int) -> dict[str, Any]:
        """A file of predictions."""
        return load_file(self.folder / "predictions" / model / f"{outer}-{inner}.safetensors")

    def entropy(self) -> tuple[Any, Any] | None:
        """Which works were looked at, and the entropy of each one's label set."""
        if not (self.folder / "labels.parquet").is_file():
            return None
        found = pl.read_parquet(self.folder / "labels.parquet")["labels"].to_list()
        looked_at = np.array([labels is not None for labels in found])
        creators_of: dict[frozenset[int], list[int]] = {}
        for labels, creator in zip(found, self.labels, strict=True):
            if labels is not None:
                creators_of.setdefault(frozenset(labels), []).append(creator)
        entropies = {}
        for shown, creators in creators_of.items():
            share = np.unique(creators, return_counts=True)[1] / len(creators)
            entropies[shown] = float(-(share * self.log(share)).sum()) + 0.0
        return looked_at, np.array([np.inf if labels is None else entropies[frozenset(labels)] for labels in found])


def fused(photo: Any, text: Any, weight: float, way: str, seen: Any, read: Any) -> Any:
    """Two tables in a fixed ratio; a work with one of the two has that model's row."""
    photo, text = photo.astype(float), text.astype(float)
    mean = weight * photo + (1 - weight) * text
    if way == "log-linear":
        mean = np.maximum(photo, 1e-12) ** weight * np.maximum(text, 1e-12) ** (1 - weight)
    mean = mean / mean.sum(axis=1, keepdims=True)
    mean = np.where((seen & ~read)[:, None], photo, mean)
    return np.where((read & ~seen)[:, None], text, mean)


def softmax(scores: Any) -> Any:
    """Probabilities of scores."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


class Logit:
    """The learned fusion: s_c = a log p_c + b log t_c + g log share_c + d_c, with a penalty, for each view."""

    def __init__(self, photo: Any, text: Any, labels: Any, seen: Any, read: Any) -> None:
        counts = np.bincount(labels, minlength=photo.shape[1]) + 1
        self.share = np.log(counts / counts.sum())
        views = {"both": (seen & read, (photo, text)), "photo": (seen, (photo,)), "text": (read, (text,))}
        self.weights = {
            view: self._fit([table[rows] for table in tables], labels[rows]) for view, (rows, tables) in views.items()
        }

    def _fit(self, tables: list[Any], labels: Any) -> Any:
        """Newton's method on the summed log-loss + |w - start|^2 / 2 + 4 |d|^2 / 2."""
        n_creators, n_models = len(self.share), len(tables)
        start = np.r_[np.full(n_models, 1 / n_models), np.zeros(1 + n_creators)]
        pull = np.r_[np.ones(n_models + 1), np.full(n_creators, 4.0)]
        identity = np.broadcast_to(np.eye(n_creators), (len(labels), n_creators, n_creators))
        columns = [*self._logarithms(tables), np.broadcast_to(self.share, (len(labels), n_creators))]
        design = np.concatenate([np.stack(columns, axis=2), identity], axis=2)
        own, weights = np.arange(len(labels)), start.copy()

        def value(weights: Any) -> float:
            probabilities = softmax(design @ weights)[own, labels]
            return float(-np.log(probabilities).sum() + (pull * (weights - start) ** 2).sum() / 2)

        for _ in range(100):
            probabilities = softmax(design @ weights)
            mean = np.einsum("nk,nkf->nf", probabilities, design)
            slope = (mean - design[own, labels]).sum(axis=0) + pull * (weights - start)
            curve = np.einsum("nk,nkf,nkg->fg", probabilities, design, design, optimize=True) - mean.T @ mean
            step = np.linalg.solve(curve + np.diag(pull), slope)
            while value(weights - step) > value(weights) and np.abs(step).max() > 1e-12:
                step = step / 2
            weights = weights - step
            if np.abs(step).max() < 1e-10:
                break
        return weights

    @staticmethod
    def _logarithms(tables: list[Any]) -> list[Any]:
        return [np.log(np.maximum(table.astype(float), 1e-6)) for table in tables]

    def predict(self, photo: Any, text: Any, seen: Any, read: Any) -> Any:
        """Probabilities by what each work has."""
        found = {}
        for view, tables in (("both", [photo, text]), ("photo", [photo]), ("text", [text])):
            weights = self.weights[view]
            logarithms = self._logarithms(tables)
            scores = sum(weight * each for weight, each in zip(weights, logarithms, strict=False))
            found[view] = softmax(scores + weights[len(tables)] * self.share + weights[len(tables) + 1 :])
        chosen = np.where((seen & read)[:, None], found["both"], found["photo"])
        return np.where(~seen[:, None], found["text"], chosen)


def log_loss(table: Any, labels: Any) -> float:
    """Mean of minus the logarithm of the own creators' probabilities, which count as a millionth at least."""
    return float(-np.log(np.maximum(table[np.arange(len(labels)), labels], 1e-6)).mean())


def crossed(photo: Any, text: Any, labels: Any, seen: Any, read: Any) -> Any:
    """The learned fusion of works, each by weights that were not learned on its fifth."""
    generator = np.random.default_rng((0, 3))
    order = np.lexsort((generator.permutation(len(labels)), labels))
    part = np.empty(len(labels), dtype=int)
    part[order] = (np.arange(len(labels)) + generator.integers(5)) % 5
    table = np.empty(photo.shape)
    for own in (part == number for number in range(5)):
        logit = Logit(photo[~own], text[~own], labels[~own], seen[~own], read[~own])
        table[own] = logit.predict(photo[own], text[own], seen[own], read[own])
    return table


class Fold:
    """What every model says of an outer fold's test works: tables of probabilities by (model, row)."""

    def __init__(self, run: Run, outer: int, inner_folds: range) -> None:
        self.rows = np.flatnonzero(run.outer == outer)
        self.labels = run.labels[self.rows]
        self.tables: dict[tuple[str, str], list[Any]] = {}
        self.validation: dict[tuple[str, float], float] = {}
        self.ratios: dict[tuple[str, float], Any] = {}
        for name, _ in run.models:
            singles = [run.stored(name, outer, inner)["test"] for inner in inner_folds]
            self.tables[name, "single"] = singles
            self.tables[name, "ensemble"] = [sum(singles) / np.float32(len(singles))]
        photo, text = run.first("photo"), run.first("text")
        if photo is not None and text is not None:
            self._fuse(run, photo, text, outer, inner_folds)

    def _fuse(self, run: Run, photo: str, text: str, outer: int, inner_folds: range) -> None:
        stored = [[run.stored(name, outer, inner) for inner in inner_folds] for name in (photo, text)]
        rows = np.concatenate([each["validation_rows"] for each in stored[0]])
        seen, read, labels = run.seen[rows], run.read[rows], run.labels[rows]
        pool = [np.concatenate([each["validation"] for each in of_model]) for of_model in stored]
        given = run.seen[self.rows], run.read[self.rows]
        ensembles = [self.tables[name, "ensemble"][0] for name in (photo, text)]
        for way in WAYS:
            for ratio in RATIOS:
                named = fused(*pool, ratio, way, seen, read).argmax(axis=1)
                self.validation[way, ratio] = accuracy_score(labels, named)
                self.ratios[way, ratio] = fused(*ensembles, ratio, way, *given)
        way, ratio = self.chosen(WAYS)
        logit = Logit(*pool, labels, seen, read)
        pairs = list(zip(self.tables[photo, "single"], self.tables[text, "single"], strict=True))
        of_ratio = [fused(*pair, ratio, way, *given) for pair in pairs]
        of_logit = [logit.predict(*pair, *given) for pair in pairs]
        self.tables["fused-ratio", "fused"] = [self.ratios[way, ratio]]
        self.tables["fused-learned", "fused"] = [sum(of_logit) / len(of_logit)]
        at_ratio = fused(*pool, ratio, way, seen, read)
        is_learned = log_loss(crossed(*pool, labels, seen, read), labels) < log_loss(at_ratio, labels)
        self.tables["fused", "single"] = of_logit if is_learned else of_ratio
        self.tables["fused", "fused"] = self.tables["fused-learned" if is_learned else "fused-ratio", "fused"]

    def chosen(self, ways: tuple[str, ...]) -> tuple[str, float]:
        """The ratio that is best on validation; of equal ones the one nearest to 1:1, log-linear first."""
        possible = [key for key in self.validation if key[0] in ways]
        return min(
            possible, key=lambda key: (-self.validation[key], round(abs(key[1] - 0.5), 6), key[0] == "arithmetic")
        )

    def named(self, model: str, row: str) -> list[Any]:
        """Whom each table of a model names."""
        return [table.argmax(axis=1) for table in self.tables[model, row]]


def figures_of(folder: Path) -> Figures:
    """Every figure of tables 1 to 8."""
    run = Run(folder)
    folds = [Fold(run, *fold) for fold in run.folds]
    found: Figures = {}
    for table in (_table2, _table3, _table4, _entropy_tables):
        found.update(table(run, folds))
    return found


def _over(values: list[float], n: int) -> tuple[float | None, float | None, int]:
    known = [value for value in values if not np.isnan(value)]
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return (float(np.mean(known)) if known else None), spread, n


def _sum(values: list[int], n: int) -> tuple[float, float | None, int]:
    return sum(values), (float(np.std(values, ddof=1)) if len(values) > 1 else None), n


def _macro(labels: Any, named: Any, creators: Any = None) -> float:
    return float(f1_score(labels, named, average="macro", labels=creators, zero_division=0))


def _table2(run: Run, folds: list[Fold]) -> Iterator[tuple[Key, Any]]:
    if not folds[0].ratios:
        return
    n = sum(len(fold.rows) for fold in folds)

    def measured(name: str, chosen: list[tuple[str, float]]) -> Iterator[tuple[Key, Any]]:
        pairs = [(fold.labels, fold.ratios[key].argmax(axis=1)) for fold, key in zip(folds, chosen, strict=True)]
        yield ("table2", name, "fused", "accuracy"), _over([accuracy_score(*pair) for pair in pairs], n)
        yield ("table2", name, "fused", "macro_f1"), _over([_macro(*pair) for pair in pairs], n)

    for way in WAYS:
        accuracies = []
        for ratio in RATIOS:
            name = f"fused-{way} photo {ratio:.1f} text {1 - ratio:.1f}"
            at_ratio = dict(measured(name, [(way, ratio)] * len(folds)))
            accuracies.append(at_ratio["table2", name, "fused", "accuracy"][0])
            yield from at_ratio.items()
            validated = int((run.outer != 0).sum()) if len(run.folds[0][1]) == 5 else None
            on_validation = _over([fold.validation[way, ratio] for fold in folds], validated)
            yield ("table2", name, "fused", "validation_accuracy"), on_validation
        yield from measured(f"fused-{way} chosen", [fold.chosen((way,)) for fold in folds])
        yield from measured(f"fused-{way} oracle", [(way, RATIOS[int(np.argmax(accuracies))])] * len(folds))


def _table3(run: Run, folds: list[Fold]) -> Iterator[tuple[Key, Any]]:
    n = sum(len(fold.rows) for fold in folds)
    for model, row in folds[0].tables:
        by_measure: dict[str, list[float]] = {}
        for fold in folds:
            own = np.arange(len(fold.labels)), fold.labels
            of_tables: dict[str, list[float]] = {}
            for table in fold.tables[model, row]:
                named = table.argmax(axis=1)
                equal_before = (table == table[own][:, None]) & (np.arange(table.shape[1]) < fold.labels[:, None])
                rank = ((table > table[own][:, None]) | equal_before).sum(axis=1)
                of_tables.setdefault("accuracy", []).append(accuracy_score(fold.labels, named))
                of_tables.setdefault("macro_f1", []).append(_macro(fold.labels, named))
                for k in (3, 5):
                    of_tables.setdefault(f"top{k}_accuracy", []).append(float((rank < k).mean()))
            for measure, values in of_tables.items():
                by_measure.setdefault(measure, []).append(float(np.mean(values)))
        for measure, values in by_measure.items():
            yield ("table3", model, row, measure), _over(values, n)


def _table4(run: Run, folds: list[Fold]) -> Iterator[tuple[Key, Any]]:
    photo, text = run.first("photo"), run.first("text")
    if photo is None or text is None:
        return
    n = sum(len(fold.rows) for fold in folds)
    right = [
        tuple(
            fold.named(*key)[0] == fold.labels for key in ((photo, "ensemble"), (text, "ensemble"), ("fused", "fused"))
        )
        for fold in folds
    ]
    for number, name in enumerate((photo, text)):
        for kind, (before, after) in {"TT": (1, 1), "FF": (0, 0), "FT": (0, 1), "TF": (1, 0)}.items():
            cases = [(each[number] == before) & (each[2] == after) for each in right]
            key = "table4", f"{name} -> fused", "fused"
            yield (*key, f"{kind}_count"), _sum([int(case.sum()) for case in cases], n)
            yield (*key, f"{kind}_share"), _over([float(case.mean()) for case in cases], n)
    both = {"both right": (1, 1), "photo right": (1, 0), "text right": (0, 1), "both wrong": (0, 0)}
    for name, (of_photo, of_text) in both.items():
        cases = [(each[0] == of_photo) & (each[1] == of_text) for each in right]
        counts = {
            "works": cases,
            "right": [case & each[2] for case, each in zip(cases, right, strict=True)],
            "wrong": [case & ~each[2] for case, each in zip(cases, right, strict=True)],
        }
        for measure, each in counts.items():
            key = "agreement", f"{name} -> fused", "fused", f"{measure}_count"
            yield key, _sum([int(case.sum()) for case in each], n)


def _entropy_tables(run: Run, folds: list[Fold]) -> Iterator[tuple[Key, Any]]:
    found = run.entropy()
    if found is None:
        return
    looked_at, entropy = found
    for threshold in (np.inf, 5, 4, 3, 2, 1):
        words = "any" if threshold == np.inf else f"H < {threshold}"
        works = np.bincount(run.labels[looked_at & (entropy < threshold)])
        works = works[works > 0]
        counted = {"works_count": works.sum(), "creators": len(works)}
        counted |= {"maximum_count": works.max(initial=0), "minimum_count": works.min(initial=works.max(initial=0))}
        counted["standard_deviation"] = works.std() if len(works) else None
        for measure, value in counted.items():
            yield ("table1", f"works {words}", "single", measure), (value, None, int(works.sum()))
        columns = [(number, run.first(modality)) for number, modality in ((5, "photo"), (6, "text"), (8, "labels"))]
        both = [(number, name, row) for number, name in columns for row in ("single", "ensemble")]
        for number, name, row in [*both, (7, "fused", "fused")]:
            if (name, row) not in folds[0].tables:
                continue
            kept = [looked_at[fold.rows] & (entropy[fold.rows] < threshold) for fold in folds]
            n = int(sum(each.sum() for each in kept))
            key = f"table{number}", f"{name} {words}", row
            if row != "ensemble":
                yield (*key, "works_count"), _sum([int(each.sum()) for each in kept], n)
            accuracies, macro = [], []
            for fold, each in zip(folds, kept, strict=True):
                own = fold.labels[each]
                named = [predicted[each] for predicted in fold.named(name, row)]
                some = len(own) > 0
                accuracies.append(np.mean([accuracy_score(own, one) for one in named]) if some else np.nan)
                macro.append(np.mean([_macro(own, one, np.unique(own)) for one in named]) if some else np.nan)
            yield (*key, "accuracy"), _over(accuracies, n)
            yield (*key, "macro_f1"), _over(macro, n)


def differences(folder: Path) -> tuple[int, list[str]]:
    """How many figures were compared, and a line for each that is not the report's."""
    ours = figures_of(folder)
    stored = json.loads((folder / "report" / "results.json").read_text(encoding="utf-8"))
    of_report = {tuple(each[name] for name in ("table", "model", "row", "measure")): each for each in stored}
    wanted = {key: each for key, each in of_report.items() if key[0] in TABLES and each["value"] is not None}
    said = [f"{' · '.join(key)}: not recomputed" for key in wanted if key not in ours]
    for key, each in wanted.items():
        if key not in ours:
            continue
        value, spread, n = ours[key]
        pairs = [(each["value"], value), (each["spread"], spread), (each["n"], n)]
        if any((a is None) != (b is None) or (a is not None and abs(a - b) > TOLERANCE) for a, b in pairs):
            said.append(
                f"{' · '.join(key)}: the report has {[a for a, _ in pairs]}, recomputed {[b for _, b in pairs]}"
            )
    return len(wanted), said


if __name__ == "__main__":
    compared, lines = differences(Path(sys.argv[1]))
    sys.stdout.write("\n".join([*lines, f"{compared:,} figures of tables 1 to 8 compared, {len(lines)} differ\n"]))
    sys.exit(1 if lines or not compared else 0)

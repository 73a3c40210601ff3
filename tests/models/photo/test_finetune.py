from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.catalogs import tiny_catalog
from tests.networks.tiny_networks import pretrained_tiny, put_tiny_networks, tiny_backbone
from torch import nn
from torch.nn import functional as F

from sakka.cache import cache_folder
from sakka.catalog.splits import Fold, nested_splits
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import CreatorModel
from sakka.models.folder import load_model, save_model
from sakka.models.photo.checkpoints import EpochFigures, Reached, TrainingCheckpoint
from sakka.models.photo.finetune import FineTuned, VGG16FineTuned, held_out
from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.models.photo.training import Examples, Training, TrainingSettings, gathered
from sakka.models.registry import make_model
from sakka.networks import pixels
from sakka.networks.efficientnet_lite import EfficientNetLite
from sakka.networks.pixels import read_photos

SMALL = {"learning_rate": 0.05, "momentum": 0.9, "batch": 8, "epochs": 4, "hidden": 16, "input_px": 32}

SIZES = {"n_creators": 3, "hidden": 16, "side_px": 32, "pools": False}


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))
    put_tiny_networks(monkeypatch)


@pytest.fixture
def works(tmp_path: Path) -> Catalog:
    return tiny_catalog(tmp_path / "works", creators=3, works=12, size_px=32, without_photo=1)


@pytest.fixture
def fold(works: Catalog) -> Fold:
    return nested_splits(works, seed=0).fold(0, 0)


def tuned(**settings: object) -> FineTuned:
    return VGG16FineTuned(**{**SMALL, "dtype": "float32", **settings})


def answers(works: Catalog, folds: Sequence[Fold], **settings: object) -> bytes:
    found = tuned(**settings).predict_folds(works, folds, works.creators)
    return b"".join(each.validation.tobytes() + each.test.tobytes() for each in found)


def kept_folders() -> list[Path]:
    return sorted((cache_folder() / "checkpoints").glob("*"))


class StoppedError(Exception):
    """What a killed process looks like from inside."""


def stop_after(epoch: int, patch: pytest.MonkeyPatch) -> None:
    whole = TrainingCheckpoint.write

    def write(self: TrainingCheckpoint, reached: Reached) -> None:
        whole(self, reached)
        if reached.history[-1].epoch == epoch:
            raise StoppedError

    patch.setattr(TrainingCheckpoint, "write", write)


@pytest.mark.parametrize("epoch", [1, 3, 4])
def test_a_training_that_was_interrupted_after_an_epoch_goes_on_to_the_same_bytes(
    works: Catalog, fold: Fold, epoch: int
) -> None:
    whole = answers(works, [fold])
    with pytest.MonkeyPatch.context() as patch:
        stop_after(epoch, patch)
        with pytest.raises(StoppedError):
            answers(works, [fold])
    (folder,) = kept_folders()
    assert len(list(folder.glob("*.safetensors"))) == 2
    assert answers(works, [fold]) == whole
    assert not kept_folders()


def test_an_interrupted_training_with_every_option_goes_on_to_the_same_bytes(works: Catalog, fold: Fold) -> None:
    options = {"decays": True, "mirrors": True, "head_only": True, "pools": True}
    whole = answers(works, [fold], **options)
    with pytest.MonkeyPatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(StoppedError):
            answers(works, [fold], **options)
    assert answers(works, [fold], **options) == whole


def test_a_resumed_training_only_does_the_epochs_that_are_left(
    works: Catalog, fold: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop_after(3, patch)
        with pytest.raises(StoppedError):
            answers(works, [fold])
    done = []
    epoch = Training._epoch
    monkeypatch.setattr(
        Training, "_epoch", lambda self, number, *rest: done.append(number) or epoch(self, number, *rest)
    )
    answers(works, [fold])
    assert done == [4]


def test_a_damaged_checkpoint_counts_as_none(works: Catalog, fold: Fold) -> None:
    whole = answers(works, [fold])
    with pytest.MonkeyPatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(StoppedError):
            answers(works, [fold])
    (folder,) = kept_folders()
    (folder / "state-2.safetensors").write_bytes(b"\x08")
    assert answers(works, [fold]) == whole


def test_another_training_does_not_take_a_checkpoint_over(works: Catalog) -> None:
    folds = nested_splits(works, seed=0).folds(2)[:2]
    with pytest.MonkeyPatch.context() as patch:
        stop_after(2, patch)
        for fold in folds:
            with pytest.raises(StoppedError):
                answers(works, [fold])
        with pytest.raises(StoppedError):
            answers(works, [folds[0]], momentum=0.8)
    assert len(kept_folders()) == 3


def test_a_folds_bytes_do_not_depend_on_the_folds_beside_it(works: Catalog) -> None:
    folds = nested_splits(works, seed=0).folds(2)[:2]
    assert answers(works, folds) == answers(works, folds[:1]) + answers(works, folds[1:])


def test_the_best_epoch_by_validation_is_kept(works: Catalog, fold: Fold) -> None:
    told: list[EpochFigures] = []
    train, validation = works.take(fold.train), works.take(fold.validation)
    model = tuned().fit_validated(train, validation, works.creators, lambda figures: told.append(figures) is None)
    seen = validation.take(np.flatnonzero(validation.has_photo))
    right = np.mean(model.predict_proba(seen).argmax(axis=1) == seen.creator_indices(works.creators))
    assert len(told) == SMALL["epochs"]
    assert right == max(figures.accuracy for figures in told)
    (judged,) = tuned().predict_folds(works, [fold], works.creators)
    np.testing.assert_allclose(judged.validation, model.predict_proba(validation), atol=1e-6)


def test_a_training_ends_when_it_is_told_not_to_go_on(works: Catalog, fold: Fold) -> None:
    told: list[int] = []
    parts = works.take(fold.train), works.take(fold.validation)
    tuned().fit_validated(*parts, works.creators, lambda figures: told.append(figures.epoch) or figures.epoch < 2)
    assert told == [1, 2]
    assert not kept_folders()


def test_the_test_works_are_not_learned_from(works: Catalog, fold: Fold) -> None:
    (whole,) = tuned().predict_folds(works, [fold], works.creators)
    without = works.take(np.sort(np.r_[fold.train, fold.validation]))
    rows = {work: row for row, work in enumerate(without.ids)}
    parts = [np.array([rows[works.ids[row]] for row in part]) for part in (fold.train, fold.validation)]
    (alone,) = tuned().predict_folds(without, [Fold(0, 0, *parts, parts[1])], works.creators)
    assert alone.validation.tobytes() == whole.validation.tobytes()


def test_parts_of_a_batch_give_the_gradient_of_the_batch(works: Catalog) -> None:
    with_photo = np.flatnonzero(works.has_photo)
    examples = Examples(read_photos(works, 32), with_photo, works.creator_indices()[with_photo])
    none = Examples(examples.photos, with_photo[:0], with_photo[:0])
    parameters = []
    for part in (16, 3):
        body = EfficientNetLite()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            for module in body.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight)
        network = FineTunedNetwork(
            tiny_backbone("x"), body, n_creators=3, hidden=4, side_px=32, pools=True
        )  # its batch norms must keep their statistics, or parts would differ from the batch
        network.draw(0, "abc")
        settings = TrainingSettings(1e-4, 0.9, batch=16, epochs=1, part=part, dtype="float32", seed=0)
        training = Training(network, settings, torch.device("cpu"))
        training.run(examples, none, name="test")
        parameters.append(torch.cat([each.flatten() for each in network.parameters()]))
    torch.testing.assert_close(parameters[0], parameters[1], atol=1e-5, rtol=1e-4)


def test_a_step_is_that_of_the_textbook(works: Catalog) -> None:
    some = np.flatnonzero(works.has_photo)[:8]
    examples = Examples(read_photos(works, 32), some, works.creator_indices()[some])
    none = Examples(examples.photos, some[:0], some[:0])
    body = nn.Module()
    body.forward = lambda photos: {"last": nn.functional.avg_pool2d(photos, 8)}  # type: ignore[method-assign]
    network = FineTunedNetwork(tiny_backbone("x"), body, n_creators=3, hidden=0, side_px=32, pools=False)
    network.draw(3, "abc")
    weights = network.scores.weight.detach().clone()
    settings = TrainingSettings(0.1, 0.5, batch=8, epochs=2, part=8, dtype="float32", seed=0)
    Training(network, settings, torch.device("cpu")).run(examples, none, name="test")

    inputs = (torch.from_numpy(examples.photos.take(some)).permute(0, 3, 1, 2).float() - 127) / 64
    inputs = F.avg_pool2d(inputs, 8).flatten(1).double()
    targets = F.one_hot(torch.from_numpy(examples.labels), 3).double()
    weight, bias, speed, bias_speed = weights.double(), torch.zeros(3).double(), 0.0, 0.0
    for _ in range(2):
        residual = (torch.softmax(inputs @ weight.T + bias, dim=1) - targets) / 8
        speed, bias_speed = 0.5 * speed + residual.T @ inputs, 0.5 * bias_speed + residual.sum(dim=0)
        weight, bias = weight - 0.1 * speed, bias - 0.1 * bias_speed
    torch.testing.assert_close(network.scores.weight.detach().double(), weight, atol=1e-5, rtol=1e-4)


def test_a_step_falls_along_half_a_cosine_where_it_is_asked_for(
    works: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    step = torch.optim.SGD.step
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: rates.append(self.param_groups[0]["lr"]) or step(self))
    some = works.take(np.flatnonzero(works.has_photo)[:16])
    tuned(epochs=2, batch=8, decays=True).fit_validated(some, some.take(np.arange(0)), some.creators, lambda _: True)
    np.testing.assert_allclose(rates, 0.05 * np.array([1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]))


DIVERGES = {"learning_rate": 100.0}  # epoch 1 comes to a finite number at an eighth of it


def history(works: Catalog, fold: Fold, **settings: object) -> FineTuned:
    """A model whose epochs were chosen on the fold's validation works."""
    parts = works.take(fold.train), works.take(fold.validation)
    return tuned(**settings).fit_validated(*parts, works.creators, lambda _: True)


def spoil_step(number: int, patch: pytest.MonkeyPatch) -> None:
    """Let one step of a training end in weights that are no number."""
    step, done = torch.optim.SGD.step, []

    def spoiled(self: torch.optim.SGD) -> None:
        step(self)
        done.append(number)
        if len(done) == number:
            with torch.no_grad():
                self.param_groups[0]["params"][0].fill_(float("nan"))

    patch.setattr(torch.optim.SGD, "step", spoiled)


def test_an_epoch_that_diverges_is_done_again_from_the_start_at_half_the_rate_until_it_does_not(
    works: Catalog, fold: Fold
) -> None:
    model, eighth = history(works, fold, **DIVERGES, epochs=1), history(works, fold, learning_rate=12.5, epochs=1)
    assert model.history_ == eighth.history_
    assert [(each.epoch, each.back_to, each.learning_rate) for each in model.divergences_] == [
        (1, 0, 50.0),
        (1, 0, 25.0),
        (1, 0, 12.5),
    ]
    assert not eighth.divergences_


@pytest.mark.parametrize("step", [8, 9])  # three steps an epoch; after the last no loss is computed
def test_a_step_that_is_no_number_is_undone_and_its_epoch_done_again_from_the_best(
    works: Catalog, fold: Fold, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = history(works, fold).history_
    spoil_step(step, monkeypatch)
    model = history(works, fold)
    assert model.history_[:2] == before[:2]
    assert len(model.history_) == SMALL["epochs"]
    assert model.deviations == (
        "epoch 3 came to no finite number and was done again from epoch 2 at learning_rate 0.025",
    )
    assert np.isfinite(model.predict_proba(works)).all()


def test_a_training_that_is_to_stop_where_it_diverges_gives_its_best_epoch(
    works: Catalog, fold: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = history(works, fold, epochs=2).predict_proba(works)
    spoil_step(8, monkeypatch)
    model = history(works, fold, on_divergence="stop")
    assert model.predict_proba(works).tobytes() == two.tobytes()
    assert model.deviations == ("epoch 3 came to no finite number, and the training ended; epoch 2 is kept",)
    assert len(model.history_) == 2


def test_a_training_that_never_comes_to_a_finite_number_says_what_to_do(works: Catalog) -> None:
    with pytest.raises(ModelError, match=r"not a finite number in epoch 1.* take a lower learning_rate"):
        tuned(learning_rate=100.0, on_divergence="stop").fit(works)


def test_a_training_that_diverged_and_was_interrupted_goes_on_to_the_same_bytes(works: Catalog, fold: Fold) -> None:
    (whole,) = tuned(**DIVERGES).predict_folds(works, [fold], works.creators)
    with pytest.MonkeyPatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(StoppedError):
            answers(works, [fold], **DIVERGES)
    (resumed,) = tuned(**DIVERGES).predict_folds(works, [fold], works.creators)
    assert resumed.test.tobytes() == whole.test.tobytes()
    assert resumed.deviations == whole.deviations
    assert len(whole.deviations) > 3


def test_what_a_training_departed_from_is_saved_with_the_model(works: Catalog, fold: Fold, tmp_path: Path) -> None:
    model = history(works, fold, **DIVERGES)
    save_model(model, tmp_path / "model")
    assert load_model(tmp_path / "model").deviations == model.deviations


def test_the_first_steps_get_longer_where_it_is_asked_for(works: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    step = torch.optim.SGD.step
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: rates.append(self.param_groups[0]["lr"]) or step(self))
    some = works.take(np.flatnonzero(works.has_photo)[:16])
    settings = {"epochs": 3, "batch": 8, "warm_up_epochs": 2}
    tuned(**settings).fit_validated(some, some.take(np.arange(0)), some.creators, lambda _: True)
    np.testing.assert_allclose(rates, 0.05 * np.array([0.25, 0.5, 0.75, 1, 1, 1]))


def test_a_long_gradient_is_shortened_where_it_is_asked_for(works: Catalog) -> None:
    some = works.take(np.flatnonzero(works.has_photo)[:8])
    none = some.take(np.arange(0))
    settings = {"epochs": 1, "batch": 8, "learning_rate": 1.0}
    moved = []
    for clip_norm in (None, 1e9, 0.01):
        model = tuned(**settings, clip_norm=clip_norm).fit_validated(some, none, some.creators, lambda _: True)
        start = FineTunedNetwork(tiny_backbone("vgg16"), pretrained_tiny("vgg16"), **SIZES)
        start.draw(0, some.creators)
        pairs = zip(model.network_.parameters(), start.parameters(), strict=True)
        moved.append(torch.cat([(after - before).flatten() for after, before in pairs]).norm().item())
    assert moved[0] == moved[1] > 0.02
    assert moved[2] == pytest.approx(0.01, rel=1e-3)


def test_a_mirrored_photo_has_its_left_on_the_right(works: Catalog) -> None:
    some = np.flatnonzero(works.has_photo)[:4]
    examples = Examples(read_photos(works, 32), some, some)
    parts = [np.array([2, 0]), np.array([1, 3])]
    plain = torch.cat(list(gathered(examples, parts, torch.device("cpu"))))
    turned = torch.cat(list(gathered(examples, parts, torch.device("cpu"), np.array([True, False, True, False]))))
    assert torch.equal(turned[:2], plain[:2].flip(3))
    assert torch.equal(turned[2:], plain[2:])
    assert not torch.equal(turned[:2], plain[:2])


def test_the_network_stays_as_it_was_where_only_the_new_layers_learn(works: Catalog) -> None:
    model = tuned(head_only=True).fit(works)
    before, after = pretrained_tiny("vgg16").state_dict(), model.network_.body.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    drawn = FineTunedNetwork(tiny_backbone("vgg16"), pretrained_tiny("vgg16"), **SIZES)
    drawn.draw(0, model.creators_)
    assert not torch.equal(drawn.hidden.weight, model.network_.hidden.weight)


def test_all_layers_are_trained(works: Catalog) -> None:
    model = tuned().fit(works)
    before = pretrained_tiny("vgg16").state_dict()
    after = model.network_.body.state_dict()
    for name in ("convolution.weight", "convolution.bias", "norm.weight", "norm.bias"):
        assert not torch.equal(before[name], after[name]), name
    assert torch.equal(before["norm.running_mean"], after["norm.running_mean"])


def test_a_fifth_of_each_creator_is_held_out() -> None:
    labels = np.array([0] * 10 + [1] * 5 + [2] * 4)
    train, validation = held_out(labels, np.arange(19), seed=1)
    assert np.bincount(labels[validation], minlength=3).tolist() == [2, 1, 0]
    assert np.sort(np.r_[train, validation]).tolist() == list(range(19))


def test_bfloat16_gives_nearly_the_answers_of_float32(works: Catalog, fold: Fold) -> None:
    (exact,), (short,) = (
        list(tuned(dtype=dtype, epochs=1).predict_folds(works, [fold], works.creators))
        for dtype in ("float32", "bfloat16")
    )
    assert not np.array_equal(exact.test, short.test)
    np.testing.assert_allclose(exact.test, short.test, atol=0.05)


def test_a_large_table_of_photos_lies_in_a_file_and_holds_the_same(
    works: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = read_photos(works, 32)
    monkeypatch.setattr(pixels, "MOST_BYTES_IN_MEMORY", 1000)
    large = read_photos(works, 32)
    assert isinstance(large.table, np.memmap)
    assert np.array_equal(large.table, small.table)
    assert not list((cache_folder() / "pixels").iterdir())
    assert large.rows.tolist() == [-1] * 3 + list(range(33))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"learning_rate": 0.0}, "got learning_rate 0.0; expected a number above 0"),
        ({"momentum": 1.0}, "got momentum 1.0"),
        ({"epochs": 0}, "got epochs 0; expected 1 or more"),
        ({"input_px": 16}, "expected 32 or more"),
        ({"dtype": "float8"}, "float8"),
        ({"on_divergence": "go on"}, "got on_divergence 'go on'; expected halve or stop"),
        ({"warm_up_epochs": -1}, "got warm_up_epochs -1; expected 0 or more"),
        ({"clip_norm": 0.0}, "got clip_norm 0.0; expected a number above 0"),
        ({"learning_rate": 1e30}, "take a lower learning_rate"),
    ],
)
def test_settings_that_cannot_be_used_are_named(works: Catalog, settings: dict[str, object], match: str) -> None:
    with pytest.raises(ModelError, match=match):
        tuned(**settings).fit(works)


def test_the_papers_settings_are_the_default() -> None:
    model: CreatorModel = make_model("photo-vgg16-finetuned")
    asked = {"learning_rate": 0.005, "momentum": 0.97, "batch": 256, "epochs": 100, "hidden": 4096, "input_px": 224}
    asked |= {"warm_up_epochs": 0, "clip_norm": None}
    assert asked.items() <= model.settings().items()

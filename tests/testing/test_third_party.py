"""A distribution of someone else's on the path: its encoder and its model by name, with the pytest plug-in; and all
that was brought along, vectors, a classifier and an encoder, beside the default: evaluated, saved, loaded, served.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.catalogs import tiny_catalog, vector_catalog
from tests.command import run
from tests.web.servers import problem_of, running

from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models import registry
from sakka.models.base import CreatorModel
from sakka.models.folder import load_model, save_model
from sakka.models.registry import make_model, model_class, offered_models
from sakka.testing.encoder_checks import PHOTO_ENCODER_CHECKS
from sakka.testing.model_checks import MODEL_CHECKS
from sakka.web.settings import Settings

THREE = {"n_neighbors": 3, "algorithm": "brute"}

CODE = """
import numpy as np
from sakka.models.dummy import DummyModel
from sakka.networks.encoders import PhotoEncoder

class Colour(PhotoEncoder):
    name, key, sha256 = "their-colour", "their-colour-1", "ab" * 32
    input_px, size = 8, 3

    def load(self):
        pass

    def vectors(self, pixels):
        return pixels.mean(axis=(1, 2)).astype(np.float32)

    def of_mirror_images(self):
        return self  # a mean has no left and right

class Shares(DummyModel):
    name = "their-shares"
"""
POINTS = """[sakka.photo_encoders]
their-colour = their_things:Colour

[sakka.models]
their-shares = their_things:Shares
"""
PLUGIN_TEST = """
from their_things import Colour
from sakka.testing.model_checks import Subject

def test_the_encoder_keeps_the_contract(photo_encoder_check):
    photo_encoder_check(Colour)

def test_the_model_keeps_the_contract(model_check, sakka_works):
    model_check(Subject("their-shares", {}, sakka_works))
"""


def put_distribution(folder: Path, points: str = POINTS) -> None:
    """Write an installed distribution as pip leaves it: a module, and what its metadata says."""
    information = folder / "their_things-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / "their_things.py").write_text(CODE)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-things\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(points)


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    put_distribution(folder / "site")
    monkeypatch.syspath_prepend(folder / "site")
    offered_models.cache_clear()
    yield folder / "site"
    offered_models.cache_clear()
    sys.modules.pop("their_things", None)


def catalog_with_vectors(folder: Path) -> Catalog:
    """Works with photos and texts, whose vectors are the means of their photos' colours and a little noise."""
    works = tiny_catalog(folder / "photos", creators=3, works=8, size_px=24)
    encoder = make_model("photo-their-colour")
    vectors = encoder.features(works)[0] + np.random.default_rng(0).normal(0, 4, (len(works), 3))
    return replace(works, table=works.table.with_columns(clip=pl.Series(vectors.tolist(), dtype=pl.List(pl.Float64))))


def test_a_model_of_a_package_is_made_by_name_and_known(site: Path) -> None:
    assert model_class("their-shares").__module__ == "their_things"
    with pytest.raises(ModelError, match=r"known are dummy, .* their-shares"):
        make_model("their-share")


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("dummy = their_things:Shares", "offers a model called 'dummy', as sakka has; remove its package"),
        (
            "other = their_things:Shares",
            "other is their_things:Shares, expected a class of CreatorModel called 'other'",
        ),
        ("other = their_things:Colour", "expected a class of CreatorModel"),
        ("other = no_such_things:Shares", r"the model other \(no_such_things:Shares\) can't be imported"),
    ],
)
def test_a_model_that_can_not_be_used_is_refused_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, points: str, message: str, site: Path
) -> None:
    put_distribution(folder / "other-site", f"[sakka.models]\n{points}\n")
    monkeypatch.setattr(sys, "path", [str(folder / "other-site"), *(each for each in sys.path if each != str(site))])
    offered_models.cache_clear()
    with pytest.raises(ModelError, match=message) as caught:
        make_model(points.split()[0])
    assert "\n" not in str(caught.value)


def test_two_packages_with_a_model_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [registry.EntryPoint("x", value, registry.GROUP) for value in ("one:X", "other:X")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    with pytest.raises(ModelError, match="the installed other:X offers a model called 'x', as one:X has"):
        offered_models.__wrapped__()


def test_the_plug_in_checks_their_encoder_and_their_model(
    site: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "conftest.py").write_text('pytest_plugins = ["sakka.testing.plugin"]\n')
    (folder / "test_theirs.py").write_text(PLUGIN_TEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    options = ["-q", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini"), "--rootdir", str(folder)]
    assert pytest.main([*options, str(folder / "test_theirs.py")]) == pytest.ExitCode.OK
    printed = capsys.readouterr().out
    assert f"{len(PHOTO_ENCODER_CHECKS) + len(MODEL_CHECKS)} passed" in printed


def test_what_one_brings_along_is_evaluated_beside_the_default_then_saved_loaded_and_served(
    site: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = catalog_with_vectors(folder)
    works.write(folder / "catalog")
    classifier = "photo-column:clip~sklearn.neighbors.KNeighborsClassifier"
    brought = ["photo-column:clip", classifier, "photo-their-colour"]
    setting = f"{classifier}.estimator_settings={json.dumps(THREE)}"
    arguments = ["experiment", folder / "catalog", "-o", folder / "run", "--preset", "quick", "--outer-folds", "1"]
    arguments += ["--set", setting, "--set", 'photo-lite0.stages=["last"]']
    for name in ("photo-lite0", *brought, "their-shares"):
        arguments += ["--model", name]
    code, _, errors = run(arguments, monkeypatch, capsys)
    assert code == 0, errors
    results = json.loads((folder / "run" / "report" / "results.json").read_text())
    accuracy = {
        each["model"]: each["value"]
        for each in results
        if (each["table"], each["measure"], each["row"]) == ("table3", "accuracy", "ensemble")
    }
    assert set(accuracy) >= {"photo-lite0", *brought, "their-shares"}
    assert all(accuracy[name] > 2 * accuracy["their-shares"] for name in brought)
    for number, name in enumerate(brought):
        settings = {"estimator_settings": THREE} if name == classifier else {}
        save_model(make_model(name, **settings).fit(works), folder / f"model-{number}")
        model = load_model(folder / f"model-{number}")
        assert model.predict(works.take([len(works) - 1])) == [works.table["creator"][-1]]
        served(works, folder, folder / f"model-{number}", model)


def served(works: Catalog, folder: Path, saved: Path, model: CreatorModel) -> None:
    """Ask a server about a work of the catalog, on the page and by the API, and about a photo from outside."""
    asked, creator = works.ids[-1], works.table["creator"][-1]
    with running(Settings(saved, catalog=folder / "catalog", port=0)) as client:
        (answer,) = client.post("/v1/identify/batch", json={"ids": [asked]}).json()["identifications"]
        assert answer["candidates"][0]["creator"] == creator
        assert client.get(f"/works/{asked}").status_code == 200
        photo = (folder / "photos" / works.table["photos"][-1][0]).read_bytes()
        upload = client.post("/v1/identify", files={"photo": ("a.png", photo)})
        if model.kept_columns:
            detail = str(problem_of(upload)["detail"])
            assert detail.startswith("the model reads only the column 'clip', and the work has none; give it a work")
        else:
            assert upload.json()["candidates"][0]["creator"] == creator


def test_fit_takes_what_one_brings_along_and_refuses_at_once_what_it_could_not_save(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vector_catalog(3, 6).write(folder / "catalog")
    fit = ["fit", folder / "catalog", "-o", folder / "model", "--photo-model"]
    code, output, _ = run([*fit, "photo-column:clip"], monkeypatch, capsys)
    assert code == 0
    assert "photo-column:clip + text-linear" in output
    classifier = "photo-column:clip~sklearn.naive_bayes.GaussianNB"
    setting = f"{classifier}.estimator_settings=" + json.dumps({"var_smoothing": 0.5})
    code, _, errors = run([*fit, classifier, "--text-model", "dummy", "--set", setting], monkeypatch, capsys)
    assert code == 0, errors
    saved = load_model(folder / "model").settings()
    assert saved["photo_settings"] == {"estimator_settings": {"var_smoothing": 0.5}}
    code, _, errors = run([*fit, classifier, "--set", "photo-lite0.penalty=1"], monkeypatch, capsys)
    assert code == 2
    assert "--set names photo-lite0, which is not fitted" in " ".join(errors.split())
    refused = "photo-column:clip~sklearn.ensemble.HistGradientBoostingClassifier"
    code, _, errors = run([*fit, refused], monkeypatch, capsys)
    assert code == 2
    assert "TreePredictor, which is not trusted" in " ".join(errors.split())

"""The pytest plug-in: `pytest_plugins = ["sakka.testing.plugin"]`.

A test that takes `model_check`, `photo_encoder_check` or `text_encoder_check` runs once for each check of the list;
`sakka_works` is a small catalog with photos and texts.

    def test_the_model_keeps_the_contract(model_check, sakka_works):
        model_check(Subject("my-model", {}, sakka_works))
"""

import sys

import pytest

from sakka.catalog.works import Catalog

CHECKED = ("model_check", "photo_encoder_check", "text_encoder_check")

REWRITTEN = ("sakka.testing.model_checks", "sakka.testing.encoder_checks")
pytest.register_assert_rewrite(*(name for name in REWRITTEN if name not in sys.modules))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a check once for each of the list."""
    wanted = [name for name in CHECKED if name in metafunc.fixturenames]
    if not wanted:
        return
    from sakka.testing.encoder_checks import PHOTO_ENCODER_CHECKS, TEXT_ENCODER_CHECKS
    from sakka.testing.model_checks import MODEL_CHECKS

    lists = dict(zip(CHECKED, (MODEL_CHECKS, PHOTO_ENCODER_CHECKS, TEXT_ENCODER_CHECKS), strict=True))
    for name in wanted:
        metafunc.parametrize(name, lists[name], ids=lambda check: check.__name__.removeprefix("check_"))


@pytest.fixture(scope="session")
def sakka_works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Sixty works by six creators, with photos and texts."""
    from sakka.testing.works import tiny_catalog

    return tiny_catalog(tmp_path_factory.mktemp("sakka-works"))

import pytest
from tests.networks.mean_colour import MeanColour, offer_encoder

from sakka.errors import ModelError
from sakka.networks.encoders import PhotoEncoder, photo_encoders


def not_an_encoder() -> str:
    return "mean-colour"


def broken() -> PhotoEncoder:
    raise OSError("its weights are gone")


def test_a_sum_gives_its_encoders_in_order() -> None:
    assert [each.name for each in photo_encoders("lite0+vgg16")] == ["lite0", "vgg16"]


def test_an_unknown_encoder_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ModelError, match="no photo encoder is called 'resnet'; known are lite0, "):
        photo_encoders("lite0+resnet")
    with pytest.raises(ModelError, match="one is named twice"):
        photo_encoders("lite0+lite0")


def test_an_entry_point_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    offer_encoder(monkeypatch)
    first, second = photo_encoders("lite0+mean-colour")
    assert (first.name, second.size) == ("lite0", 3)
    assert second.blocks(None, None)[0].tolist() == [0, 1, 2]


def test_stages_of_an_encoder_without_stages_are_refused() -> None:
    with pytest.raises(ModelError, match="has no stages to choose"):
        MeanColour().blocks(["block2"], None)


@pytest.mark.parametrize(
    ("function", "said"), [("not_an_encoder", "gave str, expected a PhotoEncoder"), ("broken", "its weights are gone")]
)
def test_an_entry_point_that_gives_no_encoder_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, function: str, said: str
) -> None:
    offer_encoder(monkeypatch, "theirs", f"{__name__}:{function}")
    with pytest.raises(ModelError, match=said):
        photo_encoders("theirs")

"""Networks of a hub that read texts, from a server on the loopback interface, beside transformers' own answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import save
from tests.networks.hub.tiny_hub import COMMIT, Repository, TinyHub, tiny_hub
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from sakka.arrays import Features
from sakka.errors import ModelError
from sakka.models.registry import model_class
from sakka.networks.encoders import text_encoder
from sakka.networks.hub.text import HubTextEncoder

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "query", "passage", ":", "silver", "moon", "whale", "brooch"]
NAME = f"hf:tiny/bert@{COMMIT}"
TEXTS = ["silver moon", "whale", "moon brooch silver whale"]
STEPS = [{"type": f"sentence_transformers.models.{step}"} for step in ("Transformer", "Pooling", "Normalize")]


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    made.enable_padding(length=12)  # what a file says of padding is not followed
    return made


@pytest.fixture(scope="module")
def bert() -> transformers.BertModel:
    """A small BERT with random weights."""
    torch.manual_seed(0)
    described = transformers.BertConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        vocab_size=len(WORDS),
        max_position_embeddings=10,
    )
    return transformers.BertModel(described).eval()


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch, bert: transformers.BertModel) -> Iterator[TinyHub]:
    """A hub with the repository tiny/bert, and an empty cache."""
    monkeypatch.setenv("SAKKA_CACHE", str(folder))
    with tiny_hub() as hub:
        hub.repositories["tiny/bert"] = repository(bert)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub


def repository(network: transformers.PreTrainedModel, **said: Any) -> Repository:
    """A network as a repository has it, with JSON files of sentence-transformers."""
    files = {
        "config.json": json.dumps(network.config.to_dict()).encode(),
        "tokenizer.json": tokenizer().to_str().encode(),
        "model.safetensors": save({name: each.contiguous() for name, each in network.state_dict().items()}),
    }
    names = {
        "steps": "modules.json",
        "pooling": "1_Pooling/config.json",
        "prompts": "config_sentence_transformers.json",
    }
    names |= {"length": "sentence_bert_config.json"}
    return Repository({**files, **{names[name]: json.dumps(value).encode() for name, value in said.items()}})


def of_bert(bert: transformers.BertModel, texts: list[str]) -> torch.Tensor:
    """The last layer as transformers gives it for each text, shape (n, n_tokens, 16); zeros where a text has none."""
    numbers = [torch.tensor(tokenizer().encode(text).ids) for text in texts]
    given = torch.stack(numbers)[:, :10]
    with torch.no_grad():
        mask = (given != 0).long()
        return bert(input_ids=given, attention_mask=mask).last_hidden_state * mask[:, :, None]


def unit(vectors: torch.Tensor) -> Features:
    return torch.nn.functional.normalize(vectors, dim=1).numpy()


def test_a_plain_network_gives_means_of_tokens_of_length_one(hub: TinyHub, bert: transformers.BertModel) -> None:
    encoder = text_encoder(NAME)
    found = encoder.vectors(TEXTS)
    np.testing.assert_allclose(found, unit(of_bert(bert, TEXTS).sum(dim=1)), atol=1e-6)
    assert found[1:2].tobytes() == encoder.vectors(TEXTS[1:2]).tobytes()  # alone, and among others
    assert (encoder.size, encoder.licence) == (16, "apache-2.0")
    assert encoder.key == f"hf-tiny--bert-{encoder.sha256[:16]}-passage-tokens1"


def test_pooling_and_prompts_are_those_of_the_repository(hub: TinyHub, bert: transformers.BertModel) -> None:
    hub.repositories["tiny/prompts"] = repository(
        bert,
        steps=STEPS[:2],
        pooling={"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "word_embedding_dimension": 16},
        prompts={"prompts": {"query": "query: ", "document": "passage: "}},
    )
    encoder = HubTextEncoder(f"tiny/prompts@{COMMIT}")
    for each, prompt in ((encoder, "passage: "), (encoder.of_queries(), "query: ")):
        expected = of_bert(bert, [prompt + text for text in TEXTS])[:, 0]
        np.testing.assert_allclose(each.vectors(TEXTS), expected.numpy(), atol=1e-6)
    assert encoder.key != encoder.of_queries().key


def test_a_long_text_is_cut(hub: TinyHub, bert: transformers.BertModel) -> None:
    hub.repositories["tiny/short"] = repository(bert, length={"max_seq_length": 4})
    assert (
        HubTextEncoder(f"tiny/short@{COMMIT}").vectors(["moon whale silver " * 900]).tobytes()
        == HubTextEncoder(f"tiny/bert@{COMMIT}").vectors(["moon whale"]).tobytes()
    )
    assert np.isfinite(HubTextEncoder(f"tiny/bert@{COMMIT}").vectors(["moon " * 900])).all()  # it has 10 positions


def test_text_hf_is_a_model(hub: TinyHub) -> None:
    assert model_class(f"text-{NAME}").name == f"text-{NAME}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"steps": [*STEPS, {"type": "sentence_transformers.models.Dense"}]}, "modules.json has the step 'Dense'"),
        ({"pooling": {"pooling_mode_max_tokens": True}}, "says max_tokens, expected one of cls, "),
        ({"pooling": {"pooling_mode_mean_tokens": True, "include_prompt": False}}, "with the prompt"),
        ({"length": {"max_seq_length": 10**6}}, "reads 1,000,000 tokens, expected 1 to 8,192"),
        ({"length": {"max_seq_length": 64}}, "can't read a text of 64 tokens"),
        ({"steps": {}}, "modules.json is no JSON array"),
    ],
)
def test_ways_of_reading_that_are_not_known_are_refused(
    hub: TinyHub, bert: transformers.BertModel, said: dict[str, Any], expected: str
) -> None:
    hub.repositories["tiny/other"] = repository(bert, **said)
    with pytest.raises(ModelError) as refused:
        HubTextEncoder(f"tiny/other@{COMMIT}").vectors(["moon " * 900])
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_network_without_a_tokenizer_or_for_photos_is_refused(hub: TinyHub, bert: transformers.BertModel) -> None:
    files = {name: each for name, each in repository(bert).files.items() if name != "tokenizer.json"}
    hub.repositories["tiny/bare"] = Repository(files)
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        HubTextEncoder(f"tiny/bare@{COMMIT}").vectors(TEXTS)
    hub.repositories["tiny/wrong"] = Repository({**files, "tokenizer.json": b"[]"})
    with pytest.raises(ModelError, match=r"tokenizer\.json of hf:\S+ is no tokenizer"):
        HubTextEncoder(f"tiny/wrong@{COMMIT}").vectors(TEXTS)
    vit = transformers.ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    hub.repositories["tiny/vit"] = Repository({**files, "config.json": json.dumps(vit.to_dict()).encode()})
    with pytest.raises(ModelError, match="of kind 'vit', which reads no texts"):
        HubTextEncoder(f"tiny/vit@{COMMIT}").load()

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from sakka.errors import ModelError
from sakka.networks.onnx.text import OnnxTextEncoder

WORDS = {"[UNK]": 0, "query:": 1, "flower": 2, "vase": 3, "blue": 4}
TABLE = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype(np.float32)


def texts_network(
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"), number: int = TensorProto.INT64
) -> ModelProto:
    """A vector of six numbers for each token, weighted by the attention mask."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weights"]),
        helper.make_node("Mul", ["rows", "weights"], ["tokens"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, number, ["n", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["n", "tokens", 6])],
        [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.array([2]), "last")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_text_network(folder: Path, network: ModelProto | None = None, **changes: object) -> Path:
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    content = (network or texts_network()).SerializeToString()
    (folder / "tiny.onnx").write_bytes(content)
    described = {
        "kind": "text",
        "outputs": [{"name": "tokens", "pooling": "mean"}],
        "max_tokens": 8,
        "prefix": "query: ",
        "normalise": True,
        "licence": "MIT",
        "sha256": hashlib.sha256(content).hexdigest(),
        "files": {"tokenizer.json": hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()},
        **changes,
    }
    (folder / "tiny.onnx.json").write_text(json.dumps(described), encoding="utf-8")
    return folder / "tiny.onnx"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(tmp_path_factory.mktemp("cache")))
        made = OnnxTextEncoder(write_text_network(tmp_path_factory.mktemp("network")))
        made.load()
        yield made


def test_a_text_is_the_normalised_mean_of_its_tokens_behind_the_prefix(encoder: OnnxTextEncoder) -> None:
    (vector,) = encoder.vectors(["blue vase"])
    mean = TABLE[[1, 4, 3]].mean(axis=0)
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), rtol=1e-5)
    assert (encoder.size, vector.dtype, encoder.licence) == (6, np.float32, "MIT")


def test_a_texts_vector_does_not_depend_on_the_texts_beside_it(encoder: OnnxTextEncoder) -> None:
    texts = ["blue", "blue vase flower flower", "", "unheard of"]
    together = encoder.vectors(texts)
    assert np.array_equal(together, np.concatenate([encoder.vectors([text]) for text in texts]))


def test_a_long_text_is_read_up_to_its_limit(encoder: OnnxTextEncoder) -> None:
    assert np.array_equal(*encoder.vectors(["blue " * 7, "blue " * 7 + "vase " * 100_000]))


def test_the_tokenizer_belongs_to_what_is_checked(encoder: OnnxTextEncoder, tmp_path: Path) -> None:
    file = write_text_network(tmp_path)
    assert encoder.sha256 not in (hashlib.sha256(file.read_bytes()).hexdigest(), OnnxTextEncoder(file).key)
    assert OnnxTextEncoder(file).key == encoder.key
    assert OnnxTextEncoder(write_text_network(tmp_path, prefix="passage: ")).key != encoder.key
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer.json has the SHA-256 .*, tiny.onnx.json says"):
        OnnxTextEncoder(write_text_network_with_tokenizer(tmp_path, b"{}", described_rightly=False)).load()
    with pytest.raises(ModelError, match=r"tokenizer.json is no tokenizer \("):
        OnnxTextEncoder(write_text_network_with_tokenizer(tmp_path, b"{}")).load()


def write_text_network_with_tokenizer(folder: Path, content: bytes, *, described_rightly: bool = True) -> Path:
    files = {"tokenizer.json": hashlib.sha256(content).hexdigest()} if described_rightly else {}
    file = write_text_network(folder, **({"files": files} if files else {}))
    (folder / "tokenizer.json").write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("inputs", "number", "said"),
    [
        (("attention_mask", "photos"), TensorProto.INT64, "has the inputs attention_mask, photos; expected input_ids"),
        (("input_ids", "attention_mask"), TensorProto.FLOAT, "reads token numbers in another form than int64"),
    ],
)
def test_a_network_that_reads_something_else_is_refused(
    tmp_path: Path, inputs: tuple[str, ...], number: int, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        OnnxTextEncoder(write_text_network(tmp_path, texts_network(inputs, number))).load()

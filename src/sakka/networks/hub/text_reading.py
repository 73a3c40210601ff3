"""How a hub's network wants its texts read, as sentence-transformers writes it into a repository.

    modules.json                          the steps: Transformer, Pooling, Normalize
    1_Pooling/config.json                 which tokens make the vector
    config_sentence_transformers.json     what stands before a text and before a query
    sentence_bert_config.json             how many tokens are read

A repository without `modules.json` holds a plain network: its vector is the mean of the tokens, of length 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from sakka.errors import ModelError
from sakka.networks.hub.files import HubFiles

Tokens: TypeAlias = Literal["first", "mean", "last"]

USUAL_TOKENS, MOST_TOKENS = 512, 8192
STEPS = ("Transformer", "Pooling", "Normalize")
POOLING = "1_Pooling/config.json"
POOLINGS: Mapping[str, Tokens] = MappingProxyType(
    {"cls": "first", "cls_token": "first", "mean": "mean", "mean_tokens": "mean", "lasttoken": "last"}
)
"""What sentence-transformers calls a pooling -> the tokens of the last layer that make the vector."""


@dataclass(frozen=True)
class TextReading:
    """How texts are read.

    Attributes:
        passage: What stands before a text.
        query: What stands before a query that texts are looked for by.
        tokens: Which tokens of the last layer make the vector: the first, the last, or the mean of all.
        normalises: Whether a vector is given the length 1.
        most_tokens: How many tokens of a text are read.
    """

    passage: str
    query: str
    tokens: Tokens
    normalises: bool
    most_tokens: int


def text_reading(files: HubFiles) -> TextReading:
    """How a repository wants texts read.

    Raises:
        ModelError: It is not a way that is known here.
    """
    steps = [str(step.get("type", "")).rpartition(".")[2] for step in files.steps("modules.json")]
    others = [step for step in steps if step not in STEPS]
    if others:
        raise ModelError(
            f"{files.revision}: modules.json has the step {others[0]!r}, expected {', '.join(STEPS)}; choose another "
            "repository"
        )
    said = files.settings("config_sentence_transformers.json")
    prompts = said.get("prompts") or {}
    usual = prompts.get(said.get("default_prompt_name"), "")
    return TextReading(
        passage=str(prompts.get("document", prompts.get("passage", usual))),
        query=str(prompts.get("query", usual)),
        tokens=_tokens(files),
        normalises=not steps or "Normalize" in steps,
        most_tokens=_most_tokens(files),
    )


def _tokens(files: HubFiles) -> Tokens:
    said = files.settings(POOLING)
    if not said:
        return "mean"
    chosen = [name.removeprefix("pooling_mode_") for name, value in said.items() if value is True]
    chosen = [name for name in chosen if name != "include_prompt"]
    named = [said["pooling_mode"]] if "pooling_mode" in said else chosen
    if len(named) != 1 or named[0] not in POOLINGS or said.get("include_prompt") is False:
        raise ModelError(
            f"{files.revision}: {POOLING} says {', '.join(map(str, named)) or 'nothing'}, expected one of "
            f"{', '.join(POOLINGS)}, with the prompt; choose another repository"
        )
    return POOLINGS[named[0]]


def _most_tokens(files: HubFiles) -> int:
    said = files.settings("sentence_bert_config.json").get("max_seq_length")
    positions = files.settings("config.json").get("max_position_embeddings")
    # Without a word about it two positions are left: networks of RoBERTa's kind count from 2.
    usual = min(USUAL_TOKENS, positions - 2) if isinstance(positions, int) else USUAL_TOKENS
    most = said if isinstance(said, int) else usual
    if not 0 < most <= MOST_TOKENS:
        raise ModelError(f"{files.revision} reads {most:,} tokens, expected 1 to {MOST_TOKENS:,}; choose another one")
    return most

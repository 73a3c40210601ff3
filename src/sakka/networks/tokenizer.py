"""A user's tokenizer: a `tokenizer.json` of the package tokenizers, which cuts texts for `onnx:` and `hf:` networks."""

from typing import Any

from sakka.errors import MissingPartError, ModelError

TOKENIZER = "tokenizer.json"
MOST_CHARACTERS_A_TOKEN = 16  # of a text no more is looked at than this times the tokens that are read


class Tokenizer:
    """Cuts texts into tokens, without padding, so that a text's tokens don't depend on the texts beside it."""

    def __init__(self, content: bytes, most_tokens: int, where: str, extra: str) -> None:
        """Read a tokenizer.

        Args:
            content: The bytes of the file.
            most_tokens: How many tokens of a text are read.
            where: What messages call the file.
            extra: The extra that the package comes with.

        Raises:
            MissingPartError: tokenizers is not installed.
            ModelError: The file is none.
        """
        try:
            import tokenizers
        except ImportError as error:
            raise MissingPartError(f"tokenizers, which {where} needs,", extra, error) from error
        try:
            self._cuts: Any = tokenizers.Tokenizer.from_buffer(content)
            self._cuts.no_padding()
            self._cuts.enable_truncation(most_tokens)
        except Exception as error:  # tokenizers raises this class itself
            said = " ".join(str(error).split())
            raise ModelError(
                f"{where} is no tokenizer ({said}); expected a {TOKENIZER}, as the package tokenizers saves it"
            ) from error
        self._most_characters = MOST_CHARACTERS_A_TOKEN * most_tokens

    def tokens(self, text: str, prefix: str = "") -> list[int]:
        """The tokens of a text with something in front of it."""
        tokens: list[int] = self._cuts.encode(prefix + text[: self._most_characters]).ids
        return tokens

"""A network of a hub as a PyTorch module: the architecture is transformers' own, the weights are safetensors.

Only the part for photos, or for texts, is made. Settings that would have other code, other repositories or other
number formats loaded are left out or refused. Weights that the architecture needs and the files lack would be drawn by
chance, so they are refused too; poolers are not read and may be missing.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from torch import float32, nn

from sakka.errors import MissingPartError, ModelError
from sakka.networks.hub.files import INDEX, HubFiles

PART = {"photo": "vision_config", "text": "text_config"}
READS = {"photo": "pixel_values", "text": "input_ids"}
LEFT_OUT = {
    "auto_map",
    "dtype",
    "torch_dtype",
    "torchscript",
    "return_dict",
    "output_hidden_states",
    "output_attentions",
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "_name_or_path",
}
MISMATCH = "ignore_mismatched_sizes"
REFUSED = ("quantization_config", "backbone", "backbone_config", "use_timm_backbone")
LAYERS, MOST_LAYERS = re.compile("layers|depth"), 1000  # making them takes time before weights are compared

_one_at_a_time = threading.Lock()


def network(files: HubFiles, use: str) -> nn.Module:
    """The network, in float32, ready to read from; threads may share it, and it is loaded once a process.

    Args:
        files: Its files, whose bytes are checked before they are read.
        use: `photo` or `text`.

    Raises:
        WeightsError: The bytes of a file were changed.
        ModelError: It is no network of that use, or transformers can't make it.
        MissingPartError: transformers is not installed.
    """
    with _one_at_a_time:
        return _loaded(files, use)


def transformers() -> Any:
    """The package.

    Raises:
        MissingPartError: It is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise MissingPartError("transformers, which networks named hf: are run by,", "hub", error) from error
    return transformers


def architecture(files: HubFiles, use: str) -> tuple[Any, type[Any]]:
    """What describes the part of a network that is used, and its class.

    Raises:
        ModelError: transformers has no such architecture, or it reads something else.
        MissingPartError: transformers is not installed.
    """
    package = transformers()
    settings = _cleaned(files.settings("config.json"), files)
    kind = settings.get("model_type")
    known = package.CONFIG_MAPPING
    if not isinstance(kind, str) or kind not in known:
        raise ModelError(
            f"{files.revision} is a network of kind {kind!r}, which transformers {package.__version__} doesn't have; "
            "choose another repository, or export it and use `onnx:`"
        )
    try:
        config = known[kind].from_dict(settings)
    except Exception as error:
        raise ModelError(f"{files.revision}: config.json can't be used ({one_line(error)})") from error
    config = getattr(config, PART[use], None) or config
    made = package.MODEL_MAPPING.get(type(config), None)
    if not isinstance(made, type) or getattr(made, "main_input_name", None) != READS[use]:
        raise ModelError(
            f"{files.revision} is a network of kind {kind!r}, which reads no {use}s; choose one that does"
            + (f", or use it as text-{files.revision}" if use == "photo" else "")
        )
    return config, made


@lru_cache(maxsize=2)
def _loaded(files: HubFiles, use: str) -> nn.Module:
    files.check()
    _check_shards(files)
    config, made = architecture(files, use)
    try:
        with _silent(transformers()):
            found, notes = made.from_pretrained(
                files.folder,
                config=config,
                dtype=float32,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:
        # Of other sizes transformers says in its log which they are, and here an argument that is not wanted.
        reason = "their sizes are not those of config.json" if MISMATCH in str(error) else one_line(error)
        raise ModelError(
            f"{files.revision}: its weights don't go into the architecture {made.__name__} ({reason}); choose another "
            "commit"
        ) from error
    missing = sorted(name for name in notes["missing_keys"] if "pooler" not in name)
    if missing:
        raise ModelError(
            f"{files.revision} lacks {len(missing):,} weights of the architecture {made.__name__}, such as "
            f"{missing[0]}; choose another commit"
        )
    ready: nn.Module = found.eval().requires_grad_(False)
    return ready


def _check_shards(files: HubFiles) -> None:
    """Refuse an index of shards that names other files than those that were fetched."""
    names = files.settings(INDEX).get("weight_map", {})
    others = sorted({str(name) for name in dict(names).values()} - set(files.files))
    if others:
        raise ModelError(f"{files.revision}: {INDEX} names {others[0]!r}, which was not fetched; choose another commit")


def _cleaned(settings: Mapping[str, Any], files: HubFiles) -> dict[str, Any]:
    """Settings without those that are left out, of all parts.

    Raises:
        ModelError: There is one that is refused.
    """
    for name in REFUSED:
        if settings.get(name):
            raise ModelError(f"{files.revision}: config.json has {name}, which is not read here; choose another one")
    for name in settings:
        counts = settings[name] if isinstance(settings[name], list) else [settings[name]]
        if LAYERS.search(name) and any(isinstance(count, int) and count > MOST_LAYERS for count in counts):
            raise ModelError(f"{files.revision}: config.json has {name} above {MOST_LAYERS:,}; choose another one")
    kept = {name: value for name, value in settings.items() if name not in LEFT_OUT}
    return {name: _cleaned(value, files) if isinstance(value, dict) else value for name, value in kept.items()}


def one_line(error: Exception, most: int = 200) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())[:most] or type(error).__name__


@contextmanager
def _silent(package: Any) -> Iterator[None]:
    """No warnings and progress bars of transformers, which go to the terminal past the command line."""
    logging = package.utils.logging
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()

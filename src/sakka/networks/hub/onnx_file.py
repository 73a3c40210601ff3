"""A network of a hub that is there as ONNX alone: described by the repository's settings, and run as `onnx:` runs one.

A repository that has sakka's own description beside the file (`model.onnx.json`) is taken at its word. Elsewhere the
last layer is read, which is all that such files give: means and standard deviations over the patches, and the class
token where one stands before them.
"""

from pathlib import Path

from sakka.errors import ModelError
from sakka.networks.hub.files import HubFiles
from sakka.networks.hub.preparation import Preparation, preparation
from sakka.networks.onnx.checked_file import KIND, MOST_BYTES
from sakka.networks.onnx.description import Description, Output, description_path
from sakka.networks.onnx.files import read_bytes
from sakka.networks.onnx.graph import read_contents
from sakka.networks.onnx.network import OnnxNetwork
from sakka.networks.onnx.photo import OnnxEncoder

LAST_LAYER, POOLED = "last_hidden_state", ("image_embeds", "pooler_output")
RANGES = {1 / 255: 1, 1.0: 255}  # a colour's factor -> what it goes up to


def onnx_encoder(files: HubFiles, path: Path) -> OnnxEncoder:
    """The encoder of an ONNX file of a hub.

    Args:
        files: Its files; their bytes are checked.
        path: The ONNX file.

    Raises:
        WeightsError: The bytes of a file were changed.
        ModelError: It is not described so that it can be read.
        MissingPartError: onnxruntime is not installed.
    """
    files.check()
    if description_path(path).relative_to(files.folder).as_posix() in files.files:
        return OnnxEncoder(path)
    prepared, name = preparation(files), _output_name(files, path)
    if name != LAST_LAYER:
        return OnnxEncoder(path, description=_described(files, path, prepared, Output(name, "vector")))
    whole = _described(files, path, prepared, Output(name, "mean+std"))
    shape = OnnxNetwork(path, "photo", description=whole).shapes[0]
    side = files.settings("config.json").get("patch_size")
    n_before = shape[1] - (prepared.input_px // side) ** 2 if len(shape) == 3 and isinstance(side, int) and side else 0
    if n_before <= 0:
        return OnnxEncoder(path, description=whole)
    outputs = (Output(name, "cls"), Output(name, "mean+std", n_before))
    return OnnxEncoder(path, description=_described(files, path, prepared, *outputs))


def _described(files: HubFiles, path: Path, prepared: Preparation, *outputs: Output) -> Description:
    if prepared.blue_first or prepared.factor not in RANGES:
        raise ModelError(
            f"{files.revision}: preprocessor_config.json wants colours in another order or range than ONNX files are "
            "given here; download the file and use `onnx:`"
        )
    beside = {
        (files.folder / name).name: sha256
        for name, sha256 in files.files.items()
        if name.startswith(f"{path.relative_to(files.folder).as_posix()}_")
    }
    return Description(
        kind="photo",
        outputs=outputs,
        licence=files.licence,
        sha256=files.files[path.relative_to(files.folder).as_posix()],
        files=beside,
        input_px=prepared.input_px,
        pixel_range=RANGES[prepared.factor],
        mean=prepared.mean,
        scale=prepared.std,
    )


def _output_name(files: HubFiles, path: Path) -> str:
    """The output that is read."""
    try:
        names = [each.name for each in read_contents(memoryview(read_bytes(path, MOST_BYTES, KIND))).outputs]
    except ValueError as error:
        raise ModelError(f"{path} is no ONNX file ({error}); choose another commit") from error
    for name in (LAST_LAYER, *POOLED):
        if name in names:
            return name
    raise ModelError(
        f"{files.revision}: {path.name} gives {', '.join(names[:8])}, expected {LAST_LAYER} or one of "
        f"{', '.join(POOLED)}; download the file and use `onnx:`"
    )

"""Folders of models as someone with bad intent would leave them: changed, and with a manifest that fits."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from sakka.errors import ModelError
from sakka.files import canonical_json, with_checksum
from sakka.models.base import CreatorModel
from sakka.models.folder import FORMAT_VERSION, load_model, save_model

OF_ANY_LENGTH = (" scores", " confidences")  # of held-out works, where they are not counted by creator


def sign_anew(folder: Path) -> None:
    """Write a manifest that fits whatever stands in the folder."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    content = {"format": FORMAT_VERSION, "model": "fused", "files": files}
    (folder / "manifest.json").write_text(canonical_json(with_checksum(content)))


def check_other_shapes_are_refused(model: CreatorModel, folder: Path) -> None:
    """Save a model with each of its arrays made one shorter, in each dimension, or given a dimension more."""
    save_model(model, folder)
    for path in folder.rglob("tensors.safetensors"):
        arrays = load(path.read_bytes())
        for name, array in arrays.items():
            axes = [axis for axis in range(array.ndim) if array.shape[axis] and not name.endswith(OF_ANY_LENGTH)]
            for changed in (array[None], *(np.delete(array, -1, axis) for axis in axes)):
                path.write_bytes(save({**arrays, name: np.ascontiguousarray(changed)}))
                sign_anew(folder)
                with pytest.raises(ModelError, match=rf"^{path.parent} can't be read as a model \(|it is not read$"):
                    load_model(folder)
        path.write_bytes(save(arrays))

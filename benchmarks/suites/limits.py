"""How far single steps are from what the machine can do: decoding, search."""

from benchmarks.data import photo_works, write_works
from benchmarks.harness import Comparison, Plan, compare
from benchmarks.processes import Side
from benchmarks.results import Section, section_of

TITLE = "Single steps and what limits them"
SIZE = 500  # photos
VECTORS = 100_000
VALUES = 1_280


def measure(plan: Plan) -> Section:
    """Compare reading photos with decoders alone, and exact search with reading the vectors from memory."""
    chosen = photo_works(plan).first(plan.size)
    works = {"works": str(write_works(chosen, plan.scratch / "works.json"))}
    reading = Side("sakka read_photo", "benchmarks.ours.photo_reading:ReadPhotos", works)
    pillow = Side("Pillow alone", "benchmarks.peers.decoding:Pillow", works, "classic")
    opencv = Side("OpenCV alone", "benchmarks.peers.decoding:OpenCV", works, "classic")
    vectors = {"vectors": VECTORS, "values": VALUES}
    search = Side("exact search by a matrix product", "benchmarks.ours.processor:ExactSearch", vectors)
    memory = Side("reading the vectors from memory", "benchmarks.ours.processor:ReadMemory", vectors)
    comparisons = [
        Comparison("reading photos / Pillow alone", "photos", reading, pillow),
        Comparison("reading photos / OpenCV alone", "photos", reading, opencv),
        Comparison(
            "exact search / memory bandwidth",
            "GiB",
            search,
            memory,
            note="a plain matrix product; `python -m studies index_scale` measures the index",
        ),
    ]
    return section_of("limits", TITLE, plan, [compare(comparison, plan) for comparison in comparisons], chosen.source)

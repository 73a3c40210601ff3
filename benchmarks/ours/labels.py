"""Sakka's own object labels: photo files to boxes, nothing cached."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.works import read_works
from sakka.object_labels.boxes import Boxes
from sakka.object_labels.detections import detected, load_detector
from sakka.object_labels.table import label_vector
from sakka.photos.store import photo_sha256


class Labels:
    """Looking for objects in photo files.

    Args:
        works: The photos.
        other: Where the other side has written its boxes.
        threads: For PyTorch, which sakka takes as many workers as; None: its own choice.
    """

    def __init__(self, works: str, other: str, threads: int | None) -> None:
        import torch

        if threads:
            torch.set_num_threads(threads)
        paths = [Path(photo) for photo in read_works(works)["photos"]]
        self.photos = [(photo_sha256(path), path) for path in paths]
        self.other, self.boxes = Path(other), dict[str, Boxes]()
        self.detector = load_detector()

    def run(self) -> dict[str, Any]:
        """Look at every photo."""
        self.boxes = {key: boxes for pairs in detected(self.photos, self.detector) for key, boxes in pairs}
        return {"units": len(self.photos)}

    def quality(self) -> dict[str, float]:
        """In how many photos the other side found the same labels, and how far its boxes are apart where it did."""
        with np.load(self.other) as written:
            theirs = [written[f"arr_{number}"] for number in range(len(self.photos))]
        pairs = [(self.boxes[key], boxes) for (key, _), boxes in zip(self.photos, theirs, strict=True)]
        same = [np.array_equal(label_vector(ours) > 0, label_vector(other) > 0) for ours, other in pairs]
        alike = [abs(ours - other).max(initial=0) for ours, other in pairs if ours.shape == other.shape]
        return {"photos": len(pairs), "with the same labels": sum(same), "boxes apart by": float(max(alike))}

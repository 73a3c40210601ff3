"""SSD MobileNet v2 by OpenCV's DNN: what photos show, the way sakka looked for it before onnxruntime."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.peers.works import read_works

SIDE_PX = 300
BATCH = 8
LOWEST_CONFIDENCE = 0.1


class OpenCV:
    """OpenCV's DNN on the threads that it takes, batches of eight, photos read by threads meanwhile.

    Args:
        works: The photos.
        graph: TensorFlow's frozen graph.
        text: What describes it to OpenCV.
        boxes: The boxes are written there as .npz, by the photo's number; columns: label, confidence, corners.
        threads: For OpenCV; None: its own choice.
    """

    def __init__(self, works: str, graph: str, text: str, boxes: str, threads: int | None) -> None:
        import cv2

        if threads:
            cv2.setNumThreads(threads)
        self.photos, self.boxes = read_works(works)["photos"], Path(boxes)
        self.network = cv2.dnn.readNetFromTensorflow(graph, text)

    def run(self) -> dict[str, Any]:
        """Look at every photo."""
        found: list[npt.NDArray[np.float32]] = []
        with ThreadPoolExecutor(4) as pool:
            squeezed = pool.map(_squeezed, self.photos)
            while batch := [pixels for _, pixels in zip(range(BATCH), squeezed, strict=False)]:
                found += self._detect(batch)
        np.savez(self.boxes, *found)
        return {"units": len(self.photos)}

    def _detect(self, batch: list[Any]) -> list[npt.NDArray[np.float32]]:
        import cv2

        self.network.setInput(cv2.dnn.blobFromImages(batch))
        rows = self.network.forward()[0, 0]
        rows = rows[(rows[:, 1] >= 1) & (rows[:, 2] >= LOWEST_CONFIDENCE)]
        rows = rows[np.argsort(-rows[:, 2], kind="stable")]
        rows[:, 3:] = rows[:, 3:].clip(0, 1)
        return [rows[rows[:, 0] == number, 1:] for number in range(len(batch))]


def _squeezed(photo: str) -> Any:
    import cv2
    from PIL import Image

    with Image.open(photo) as image:
        whole = image.convert("RGB")
    factors = (max(1, whole.width // SIDE_PX), max(1, whole.height // SIDE_PX))
    pixels = np.asarray(whole.reduce(factors) if factors != (1, 1) else whole)
    return cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)

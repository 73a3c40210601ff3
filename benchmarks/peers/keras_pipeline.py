"""The paper's pipeline in Keras 3 and fastText: image model, text model, average of probabilities, 5 x 5 folds.

The whole of it takes hours to weeks on a CPU, so its time is extrapolated from measured pieces:

    frozen:      N f + 25 E h + 25 (e + 1000 t)
    fine-tuned:  25 E n s     + 25 (e + 1000 t)

f seconds a photo through frozen VGG16, h an epoch of a softmax layer on a fold's features, s seconds a photo of a
training step, t an epoch of fastText; N photos, n of them in a fold's training part, E = 100 epochs; e is not
counted (segmentation, start of training).
"""

import time
from typing import Any

import keras
import numpy as np

from benchmarks.peers.keras_photos import FrozenFeatures
from benchmarks.peers.keras_training import TrainingSteps
from benchmarks.peers.texts import PAPER_EPOCHS, fasttext_probabilities, segmented, train_fasttext
from benchmarks.peers.works import read_works

FOLDS = 25
INNER_FOLDS = 5
IMAGE_EPOCHS = 100
MEASURED_TEXT_EPOCHS = 20
BATCH = 256  # the paper's
STEP_BATCH = 16


class PaperPipeline:
    """The pipeline's time for 25 folds; what it names rightly in one of them is told by `FrozenOuterFold`.

    Args:
        works: Path of all works.
        measured: Path of the works whose photos are timed.
        weights: VGG16's convolutions as .npz; None leaves random values.
        output: A path for features.
        fine_tuned: Whether the whole network is trained, as the paper does, or the last layer on frozen features.
    """

    def __init__(self, works: str, measured: str, weights: str | None, output: str, *, fine_tuned: bool) -> None:
        self.works = read_works(works)
        self.creators = np.array(self.works["creators"])
        self.n_creators = int(self.creators.max()) + 1
        self.lines = segmented(self.works["texts"])
        self.part: Any
        if fine_tuned:
            self.part = TrainingSteps(STEP_BATCH, 1, self.n_creators, tuned=True, weights=weights)
        else:
            self.part = FrozenFeatures(measured, "vgg16", tuned=True, weights=weights, output=output)
        self.fine_tuned = fine_tuned
        self.notes = f"{self.part.notes}; fastText {PAPER_EPOCHS} epochs"

    def run(self) -> dict[str, Any]:
        """Measure the pieces and give the time of the whole; a unit is the whole."""
        start = time.perf_counter()
        photos = self.part.run()["units"]
        photo_s = (time.perf_counter() - start) / photos
        train = self.works["folds"][0]["train"]
        if self.fine_tuned:
            image_s = FOLDS * IMAGE_EPOCHS * len(train) * photo_s
        else:
            image_s = len(self.creators) * photo_s + FOLDS * IMAGE_EPOCHS * self._head_epoch_s(len(train))
        text_s = FOLDS * PAPER_EPOCHS * self._text_epoch_s(train)
        note = (
            f"extrapolated from {photos} photos and {MEASURED_TEXT_EPOCHS} epochs of fastText: "
            f"image {image_s:.0f} s, text {text_s:.0f} s"
        )
        return {"units": 1, "seconds": image_s + text_s, "note": note}

    def _head_epoch_s(self, n_train: int) -> float:
        generator = np.random.default_rng(0)
        features = generator.standard_normal((len(self.creators), self.part.features.shape[1])).astype(np.float32)
        creators = self.creators[:n_train]
        head = trained_head(features[:n_train], creators, self.n_creators, epochs=1)  # compiled and warm
        start = time.perf_counter()
        head.fit(features[:n_train], creators, batch_size=BATCH, epochs=2, verbose=0)
        return (time.perf_counter() - start) / 2

    def _text_epoch_s(self, train: list[int]) -> float:
        lines, creators = [self.lines[row] for row in train], self.creators[train]
        seconds = []
        for epochs in (1, 1 + MEASURED_TEXT_EPOCHS):
            start = time.perf_counter()
            train_fasttext(lines, creators, epochs)
            seconds.append(time.perf_counter() - start)
        return max(seconds[1] - seconds[0], 1e-6) / MEASURED_TEXT_EPOCHS


class FrozenOuterFold:
    """The first outer fold in full: five layers on frozen VGG16, five text models, averaged 5:5.

    Args:
        works: Path of the works.
        weights: VGG16's convolutions as .npz.
        output: A path for features.
    """

    def __init__(self, works: str, weights: str, output: str) -> None:
        self.works = read_works(works)
        self.part = FrozenFeatures(works, "vgg16", tuned=True, weights=weights, output=output)
        self.notes = f"{self.part.notes}, {IMAGE_EPOCHS} epochs of a layer; fastText {PAPER_EPOCHS} epochs"

    def quality(self) -> dict[str, Any]:
        """The creators named for the test works by photo, text and both, as numbers."""
        self.part.run()
        features = np.asarray(self.part.features, np.float32)
        creators, lines = np.array(self.works["creators"]), segmented(self.works["texts"])
        n_creators = int(creators.max()) + 1
        test = self.works["folds"][0]["test"]
        photo, text = np.zeros((2, len(test), n_creators))
        for fold in self.works["folds"][:INNER_FOLDS]:
            train = fold["train"]
            head = trained_head(features[train], creators[train], n_creators, IMAGE_EPOCHS)
            photo += head.predict(features[test], verbose=0)
            model = train_fasttext([lines[row] for row in train], creators[train], PAPER_EPOCHS)
            text += fasttext_probabilities(model, [lines[row] for row in test], n_creators)
        tables = {"photo": photo, "text": text, "both": photo + text}
        return {kind: table.argmax(axis=1).tolist() for kind, table in tables.items()}


def trained_head(features: np.ndarray, creators: np.ndarray, n_creators: int, epochs: int) -> Any:
    """Train the last layer on features, shape (n, d), of works by these creators, shape (n,); give the Keras model."""
    keras.config.set_dtype_policy("float32")
    head = keras.Sequential([keras.Input((features.shape[1],)), keras.layers.Dense(n_creators, activation="softmax")])
    head.compile(keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
    head.fit(features, creators, batch_size=BATCH, epochs=epochs, verbose=0)
    return head

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
    """The pipeline's time for 25 folds, and the accuracy of one outer fold.

    Args:
        works: Path of all works.
        measured: Path of the works whose photos are timed.
        weights: VGG16's convolutions as .npz; None leaves random values.
        output: A path for features.
        fine_tuned: Whether the whole network is trained, as the paper does, or the last layer on frozen features.
        judged: Whether `quality` computes one outer fold in full (all photos, ten models).
    """

    def __init__(
        self, works: str, measured: str, weights: str | None, output: str, *, fine_tuned: bool, judged: bool
    ) -> None:
        self.works = read_works(works)
        self.creators = np.array(self.works["creators"])
        self.n_creators = int(self.creators.max()) + 1
        self.lines = segmented(self.works["texts"])
        self.judged = judged and not fine_tuned
        self.all_works, self.weights, self.output = works, weights, output
        self.part: Any
        if fine_tuned:
            self.part = TrainingSteps(STEP_BATCH, 1, self.n_creators, tuned=True, weights=weights)
        else:
            self.part = FrozenFeatures(measured, "vgg16", tuned=True, weights=weights, output=output)
        self.fine_tuned = fine_tuned
        self.notes = f"{self.part.notes}; fastText {PAPER_EPOCHS} epochs; accuracy of one outer fold, ten models"

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

    def quality(self) -> dict[str, float]:
        """Give the accuracy of the first outer fold: the average of five image and five text models, 5:5."""
        if not self.judged:
            return {}
        whole = FrozenFeatures(self.all_works, "vgg16", tuned=True, weights=self.weights, output=self.output)
        whole.run()
        test = self.works["folds"][0]["test"]
        total = np.zeros((len(test), self.n_creators))
        for fold in self.works["folds"][:INNER_FOLDS]:
            head = self._head(np.asarray(whole.features, np.float32), fold["train"], IMAGE_EPOCHS)
            total += head.predict(np.asarray(whole.features, np.float32)[test], verbose=0)
            total += self._text_probabilities(fold["train"], test)
        return {"accuracy": float((total.argmax(axis=1) == self.creators[test]).mean())}

    def _head(self, features: np.ndarray, train: list[int], epochs: int) -> Any:
        keras.config.set_dtype_policy("float32")
        head = keras.Sequential(
            [keras.Input((features.shape[1],)), keras.layers.Dense(self.n_creators, activation="softmax")]
        )
        head.compile(keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
        head.fit(features[train], self.creators[train], batch_size=BATCH, epochs=epochs, verbose=0)
        return head

    def _head_epoch_s(self, n_train: int) -> float:
        generator = np.random.default_rng(0)
        features = generator.standard_normal((len(self.creators), self.part.features.shape[1])).astype(np.float32)
        head = self._head(features, list(range(n_train)), epochs=1)  # compiled and warm
        start = time.perf_counter()
        head.fit(features[:n_train], self.creators[:n_train], batch_size=BATCH, epochs=2, verbose=0)
        return (time.perf_counter() - start) / 2

    def _text_epoch_s(self, train: list[int]) -> float:
        lines, creators = [self.lines[row] for row in train], self.creators[train]
        seconds = []
        for epochs in (1, 1 + MEASURED_TEXT_EPOCHS):
            start = time.perf_counter()
            train_fasttext(lines, creators, epochs)
            seconds.append(time.perf_counter() - start)
        return max(seconds[1] - seconds[0], 1e-6) / MEASURED_TEXT_EPOCHS

    def _text_probabilities(self, train: list[int], test: list[int]) -> np.ndarray:
        model = train_fasttext([self.lines[row] for row in train], self.creators[train], PAPER_EPOCHS)
        return fasttext_probabilities(model, [self.lines[row] for row in test], self.n_creators)

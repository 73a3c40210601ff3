"""From pixels to one vector a photo: how the channels after each stage of a network are distributed.

    v = [mean_s, std_s for each stage s but the last, mean_last, root(covariance_s) for some stages s]

over the positions of a stage's map. Means of early stages tell colour and light, their standard deviations texture
and contrast. Covariances tell which patterns go together, whose brush it is: they are what style transfer calls
style. Of a symmetric matrix of c x c the c (c + 1) / 2 values of the upper triangle are kept, row by row, each as
root(a) = sign(a) sqrt(|a|), so that a few strong channels don't drown the others.

Sources: L. Gatys, A. Ecker, M. Bethge, CVPR 2016 (style is in the statistics of channels);
X. Huang, S. Belongie, ICCV 2017, https://arxiv.org/abs/1703.06868 (means and standard deviations carry much of it);
T.-Y. Lin, A. RoyChowdhury, S. Maji, ICCV 2015, https://arxiv.org/abs/1504.07889 (covariances, signed root).
"""

import hashlib
import json
import platform
import time
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from sakka.arrays import Features, IntArray, Pixels
from sakka.cache import cache_folder
from sakka.engines.threads import single_threaded
from sakka.errors import ModelError
from sakka.files import write_json
from sakka.networks.backbones import LAST, Backbone, backbone, inference_network, pretrained_network
from sakka.networks.encoders import BACKBONE_OF, BATCH_PHOTOS, PhotoEncoder
from sakka.networks.memory import use_huge_pages
from sakka.networks.weights.registry import weights_sha256

DTYPES: Mapping[str, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}
FASTER_BY = 1.15  # bfloat16 is taken only where it gains more than timing errs
TIMED_TURNS = 4  # of each format, in turn: what else the machine does then meets both


class PhotoExtractor(PhotoEncoder):
    """Turns pixels into vectors with one backbone.

    Attributes:
        name: As it is chosen as an encoder.
        backbone: The network's description.
        dtype: Number format of the network, `float32` or `bfloat16`; the vectors' own format depends on the backbone.
        mirrored: Whether it looks at the photos' mirror images.
        network: The network itself, loaded when it is first used.
    """

    def __init__(
        self, name: str, dtype: str | None = None, network: nn.Module | None = None, *, mirrored: bool = False
    ) -> None:
        """Choose a backbone.

        Args:
            name: The backbone's name.
            dtype: None: the faster one on this machine, measured once and remembered in the cache.
            network: Used instead of the pretrained one, and made ready to read from.
            mirrored: Whether it looks at the photos' mirror images.
        """
        self.backbone: Backbone = backbone(name)
        self.name = next((short for short, long in BACKBONE_OF.items() if long == name), name)
        self.mirrored = mirrored
        self._dtype = dtype
        self._given = network

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to read photos to the same bytes: the number format that was chosen here too."""
        return {**super().__getstate__(), "_dtype": self.dtype}

    @cached_property
    def dtype(self) -> str:
        """The number format of the network."""
        chosen = self._dtype or measured_dtype(self.backbone)
        if chosen not in DTYPES:
            raise ModelError(f"no number format is called {chosen!r}; known are {', '.join(DTYPES)}")
        return chosen

    @cached_property
    def network(self) -> nn.Module:
        """The network, ready to read from."""
        use_huge_pages()
        network = self._given if self._given is not None else pretrained_network(self.backbone.name)
        return inference_network(network, DTYPES[self.dtype])

    def load(self) -> None:
        """Load the network."""
        self.network  # noqa: B018

    @cached_property
    def key(self) -> str:
        """What the vectors depend on besides the photo: weights, preprocessing and number format."""
        statistics = "statistics2" if self.backbone.covariances else "statistics"
        view = f"squash{self.input_px}{'-mirrored' if self.mirrored else ''}"
        return f"{self.backbone.name}-{self.sha256[:16]}-{view}-{statistics}-{self.dtype}"

    @cached_property
    def sha256(self) -> str:
        """Of its weights."""
        return weights_sha256(self.backbone.name) if self._given is None else _state_sha256(self._given)

    @property
    def input_px(self) -> int:
        """The side of the squares that it reads."""
        return self.backbone.input_px

    @property
    def widths(self) -> tuple[int, ...]:
        """Means and deviations of all stages but the last, and each stage's covariances."""
        return tuple(len(block) for block in self.blocks(None, None))

    @property
    def number(self) -> type[np.float16] | type[np.float32]:
        """The number format of the vectors: float16 where covariances make them long, which errs by 1 in 2,000."""
        return np.float16 if self.backbone.covariances else np.float32

    @cached_property
    def columns(self) -> dict[str, slice]:
        """The columns of each stage's means and standard deviations in the vectors."""
        slices: dict[str, slice] = {}
        start = 0
        for stage, channels in self.backbone.stages.items():
            stop = start + (channels if stage == LAST else 2 * channels)
            slices[stage] = slice(start, stop)
            start = stop
        return slices

    @cached_property
    def covariance_columns(self) -> dict[str, slice]:
        """The columns of the covariances between each stage's channels in the vectors."""
        slices: dict[str, slice] = {}
        start = max(place.stop for place in self.columns.values())
        for stage in self.backbone.covariances:
            channels = self.backbone.stages[stage]
            slices[stage] = slice(start, start + channels * (channels + 1) // 2)
            start = slices[stage].stop
        return slices

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return max(int(place.stop) for place in [*self.columns.values(), *self.covariance_columns.values()])

    def column_indices(self, stages: Sequence[str] | None) -> IntArray:
        """The columns of some stages' means and standard deviations, ascending; None: every stage but `last`.

        Raises:
            ModelError: There is no such stage, or none is named.
        """
        wanted = self.backbone.block_stages if stages is None else tuple(stages)
        unknown = [stage for stage in wanted if stage not in self.columns]
        if unknown or not wanted:
            got = repr(unknown[0]) if unknown else "no stage"
            raise ModelError(f"got {got} for {self.backbone.name}; it has the stages {', '.join(self.columns)}")
        every = np.arange(self.size)
        return np.unique(np.concatenate([every[self.columns[stage]] for stage in wanted]))

    def blocks(self, stages: Sequence[str] | None, covariances: Sequence[str] | None) -> list[IntArray]:
        """The columns of each block of features: means and standard deviations together, then each stage's covariances.

        Args:
            stages: The stages whose means and standard deviations are wanted; None: every stage but `last`.
            covariances: The stages whose covariances are wanted; None: all that the vectors have where `stages` is
                None, else none.

        Raises:
            ModelError: There is no such stage, or the vectors don't have its covariances.
        """
        slices = self.covariance_columns
        wanted = (() if stages is not None else tuple(slices)) if covariances is None else tuple(covariances)
        for stage in wanted:
            if stage not in slices:
                known = ", ".join(slices) or "no stage"
                raise ModelError(f"got covariances of {stage!r} for {self.backbone.name}; it has those of {known}")
        every = np.arange(self.size)
        return [self.column_indices(stages), *(every[slices[stage]] for stage in slices if stage in wanted)]

    def of_mirror_images(self) -> "PhotoExtractor":
        """The same extractor for photos' mirror images."""
        other = PhotoExtractor(self.backbone.name, self.dtype, self._given, mirrored=True)
        if "network" in vars(self):
            other.network = self.network  # loaded already, and ready to read from
        return other

    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, shape (n, size), in the format `number`.

        Args:
            pixels: RGB, shape (n, height, width, 3).
        """
        return self.statistics(self.maps(np.ascontiguousarray(pixels[:, :, ::-1]) if self.mirrored else pixels))

    def statistics(self, maps: Mapping[str, torch.Tensor]) -> Features:
        """The vectors of photos, shape (n, size), in the format `number`, from the network's maps of them."""
        with torch.inference_mode():
            parts, roots = [], {}
            for stage in self.backbone.stages:
                mean, std, root = channel_statistics(maps[stage], covariances=stage in self.covariance_columns)
                parts += [mean] if stage == LAST else [mean, std]
                if root is not None:
                    roots[stage] = root
            table = torch.cat([*parts, *(roots[stage] for stage in self.covariance_columns)], dim=1)
            vectors: Features = (table.half() if self.number is np.float16 else table).numpy()
        return vectors

    def maps(self, pixels: Pixels) -> dict[str, torch.Tensor]:
        """The network's maps by stage, each of shape (n, channels, h, w), in its number format.

        Args:
            pixels: RGB, shape (n, height, width, 3).
        """
        with torch.inference_mode():
            # (n, height, width, 3) seen as (n, 3, height, width) is channels last already.
            photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
            maps: dict[str, torch.Tensor] = self.network(self.backbone.normalise(photos).to(DTYPES[self.dtype]))
        return maps


def channel_statistics(
    maps: torch.Tensor, *, covariances: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Each channel's mean and population standard deviation, and the channels' covariances, in float32.

    Args:
        maps: Shape (n, channels, height, width).
        covariances: Whether these are wanted.

    Returns:
        Means, shape (n, channels); standard deviations, of the same shape; and the signed roots of the population
        covariances, shape (n, channels (channels + 1) / 2), or None.
    """
    positions = maps.permute(0, 2, 3, 1).flatten(1, 2)  # (n, height * width, channels), a view of channels last
    n_photos, n_positions, channels = positions.shape
    mean, squares = (torch.empty((n_photos, channels)) for _ in range(2))
    roots = torch.empty((n_photos, channels * (channels + 1) // 2)) if covariances else None
    # One photo at a time, and always in these arrays, which stay in the processor's cache.
    values, products = torch.empty((n_positions, channels)), torch.empty((channels, channels))
    for number, photo in enumerate(positions):
        values.copy_(photo)
        torch.mean(values, dim=0, out=mean[number])
        values -= mean[number]
        if roots is not None:
            torch.mm(values.T, values, out=products)
            torch.index_select(products.view(-1), 0, _upper_triangle(channels), out=roots[number])
        torch.mean(values.square_(), dim=0, out=squares[number])
    if roots is not None:
        roots /= n_positions
        roots = roots.abs().sqrt_().copysign_(roots)
    return mean, squares.sqrt_(), roots


@lru_cache(maxsize=16)
def _upper_triangle(side: int) -> torch.Tensor:
    """The indices of the upper triangle of a square matrix, row by row, in the flattened matrix."""
    rows, columns = torch.triu_indices(side, side)
    indices: torch.Tensor = rows * side + columns
    return indices


def measured_dtype(described: Backbone) -> str:
    """The number format that this machine computes the backbone faster in, timing it once.

    The answer is kept in the cache, by backbone, PyTorch's version and the processor's capabilities, so that the same
    cache gives the same vectors however busy the machine is later. The formats are timed in turn, in processor time of
    one thread, as photos are read, so that a machine that is busy now chooses as an idle one does; the least of each
    counts.
    """
    machine = machine_name()
    digest = hashlib.sha256(machine.encode()).hexdigest()[:12]
    path = cache_folder() / "features" / f"{described.name}-number-format-{digest}.json"
    try:
        chosen = json.loads(path.read_text(encoding="utf-8"))["dtype"]
        if chosen in DTYPES:
            return str(chosen)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not measured yet, or not readable: measure
    with single_threaded(1, "sakka-number-format") as pool:
        turns = [
            {name: pool.submit(_seconds_a_batch, described, dtype).result() for name, dtype in DTYPES.items()}
            for _ in range(TIMED_TURNS)
        ]
    seconds = {name: min(turn[name] for turn in turns) for name in DTYPES}
    chosen = "bfloat16" if seconds["bfloat16"] * FASTER_BY < seconds["float32"] else "float32"
    write_json(path, {"dtype": chosen, "machine": machine, "seconds_a_batch": seconds})
    return chosen


def machine_name() -> str:
    """What a network's speed and its last bits depend on besides itself: the processor's kind and PyTorch's version."""
    capable = [name for name, has in sorted(torch.cpu.get_capabilities().items()) if has is True and "bf16" in name]
    abilities = "-".join([torch.backends.cpu.get_cpu_capability(), *capable])
    return f"{platform.machine()}-{abilities}-torch{torch.__version__}"


def _seconds_a_batch(described: Backbone, dtype: torch.dtype) -> float:
    use_huge_pages()
    network = inference_network(described.make(), dtype)
    photos = torch.zeros(BATCH_PHOTOS, 3, described.input_px, described.input_px, dtype=dtype)
    photos = photos.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        network(photos)
        start = time.thread_time()
        network(photos)
        return time.thread_time() - start


def _state_sha256(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.float().contiguous().numpy().tobytes())
    return digest.hexdigest()

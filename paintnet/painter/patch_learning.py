"""One patch of a mosaic: what its network is given to learn, here or in a worker."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paintnet.coding.network import CodedNetwork
from paintnet.dataset.windows import CONTEXT, Window
from paintnet.encoding.raw import RawMap
from paintnet.errors import PictureError, TrainingError
from paintnet.executor import Cluster, run_all
from paintnet.files.scratch import ScratchFile
from paintnet.files.writing import in_words
from paintnet.network import Network
from paintnet.painter.patches_done import Ending
from paintnet.painter.run import Run
from paintnet.painter.training_set import Place
from paintnet.patches import Patch
from paintnet.picture import premultiply
from paintnet.picture.levels import BAND_ROWS, LevelPicture, Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.stored_patches import Stored
from paintnet.typing import Array

CERTAIN = 10.0
"""Score of the one class in a patch that has not been learned yet."""


class PictureFile(NamedTuple):
    """A picture in a file, which workers map instead of being sent it."""

    path: str
    shape: tuple[int, ...]
    dtype: str

    def mapped(self) -> Pixels:
        """Give the picture; what is not looked at is not read.

        Raises
        ------
        PictureError
            If this process does not see the file.
        """
        try:
            array = np.memmap(self.path, self.dtype, "r", shape=self.shape)
        except (OSError, ValueError) as error:  # ValueError: it is shorter
            why = f"a worker cannot read it ({getattr(error, 'strerror', None) or error})"
            raise PictureError(self.path, why, "give a folder that all workers see by this path") from error
        return LevelPicture(array) if array.dtype.kind == "u" else array


@dataclass(frozen=True, eq=False)
class PatchTask:
    """A patch that is to be learned.

    Parameters
    ----------
    number : int
        Of the patch in its mosaic.
    window : Window
        Its pixels.
    picture : LevelPicture, float32 array, or PictureFile
        The whole picture, or the file that it is mapped from.
    settings : PainterSettings
        Of this patch.
    preset : str
        Where they come from.
    palette : float32 array of shape (classes, channels) or None
        In classify: the classes of the whole picture, premultiplied by alpha.
    """

    number: int
    window: Window
    picture: Pixels | PictureFile
    settings: PainterSettings
    preset: str
    palette: Array | None = None

    def start(self) -> Run:
        """Begin its run, with what its points depend on around it."""
        picture = self.picture.mapped() if isinstance(self.picture, PictureFile) else self.picture
        height, width, _ = picture.shape
        around = self.window.grown(CONTEXT, width, height)
        inside = self.window.moved(-around.left, -around.top)
        surroundings = np.ascontiguousarray(around.of(picture))
        share = self.window.n_pixels / (height * width)
        place = Place(surroundings, inside, (around.left, around.top), self.palette, share)
        return Run(np.ascontiguousarray(inside.of(surroundings)), self.settings, self.preset, place=place)

    def learned(self, run: Run, loss: float) -> "LearnedPatch":
        """Take its network from its run."""
        patch = patch_over(self.window, run.stored_network())
        ending = Ending(run.epochs_, loss, run.ended_by_ or "stopped", run.engine)
        return LearnedPatch(self.number, patch, ending)


@dataclass(frozen=True, eq=False)
class LearnedPatch:
    """A patch that has been learned.

    Parameters
    ----------
    number : int
        Of the patch in its mosaic.
    patch : Patch
        The result.
    ending : Ending
        How its learning ended.
    stored : Stored or None
        The patch as it is stored, where it was learned by a worker.
    """

    number: int
    patch: Patch
    ending: Ending
    stored: Stored | None = None


def learn_patch(task: PatchTask) -> LearnedPatch:
    """Learn a patch from begin to end, and store it: packed by a worker, it costs the program no time."""
    run, loss = task.start(), 0.0
    for event in run:
        loss = event.loss
    learned = task.learned(run, loss)
    return replace(learned, stored=Stored.of(learned.patch))


def learn_patches(
    tasks: Iterable[PatchTask], workers: int, cluster: Cluster | None, variables: Mapping[str, str]
) -> Generator[LearnedPatch, None, None]:
    """Learn patches side by side, and give each when it is done.

    Raises
    ------
    TrainingError
        If the workers of a patch died.
    """
    with closing(run_all(learn_patch, tasks, workers, cluster, variables)) as outcomes:
        for outcome in outcomes:
            if outcome.result is None:
                why = f"the process that learned patch {outcome.task.number + 1} died, and so did the next"
                raise TrainingError("workers", why, "use fewer of them, or give them more memory")
            yield outcome.result


def patch_over(window: Window, network: Network) -> Patch:
    """Lay a network over its window, in which its positions begin."""
    return Patch(network, window.extent, (float(window.left), float(window.top)))


def flat_patch(
    picture: Pixels, window: Window, palette: Array | None, kind: tuple[int, str], *, is_coded: bool = False
) -> Patch:
    """Paint the mean color of a window, or its most likely class; `kind` says what the outputs are.

    `is_coded`: as a network in whole numbers.
    """
    mean = premultiply(window.of(picture)[::4, ::4]).mean(axis=(0, 1), dtype=np.float64)
    n_outputs, output = kind
    answers = mean
    if palette is not None:
        nearest = int(np.square(palette - mean).sum(axis=1).argmin())
        is_it = np.arange(n_outputs) == nearest if n_outputs > 1 else np.array([nearest == 1])
        answers = np.where(is_it, CERTAIN, -CERTAIN)
    if is_coded:
        return patch_over(window, CodedNetwork.flat(window.width, window.height, answers, output))
    encoding = RawMap(window.extent)
    weights = (np.zeros((encoding.n_features, len(answers)), np.float32),)
    return Patch(Network(encoding, weights, (answers.astype(np.float32),), "relu", output), window.extent)


@contextmanager
def in_a_file(picture: Pixels, folder: Path | None = None) -> Iterator[PictureFile | LevelPicture]:
    """Keep a picture in a file for a while, unless it lies in one already.

    Parameters
    ----------
    picture : LevelPicture or float32 array
        The whole.
    folder : Path, optional
        Where the file must be, for workers that see no other folder of this machine.

    Raises
    ------
    OutputError
        If the folder cannot take it.
    """
    levels = picture.levels if isinstance(picture, LevelPicture) else picture
    if folder is None and not isinstance(levels, np.ndarray):
        assert isinstance(picture, LevelPicture)  # noqa: S101 - only that has other levels; told to mypy
        yield picture
        return
    with in_words("a temporary file" if folder is None else folder):
        scratch = ScratchFile(folder)
    try:
        with in_words(scratch.path):
            for top in range(0, levels.shape[0], BAND_ROWS):
                levels[top : top + BAND_ROWS].tofile(scratch.file)
            scratch.finish() if folder else scratch.file.flush()
        yield PictureFile(str(scratch.path), levels.shape, levels.dtype.str)
    finally:
        scratch.close()

"""What is fed with damaged bytes, and what must be true of every outcome."""

import contextlib
import io
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import click
import numpy as np

import paintnet
from paintnet import Painting
from paintnet.cli.info import info
from paintnet.cli.predict import predict
from paintnet.coding.network import CodedNetwork
from paintnet.dataset.palettes import read_palette
from paintnet.errors import PaintnetError
from paintnet.files.download import DownloadLimits, download
from paintnet.files.names import printable
from paintnet.picture import OpenLimits, banding, open_picture
from tests.http_server import HttpServer, Talk
from tools.fuzz import corpus
from tools.fuzz.forging import damaged_model, damaged_small
from tools.fuzz.mutations import mutated

_LIMITS = OpenLimits(max_pixels=2_000_000)
_HASTY = DownloadLimits(1, 0.5, 2, 1_000_000, max_redirects=2, tries=2, pause_seconds=0)
_LONGEST_MESSAGE = 2_000


@dataclass(frozen=True)
class Target:
    """One way for bytes to come in.

    Parameters
    ----------
    name : str
        What is damaged.
    seeds : list of bytes
        Whole files, to be damaged.
    attempt : callable
        Reads bytes; whatever it raises but a documented error is a finding.
    others : list of bytes
        Files that are read whole, but too large or too strange to be worth damaging.
    damage : callable
        Makes a case of a seed, another one and what decides everything.
    """

    name: str
    seeds: list[bytes]
    attempt: Callable[[bytes], None]
    others: list[bytes] = field(default_factory=list)
    damage: Callable[[bytes, bytes, random.Random], bytes] = mutated


def outcome_of(target: Target, data: bytes) -> str:
    """Feed a target: ``read``, or ``refused`` by a documented error.

    Raises
    ------
    Exception
        Anything that is not documented, also an error whose words are not fit to be shown.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            target.attempt(data)
        except (PaintnetError, click.UsageError) as error:
            words = str(error) if isinstance(error, PaintnetError) else printable(error.format_message())
            if not words.isprintable() or len(words) > _LONGEST_MESSAGE:
                raise AssertionError(f"an error that cannot be shown: {words[:200]!r}") from error
            return "refused"
    return "read"


@contextlib.contextmanager
def targets(files: list[Path]) -> Iterator[dict[str, Target]]:
    """Everything that takes bytes from outside.

    Parameters
    ----------
    files : list of Path
        More pictures to begin with.
    """
    with tempfile.TemporaryDirectory() as folder, HttpServer() as server:
        model = Path(folder) / "good.paintnet"
        models = corpus.model_seeds()
        model.write_bytes(models[0])
        place = Path(folder) / "damaged"
        every = (
            Target("pictures", corpus.picture_seeds(files), _picture, [each.read_bytes() for each in files]),
            Target("tiles", corpus.tile_seeds(), _tiles),
            Target("models", models, lambda data: _model(data, place), damage=damaged_model),
            Target("small", corpus.small_seeds(), lambda data: _small(data, place), damage=damaged_small),
            Target("palettes", corpus.palette_seeds(), lambda data: _palette(data, place)),
            Target("positions", corpus.position_seeds(), lambda data: _positions(data, place, model)),
            Target("answers", corpus.answer_seeds(), lambda data: _answer(data, server)),
        )
        yield {each.name: each for each in every}


def _picture(data: bytes) -> None:
    opened = open_picture(io.BytesIO(data), limits=_LIMITS)
    pixels = opened.pixels
    assert pixels.ndim == 3
    assert pixels.shape[2] in (1, 3, 4)
    assert pixels.dtype == np.float32
    assert np.isfinite(pixels).all()
    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert all(note.isprintable() for note in opened.notes)


def _tiles(data: bytes) -> None:
    """Read it as a large picture is read: by tiles, in bands of five rows, into a temporary file."""
    with mock.patch.multiple(banding, HELD_PIXELS=0, BAND_PIXELS=5 * 53):
        _picture(data)


def _model(data: bytes, place: Path) -> None:
    place.write_bytes(data)
    painting = paintnet.load(place)
    right, bottom = painting.width - 0.5, painting.height - 0.5
    xy = [
        [1, 1],
        [0.3, 2.7],
        [-0.5, -0.5],
        [right, bottom],
        [-7, bottom],
        [1e9, -1e9],
        [-1e300, 3],
        [1e300, 0],
    ]
    answers = [painting.predict(xy), painting.predict_pixels(xy), painting.render((3, 2))]
    if painting.mode == "classify":
        answers.append(chances := painting.predict_proba(xy))
        assert np.allclose(chances.sum(axis=1), 1)
    for colors in answers:
        assert np.isfinite(colors).all()
        assert 0 <= colors.min() <= colors.max() <= 1
    with contextlib.redirect_stdout(io.StringIO()):
        info.main([str(place), "--json"], standalone_mode=False)


def _small(data: bytes, place: Path) -> None:
    """What is read is written, and read again: reading and writing go different ways to the same chances."""
    _model(data, place)
    painting = paintnet.load(place)
    again = Painting.from_bytes(painting.to_bytes())
    network, same = painting.patches[0].network, again.patches[0].network
    assert isinstance(network, CodedNetwork)
    assert isinstance(same, CodedNetwork)
    for plane, its_copy in zip(network.coded.planes, same.coded.planes, strict=True):
        assert np.array_equal(plane, its_copy)


def _palette(data: bytes, place: Path) -> None:
    place.write_bytes(data)
    assert read_palette(place).colors


def _positions(data: bytes, place: Path, model: Path) -> None:
    place.write_bytes(data)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        predict.main([str(model), "--xy-file", str(place)], standalone_mode=False)


def _answer(data: bytes, server: HttpServer) -> None:
    def page(talk: Talk) -> None:
        talk.send(data)

    server.pages.clear()
    server.pages["/"] = page
    assert isinstance(download(server.url("/"), allow_private=True, limits=_HASTY), bytes)

"""What a page sees of its network, painted again and again in a thread of its own.

While the network learns, paintings are made of as many cells as a small budget of time allows; once it
stands still, one of all pixels follows.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paintnet.blas import OneBlasThread
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.picture import shrink
from paintnet.play.lattice import Lattice, fitted
from paintnet.play.outbox import Outbox
from paintnet.play.views import colors_of, network_view, seen_as
from paintnet.typing import Array

INTERVAL = 0.117
"""Seconds from one painting to the next."""

BUDGET = 0.012
"""Seconds of one core for a painting while the network learns."""

FIRST_CELLS = 3000
"""Cells of the first painting, which tells how long one takes."""

MOST_CELLS = 1_500_000
"""Of any painting on a page."""

NETWORK_INTERVAL = 0.3
SMALL_CELLS, SMALL_SIDE = 1600, 48
"""Of a unit's small picture."""

LARGE_CELLS, LARGE_SIDE = 60_000, 320
"""Of a unit that is looked at alone."""

VIEWS = ("painting", "error", "held-out")


@dataclass(frozen=True)
class Look:
    """What the page wants to see.

    Parameters
    ----------
    view : str
        One of `VIEWS`.
    width : int
        Of the stage, in dots of the screen.
    firsts : tuple of int
        First unit to show of the inputs and of each layer.
    unit : (int, int) or None
        Layer and number of a unit to be seen large.
    """

    view: str = "painting"
    width: int = 512
    firsts: tuple[int, ...] = ()
    unit: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """What is to be seen at one moment: the painting, what it should be, and whether it moves."""

    painting: Painting
    epoch: int
    is_moving: bool
    original: Array | None = None
    held_out: Array | None = None


@dataclass(eq=False)
class Display:
    """Paints what a page looks at into its outbox.

    Parameters
    ----------
    scene : callable
        Gives what is to be seen now, or None.
    outbox : Outbox
        Where paintings go.
    """

    scene: Callable[[], Scene | None]
    outbox: Outbox
    look: Look = field(default_factory=Look)
    _is_over: bool = False
    _wanted: threading.Event = field(default_factory=threading.Event)
    _lattices: dict[tuple[int, int], Lattice] = field(default_factory=dict)
    _originals: dict[Any, Array] = field(default_factory=dict)
    _seconds_a_cell: float | None = None
    _network_at: float = 0.0
    _whole: tuple[int, Look] | None = None

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live, name="paintnet-display", daemon=True)
        self._thread.start()

    def refresh(self) -> None:
        """Paint again, soon."""
        self._wanted.set()

    def forget(self) -> None:
        """Let go of what was kept for another network or picture."""
        self._lattices, self._originals, self._seconds_a_cell, self._whole = {}, {}, None, None
        self.outbox.forget("frame", "network", "unit")
        self.refresh()

    def close(self) -> None:
        """End it."""
        self._is_over = True
        self._wanted.set()

    def join(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _live(self) -> None:
        one_blas_thread = OneBlasThread()
        moving = False
        while not self._is_over:
            if not moving:
                self._wanted.wait()
            self._wanted.clear()
            begun = time.perf_counter()
            try:
                scene = self.scene()
                moving = scene is not None and scene.is_moving
                if scene is not None and not self._is_over:
                    with one_blas_thread:
                        self.paint(scene)
            except MemoryError:
                self.outbox.gather("note", "there is not enough memory to paint this network")
            except Exception as error:  # a page has to say it: nobody looks at this thread
                self.outbox.gather("note", f"paintnet: {type(error).__name__}: {error}; this is a bug")
            if moving:
                time.sleep(max(0.0, INTERVAL - (time.perf_counter() - begun)))

    def paint(self, scene: Scene) -> None:
        """Paint what is looked at once, and the network with it."""
        if len(scene.painting.patches) > 1:
            self._paint_whole(scene)
            return
        network = scene.painting.patches[0].network
        # A page that does not read gets no more paintings: they would only take time from the training.
        is_unwanted = scene.is_moving and self.outbox.is_waiting("frame")
        # What stands still and is seen whole would blur for a moment.
        if not is_unwanted and (scene.is_moving or self._whole != (scene.epoch, self.look)):
            self._paint_cells(scene, network)
        if not scene.is_moving or time.monotonic() - self._network_at > NETWORK_INTERVAL:
            self._network_at = time.monotonic()
            self._show_network(scene, network)
        if not scene.is_moving and not self._wanted.is_set():
            self._paint_whole(scene)

    def _paint_cells(self, scene: Scene, network: Network) -> None:
        painting = scene.painting
        cells = FIRST_CELLS
        if self._seconds_a_cell is not None:
            cells = int(min(MOST_CELLS, max(FIRST_CELLS // 4, BUDGET / self._seconds_a_cell)))
        size = fitted((painting.width, painting.height), cells, self.look.width)
        lattice = self._lattice(painting, network, size)
        begun = time.thread_time()
        colors = colors_of(painting, lattice.outputs(network))
        taken = (time.thread_time() - begun) / len(lattice.xy)
        before = self._seconds_a_cell
        # The size stays as it is where the time has hardly changed: a new lattice costs more than it gains.
        if before is None or not 0.6 < taken / before < 1.6:
            self._seconds_a_cell = taken
        self._send(scene, colors, size)

    def _paint_whole(self, scene: Scene) -> None:
        painting = scene.painting
        size = fitted((painting.width, painting.height), MOST_CELLS, self.look.width)
        rows = []
        for band in painting.bands(size):
            rows.append(band)
            if self._wanted.is_set() or self._is_over:
                return  # something newer is wanted
        self._send(scene, np.concatenate(rows).reshape(-1, painting.channels), size)
        self._whole = (scene.epoch, self.look)

    def _send(self, scene: Scene, colors: Array, size: tuple[int, int]) -> None:
        shape = (size[1], size[0])
        colors = colors.reshape(*shape, -1)
        view = self.look.view if scene.original is not None else "painting"
        original, held_out = colors, np.zeros(shape, dtype=bool)
        if scene.original is not None and view == "error":
            original = self._resized(scene.original, size)
        if scene.held_out is not None and view == "held-out":
            held_out = self._resized(scene.held_out, size)
        body = seen_as(view, colors, original, held_out)
        header = {"width": size[0], "height": size[1], "epoch": scene.epoch, "view": view}
        self.outbox.put("frame", header, body)

    def _show_network(self, scene: Scene, network: Network) -> None:
        painting, look = scene.painting, self.look
        whole = (painting.width, painting.height)
        small = self._lattice(painting, network, fitted(whole, SMALL_CELLS, SMALL_SIDE))
        header, body = network_view(network, small, list(look.firsts))
        self.outbox.put("network", header, body)
        if look.unit is not None:
            large = self._lattice(painting, network, fitted(whole, LARGE_CELLS, LARGE_SIDE))
            self._show_unit(network, large, look.unit)

    def _show_unit(self, network: Network, large: Lattice, unit: tuple[int, int]) -> None:
        layer, number = unit
        # Layer 0 are the inputs, as in the drawing.
        answers = [large.encoding.transform(large.xy)] if layer == 0 else large.responses(network)
        at = max(layer - 1, 0)
        if at < len(answers) and number < answers[at].shape[1]:
            values = np.nan_to_num(answers[at][:, number]).astype(np.float32)
            header: dict[str, Any] = {"width": large.width, "height": large.height}
            header |= {"layer": layer, "unit": number}
            header |= {"low": float(values.min()), "high": float(values.max())}
            self.outbox.put("unit", header, values.tobytes())

    def _lattice(self, painting: Painting, network: Network, size: tuple[int, int]) -> Lattice:
        found = self._lattices.get(size)
        if found is None or found.encoding is not network.encoding:
            found = Lattice.over(network.encoding, (painting.width, painting.height), size)
            # One of each kind: cells of a moving painting, small pictures, a large one.
            kept = list(self._lattices.items())[-3:]
            self._lattices = {**dict(kept), size: found}
        return found

    def _resized(self, values: Array, size: tuple[int, int]) -> Array:
        key = (id(values), size)
        if key not in self._originals:
            self._originals = {key: resized(values, size)}
        return self._originals[key]


def resized(values: Array, size: tuple[int, int]) -> Array:
    """Bring a picture, or marks (height, width), to the cells of a display.

    Examples
    --------
    >>> resized(np.array([[0, 1], [2, 3]]), (1, 1)).tolist()
    [[3]]
    >>> resized(np.zeros((20, 30, 3), np.float32), (15, 10)).shape
    (10, 15, 3)
    """
    if values.ndim == 3 and max(size) < max(values.shape[:2]):
        values = shrink(values, max(size))
    rows, columns = (
        np.minimum(((np.arange(n) + 0.5) * side / n).astype(int), side - 1)
        for n, side in zip((size[1], size[0]), values.shape[:2], strict=True)
    )
    return np.asarray(values[rows][:, columns])

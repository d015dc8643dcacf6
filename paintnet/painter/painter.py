"""The painter: settings and a picture go in, a painting comes out."""

from typing import Any

import numpy as np

from paintnet.dataset.windows import Window, windows_over
from paintnet.executor import Cluster
from paintnet.painter.mosaic import MosaicRun
from paintnet.painter.run import Listener, Run
from paintnet.painting import Painting
from paintnet.picture import open_picture
from paintnet.picture.arrays import pixels_of
from paintnet.picture.levels import LevelPicture, Pixels
from paintnet.settings.presets import bound_note, settings_for
from paintnet.settings.settings import PainterSettings

NOT_SHARED = "one network learns this picture, so this machine does it and not the cluster"


class Painter:
    """Settings and the training loop; it has not seen a picture yet.

    Parameters
    ----------
    preset : str, default="standard"
        Rule that gives every setting for a picture's shape: "draft",
        "standard", "fine" or "tutorial".
    listeners : sequence of callables
        Each is called with every event (see `paintnet.painter.events`) and the run.
    patch : int, "auto" or None, default="auto"
        Pixels along the side of a patch; above 1.2 megapixels the picture is divided by itself into
        patches of 768, for storing above 3 into patches of 1,536. None keeps one network for all.
    workers : int, default=1
        Processes that learn patches side by side; the result does not depend on it.
    cluster : Cluster or None
        Of Dask, whose workers learn the patches instead; nor does it on this.
    **settings
        Fields of `PainterSettings`, and settings of the encoding in use, that win over the preset.

    Examples
    --------
    >>> from paintnet.picture import open_picture
    >>> painter = Painter("draft", seed=1, epochs=5)
    >>> painting = painter.fit(open_picture("sample:bird").pixels)
    >>> painting.mode, painting.width, painting.height
    ('regress', 100, 100)
    """

    def __init__(
        self,
        preset: str = "standard",
        *,
        listeners: tuple[Listener, ...] = (),
        patch: int | str | None = "auto",
        workers: int = 1,
        cluster: Cluster | None = None,
        **settings: Any,
    ) -> None:
        self.preset = preset
        self.patch, self.workers, self.cluster = patch, workers, cluster
        self.listeners = listeners
        self.settings = settings

    def fit(self, picture: Pixels) -> Painting:
        """Learn a picture.

        Parameters
        ----------
        picture : float32 array of shape (height, width, channels)
            Values in [0, 1]; channels 1, 3 or 4.

        Returns
        -------
        Painting

        Raises
        ------
        SettingsError
            If a setting cannot be used.
        TrainingError
            If the training diverges.
        """
        run = self.start(picture)
        for _ in run:
            pass
        return run.result()

    def start(self, picture: Pixels) -> Run:
        """Begin to learn a picture: the run trains an epoch whenever it is asked for the next.

        Parameters
        ----------
        picture : float32 array of shape (height, width, channels)
            Values in [0, 1]; channels 1, 3 or 4.

        Returns
        -------
        Run

        Raises
        ------
        SettingsError
            If a setting cannot be used.
        """
        if not isinstance(picture, LevelPicture):
            picture = pixels_of(picture)
        height, width, channels = picture.shape
        asked = self.patch if self._may_be_divided else None
        windows = windows_over(width, height, asked, is_storing=self._is_storing)
        if windows:
            return self._mosaic(picture, windows)
        settings = settings_for(width, height, self.preset, channels=channels, **self.settings)
        note = bound_note(width, height, self.preset, channels=channels, **self.settings)
        notes = [note] if note else []
        if self.cluster is not None:
            notes.append(NOT_SHARED)
        return Run(picture[:], settings, self.preset, self.listeners, notes)

    def _mosaic(self, picture: Pixels, windows: list[Window]) -> MosaicRun:
        channels = picture.shape[2]

        def settings_of(window: Window) -> PainterSettings:
            return settings_for(
                window.width, window.height, self.preset, channels=channels, **dict(self.settings)
            )

        return MosaicRun(
            picture,
            windows,
            settings_of,
            self.preset,
            self.listeners,
            workers=self.workers,
            cluster=self.cluster,
        )

    @property
    def _is_storing(self) -> bool:
        names = ("bpp", "file_size")
        is_limited = any(self.settings.get(name) is not None for name in names)
        return is_limited or self.settings.get("purpose") == "storing"

    @property
    def _may_be_divided(self) -> bool:
        """Whether nobody asked for something that is meant for one network: the classic recipe, lbfgs."""
        is_asked_for = self.patch != "auto"
        return is_asked_for or (self.preset != "tutorial" and self.settings.get("solver") != "lbfgs")


def fit(
    source: Any, *, preset: str = "standard", listeners: tuple[Listener, ...] = (), **settings: Any
) -> Painting:
    """Learn a picture: the short way to a painting.

    Parameters
    ----------
    source : str, path-like, array-like, PIL.Image.Image, bytes or binary file
        A path, URL, ``sample:NAME``, an array (height, width, channels) with values in
        [0, 1], a Pillow image, or a picture file's content: see `open_picture`.
    preset : str, default="standard"
        "draft", "standard", "fine" or "tutorial".
    listeners : sequence of callables
        Each is called with every event and the run.
    **settings
        Fields of `PainterSettings`, and settings of the encoding in use.

    Returns
    -------
    Painting

    Raises
    ------
    PaintnetError
        If the picture cannot be opened, a setting cannot be used, or the training diverges.

    Examples
    --------
    >>> fit("sample:bird", preset="draft", mode="classify", epochs=5).palette.shape
    (2, 3)
    """
    picture = source if isinstance(source, np.ndarray) else open_picture(source).pixels
    return Painter(preset, listeners=listeners, **settings).fit(picture)

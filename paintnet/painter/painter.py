"""The painter: settings and a picture go in, a painting comes out."""

from typing import Any

import numpy as np

from paintnet.painter.run import Listener, Run
from paintnet.painting import Painting
from paintnet.picture import open_picture
from paintnet.picture.arrays import pixels_of
from paintnet.settings.presets import bound_note, settings_for
from paintnet.typing import Array


class Painter:
    """Settings and the training loop; it has not seen a picture yet.

    Parameters
    ----------
    preset : str, default="standard"
        Rule that gives every setting for a picture's shape: "draft",
        "standard", "fine" or "tutorial".
    listeners : sequence of callables
        Each is called with every event (see `paintnet.painter.events`) and the run.
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
        self, preset: str = "standard", *, listeners: tuple[Listener, ...] = (), **settings: Any
    ) -> None:
        self.preset = preset
        self.listeners = listeners
        self.settings = settings

    def fit(self, picture: Array) -> Painting:
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

    def start(self, picture: Array) -> Run:
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
        picture = pixels_of(picture)
        height, width, channels = picture.shape
        settings = settings_for(width, height, self.preset, channels=channels, **self.settings)
        note = bound_note(width, height, self.preset, channels=channels, **self.settings)
        return Run(picture, settings, self.preset, self.listeners, [note] if note else [])


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

"""What a training run says about itself, to whoever listens.

The progress bar, the animation, the preview and the JSON log are listeners:
callables that take one event. A listener that raises ends the run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from paintnet.painting import Painting
from paintnet.settings.settings import PainterSettings


@dataclass(frozen=True)
class Preparing:
    """While the training set is made, where that takes long: for enlarging, a small network is trained.

    Parameters
    ----------
    progress : float
        Share of the preparation that is done, 0 to 1.
    seconds : float
        Time that it took so far.
    """

    progress: float
    seconds: float


@dataclass(frozen=True)
class TrainingStarted:
    """Before the first epoch.

    Parameters
    ----------
    settings : PainterSettings
        Complete settings of the run.
    n_pixels : int
        Pixels that are learned.
    paint : callable or None
        Gives the painting before the first step; costs nothing unless called. None where
        scikit-learn makes the weights only with the first batch.
    """

    settings: PainterSettings
    n_pixels: int
    paint: Callable[[], Painting] | None = None


@dataclass(frozen=True)
class EpochFinished:
    """After each pass over the picture.

    Parameters
    ----------
    epoch : int
        How many are done, from 1.
    epochs : int or None
        How many there will be; None where the clock decides.
    progress : float
        Share of the run that is done, 0 to 1, by epochs or by the clock.
    seconds : float
        Training time so far.
    loss : float
        Mean training loss of the epoch.
    psnr : float or None
        Estimate from the loss, in dB; None in classify.
    learning_rate : float
        Rate of the epoch's last batch.
    paint : callable
        Gives the painting as it is now; costs nothing unless called.
    """

    epoch: int
    epochs: int | None
    progress: float
    seconds: float
    loss: float
    psnr: float | None
    learning_rate: float
    paint: Callable[[], Painting]

    @property
    def seconds_left(self) -> float:
        """Expected remaining training time."""
        return self.seconds * (1 - self.progress) / max(self.progress, 1e-9)


@dataclass(frozen=True)
class TrainingFinished:
    """After the last epoch.

    Parameters
    ----------
    painting : Painting
        The result.
    epochs : int
        Epochs done; iterations with lbfgs.
    seconds : float
        Time of preparing and training.
    reason : str
        Why it ended: "epochs", "time", "target-psnr", "tol" or "converged".
    """

    painting: Painting
    epochs: int
    seconds: float
    reason: str


Event = Preparing | TrainingStarted | EpochFinished | TrainingFinished
Listener = Callable[[Event], None]

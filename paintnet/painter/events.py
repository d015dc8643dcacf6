"""What a run says about itself: plain data, to be sent anywhere.

An event holds no pixels and no weights. A listener is called with each event
and with the run, which it may ask for the painting as it is at that moment.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preparing:
    """While the training set is made, where that takes long: for enlarging, in several orientations.

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
class Noted:
    """What a user should know about a run on its way.

    Parameters
    ----------
    text : str
        One sentence.
    """

    text: str


@dataclass(frozen=True)
class TrainingStarted:
    """Before the first epoch.

    Parameters
    ----------
    n_pixels : int
        Pixels that are learned.
    has_painting : bool
        Whether the run can be asked for a painting already; not where
        scikit-learn makes the weights only with the first batch.
    """

    n_pixels: int
    has_painting: bool


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
    """

    epoch: int
    epochs: int | None
    progress: float
    seconds: float
    loss: float
    psnr: float | None
    learning_rate: float

    @property
    def seconds_left(self) -> float:
        """Expected remaining training time."""
        return self.seconds * (1 - self.progress) / max(self.progress, 1e-9)


@dataclass(frozen=True)
class TrainingFinished:
    """After the last epoch, when the painting has been measured.

    Parameters
    ----------
    epochs : int
        Epochs done; iterations with lbfgs.
    seconds : float
        Time of preparing and training.
    reason : str
        Why it ended: "epochs", "time", "target-psnr", "tol", "converged" or "stopped".
    """

    epochs: int
    seconds: float
    reason: str


Event = Preparing | Noted | TrainingStarted | EpochFinished | TrainingFinished

"""What a run says about itself: plain data, to be sent anywhere.

An event holds no pixels and no weights. A listener is called with each event
and with the run, which it may ask for the painting as it is at that moment.
"""

from dataclasses import dataclass

PARTS = (
    "starting",
    "opening",
    "preparing",
    "compiling",
    "learning",
    "painting",
    "measuring",
    "animation",
    "report",
    "writing",
)
"""What a job does, in this order but for one: where a PSNR is the goal, it measures amid the learning."""


@dataclass(frozen=True)
class Working:
    """Which part of a job is on its way: when it begins, and whenever its share is known.

    Parameters
    ----------
    part : str
        One of `PARTS`.
    progress : float or None
        Share of the part that is done, 0 to 1; None where nobody can tell.
    """

    part: str
    progress: float | None = None


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
    bits_per_pixel : float or None
        Estimate of what the file will take; None where no run pays for its bits.
    """

    epoch: int
    epochs: int | None
    progress: float
    seconds: float
    loss: float
    psnr: float | None
    learning_rate: float
    bits_per_pixel: float | None = None

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
        Why it ended: one of `paintnet.record.ENDINGS`.
    """

    epochs: int
    seconds: float
    reason: str


Event = Working | Noted | TrainingStarted | EpochFinished | TrainingFinished

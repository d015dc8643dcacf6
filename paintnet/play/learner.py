"""One training of a page, in a thread of its own: prepared at once, then started, held and rewound."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from paintnet.blas import OneBlasThread
from paintnet.errors import PaintnetError, TrainingError
from paintnet.painter.events import EpochFinished, Event, Noted, Working
from paintnet.painter.painter import Painter
from paintnet.painter.run import Run
from paintnet.painting import Painting
from paintnet.play.gate import ClosedError, Gate, HeldSchedule
from paintnet.play.moments import Moment, Moments
from paintnet.play.outbox import MOST_POINTS
from paintnet.play.refusals import NO_REFUSAL, refusal_of
from paintnet.report.charts import CurvePoint
from paintnet.typing import Array

KEEPING_SHARE = 0.03
"""Share of the training time that keeping moments may take."""

MOST_OFTEN = 0.15
"""Seconds between two moments, after the first few."""

FEW = 3

PATIENCE_IN_ALL = 60.0
"""Seconds that whoever takes a painting along waits until the run stands still."""

Tell = Callable[[str, Any], None]


class Learner:
    """Trains a picture with some settings, and can be taken back to where it was.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        What is learned.
    preset : str
        Rule that gives the settings.
    settings : mapping
        Those that win over the preset.
    tell : callable
        Is called in the training's thread: with "state" and a dict, "point" and a list, "note" and a text.
    after : Learner, optional
        The training before, which ends first: a page has one at a time.

    Attributes
    ----------
    phase : str
        "preparing", "ready", "running", "paused", "measuring", "ended" or "failed".
    run : Run or None
        Once it is prepared.
    """

    def __init__(
        self,
        picture: Array,
        preset: str,
        settings: Mapping[str, Any],
        tell: Tell,
        after: "Learner | None" = None,
    ) -> None:
        self.picture, self.preset, self.settings = picture, preset, dict(settings)
        self.run: Run | None = None
        self.moments = Moments()
        self.curve: list[CurvePoint] = []
        self.phase = "preparing"
        self.refusal = NO_REFUSAL
        self.changed_on_the_way: list[str] = []
        self._tell, self._after = tell, after
        self._gate = Gate(lambda is_standing: self._be("paused" if is_standing else "running"))
        self._gate.hold()
        self._is_over = False
        self._back_to: int | None = None
        self._goes_on = False
        self._steps = False
        self._spent, self._kept_at = 0.0, 0.0
        self._thread = threading.Thread(target=self._live, name="paintnet-learner", daemon=True)
        self._thread.start()

    @property
    def is_prepared(self) -> bool:
        """Whether there is a network to look at, trained or not."""
        return self.run is not None and self.phase != "preparing"

    @property
    def is_moving(self) -> bool:
        """Whether the painting changes at this moment."""
        return self.phase == "running"

    def start(self) -> None:
        """Learn on; from the start, if the run has ended."""
        self._steps = False
        if self.phase in ("ended", "failed"):
            self._go_back(0, goes_on=True)
        else:
            self._gate.open()

    def pause(self) -> None:
        """Stand still at the end of the epoch, or within a long one."""
        self._goes_on = False
        self._gate.hold()

    def step(self) -> None:
        """Learn to the end of one epoch."""
        self._steps = True
        self._gate.open()

    def rewind(self, epoch: int) -> None:
        """Go back to the latest moment that is not after an epoch, and stand still there."""
        self._go_back(epoch, goes_on=False)

    def _go_back(self, epoch: int, *, goes_on: bool) -> None:
        self._gate.hold()
        self._goes_on, self._back_to = goes_on, epoch
        self._gate.close()  # an epoch on its way is of no use any more

    def change(self, name: str, value: Any) -> None:
        """Change the learning rate, or where the run ends, on the way."""
        self.settings[name] = value
        if self.run is not None:
            schedule = self.run.schedule
            setattr(schedule, "time_limit" if name == "seconds" else name, value)
            if self.run.epochs_ and name not in self.changed_on_the_way:
                self.changed_on_the_way.append(name)

    def close(self) -> None:
        """End it for good; returns at once."""
        self._is_over = True
        self._gate.close()

    def join(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def painting(self) -> Painting | None:
        """Give the painting as it is now; None while there is none."""
        run = self.run
        # To ask a run whose preparation failed would be to prepare it again.
        return run.painting() if run is not None and self.is_prepared and run.has_weights else None

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let the training stand still while its painting is taken along, and go on afterwards."""
        was_running = self.is_moving
        self._gate.hold()
        deadline = time.monotonic() + PATIENCE_IN_ALL
        while self.phase in ("running", "preparing", "measuring") and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield
        finally:
            if was_running and self.phase == "paused":
                self._gate.open()

    def recorded(self) -> Painting:
        """Give the painting with its record; to be called where the run stands still.

        Raises
        ------
        TrainingError
            If nothing has been learned so far.
        """
        if self.run is None or not self.run.epochs_:
            raise TrainingError("painting", "nothing has been learned yet", "train for an epoch first")
        return self.run.recorded()

    def _live(self) -> None:
        if self._after is not None:
            self._after.join()
            self._after = None
        while not self._is_over:
            try:
                self._prepare()
                self._learn()
            except ClosedError:
                self._gate.reopen()
            except PaintnetError as error:
                self._fail(error)
            except MemoryError:
                remedy = "use a smaller picture or network"
                self._fail(TrainingError("memory", "there is not enough", remedy))
            except Exception as error:  # a page has to say it: nobody looks at this thread
                self._fail(PaintnetError("paintnet", f"{type(error).__name__}: {error}", "this is a bug"))
            if not self._is_over:
                self._gate.wait(lambda: self._back_to is not None)
                self._gate.reopen()
                if self._goes_on:
                    self._gate.open()
        self.run = None

    def _fail(self, error: PaintnetError) -> None:
        self.refusal = refusal_of(error)
        self._gate.hold()
        self._be("failed")

    def _prepare(self) -> None:
        """Make the run anew, or go back in the one that is there."""
        if self._is_over:
            raise ClosedError
        back, self._back_to = self._back_to, None
        moment = self.moments.back_to(back) if back is not None and self.moments.epochs else None
        if moment is not None and self.run is not None:
            self.run.restore(moment.checkpoint)
            self.curve = [point for point in self.curve if point.epoch <= moment.epoch]
            self._follow_changes()
            self._be("paused" if moment.epoch else "ready")
            return
        self._be("preparing")
        self.curve = []
        run = Painter(self.preset, **self.settings).start(self.picture)
        run.schedule = HeldSchedule.of(run.settings)
        run.schedule.gate = self._gate
        run.listeners.append(self._hear)
        self.run = run
        try:
            with OneBlasThread():  # as in the run itself
                self._keep(math.inf, None)
        except BaseException:
            self.run = None  # there is no painting of a run that cannot begin
            raise
        self._be("ready")

    def _follow_changes(self) -> None:
        """Settings that were changed since the moment was kept stay changed."""
        assert self.run is not None  # noqa: S101 - the caller has looked; told to mypy
        settings, schedule = self.run.settings, self.run.schedule
        schedule.learning_rate = self.settings.get("learning_rate", settings.learning_rate)
        schedule.epochs = self.settings.get("epochs", settings.epochs)
        schedule.time_limit = self.settings.get("seconds", settings.seconds)
        if not self.run.epochs_:
            self.changed_on_the_way = []

    def _learn(self) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - just prepared; told to mypy
        while True:
            self._gate.wait(lambda: self._back_to is not None)
            if self._is_over or self._back_to is not None:
                raise ClosedError
            self._be("running")
            event = next(run, None)
            if self._is_over or self._back_to is not None:
                raise ClosedError
            if event is not None:
                point = CurvePoint(event.epoch, round(event.seconds, 4), event.loss, event.psnr)
                self.curve.append(point)
                if len(self.curve) > MOST_POINTS:
                    del self.curve[1:-1:2]
                self._tell("point", list(point))
                self._keep_sometimes(event)
            if event is None or run.ended_by_ is not None:
                self._end(run)
            elif self._steps:
                self._gate.hold()
            if self._gate.is_held and self.phase == "running":
                self._be("paused")

    def _end(self, run: Run) -> None:
        self._gate.hold()
        self._be("measuring")
        with run.schedule.paused():
            run.recorded()
        self._be("ended")

    def _hear(self, event: Event, run: Run) -> None:
        """Listen to the run: a preparation that nobody waits for ends here, and so does lbfgs."""
        if isinstance(event, Noted):
            self._tell("note", event.text)
        if isinstance(event, Working):
            if event.part == "learning" and event.progress is not None:
                self._gate.wait_within()
            if self._gate.is_closed and (self._is_over or self._back_to is not None):
                raise ClosedError

    def _keep_sometimes(self, event: EpochFinished) -> None:
        is_early = event.epoch <= FEW
        if is_early or (
            time.monotonic() - self._kept_at > MOST_OFTEN and self._spent <= KEEPING_SHARE * event.seconds
        ):
            self._keep(event.loss, event.psnr)

    def _keep(self, loss: float, psnr: float | None) -> None:
        begun = time.perf_counter()
        run = self.run
        assert run is not None  # noqa: S101 - the caller has made it; told to mypy
        if run.settings.solver == "lbfgs":  # it has no epochs to go back to
            return
        checkpoint = run.checkpoint()
        try:
            painting = run.painting()
        except TrainingError:
            painting = None
        self.moments.keep(Moment(run.epochs_, loss, psnr, checkpoint, painting))
        self._kept_at = time.monotonic()
        if run.epochs_:
            self._spent += time.perf_counter() - begun

    def _be(self, phase: str) -> None:
        self.phase = phase
        if not self._is_over:
            self._tell("state", self.state())

    def state(self) -> dict[str, Any]:
        """Say where it is, as JSON values."""
        said: dict[str, Any] = {"phase": self.phase, "moments": self.moments.epochs, **self.refusal}
        run = self.run
        if run is None:
            return said
        quality = run.quality_
        said |= {
            "epoch": run.epochs_,
            "epochs": run.schedule.epochs,
            "seconds": round(run.schedule.seconds, 3),
            "ended_by": run.ended_by_,
            "changed": self.changed_on_the_way,
        }
        if quality is not None and self.phase == "ended":
            said |= {
                "psnr": quality.psnr if math.isfinite(quality.psnr) else None,
                "held_out": quality.held_out_psnr,
                "accuracy": quality.accuracy,
            }
        return said

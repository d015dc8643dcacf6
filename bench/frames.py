"""What watching costs: seconds of training with and without frames being kept."""

from statistics import median

from bench import results
from bench.pictures import photographs
from paintnet.animation.frames import FrameTaker
from paintnet.painter.events import Event, TrainingFinished
from paintnet.painter.painter import Painter
from paintnet.painter.run import Run
from paintnet.picture import open_picture

FRAMES = 48
REPEATS = 3
PRESETS = ("draft", "standard")


def report() -> str:
    """Measure and give the table: what a run takes, and how long keeping networks stopped it."""
    results.clear("frames")
    table = []
    for source in ("sample:bird", "sample:china", str(photographs()[0])):
        picture = open_picture(source).pixels
        for preset in PRESETS:
            runs = [_watched(picture, preset) for _ in range(REPEATS)]
            seconds, spent = (median(column) for column in zip(*runs, strict=True))
            name = source.rsplit("/", maxsplit=1)[-1]
            row = {"picture": name, "preset": preset, "training": seconds, "taking": spent}
            results.save("frames", row)
            table.append([name, preset, seconds, spent, f"{spent / seconds:.1%}"])
    return results.markdown(["picture", "preset", "training, s", "taking frames, s", "share"], table)


def _watched(picture: object, preset: str) -> tuple[float, float]:
    """Seconds of training, which listeners do not count in, and seconds spent on frames."""
    ended: list[float] = []

    def listen(event: Event, run: Run) -> None:
        if isinstance(event, TrainingFinished):
            ended.append(event.seconds)

    with FrameTaker(FRAMES) as taker:
        Painter(preset, listeners=(taker, listen)).fit(picture)
        return ended[0], taker.spent

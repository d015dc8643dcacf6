"""One timed run of paintnet, reported as the peers report theirs."""

import argparse
import json
from pathlib import Path
from typing import Any

from paintnet.metrics import psnr
from paintnet.painter.events import Event, TrainingFinished
from paintnet.painter.painter import Painter
from paintnet.painter.run import Run
from paintnet.picture import open_picture


def run(image: Path, preset: str, seed: int, **settings: Any) -> dict[str, Any]:
    """Train once; evaluation is outside the clock, as it is for the peers."""
    picture = open_picture(image).pixels
    finished: list[TrainingFinished] = []

    def listen(event: Event, run: Run) -> None:
        if isinstance(event, TrainingFinished):
            finished.append(event)

    painting = Painter(preset, purpose="copying", listeners=(listen,), seed=seed, **settings).fit(picture)
    return {
        "peer": preset,
        "image": image.name,
        "seed": seed,
        "seconds": round(finished[0].seconds, 3),
        "psnr": round(psnr(picture, painting.render()), 3),
        "accuracy": painting.training.accuracy,
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
        "epochs": finished[0].epochs,
    }


def main() -> None:
    """Read the command line, train, print JSON."""
    parser = argparse.ArgumentParser(prog="bench.own")
    parser.add_argument("image", type=Path)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--engine")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--decay")
    parser.add_argument("--mode")
    parser.add_argument("--colors", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = vars(parser.parse_args())
    colors = args.pop("colors")
    given = {name: value for name, value in args.items() if value is not None}
    if colors is not None:
        from paintnet.dataset.classes import Classes

        given["classes"] = Classes(colors=colors)
    if given["preset"] == "tutorial" and "seconds" in given:
        given["tol"] = None
    print(json.dumps(run(given.pop("image"), given.pop("preset"), given.pop("seed"), **given)))


if __name__ == "__main__":
    main()

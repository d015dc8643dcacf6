"""Who is measured: paintnet's engines and the peers, each a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TORCH = Path(__file__).parent / ".venv" / "bin" / "python"
"""PyTorch has an environment of its own; it needs nothing of paintnet's."""


@dataclass(frozen=True)
class Trainer:
    """A command that learns one picture in a given time and prints JSON.

    Parameters
    ----------
    title : str
        In tables and plots.
    python : Path
        Interpreter.
    words : tuple of str
        Module and options.
    budgets : tuple of float
        Seconds of training that it is measured at.
    """

    title: str
    python: Path
    words: tuple[str, ...]
    budgets: tuple[float, ...]

    def learn(self, image: Path, seconds: float | None, seed: int) -> dict[str, Any]:
        """Run once."""
        words = [str(self.python), "-m", self.words[0], str(image), *self.words[1:], "--seed", str(seed)]
        if seconds is not None:
            words += ["--seconds", str(seconds)]
        done = subprocess.run(words, check=True, capture_output=True, text=True, env=dict(os.environ))
        result: dict[str, Any] = json.loads(done.stdout)
        return {**result, "learner": self.title, "budget": seconds, "image": image.name}


OWN = Path(sys.executable)
ALL = (2.0, 5.0, 10.0, 20.0, 40.0)
FROM_FIVE = (5.0, 10.0, 20.0, 40.0)
TEN_AND_FORTY = (10.0, 40.0)

LEARNERS = {
    "fine": Trainer(
        "paintnet fine", OWN, ("bench.own", "--preset", "fine", "--engine", "compiled"), FROM_FIVE
    ),
    "standard": Trainer("paintnet standard", OWN, ("bench.own", "--engine", "compiled"), ALL),
    "ngp": Trainer("PyTorch grids (instant-ngp style)", TORCH, ("bench.peers.ngp",), ALL),
    "fourier": Trainer("PyTorch Fourier features", TORCH, ("bench.peers.fourier",), TEN_AND_FORTY),
    "siren": Trainer("PyTorch sine network (SIREN)", TORCH, ("bench.peers.siren",), TEN_AND_FORTY),
    "tutorial": Trainer(
        "tutorial recipe", OWN, ("bench.own", "--preset", "tutorial", "--decay", "linear"), (40.0,)
    ),
}
"""In the order of the tables."""

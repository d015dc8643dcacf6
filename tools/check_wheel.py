"""Try a wheel as a stranger would: ``python tools/check_wheel.py dist``.

It is installed into an empty environment, and the README's first steps are done in an empty folder.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

STEPS = (
    "--version",
    "help lesson",
    "fit sample:bird --preset draft",
    "predict --xy 1,1",
    "render -o poster.png --scale 4",
    "info",
    "compare sample:bird bird.paintnet",
    "fit --mode classify --threshold 600 --epochs 20 -f",
)
MADE = {"bird.painted.png", "bird.paintnet", "poster.png"}


def check(wheel: Path) -> None:
    """Raise where a step fails."""
    with tempfile.TemporaryDirectory() as folder:
        home, empty = Path(folder) / "environment", Path(folder) / "empty"
        empty.mkdir()
        venv.create(home, with_pip=True)
        scripts = home / ("Scripts" if os.name == "nt" else "bin")
        run = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*run, str(wheel)], check=True)
        for step in STEPS:
            print(f"$ paintnet {step}", flush=True)
            shown = subprocess.DEVNULL if step.startswith("help") else None
            subprocess.run([str(scripts / "paintnet"), *step.split()], cwd=empty, check=True, stdout=shown)
        made = {path.name for path in empty.iterdir()}
        if made != MADE:
            raise SystemExit(f"made {sorted(made)} instead of {sorted(MADE)}")


if __name__ == "__main__":
    (found,) = Path(sys.argv[1]).glob("*.whl")
    check(found.resolve())
    print(f"{found.name} does what the README says")

"""``python -m bench``: measure, print tables, write JSON and plots."""

import argparse
from importlib import import_module

from bench import presets, quality, results
from bench.learners import LEARNERS


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        help="quality, presets, epochs, seeds, cost, heldout, sizes, frames, storage (default: all), "
        "mosaic, play",
    )
    parser.add_argument("--learners", default=",".join(LEARNERS), help="of quality, comma separated")
    parser.add_argument("--report", action="store_true", help="print what was measured, measure nothing")
    args = parser.parse_args()
    parts = args.parts or [
        "quality",
        "presets",
        "epochs",
        "seeds",
        "cost",
        "heldout",
        "sizes",
        "frames",
        "storage",
    ]
    print(results.machine(), flush=True)
    if "quality" in parts:
        if not args.report:
            quality.measure(args.learners.split(","))
        print(quality.report(), quality.per_picture(10.0), sep="\n\n", flush=True)
    if "presets" in parts:
        if not args.report:
            presets.measure()
        print(presets.report(), flush=True)
    if "epochs" in parts:
        print(presets.equal_epochs(), flush=True)
    if "seeds" in parts:
        print(presets.spread(), flush=True)
    for part in ("cost", "heldout", "sizes", "frames", "storage", "mosaic", "play"):
        if part in parts:
            print(import_module(f"bench.{part}").report(), flush=True)


if __name__ == "__main__":
    main()

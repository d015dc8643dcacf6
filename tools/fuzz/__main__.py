"""Feed paintnet with damaged files and answers: `python -m tools.fuzz --minutes 5`.

Every case follows from the seed, the target and its number alone, so that a finding can be seen
again: `python -m tools.fuzz --only pictures --seed 0 --case 1234`.
"""

import argparse
import sys

from tools.fuzz.corpus import pillow_files
from tools.fuzz.runs import KEPT, case_of, run_target
from tools.fuzz.targets import outcome_of, targets

NAMES = ("pictures", "tiles", "models", "small", "palettes", "positions", "answers")
SHARES = {"pictures": 0.5, "tiles": 0.2}
"""Of the time; the rest is divided evenly."""


def main() -> int:
    """Run what was asked for; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for everything together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=NAMES, help="one target")
    parser.add_argument("--case", type=int, help="one case of --only, with its traceback")
    given = parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    files = pillow_files(KEPT)
    if not files:
        print("Pillow's source package cannot be fetched: its test files are left out.")
    if given.case is not None:
        with targets(files) as every:
            target = every[given.only or "pictures"]
            print(outcome_of(target, case_of(target, given.seed, given.case)))
        return 0
    names = [given.only] if given.only else list(NAMES)
    rest = (1 - sum(SHARES.values())) / (len(NAMES) - len(SHARES))
    found = False
    print(f"{'':10} {'cases':>7} {'read':>7} {'refused':>7} {'findings':>8} {'slowest':>8}")
    for name in names:
        share = 1.0 if given.only else SHARES.get(name, rest)
        tally = run_target(name, given.seed, 60 * given.minutes * share, files)
        counts = f"{tally.cases:7,} {tally.outcomes['read']:7,} {tally.outcomes['refused']:7,}"
        print(f"{name:10} {counts} {len(tally.findings):8} {tally.slowest:6.1f} s", flush=True)
        for finding in tally.findings:
            print(f"    {finding}", flush=True)
        found = found or bool(tally.findings)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())

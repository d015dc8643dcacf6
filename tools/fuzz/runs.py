"""Cases of one target, one after the other, in a process of its own that they may kill."""

import faulthandler
import multiprocessing
import random
import time
import traceback
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.fuzz.targets import Target, outcome_of, targets

KEPT = Path(".fuzz")
_SLOW = 10.0
_HANGS = 60.0
_MOST_FINDINGS = 20


@dataclass
class Tally:
    """What came of the cases of one target."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.outcomes.total()


def case_of(target: Target, seed: int, number: int) -> bytes:
    """Make one case: first every whole file, then damaged ones for ever."""
    whole = target.seeds + target.others
    if number < len(whole):
        return whole[number]
    chance = random.Random(zlib.crc32(f"{seed} {target.name} {number}".encode()))
    return target.damage(chance.choice(target.seeds), chance.choice(target.seeds), chance)


def run_case(target: Target, seed: int, number: int, tally: Tally) -> None:
    """Run one case and keep what it shows."""
    data = case_of(target, seed, number)
    start = time.monotonic()
    try:
        outcome = outcome_of(target, data)
    except Exception:  # whatever is not documented is what is looked for
        outcome = "finding"
        tally.findings.append(f"case {number}: {traceback.format_exc().strip().splitlines()[-1]}")
        KEPT.mkdir(exist_ok=True)
        (KEPT / f"{target.name}-{seed}-{number}").write_bytes(data)
    seconds = time.monotonic() - start
    if seconds > _SLOW:
        tally.findings.append(f"case {number}: took {seconds:.0f} s")
    tally.slowest = max(tally.slowest, seconds)
    tally.outcomes[outcome] += 1


def _work(name: str, seed: int, seconds: float, files: list[Path], current: Any, results: Any) -> None:
    """Run cases until the time is up; in a process of its own, which a case may kill."""
    faulthandler.enable()
    tally = Tally()
    with targets(files) as every:
        end, number = time.monotonic() + seconds, 0
        whole = len(every[name].seeds) + len(every[name].others)
        while number < whole or time.monotonic() < end:
            current.value = number
            run_case(every[name], seed, number, tally)
            number += 1
            if len(tally.findings) >= _MOST_FINDINGS:
                break
    results.put(tally)


def run_target(name: str, seed: int, seconds: float, files: list[Path]) -> Tally:
    """Watch over a process that runs cases."""
    context = multiprocessing.get_context("spawn")
    current, results = context.Value("q", -1), context.Queue()
    process = context.Process(target=_work, args=(name, seed, seconds, files, current, results))
    process.start()
    last, since = -1, time.monotonic()
    while process.is_alive() and results.empty():
        time.sleep(0.2)
        if current.value != last:
            last, since = current.value, time.monotonic()
        elif last >= 0 and time.monotonic() - since > _HANGS:
            process.kill()
            return Tally(Counter(finding=last + 1), [f"case {last}: hangs"])
    if results.empty():
        process.join()
        return Tally(Counter(finding=last + 1), [f"case {last}: the process died ({process.exitcode})"])
    tally: Tally = results.get()
    process.join()
    return tally

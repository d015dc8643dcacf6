"""BLAS is held to one thread while anybody asks for it, and gets its own number back after the last.

Each test is a process of its own: threadpoolctl heeds the thread that asked first, as long as it lives.
"""

import os
import subprocess
import sys

import pytest

BEGIN = """
import threading
import numpy
from threadpoolctl import ThreadpoolController
from paintnet.blas import OneBlasThread

def threads():
    return max(each["num_threads"] for each in ThreadpoolController().info() if each["user_api"] == "blas")

def elsewhere(work):
    other = threading.Thread(target=work, daemon=True)
    other.start()
    return other

def look():
    with OneBlasThread():
        print(threads())

print(threads())
"""


def seen(script: str) -> list[str]:
    """What a process whose BLAS has two threads says after that."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    command = [sys.executable, "-c", BEGIN + script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    before, *after = done.stdout.split()
    if before != "2":
        pytest.skip("this BLAS has no number of threads to be set, or the machine has one core")
    return after


def test_within_itself_the_inner_one_takes_nothing_back() -> None:
    script = """
context = OneBlasThread()
with context:
    with context, OneBlasThread():
        print(threads())
    print(threads())
print(threads())
"""
    assert seen(script) == ["1", "1", "2"]


def test_what_one_thread_leaves_another_still_has() -> None:
    script = """
is_inside, may_leave = threading.Event(), threading.Event()

def stay():
    with OneBlasThread():
        is_inside.set()
        may_leave.wait()
        print(threads())

with OneBlasThread():
    other = elsewhere(stay)
    is_inside.wait()
print(threads())
may_leave.set()
other.join()
print(threads())
"""
    assert seen(script) == ["1", "1", "2"]


def test_a_thread_has_one_although_another_was_inside_before() -> None:
    assert seen("look(); elsewhere(look).join(); look(); print(threads())") == ["1", "1", "1", "2"]


def test_an_error_inside_gives_the_threads_back() -> None:
    script = """
try:
    with OneBlasThread():
        raise ZeroDivisionError
except ZeroDivisionError:
    print(threads())
"""
    assert seen(script) == ["2"]

# SPDX-License-Identifier: GPL-2.0
"""Tests written in Python, as TAP.

With SAN=1 programs of ours look for mistakes of their own while they run. What becomes of
that which they have written is not tested once more then.
"""
import os
import traceback

tests = []


def test(name, runs=False):
    """Have a function be the next test; runs: it runs a program of ours."""
    def add(function):
        if runs or not os.environ.get("SAN"):
            tests.append((name, function))
        return function
    return add


def run_tests(*arguments):
    """Call all of them with these."""
    print(f"1..{len(tests)}", flush=True)
    for i, (name, function) in enumerate(tests, 1):
        try:
            function(*arguments)
            print(f"ok {i} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            print(f"not ok {i} - {name}")
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)

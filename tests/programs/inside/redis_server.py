# SPDX-License-Identifier: GPL-2.0
"""A Redis of our own, which saves nothing unless it is told to."""
import os
import subprocess

from judge import wait_for

DATA = "/tmp/redis"


def cli(*args, text=None):
    return subprocess.run(["redis-cli", *args], input=text, check=True, text=True,
                          capture_output=True).stdout.strip()


def info(field):
    return dict(line.split(":", 1) for line in cli("info").splitlines()
                if ":" in line)[field].strip()


def serve(*options):
    os.mkdir(DATA)
    server = subprocess.Popen(["redis-server", "--save", "", "--dir", DATA, *options],
                              stdout=subprocess.DEVNULL)
    wait_for("answer", lambda: subprocess.run(
        ["redis-cli", "ping"], capture_output=True).stdout == b"PONG\n")
    return server

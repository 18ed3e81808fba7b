# SPDX-License-Identifier: GPL-2.0
# Drives the screen of top as somebody at a terminal would: see make-top.c.
#
#	top.py MAKE-TOP
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pyte

from tap import run_tests, test

# An event that comes for certain is waited for, however busy the machine is.
PATIENCE = 300
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:[34][0-9])(?:;\d+)*m")
WHO = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}


def check(good, what):
    if not good:
        raise AssertionError(what)


class Terminal:
    """A terminal with make-top in it."""

    def __init__(self, *args, rows=24, columns=80, env=None):
        self.raw = b""
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        orders, self.orders = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)
            os.dup2(orders, 3)
            os.closerange(4, 64)
            # As at a terminal: whoever starts us in the background, or by nohup, has
            # them ignored.
            for name in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
                signal.signal(name, signal.SIG_DFL)
            os.execve(sys.argv[1], [sys.argv[1], *args], {**WHO, **(env or {})})
        os.close(orders)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def keys(self, text):
        os.write(self.master, text.encode())

    def order(self, letters):
        os.write(self.orders, letters.encode())

    def take(self):
        """What there is to be read; False at the end."""
        if not select.select([self.master], [], [], 1)[0]:
            return True
        data = os.read(self.master, 65536)
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def line(self, row):
        return self.screen.display[row].rstrip()

    def until(self, there):
        """Whether it comes to be so."""
        end = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > end or not self.take():
                return False
        return True

    def shows(self, row, pattern):
        if self.until(lambda: re.search(pattern, self.line(row))):
            return True
        print("#", "\n# ".join(self.screen.display))
        return False

    def has_ended(self):
        def is_over():
            pid, self.status = os.waitpid(self.pid, os.WNOHANG)
            return pid

        check(self.until(is_over), "goes on")
        # What it wrote last.
        while select.select([self.master], [], [], 0)[0]:
            self.take()
        return self.status

    def is_restored(self):
        return (termios.tcgetattr(self.slave) == self.before and
                self.raw.count(b"\x1b[?1049h") == self.raw.count(b"\x1b[?1049l")
                and self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l"))


def selected(t):
    """The line that is shown in reverse, but the headings."""
    for row in range(4, t.screen.lines - 1):
        if t.screen.buffer[row][0].reverse:
            return t.line(row)
    return ""


@test("it says who copies how much, with a graph")
def page(t):
    check(t.shows(0, "^cowinspect top: 40 processes, 0 exited; by copies/s, every 2s$")
          and t.shows(3, "^    PID COPIES/S  BYTES/S  COPIED     OWN  SHARED GRAPH    NAME$"),
          "begin")
    t.order("r")
    check(t.shows(1, "^101 copies/s, 404K/s; 202 copies, 808K in 2s$"), "a round")
    t.order("r")
    check(t.shows(1, "^102 copies/s, 408K/s; 406 copies, 1.6M in 4s$") and
          t.shows(4, "^    101      100     400K    1.6M      8K    800K       ██ busy: of a title ") and
          t.shows(5, "^    102        2       8K     24K     16K    800K       ▄█ busy: "),
          "rounds")
    check(t.shows(23, "^h help  s sort .*q quit$"), "keys")


@test("it says how old numbers are, and what it costs")
def cost(t):
    check(t.shows(2, "^own and shared are up to [0-4]s old; this program: 1.00% of a CPU, "
                  "0.00% to read$"), "cost")


@test("a title has no effect on the terminal, and does not wrap")
def title(t):
    check(t.shows(4, r"title \\x1b$") and len(t.line(4)) <= 80 and
          t.shows(5, "^    102 "), "title")


@test("s and S: sorted by other columns")
def sort(t):
    t.keys("s" * 5)
    check(t.shows(0, "by pid"), "s")
    t.keys("S")
    check(t.shows(0, "by shared"), "S")
    t.keys("SSSS")
    check(t.shows(0, "by copies/s"), "S")


@test("g: commands, and children of a process")
def group(t):
    t.keys("g")
    check(t.shows(3, "PROCS.* COMMAND$") and t.shows(4, "^      2 .*busy$") and
          t.shows(5, "^     38 .*idle$"), "commands")
    t.keys("g")
    check(t.shows(3, "CHILDREN$") and t.shows(4, "^     40 .* of process 100$"),
          "parents")
    t.keys("g")


@test("/: only those with this in their title")
def only(t):
    t.keys("/no. 13")
    check(t.shows(23, "^only: no. 13_") and t.shows(13, "^    139 ") and
          t.shows(14, "^$"), "typing")
    t.keys("\r")
    check(t.shows(0, "only no. 13"), "said")
    t.keys("\x1b")
    check(t.shows(22, "^    119 "), "all")


@test("f: the cursor stays at its process")
def follow(t):
    t.keys("\x1bOB")
    check(t.until(lambda: "    102 " in selected(t)), "down")
    t.keys("fssssssS")
    check(t.shows(0, "by pid, .*following") and t.shows(4, "^    101 "), "sorted")
    t.keys("f" "/10" "\r" "f" "/" "\x7f")
    t.keys("\x7f" "\r")
    check(t.until(lambda: "    102 " in selected(t)), selected(t))
    t.keys("SSSSS")
    check(t.shows(0, "by copies/s, .*following"), "back")


@test("Enter: mappings of a process, with copies")
def mappings(t):
    t.keys("\r")
    check(t.shows(0, "mappings of 102") and
          t.shows(4, r"^        1000 rw-p       0    408K      8K       0 /usr/bin/\\x1b\]0;"),
          "open")
    t.order("r")
    check(t.shows(5, r"^        5000 rw-p       6    408K      8K       0 \[heap\]$"),
          "copies")


@test("a process that exits is shown once more")
def exits(t):
    t.order("xr")
    check(t.shows(0, "mappings of 102, which has exited"), "open")
    t.keys("\x1b")
    check(t.shows(0, "39 processes, 1 exited") and
          t.shows(5, r"\(exited\) busy"), "shown")
    t.order("r")
    check(t.until(lambda: "exited) busy" not in "".join(t.screen.display)), "gone")


@test("Space: the numbers stay, and nothing is missed")
def pause(t):
    t.keys(" ")
    check(t.shows(0, "PAUSED"), "said")
    copies = re.search(r"; (\d+) copies", t.line(1)).group(1)
    t.order("r")
    t.keys("?")
    check(t.shows(3, "^KEYS$"), "help")
    t.keys("x\x1bOF")
    check(t.shows(22, "^    140 ") and f"; {copies} copies" in t.line(1), "paused")
    t.keys(" ")
    check(t.until(lambda: "PAUSED" not in t.line(0)), "goes on")
    t.keys("f")
    check(t.shows(1, f"; {int(copies) + 200} copies"), "not paused")


@test("it follows the size of the terminal")
def sizes(t):
    for rows, columns in (24, 60), (5, 80), (3, 20), (1, 1), (50, 200):
        t.resize(rows, columns)
        check(t.shows(0, "^" + "cowinspect top: "[:columns].rstrip()), rows)
    check(t.shows(49, "q quit$") and t.shows(3, "NAME$"), "all of it")


@test("q: the end; the terminal is as it was")
def quits(t):
    t.keys("q")
    status = t.has_ended()
    check(not status and t.is_restored() and b"end 0" in t.raw, status)


@test("so it is after a signal, and after the last round")
def ends(_):
    for name in "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT":
        t = Terminal()
        check(t.shows(0, "40 processes"), name)
        if name == "SIGINT":
            t.keys("\x03")
        else:
            os.kill(t.pid, getattr(signal, name))
        status = t.has_ended()
        check(os.WIFSIGNALED(status) and t.is_restored() and
              os.WTERMSIG(status) == getattr(signal, name), name)
    t = Terminal("2")
    t.order("rr")
    check(not t.has_ended() and t.is_restored() and
          any(line.rstrip().endswith(" in 4s") for line in t.screen.display),
          "rounds")


def page_of(env):
    """The same page elsewhere, as it was written."""
    t = Terminal(env=env)
    t.order("r")
    # With the round: a key that comes with its order is the end without it.
    check(t.shows(1, "; 202 copies"), env)
    t.keys("q")
    t.has_ended()
    check(termios.tcgetattr(t.slave) == t.before, "not as it was")
    return t.raw


@test("colour where there is some that is readable on black and white")
def colours(_):
    check(b"38;5;29" in page_of({}), "xterm-256color")
    check(not COLOUR.search(page_of({"NO_COLOR": "1"})), "NO_COLOR")
    check(not COLOUR.search(page_of({"TERM": "vt100"})), "vt100")


@test("without UTF-8: nothing but ASCII")
def ascii_only(_):
    # That of xterm repeats characters by a sequence which pyte does not know.
    check(page_of({"LC_ALL": "C", "TERM": "linux"}).isascii(), "not ASCII")


@test("an unknown terminal is refused")
def unknown(_):
    t = Terminal(env={"TERM": "no-such-terminal"})
    check(os.WEXITSTATUS(t.has_ended()) == 1, "not refused")


run_tests(Terminal())

# SPDX-License-Identifier: GPL-2.0
"""
What the tests of real programs share: TAP, a trace that has begun before the program
is told to go on, what the kernel itself says of a process, and whether the two agree.
"""
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
SYS_EPOLL_WAIT = "232"  # of x86-64

made = 0


def ok(good, name, *why):
    """One test; @why is shown if it fails."""
    global made
    made += 1
    print(f"{'ok' if good else 'not ok'} {made} - {name}", flush=True)
    if not good:
        for line in "\n".join(map(str, why)).splitlines():
            print(f"# {line}", flush=True)


def done():
    print(f"1..{made}", flush=True)


def say(*text):
    print("#", *text, flush=True)


def wait_for(what, condition, seconds=300):
    """Until it holds: the limit only ends what hangs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"no {what} after {seconds} s")


def slurp(path):
    with open(path) as file:
        return file.read()


def show(*args):
    """For the documents: what cowinspect says on a terminal of 80 columns"""
    if "HOWTO" not in os.environ:
        return
    if not os.path.exists("/dev/pts/ptmx"):
        os.makedirs("/dev/pts", exist_ok=True)
        subprocess.run(["mount", "-t", "devpts", "none", "/dev/pts"], check=True)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    tool = subprocess.Popen(["cowinspect", *args], stdin=subprocess.DEVNULL,
                            stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:
        pass
    tool.wait()
    say("$ cowinspect", *args)
    for line in text.decode().splitlines():
        say(line)


class Trace:
    """cowinspect trace: with it running, the program may go on."""

    # Stacks come in bursts, and the machine may be slow to look at them.
    def __init__(self, name, *args, settings=("--stacks", "--buffer", "64M")):
        self.file = f"/out/{name}.json"
        args = [*settings, *args]
        self.tracer = [self.start(["--json", "-o", self.file, *args])]
        # For the documents: what a reader of them would see.
        if "HOWTO" in os.environ:
            self.tracer.append(self.start(["-o", f"/out/{name}.txt", *args]))

    @staticmethod
    def start(args):
        tracer = subprocess.Popen(["cowinspect", "trace", *args],
                                  stdin=subprocess.DEVNULL)
        wait_for("tracer that listens", lambda: slurp(
            f"/proc/{tracer.pid}/syscall").startswith(SYS_EPOLL_WAIT + " "))
        return tracer

    def end(self):
        """What it says; of each process, by its number, in .by_pid"""
        for tracer in self.tracer:
            tracer.send_signal(signal.SIGINT)
        status = [tracer.wait() for tracer in self.tracer]
        self.said = json.loads(slurp(self.file))
        self.by_pid = {p["pid"]: p for p in self.said["processes"]}
        ok(not any(status), "the trace ends when told to", status)
        if "HOWTO" in os.environ:
            say(slurp(self.file.replace(".json", ".txt")).replace("\n", "\n# "))
        missing = {k: self.said.get(k) for k in
                   ("lost_events", "lost_notes", "missed", "unarmed")}
        ok(not any(missing.values()), "no event is lost, no fault missed", missing)
        return self


class Moment:
    """What the kernel says of a process at a moment at which it does nothing."""

    def __init__(self, pid):
        self.pid = pid
        self.name = slurp(f"/proc/{pid}/comm").rstrip("\n")
        wait_for("rest", self.read)

    def read(self):
        """All of it; whether the process stood still meanwhile"""
        begin = self.read_stat()
        self.dirty, self.anonymous = self.read_smaps()
        end = self.read_stat()
        self.minor, self.major = int(end[7]), int(end[9])
        return begin == end and end[0] in "ST"

    def read_stat(self):
        """Behind the name: state, parent, ..., minor faults as the 8th"""
        return slurp(f"/proc/{self.pid}/stat").rpartition(")")[2].split()

    def read_smaps(self):
        """Of private mappings, in bytes: private and dirty; anonymous"""
        dirty = anonymous = 0
        private = False
        for line in slurp(f"/proc/{self.pid}/smaps").splitlines():
            mapping = re.match(r"[0-9a-f]+-[0-9a-f]+ ...(.) ", line)
            if mapping:
                private = mapping[1] == "p"
            elif private and line.startswith("Private_Dirty:"):
                dirty += int(line.split()[1]) * 1024
            elif private and line.startswith("Anonymous:"):
                anonymous += int(line.split()[1]) * 1024
        return dirty, anonymous


class Birth(Moment):
    """What a process is that a fork in the trace makes: all that it has is shared."""

    def __init__(self, anonymous):
        self.dirty = self.minor = self.major = 0
        self.anonymous = anonymous


def children(pid):
    return [int(c) for c in slurp(f"/proc/{pid}/task/{pid}/children").split()]


def fork_given(trace, pid):
    """Anonymous memory that a fork gave to the child, in bytes: the parent forked once"""
    fork, = [f for f in trace.said["forks"] if f["pid"] == pid]
    return fork["anon"] * PAGE


def copied(trace, pid):
    return trace.by_pid[pid]["copied_bytes"] if pid in trace.by_pid else 0


def released(p, start, end):
    """
    Anonymous bytes that a process gave back between two moments: it comes to have them
    only by pages that are filled, and by copies of pages that are not anonymous.
    """
    return start.anonymous + p["filled_bytes"] + p["copied_not_anon"] * PAGE - \
        end.anonymous


def agrees(trace, start, end, left=0, later=0):
    """
    Whether what was counted is what the memory has become between two moments.

    Accounted: the kernel counts a fault as minor or major, once; the tool has the same
    number. Those @later than @end were traced, and are not in it.

    Private and dirty: what was filled and what was copied, but for copies of pages that
    nobody else had any more (LAST; UNSURE are either), which were private before, and
    for what was released. What others left (@left, at most) became private as well.
    """
    p = trace.by_pid.get(end.pid)
    faults = end.minor + end.major - start.minor - start.major
    if p is None:
        ok(faults == 0, f"{end.name}: not in the trace, and made no faults", faults)
        return
    ok(p["command"] == end.name, f"{end.name}: by its name", p["command"])
    ok(p["accounted"] - later == faults,
       f"{end.name}: each fault that the kernel accounts to it, and no other",
       f"{p['accounted']} - {later}, {faults}")
    gone = released(p, start, end)
    ok(gone >= 0, f"{end.name}: no anonymous page is there that was not counted", gone)
    least = start.dirty + (p["copied_shared"] + p["copied_not_anon"]) * PAGE + \
        p["filled_bytes"] - gone - later * PAGE
    most = start.dirty + p["copied_bytes"] + p["filled_bytes"] + left
    ok(least <= end.dirty <= most,
       f"{end.name}: private memory grew by what was copied and filled",
       f"{least} <= {end.dirty} <= {most}, released {gone}", p)


def agree(trace, before, after):
    """
    The same of a parent and its children. A page that one of them has become the only
    one to have, another has left, by a copy or by giving it back.
    """
    gave = {end.pid: copied(trace, end.pid) + released(trace.by_pid[end.pid], start, end)
            for start, end in zip(before, after) if end.pid in trace.by_pid}
    for start, end in zip(before, after):
        agrees(trace, start, end, left=sum(gave.values()) - gave.get(end.pid, 0))


def paths_add_up(trace):
    """Each copy has one call path, if only an empty one"""
    for pid, p in trace.by_pid.items():
        rows = [row for row in trace.said["paths"] if row["pid"] == pid]
        ok(sum(row["faults"] for row in rows) == p["copied"] and
           sum(row["bytes"] for row in rows) == p["copied_bytes"],
           f"{p['command']}: its call paths add up to its copies", p, *rows[:3])


def bytes_by(trace, pids, path):
    """Copied by these processes, of the call paths that fit"""
    return sum(row["bytes"] for row in trace.said["paths"]
               if row["pid"] in pids and re.search(path, row["path"]))


def mostly(trace, pids, who, path):
    """Half of what these have copied, at least, is by one who is known for it"""
    by = bytes_by(trace, pids, path)
    all_bytes = sum(copied(trace, pid) for pid in pids)
    rows = sorted((row for row in trace.said["paths"] if row["pid"] in pids),
                  key=lambda row: -row["bytes"])
    ok(all_bytes and by * 2 >= all_bytes, f"copies are made by {who}",
       f"{by} of {all_bytes}", *(f"{row['bytes']} {row['path']}" for row in rows[:8]))

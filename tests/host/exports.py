# SPDX-License-Identifier: GPL-2.0
"""Exports of trace in the programs that they are for. Run by exports.t; speaks TAP.

    exports.py MAKE-TRACE DIR

DIR has what make-trace makes. pprof comes with Go, flamegraph.pl with
Devel::NYTProf. Of Perfetto's importer there is no package: what it wants is checked
as the Trace Event Format describes it.
"""
import collections
import gzip
import json
import re
import subprocess
import sys

from tap import run_tests, test

make_trace, tmp = sys.argv[1:]
FLAMEGRAPH = "/usr/share/perl5/Devel/NYTProf/flamegraph.pl"
PAGE = 4096


def run(*words):
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    return ran.stdout


# Collapsed stacks.

def collapsed(kind):
    with open(f"{tmp}/{kind}.collapsed", encoding="utf-8") as file:
        return [line.rstrip("\n").rsplit(" ", 1) for line in file]


@test("collapsed: each path of each process, with its bytes")
def collapsed_lines():
    lines = {stack: int(weight) for stack, weight in collapsed("server")}
    assert lines == {
        "server-500;(no_stack)": 30 * PAGE,
        "server-500;(cut_off:_no_unwind_information);memcpy": 70 * PAGE,
        "worker-501;main;serve;update;memcpy": 90 * PAGE,
        "worker-501;main;serve;update;set_flag": 30 * PAGE,
        "worker-502;main;serve;walk;walk;walk;memcpy": 40 * PAGE,
        "worker-503;libz.so.1+0x1234": 5 * PAGE}, lines


@test("collapsed: flamegraph.pl draws all of it")
def collapsed_drawn():
    for kind, bytes_ in ("server", 265 * PAGE), ("hostile", 3 * PAGE):
        ran = subprocess.run([FLAMEGRAPH, "--countname=bytes",
                              f"{tmp}/{kind}.collapsed"], text=True,
                             capture_output=True, check=False)
        assert ran.returncode == 0 and not ran.stderr, ran
        assert f"<title>all ({bytes_:,} bytes, 100%)</title>" in ran.stdout, \
            ran.stdout[-2000:]
    # A name that ends as a weight would, and has what ends names.
    assert "<title>a:b_c_9_8 (12,288 bytes" in ran.stdout
    assert "\\x" in ran.stdout


@test("collapsed: thousands of paths sum up")
def collapsed_large():
    data = json.load(open(f"{tmp}/large.perfetto", encoding="utf-8"))
    copies = sum(e["args"]["bytes"] for e in data["traceEvents"]
                 if e["ph"] == "X" and e["name"] == "copied")
    lines = collapsed("large")
    assert len(lines) > 7000
    assert sum(int(weight) for _, weight in lines) == copies > 0
    assert all(stack.count(";") == 25 for stack, _ in lines)


# pprof.

def pprof(kind, *options):
    return run("go", "tool", "pprof", *options, f"{tmp}/{kind}.pprof")


def top(kind, *options):
    """Of each function: its own, and with what it called."""
    rows = re.findall(r"^ +(\S+) +\S+ +\S+ +(\S+) +\S+ +(.*)$",
                      pprof(kind, "-top", "-nodecount=1000000",
                            "-nodefraction=0", *options),
                      re.MULTILINE)
    return {name: (own, total) for own, total, name in rows}


@test("pprof: functions with what they called, in all three types")
def pprof_top():
    bytes_ = top("server", "-unit=B")
    assert bytes_["memcpy"] == ("819200B", "819200B"), bytes_
    assert bytes_["main"] == ("0", "655360B"), bytes_
    assert bytes_["walk"] == ("0", "163840B"), bytes_
    assert bytes_["set_flag (inline)"] == ("122880B", "122880B"), bytes_
    assert bytes_["[libz.so.1]"] == ("20480B", "20480B"), bytes_
    assert bytes_["(no stack)"] == ("122880B", "122880B"), bytes_
    copies = top("server", "-sample_index=copies")
    assert copies["memcpy"] == ("200", "200"), copies
    assert copies["main"] == ("0", "160"), copies
    time = top("server", "-sample_index=time", "-unit=ns")
    assert time["update"] == ("0", "240000ns"), time


@test("pprof: lines, files, inlined functions, labels")
def pprof_raw():
    raw = pprof("server", "-raw")
    assert "copies/count bytes/bytes[dflt] time/nanoseconds" in raw, raw
    assert "Duration: 1s" in raw
    # Go 1.24's has a column behind the line, 1.19's has none.
    assert re.search(r"M=1 set_flag table\.h:8(:0)? s=0\n"
                     r" +update table\.c:19(:0)? s=0", raw), raw
    assert "0x1234 M=3" in raw
    assert "/usr/lib/libz.so.1" in raw
    lines = top("server", "-lines", "-unit=B")
    assert lines["walk tree.c:6"] == ("0", "163840B"), lines
    assert lines["update table.c:19"] == ("0", "122880B"), lines
    one = top("server", "-unit=B", "-tagfocus=pid=502:502")
    assert one["memcpy"] == ("163840B", "163840B") and "update" not in one, one
    workers = top("server", "-unit=B", "-tagfocus=comm=worker")
    assert workers["memcpy"] == ("532480B", "532480B"), workers


@test("pprof: thousands of paths, names that are no UTF-8")
def pprof_odd():
    total = sum(int(weight) for _, weight in collapsed("large"))
    functions = top("large", "-unit=B")
    assert functions["level_0_0"] == ("0", f"{total}B"), total
    assert len(functions) > 2000
    raw = pprof("hostile", "-raw")
    assert "</script>" in raw and "\ufffd" in raw, raw
    with gzip.open(f"{tmp}/hostile.pprof") as file:
        assert b"&amp;\\\xef\xbf\xbd" in file.read()


# Perfetto.

def check_event(event):
    assert event["ph"] in "XCiMsf", event
    assert isinstance(event["name"], str) and event["name"], event
    assert isinstance(event["pid"], int) and isinstance(event["tid"], int)
    if event["ph"] != "M":
        assert event["ts"] >= 0, event
    if event["ph"] == "X":
        assert event["dur"] >= 0, event
    elif event["ph"] == "i":
        assert event["s"] in "gpt", event
    elif event["ph"] in "sf":
        assert event["id"] and event["cat"], event
    elif event["ph"] == "C":
        assert all(isinstance(n, int) for n in event["args"].values()), event
    else:
        assert event["name"] == "process_name" and event["args"]["name"]


def nanoseconds(us):
    return round(us * 1000)


def check_nesting(slices):
    """On a track, a slice is in another, or beside it."""
    ends = []
    for begin, length in sorted(slices, key=lambda s: (s[0], -s[1])):
        while ends and ends[-1] <= begin:
            ends.pop()
        assert not ends or begin + length <= ends[-1], (begin, length, ends)
        ends.append(begin + length)


def tracks(events):
    slices = collections.defaultdict(list)
    for e in events:
        if e["ph"] == "X":
            slices[e["pid"], e["tid"]].append((nanoseconds(e["ts"]),
                                               nanoseconds(e["dur"])))
    return slices


@test("perfetto: events are as the format wants them")
def perfetto_events():
    for kind in "server", "large", "hostile":
        with open(f"{tmp}/{kind}.perfetto", encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        for event in events:
            check_event(event)
        for slices in tracks(events).values():
            check_nesting(slices)


@test("perfetto: faults, counters, names")
def perfetto_contents():
    with open(f"{tmp}/server.perfetto", encoding="utf-8") as file:
        data = json.load(file)
    events = data["traceEvents"]
    faults = collections.Counter(
        (e["pid"], e["name"]) for e in events
        if e["ph"] == "X" and "addr" in e.get("args", {}))
    assert faults[500, "copied"] == 100 and faults[501, "copied"] == 120
    assert sum(faults.values()) == 775, faults
    counters = collections.defaultdict(list)
    for e in events:
        if e["ph"] == "C":
            counters[e["pid"]].append(e["args"]["bytes"])
    assert {pid: list_[-1] for pid, list_ in counters.items()} == {
        500: 100 * PAGE, 501: 120 * PAGE, 502: 40 * PAGE, 503: 5 * PAGE}
    assert all(list_ == sorted(list_) for list_ in counters.values())
    names = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    assert names == {500: "server", 501: "worker", 502: "worker",
                     503: "worker"}, names
    notes = [(e["name"], e["pid"]) for e in events if e["ph"] == "i"]
    assert notes == [("exec", 503), ("exit", 503), ("lost events", 0)], notes
    assert data["otherData"]["lost_events"] == 50


@test("perfetto: an arrow from each parent to its child")
def perfetto_flows():
    with open(f"{tmp}/server.perfetto", encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    slices = tracks(events)
    ends = collections.defaultdict(dict)
    for e in events:
        if e["ph"] in "sf":
            assert e["ph"] not in ends[e["id"]], e
            ends[e["id"]][e["ph"]] = e
    arrows = set()
    for pair in ends.values():
        start, end = pair["s"], pair["f"]
        assert (start["cat"], start["name"]) == (end["cat"], end["name"])
        assert start["ts"] <= end["ts"] and end["bp"] == "e"
        for e in start, end:
            at = nanoseconds(e["ts"])
            assert any(begin <= at < begin + length for begin, length in
                       slices[e["pid"], e["tid"]]), e
        arrows.add((start["pid"], end["pid"]))
    assert arrows == {(500, 501), (500, 502), (501, 503)}, arrows


# All of them.

@test("files that cannot be written", runs=True)
def refused():
    for full in range(3):
        for path in "/dev/full", "/nonexistent/x":
            files = [f"{tmp}/x{i}" for i in range(3)]
            files[full] = path
            ran = subprocess.run([make_trace, "server", f"{tmp}/x.html",
                                  *files], capture_output=True, text=True,
                                 check=False)
            assert ran.returncode, path
            assert path in ran.stderr, ran


run_tests()

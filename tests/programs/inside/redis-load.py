# SPDX-License-Identifier: GPL-2.0
"""
Redis that saves again and again while clients write as fast as they can, for
REDIS_SECONDS (600): does a trace with stacks, at default settings, keep up? It is
asserted that nothing is lost; what it took is for the reader, as it depends on the
machine.
"""
import os
import subprocess

from judge import *
from redis_server import cli, info, serve

SECONDS = int(os.environ.get("REDIS_SECONDS", "600"))
KEYS = 50000
TICKS = os.sysconf("SC_CLK_TCK")


def write(times):
    """Clients that write to keys by chance"""
    return subprocess.Popen(
        ["redis-benchmark", "-q", "-c", "8", "-P", "16", "-r", str(KEYS), "-d", "512",
         "-n", str(times), "-t", "set"], stdout=subprocess.DEVNULL)


def cpu(pid):
    """Seconds of CPU that a process has used"""
    stat = slurp(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def memory(pid, field):
    """In bytes, of /proc/PID/status"""
    return int(re.search(rf"^{field}:\s*(\d+) kB$", slurp(f"/proc/{pid}/status"),
                         re.MULTILINE)[1]) * 1024


server = serve()
write(2 * KEYS).wait()
trace = Trace("redis-load", "-f", "-p", str(server.pid), settings=["--stacks"])
tool = trace.tracer[0].pid
clients = write(1000000000)
before = int(info("total_commands_processed"))
begin, used = time.monotonic(), (cpu(tool), cpu(server.pid))
anonymous = 0
while time.monotonic() < begin + SECONDS:
    if info("rdb_bgsave_in_progress") == "0":
        cli("bgsave")
    anonymous = max(anonymous, memory(tool, "RssAnon"))
    time.sleep(0.5)
load = time.monotonic() - begin
used = cpu(tool) - used[0], cpu(server.pid) - used[1]
clients.terminate()
clients.wait()
peak, saves = memory(tool, "VmHWM"), int(info("rdb_saves"))
written = int(info("total_commands_processed")) - before
begin = time.monotonic()
trace.end()
rest = time.monotonic() - begin
server.terminate()
server.wait()

ends = {row["why"]: row["faults"] for row in trace.said["stack_ends"]}
copies = sum(p["copied"] for p in trace.by_pid.values())
say(f"{load:.0f} s, {written} commands, {saves} saves, "
    f"{sum(p['observed'] for p in trace.by_pid.values())} faults, {copies} copies")
say(f"CPU: the tool {used[0]:.0f} s, the server {used[1]:.0f} s;"
    f" {rest:.1f} s from the end to the report")
say(f"memory of the tool at most: {anonymous >> 10}K of its own,"
    f" {peak >> 10}K with the rings and files that it maps")
say(f"stacks, and why some are cut off or missing: {ends}")
ok(saves and copies > 1000, "there was load", saves, copies)
ok(sum(ends.values()) == copies, "each copy has a stack, or a reason why not", ends)
paths_add_up(trace)
done()

# SPDX-License-Identifier: GPL-2.0
"""What the programs of ../examples that fork workers have in common."""
import subprocess

from judge import *

WORKERS, ITEMS = 2, 8000


def serve(name, command):
    """
    Starts the program, and traces the requests "collect" and "find". Returns the
    trace, and the numbers of the workers.
    """
    server = subprocess.Popen([*command, str(WORKERS), str(ITEMS)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server.stdout.readline()
    workers = children(server.pid)
    pids = [server.pid] + workers
    before = [Moment(pid) for pid in pids]
    show("snapshot", "-f", str(server.pid), "-o", f"/tmp/{name}.cow")
    trace = Trace(name, "-f", "-p", str(server.pid))
    for request in "collect", "find 1005":
        print(request, file=server.stdin, flush=True)
        answers = [server.stdout.readline().split() for _ in workers]
        ok([int(a[0]) for a in answers] == workers, f"{name}: each worker answers")
        show("share", "-f", str(server.pid), "--top", "8")
    show("diff", f"/tmp/{name}.cow", "-f", str(server.pid))
    show("diff", f"/tmp/{name}.cow", "-f", str(server.pid), "--by", "mapping")
    after = [Moment(pid) for pid in pids]
    trace.end()
    server.stdin.close()
    server.wait()
    agree(trace, before, after)
    paths_add_up(trace)
    return trace, workers

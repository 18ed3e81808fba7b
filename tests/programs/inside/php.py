# SPDX-License-Identifier: GPL-2.0
"""php-fpm: what requests copy in a pool of workers that were there before the trace."""
import os
import signal
import subprocess

from judge import *

EXAMPLES = "/machine/programs/examples"
SOCKET = "/run/shop.sock"


def request():
    """Number of the worker that answered, and what it said"""
    env = dict(os.environ, REQUEST_METHOD="GET", SCRIPT_FILENAME=f"{EXAMPLES}/shop.php")
    said = subprocess.run(["cgi-fcgi", "-bind", "-connect", SOCKET], env=env, text=True,
                          check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout
    worker, found = said.splitlines()[-1].split()
    return int(worker), int(found)


server = subprocess.Popen(["php-fpm8.2", "-y", f"{EXAMPLES}/pool.conf"])
wait_for("pool", lambda: os.path.exists(SOCKET) and len(children(server.pid)) == 3)
workers = children(server.pid)
warm, _ = request()
pids = [server.pid] + workers
before = [Moment(pid) for pid in pids]
# PHP's functions have large stacks.
trace = Trace("php", "--name", "^php-fpm",
              settings=["--stacks=dwarf,32768", "--buffer", "128M"])
answers = [request() for _ in range(6)]
# The first of them wakes up every second.
for pid in pids:
    os.kill(pid, signal.SIGSTOP)
after = [Moment(pid) for pid in pids]
show("share", "--name", "^php-fpm")
show("ps", "--name", "^php-fpm")
trace.end()
for pid in pids:
    os.kill(pid, signal.SIGCONT)
server.terminate()
server.wait()

ok(all(found > 0 for _, found in answers), "each request is answered", answers)
served = {worker for worker, _ in answers}
ok(served and served <= set(workers), "by workers of the pool", answers, workers)
ok(all(trace.by_pid[worker]["observed"] for worker in served),
   "that were there before the trace, and are in it", list(trace.by_pid))
agree(trace, before, after)
paths_add_up(trace)
# Most of its functions are for extensions to call, and so have names.
first = [worker for worker in served if worker != warm]
ok(first, "some workers have their first request", answers)
mostly(trace, first, "what scripts make: arrays, by the opcodes that do that",
       r"^_start;.*;execute_ex;(.*;)?_?zend_\w+(;|$)")
done()

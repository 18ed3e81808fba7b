# SPDX-License-Identifier: GPL-2.0
"""Redis: what a BGSAVE copies while clients write."""
import os
import signal

from judge import *
from redis_server import cli, info, serve

KEYS, WRITES = 20000, 500

# It sleeps a little now and then while it saves, so that it is there to be stopped.
server = serve("--rdb-key-save-delay", "-50", "--enable-debug-command", "yes")
cli("debug", "populate", str(KEYS), "key", "512")
before = Moment(server.pid)
trace = Trace("redis", "-f", "-p", str(server.pid))
cli("bgsave")
child, = wait_for("child", lambda: children(server.pid))
os.kill(child, signal.SIGSTOP)
ok(info("rdb_bgsave_in_progress") == "1", "the child saves while there are writes")
cli("--pipe", text="".join(f"SET key:{i * KEYS // WRITES} {'x' * 512}\n"
                           for i in range(WRITES)))
written = Moment(server.pid)
show("ps", "-f", str(server.pid))
os.kill(child, signal.SIGCONT)
wait_for("end of the save", lambda: info("rdb_bgsave_in_progress") == "0")
ok(info("rdb_last_bgsave_status") == "ok", "the data is saved")
last_cow = info("rdb_last_cow_size")
say("rdb_last_cow_size", last_cow)
after = Moment(server.pid)
trace.end()
server.terminate()
server.wait()

given = fork_given(trace, server.pid)
ok(trace.by_pid[child]["parent"] == server.pid, "the child is known as such")
start = Birth(given)
start.minor, start.major = before.minor, before.major
# While the child was there: what it copied, it had left to the server.
agrees(trace, start, written, left=copied(trace, child),
       later=after.minor + after.major - written.minor - written.major)

# The child's own figure, at its end, is of the same kind as smaps' Private_Dirty. What
# the server has copied, or given back, was left to it. A value is smaller than a page:
# then the child gives nothing back but what it came to have itself.
p, c = trace.by_pid[server.pid], trace.by_pid[child]
own = c["copied_bytes"] + c["filled_bytes"]
least = p["copied_shared"] * PAGE - own
most = p["copied_bytes"] + released(p, start, after) + own
ok(least <= int(last_cow) <= most,
   "rdb_last_cow_size is what both copied and the child filled",
   f"{least} <= {last_cow} <= {most}", p, c)

paths_add_up(trace)
# Redis' global functions have names in each build of it.
mostly(trace, [server.pid], "what makes new values, and puts them in place of old ones",
       r";(_sdsnewlen|createObject|dbOverwrite)(;|$)")
mostly(trace, [child], "the fork itself and the saving", r";(redisFork|rdbSave\w*)(;|$)")
done()

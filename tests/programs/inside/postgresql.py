# SPDX-License-Identifier: GPL-2.0
"""PostgreSQL: what each connection copies."""
import subprocess

from judge import *

CLUSTER = ("15", "main")


def connect():
    """A session, and the number of its backend, which has answered"""
    session = subprocess.Popen(
        ["runuser", "-u", "postgres", "--", "psql", "-qAtX"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return session, int(ask(session, "select pg_backend_pid();"))


def ask(session, question):
    print(question, file=session.stdin, flush=True)
    return session.stdout.readline().strip()


subprocess.run(["pg_ctlcluster", *CLUSTER, "start"], check=True)
master = int(slurp(f"/var/lib/postgresql/{'/'.join(CLUSTER)}/postmaster.pid").split()[0])
given = Moment(master).anonymous
trace = Trace("postgresql", "-f", "-p", str(master))
sessions = [connect() for _ in range(3)]
for session, _ in sessions:
    ok(int(ask(session, "select count(*) from pg_class;")) > 100,
       "a question is answered")
backends = [pid for _, pid in sessions]
after = [Moment(pid) for pid in backends]
show("ps", "-f", str(master), "--stop")
show("share", "-f", str(master))
trace.end()
for session, _ in sessions:
    session.stdin.close()
    session.wait()
subprocess.run(["pg_ctlcluster", *CLUSTER, "stop"], check=True)

for end in after:
    ok(trace.by_pid[end.pid]["parent"] == master, "a backend is a child of the server")
    # To be a backend's own, a page must have been left by the server, after the fork.
    agrees(trace, Birth(given), end, left=copied(trace, master))
paths_add_up(trace)
# No single function: it is the beginning of a backend, and then all that it does.
mostly(trace, backends, "what begins a backend, and what it does",
       r";(fork_process|InitPostmasterChild|pq_init|PostgresMain)(;|$)")
done()

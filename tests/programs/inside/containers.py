# SPDX-License-Identifier: GPL-2.0
"""
Two containers of one image, each with a cgroup, processes of its own and an overlay
over the same files: what each holds, what they share, and what the kernel has charged
to each of them.
"""
import os
import shutil
import subprocess

from judge import *

CGROUPS = "/sys/fs/cgroup"
PODS = f"{CGROUPS}/pods"
SERVER = "/srv/prefork.py"
# Charged in advance by a CPU, and not yet counted by it: mm/memcontrol.c.
SLACK = 2 * 64 * PAGE * os.cpu_count()

# What runc does, as far as it matters here.
CONTAINER = """
set -e
mount -t overlay -o lowerdir=/,upperdir=$1/upper,workdir=$1/work none $1/root
echo 0 >$2/cgroup.procs
cd $1/root
mkdir old
pivot_root . old
shift 2
exec chroot . "$@"
"""


def contain(name, *command):
    """A container with that command, which is ready once it has said a line"""
    place, cgroup = f"/tmp/{name}", f"{PODS}/{name}"
    for part in "upper", "work", "root":
        os.makedirs(f"{place}/{part}")
    os.mkdir(cgroup)
    first = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
         CONTAINER, "sh", place, cgroup, *command],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout.readline() == "ready\n"
    return first


def members(name):
    return sorted(int(pid) for pid in slurp(f"{PODS}/{name}/cgroup.procs").split())


def charged(name, what):
    """In bytes, as memory.stat has it"""
    return dict((line.split()[0], int(line.split()[1]))
                for line in slurp(f"{PODS}/{name}/memory.stat").splitlines())[what]


def asked(*args):
    return json.loads(subprocess.run(["cowinspect", *args, "--json", "--stop"],
                                     check=True, stdout=subprocess.PIPE).stdout)


def ask_workers(first, request, workers):
    print(request, file=first.stdin, flush=True)
    return [first.stdout.readline() for _ in range(workers)]


subprocess.run(["mount", "-t", "cgroup2", "none", CGROUPS])
with open(f"{CGROUPS}/cgroup.subtree_control", "w") as control:
    control.write("+memory")
os.mkdir(PODS)
with open(f"{PODS}/cgroup.subtree_control", "w") as control:
    control.write("+memory")
shutil.copy("/machine/programs/examples/prefork.py", SERVER)

shop = contain("shop", "python3", SERVER, "2", "8000")
blog = contain("blog", "python3", SERVER, "--freeze", "2", "8000")
for first in shop, blog:
    ok(all(ask_workers(first, "collect", 2)), "the workers of a container answer")
ids = {name: members(name) for name in ("shop", "blog")}
ok(all(len(pids) == 3 for pids in ids.values()), "each has three processes", ids)

# Who has answered has still a way to go until it waits, by pages that may be new to it.
for pid in ids["shop"] + ids["blog"]:
    Moment(pid)
held = {}
for name, pids in ids.items():
    said = asked("ps", "--cgroup-of", str(pids[1]))
    ok(sorted(p["pid"] for p in said["processes"]) == pids,
       f"{name}: ps --cgroup-of has its processes, and nobody else",
       said["processes"], pids)
    kinds = {g["kind"]: g for g in
             asked("share", "--cgroup-of", str(pids[1]), "--by", "kind")["groups"]}
    anon = kinds["anon"]["bytes"]
    ok(abs(anon - charged(name, "anon")) <= SLACK,
       f"{name}: its anonymous memory is what the kernel has charged it with",
       f"{anon}, {charged(name, 'anon')}, {SLACK}")
    ok(not kinds["anon"]["outside_bytes"],
       f"{name}: of which nobody outside has any", kinds["anon"])
    held[name] = said["totals"]

both = asked("share", "--cgroup", "pods", "--by", "set,kind,mapping")
common = [g for g in both["groups"]
          if set(g["pids"]) & set(ids["shop"]) and set(g["pids"]) & set(ids["blog"])]
common_bytes = sum(g["bytes"] for g in common)
ok(common and not any(g["kind"] == "anon" for g in common),
   "of anonymous memory the two share nothing",
   *(f"{g['kind']} {g['mapping']} {g['bytes']}" for g in common))
ok(any(g["kind"] == "file" and "python3" in g["mapping"] for g in common),
   "but files of their image, with the interpreter among them")
ok(both["totals"]["bytes"] ==
   held["shop"]["present"] + held["blog"]["present"] - common_bytes,
   "together they hold what each holds, and what both hold once",
   both["totals"], held, common_bytes)
# What they map with MAP_SHARED (gconv-modules.cache of the C library) is an object.
ok(all(held[name]["outside"] + held[name]["objects"] >= common_bytes for name in held),
   "which is outside of each alone, or an object", held, common_bytes)

pid = str(ids["shop"][0])
show("ps", "--cgroup-of", pid, "--stop")
show("share", "--cgroup", "pods", "--stop", "--top", "8")
show("share", "--cgroup-of", pid, "--by", "mapping", "--top", "6")
for name in ids:
    say(name, "memory.current", slurp(f"{PODS}/{name}/memory.current").strip(),
        *(f"{what} {charged(name, what)}" for what in
          ("anon", "file", "kernel", "pagetables", "kernel_stack")))
for first in shop, blog:
    first.stdin.close()
    first.wait()
done()

# SPDX-License-Identifier: GPL-2.0
"""
CPython, prefork: gc.freeze() keeps the collector from copying; what reads the data
still counts references, and copies; data in one object have one count.
"""
from prefork import *

PROGRAM = ["python3", "../examples/prefork.py"]
# Static functions: that they have names is python3.11-dbg's doing.
COLLECTOR = r";gc_collect_main(;|$)"
# Each "for item in catalogue" takes a reference to the item, and each look at one.
COUNTING = r";(listiter_next|_PyEval_EvalFrameDefault);Py_INCREF$"

plain, workers = serve("python", PROGRAM)
mostly(plain, workers, "the garbage collector", COLLECTOR)
by_collector = bytes_by(plain, workers, COLLECTOR)

frozen, workers = serve("python-freeze", PROGRAM + ["--freeze"])
mostly(frozen, workers, "what counts references while it reads", COUNTING)
ok(bytes_by(frozen, workers, COLLECTOR) < by_collector / 10,
   "gc.freeze(): the collector leaves what was there before the fork alone",
   bytes_by(frozen, workers, COLLECTOR), by_collector)

packed, workers_of_array = serve("python-array", PROGRAM + ["--array"])
ok(sum(copied(packed, w) for w in workers_of_array) * 2 <
   sum(copied(frozen, w) for w in workers),
   "the same data in an array: workers copy less than half of what is left by that",
   *packed.by_pid.values())
done()

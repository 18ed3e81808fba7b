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
ok(bytes_by(packed, workers_of_array, COUNTING) <
   bytes_by(frozen, workers, COUNTING) / 10,
   "the same data in an array: who reads it has no references to count",
   bytes_by(packed, workers_of_array, COUNTING), bytes_by(frozen, workers, COUNTING))
done()

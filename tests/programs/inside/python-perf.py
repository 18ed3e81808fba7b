# SPDX-License-Identifier: GPL-2.0
"""
CPython that names its own functions: the one that copies is named, with its file; so
are those that call it, up to the outermost.
"""
from prefork import *

trace, workers = serve("python-perf", ["python3", "-X", "perf",
                                       "../examples/prefork.py", "--freeze"])
mostly(trace, workers, "find() of the program, as Python names it",
       r"^_start;.*;py::<module>:.*;py::work:.*;py::find:[^;]*/prefork\.py(;|$)")
done()

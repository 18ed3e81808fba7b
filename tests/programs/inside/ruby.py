# SPDX-License-Identifier: GPL-2.0
"""Ruby, prefork: objects that are old and moved together before the fork stay shared."""
from prefork import *

PROGRAM = ["ruby", "../examples/prefork.rb"]


def is_whole(trace, workers):
    """Functions of the collector are static, and Debian's libruby has no names of these."""
    mostly(trace, workers, "what Ruby runs, to the outermost caller",
           r"^_start;.*;ruby_run_node;.*;rb_vm_exec;")
    mostly(trace, workers, "functions of libruby that have no name, and get none",
           r";libruby-3\.1\.so[^;]*$")


plain, workers = serve("ruby", PROGRAM)
is_whole(plain, workers)
all_plain = sum(copied(plain, pid) for pid in workers)

compact, workers = serve("ruby-compact", PROGRAM + ["--compact"])
is_whole(compact, workers)
all_compact = sum(copied(compact, pid) for pid in workers)
ok(0 < all_compact < all_plain / 2,
   "the collector has nothing to write to objects that were old before the fork",
   all_compact, all_plain)
done()

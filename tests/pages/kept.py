# SPDX-License-Identifier: GPL-2.0
"""Pages that are kept with the source, against new ones of the same labs.

    kept.py KEPT NEW

Frames, addresses, process ids, times and the kernel's release are others in each
run, and with the frames how pages are put together into runs. All else has to be
the same: the page around the data, every sentence, what became of each write, and
the picture.
"""
import glob
import itertools
import json
import os
import re
import sys

import tap

kept, new = sys.argv[1:]
DATA = re.compile(r'(?s)(<script type="application/json" id="data">)(.*?)(</script>)')
# What has a digit in it, or is a frame of letters only.
VARIES = re.compile(r"\b(?:[\w.:/-]*\d[\w.:/-]*|[a-f]{4,})")
# Those for the program's own code are among them.
FAULTS = "by the kernel's count"
EXACT = "title", "text", "summary", "totals", "writes"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def around(page):
    """The page without its data."""
    return DATA.sub(r"\1\3", page)


def said(page):
    """What the data says of each step that no run may say otherwise."""
    data = json.loads(DATA.search(page)[2])
    steps = []
    for step in data["steps"]:
        steps.append([step[key] for key in EXACT])
        # A write names its page by the address.
        steps[-1][EXACT.index("writes")] = [
            {key: w[key] for key in w if key != "page"} for w in step["writes"]]
        steps[-1] += [[mark, VARIES.sub("#", text) if not mark or
                       FAULTS in text else text]
                      for mark, text in step["notes"]]
    return json.dumps([data["title"], data["text"], data["verdict"],
                       data["answer"], steps], indent=0).splitlines()


def same(name):
    def run(_):
        old, now = (read(f"{d}/{name}.html") for d in (kept, new))
        assert around(old) == around(now), "the page around the data is another"
        for a, b in itertools.zip_longest(said(old), said(now)):
            assert a == b, f"{a}, and now {b}"
        assert read(f"{kept}/{name}.svg") == read(f"{new}/{name}.svg"), \
            "the picture is another"
    return run


def small(_):
    size = sum(os.path.getsize(path) for path in glob.glob(f"{kept}/*"))
    assert size < 400 * 1024, f"{size} bytes"


names = sorted(os.path.basename(path)[:-4]
               for path in glob.glob(f"{kept}/*.svg"))
assert names, "nothing is kept"
for lab in names:
    tap.test(f"{lab}: what is kept is what is made now; if it should be another, "
             "tests/gallery --kept docs/gallery")(same(lab))
tap.test("all that is kept is small")(small)
tap.run_tests(None)

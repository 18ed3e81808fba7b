# SPDX-License-Identifier: GPL-2.0
"""The pages of --html, in Chromium. Run by html.t; speaks TAP.

    html.py COWINSPECT DIR

DIR has the pages of make-page, and the recordings "small" and "large". With
PICTURES=DIR in the environment, screenshots are left there to be looked at.
"""
import json
import os
import re
import subprocess
import sys

from browser import run_in_browser
from tap import test

tool, tmp = sys.argv[1:]
START = 0x7f12340000


def page(name):
    return f"{tmp}/{name}.html"


def cowinspect(recording, *arguments):
    return subprocess.run([tool, "--debugfs", f"{tmp}/{recording}",
                           *arguments], capture_output=True, text=True,
                          check=False)


def data_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    begin = text.index(">", text.index('id="data"')) + 1
    return json.loads(text[begin:text.index("</script>", begin)])


def entries(data, process):
    """Page tables of a process in all steps, decoded by what html.h says."""
    table, forms = {}, data["forms"]
    for step in data["steps"]:
        mine = [t for t in step["tables"] or [] if t["process"] == process]
        if not mine:
            table = {}
            yield None
            continue
        flat, after = mine[0]["changes"], 0
        for i in range(0, len(flat), 4):
            gap, count, frame, form = flat[i:i + 4]
            size = 1 if form is None else 1 << forms[form][2]
            for k in range(count):
                at = after + gap + k * size
                if form is None:
                    del table[at]
                else:
                    table[at] = (None if frame is None else
                                 frame + k * size, form)
            after = at + 1
        yield dict(table)


@test("the data is what show --pages tells", runs=True)
def same_data(_):
    for recording in "small", "large":
        path = f"{tmp}/{recording}-map.html"
        assert cowinspect(recording, "map", "77", "--html",
                          path).returncode == 0
        told = json.loads(cowinspect(recording, "show", "77", "--pages",
                                     "--json", "--all-columns").stdout)
        data = data_of(path)
        mine = next(entries(data, 0))
        told = told["processes"][0]["pages"]
        assert len(mine) == len(told)
        for record in told:
            frame, form = mine[int(record["addr"], 16) // 4096]
            form = data["forms"][form]
            assert frame == record["pfn"], record
            assert form[4] == record["mapcount"], record
            assert form[6] == record["refcount"], record
            assert data["kinds"][form[1]] == record["kind"], record
            assert data["counts"][form[5]] == record["counts"], record
            assert data["outcomes"][form[8]] == record["next"], record
            assert data["confidences"][form[9]] == record["confidence"]
            flags = [name for bit, name in enumerate(data["flags"])
                     if form[11] >> bit & 1]
            assert ",".join(flags) == record["flags"], record


@test("100000 pages are small, also where frames are in disorder")
def small_files(_):
    assert os.path.getsize(f"{tmp}/large-map.html") < 200000
    assert os.path.getsize(page("large")) < 100000 * 60


@test("a step has only what has changed, and a process may end")
def changes(_):
    data = data_of(page("large"))
    child = list(entries(data, 1))
    assert [t and len(t) for t in child] == [100000, 100000, 100000, None,
                                             None]
    assert len(data["steps"][1]["tables"][1]["changes"]) == 4 * 4
    assert "vmas" not in data["steps"][1]["tables"][1]
    differ = [at for at in child[0] if child[0][at][0] != child[1][at][0]]
    assert differ == [START // 4096 + i for i in range(4)]
    # The parent keeps its frames, but is alone with four of them.
    parent = list(entries(data, 0))
    counts = [data["forms"][parent[1][at][1]][4] for at in sorted(parent[1])]
    assert counts == [1] * 4 + [2] * 99996
    kinds = list(entries(data_of(page("kinds")), 3))
    assert len(kinds[0]) == 12 and len(kinds[1]) == 1


@test("a page that cannot be written is a failure", runs=True)
def unwritable(_):
    for path, message in ("/nonexistent/x", "No such file"), \
            ("/dev/full", "No space"):
        for command in "show", "map":
            ran = cowinspect("small", command, "77", "--html", path)
            assert ran.returncode == 1, ran
            assert message in ran.stderr, ran


@test("a page needs nothing but itself")
def alone(b):
    for name in "fork", "hostile":
        b.load(page(name))
        assert b.run("return performance.getEntriesByType('resource')"
                     ".length") == 0
        with open(page(name), encoding="utf-8") as file:
            text = file.read()
        addresses = set(re.findall(r"\w+://[\w./]+", text))
        assert addresses == {"http://www.w3.org/2000/svg"}, addresses
        assert not re.search(r"<[^>]*\b(src|href)=", text)


@test("show writes the page of map", runs=True)
def from_show(b):
    path = f"{tmp}/show.html"
    assert cowinspect("small", "show", "77", "--html", path).returncode == 0
    b.load(path)
    assert data_of(path) == data_of(f"{tmp}/small-map.html")
    assert b.text("#title") == "process 77"
    assert "process 77" in b.text("#tree")
    # One step needs no slider.
    assert not b.run("return document.querySelector('#bar').offsetHeight")


@test("several processes: who maps the same frame is marked in all of them",
      runs=True)
def several(b):
    path = f"{tmp}/several.html"
    ran = cowinspect("small", "map", "77", "79", "--html", path)
    assert ran.returncode == 0, ran
    b.load(path)
    b.picture("several")
    assert b.text("#title") == "process 77 and 1 more"
    assert b.count(".strip") == 2
    # 16 pages and 2 of which one is there; arrows would be too many.
    assert b.count("#cells .page") == 36
    # And the page cache, which has the file's page.
    assert b.count("#cells .held") == 1
    assert b.count("#cells .bridge.down") == 17
    assert not b.count("#figure .page")
    b.point("#cells .page[data-p='1'][data-page='%d']" % (0x10002))
    assert b.count("svg .page.lit") == 2
    assert "process 77 at 10002000" in b.text("#record")
    b.point("#cells .page[data-p='1'][data-page='%d']" % (0x10001))
    assert b.count("svg .page.lit") == 1
    before = b.canvases()
    b.focus(".strip")
    b.press("Home")
    after = b.canvases()
    assert before[0] != after[0] and before[1] != after[1]
    shown = f"{tmp}/several-show.html"
    assert cowinspect("small", "show", "77", "79", "--html",
                      shown).returncode == 0
    assert data_of(shown) == data_of(path)
    b.quiet()


@test("several processes with more pages than fit into a figure", runs=True)
def several_large(b):
    path = f"{tmp}/several-large.html"
    assert cowinspect("large", "map", "79", "77", "--html",
                      path).returncode == 0
    b.load(path)
    assert not b.count("#figure-box:not([hidden])")
    # Pages alike are one column: few are enough for all of them.
    spans = b.run("return Array.from(document.querySelectorAll("
                  "'#cells .sub'), (e) => e.textContent)")
    assert any("-" in span for span in spans), spans
    assert b.count("#cells .page") < 100
    b.focus(".strip")
    b.press("Home", "End")
    assert "od\\134d" in b.text("#record")
    b.picture("several-large")
    b.quiet()


@test("thousands of columns: an overview, and a part of them")
def overview(b):
    b.load(page("scattered"))
    assert b.count("#overview:not([hidden])") == 1
    cells = "return document.querySelector('#cells').innerHTML"
    drawn = "return document.querySelector('#overview').toDataURL()"
    first, canvas = b.run(cells), b.run(drawn)
    assert b.count("#cells .page") == 2 * 24
    b.press("Right")
    assert b.text("#count") == "step 2 of 2"
    assert b.count("#cells .fresh") == 12
    assert b.count("#cells .bridge.down") == 12
    assert b.run(cells) != first and b.run(drawn) != canvas
    b.focus("#overview")
    first = b.run(cells)
    b.press("Right")
    assert b.run(cells) != first and b.text("#count") == "step 2 of 2"
    b.press("End")
    last = b.run(cells)
    assert f"to {START + 20000 * 4096:x}" in b.text("#window-text")
    b.press("Home")
    assert f"at {START:x}, to" in b.text("#window-text")
    # A page that is chosen elsewhere comes into sight.
    b.focus(".strip")
    b.press("Home", "End")
    assert b.run(cells) != first
    assert b.count("#cells .page.chosen") + (b.run(cells) == last) >= 1
    width = b.run("return document.querySelector('#overview').clientWidth")
    b.drag("#overview", -width // 2 + 2)
    assert f"at {START:x}, to" in b.text("#window-text")
    b.picture("scattered")
    b.quiet()


@test("a step without a look says nothing of what it did not see")
def unseen(b):
    b.load(page("scenes"))
    assert b.count("#cells .bridge.down") == 4
    rows = "#cells .merged > g > g"
    b.press("Right")
    assert b.text("#summary") == "The page tables were not read in this step."
    assert b.text("#changes") == "Below, they are as of step 1."
    assert "gone" not in b.text("main") and "exited" not in b.text("main")
    assert b.text("#tree").count("as of step 1") == 2
    assert b.count("#cells .bridge.down") == 4
    assert not b.count(".fresh")
    b.press("Right")
    # The copy is seen against the look before, and what exits after it is there.
    assert b.text("#changes") == "Since step 1: parent: 1 page in another " \
        "state; child: 1 page in another frame.", b.text("#changes")
    assert b.text("#summary") == "4 frames \u2192 5 frames, 1 copied"
    assert b.count("#cells .fresh") == 1
    assert b.count("#cells .bridge.down") == 3
    texts = b.run("return Array.from(document.querySelectorAll("
                  "'#cells .bytes'), (e) => e.textContent)")
    assert [t for t in texts if t] == ["hello", "01 00 00"], texts
    assert b.count(rows)
    b.press("Right")
    assert "Nobody is left" in b.text("#changes")
    assert b.text("#tree").count("has exited") == 2
    assert b.text("#tree").count("not looked at") == 1
    assert not b.count("#cells .page")
    b.press("Right")
    # Another scene has rows and columns of its own.
    assert b.text("#changes").startswith("Since step 3: parent has exited; "
                                         "child has exited; second is new")
    assert b.count("#cells .head") == 1
    assert b.text("#verdict") == "3 checks held, 0 failed."
    assert b.text("#answer") == "It was as it was."
    b.quiet()


@test("predict, then see: the answer is not told before it is asked")
def predict(b):
    b.load(page("scenes"))
    b.run("document.querySelector('#predict').click()")
    b.press("Right", "Right")
    assert b.text("#count") == "step 2 of 5"
    assert "child will write to page 1" in b.text("#question-text")
    assert "copied" not in b.text("main")
    assert "frame of its own" not in b.text("main")
    b.run("document.querySelector('#answers [data-word=reuse]').click()")
    assert b.text("#why") == "No: copy: mapcount 2: so."
    assert b.text("#score") == "0 of 1 right"
    b.press("Space")
    assert b.text("#count") == "step 3 of 5"
    # Once answered, it is not asked again.
    b.press("Left", "Right")
    assert b.text("#count") == "step 3 of 5"
    b.quiet()


@test("a link leads to a step, and so do arrow keys from anywhere")
def links(b):
    b.open(page("fork") + "#step=3")
    assert b.text("#count") == "step 3 of 5"
    b.press("Right")
    assert b.run("return location.hash") == "#step=4"
    b.run("location.hash = '#step=1'")
    b.frames_drawn()
    assert b.text("#count") == "step 1 of 5"
    b.open(page("fork") + "#step=99")
    assert b.text("#count") == "step 5 of 5"
    b.quiet()


@test("on a phone nothing is small, and nothing is beside the screen")
def phone(b):
    b.resize(390, 844)
    for name in "fork", "scattered", "scenes":
        b.load(page(name))
        assert b.run("return document.documentElement.scrollWidth") <= 390
        sizes = b.run("return Array.from(document.querySelectorAll("
                      "'main text, main p'), (e) => e.getClientRects()"
                      ".length ? parseFloat(getComputedStyle(e).fontSize) :"
                      " 99)")
        assert min(sizes) >= 10, min(sizes)
        b.picture(f"phone-{name}")
    b.resize(1400, 1100)


@test("--range limits the page", runs=True)
def limited(_):
    path = f"{tmp}/range.html"
    ran = cowinspect("small", "map", "77", "--range", "10002000-10004000",
                     "--html", path)
    assert ran.returncode == 0
    data = data_of(path)
    assert data["steps"][0]["tables"][0]["vmas"] == [
        [0x10002, 2, "rw-p", "[heap]"]]
    assert sorted(next(entries(data, 0))) == [0x10002, 0x10003]


@test("the legend is that of the terminal", runs=True)
def same_legend(b):
    b.load(f"{tmp}/small-map.html")
    rows = b.run("return Array.from(document.querySelectorAll('#legend li'),"
                 " (row) => row.innerText.trim().split(/\\s+/).join(' '))")
    picture_text = cowinspect("small", "map", "77").stdout
    # The recording has a page without an entry, and so has the terminal.
    told = re.findall(r"^  (\S)  (.*)$", picture_text, re.M)
    assert rows == [" ".join(pair) for pair in told], (rows, told)
    b.load(page("kinds"))
    assert b.count("#legend li") == 13
    letters = b.run("return Array.from(document.querySelectorAll("
                    "'#legend .swatch'), (e) => e.innerText)")
    assert len(set(letters)) == 13, letters


@test("colours are those of the terminal", runs=True)
def same_colours(_):
    coloured = subprocess.run(
        [tool, "--color=always", "--debugfs", f"{tmp}/small", "map", "77"],
        capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"\033\[48;5;(\d+);38;5;\d+m(\S)\033", coloured))
    by_letter = {letter: colour for letter, colour, _ in
                 data_of(f"{tmp}/small-map.html")["states"]}
    # What xterm shows for these numbers.
    known = {"208": "#ff8700", "36": "#00af87", "25": "#005faf"}
    # Where nothing is, it is as all other text.
    assert len(found) == 3, found
    for number, letter in found.items():
        assert by_letter[letter] == known[number], letter


@test("the slider changes the picture, by keyboard")
def slider(b):
    b.load(page("fork"))
    b.picture("fork-1")
    seen = set()
    b.focus("#slider")
    for step in range(5):
        assert b.text("#count") == f"step {step + 1} of 5"
        figure = b.run("return document.querySelector('#figure').innerHTML")
        shown = (b.text("#step-title"), figure, str(b.canvases()))
        assert not [old for old in seen
                    for part in range(2) if old[part] == shown[part]], step
        seen.add(shown)
        b.press("Right")
    assert b.count("svg .arrow.new") == 0
    b.press("Left", "Left", "Left")
    b.picture("fork-2")
    assert b.text("#count") == "step 2 of 5"
    assert "child: 4 pages in another frame" in b.text("#changes")
    assert b.count("#cells .fresh") == 4
    assert b.count("#cells .bridge.down") == 12
    # The child's four new frames, and where the arrows led before.
    assert b.count("svg .arrow.new") == 4
    assert b.count("svg .arrow.old") == 4
    assert b.count("svg .frame.shared") == 12
    assert b.text("#notes-count") == "Checks: 1 ok, 1 FAIL"
    assert "FAIL" in b.text("#notes .failed")
    b.press("Home")
    assert b.text("#count") == "step 1 of 5"
    b.run("document.querySelector('#next').click()")
    assert b.text("#count") == "step 2 of 5"
    b.quiet()


@test("frames keep their places in all steps")
def places(b):
    b.load(page("fork"))
    b.focus("#slider")
    where = {}
    for _ in range(5):
        for frame, y in b.run(
                "return Array.from(document.querySelectorAll('svg .frame'),"
                " (e) => [e.dataset.frame, e.querySelector('rect')"
                ".getAttribute('y')])"):
            assert where.setdefault(frame, y) == y
        b.press("Right")
    assert len(set(where.values())) == len(where) == 21


@test("hovering a page shows its record, and who maps the same frame")
def hover(b):
    b.load(page("fork"))
    b.focus("#slider")
    b.press("Right")
    b.point("svg .page[data-p='0'][data-page='%d']" % (START // 4096 + 7))
    record = b.text("#record")
    for part in "7f12347000", "copy (sure)", "mapcount", "2 (exact)", \
            "child at 7f12347000":
        assert part in record, (part, record)
    assert b.count("#figure .page.lit") == 2
    assert b.count("#cells .page.lit") == 2
    assert b.count("svg .frame.lit") == 1
    assert b.count("svg .arrow.lit") == 2
    b.picture("hover")
    # A page of its own: nobody else is marked, and it says what was before.
    b.point("svg .page[data-p='1'][data-page='%d']" % (START // 4096 + 1))
    assert b.count("#figure .page.lit") == 1
    assert "no other page" in b.text("#record")
    assert "before" in b.text("#record")
    b.point("#title")
    assert "Point at a page" in b.text("#record")


@test("hovering a cell of a strip marks cells of other processes")
def hover_strip(b):
    b.load(page("fork"))
    before = b.canvases()
    box = b.run("const r = document.querySelector('.strip canvas')"
                ".getBoundingClientRect(); return [r.width, r.height]")
    # The sixth cell: cells are 18 wide, their row begins below a caption.
    b.point(".strip canvas", int(4 + 5 * 19 + 9 - box[0] / 2),
            int(24 + 9 - box[1] / 2))
    assert "7f12345000" in b.text("#record")
    after = b.canvases()
    assert before[0] != after[0] and before[1] != after[1]
    b.point("#title")
    assert b.canvases() == before


@test("the figure is used by keyboard")
def figure_keys(b):
    b.load(page("crowd"))
    b.focus("#slider")
    b.press("End")
    b.picture("crowd")
    assert not b.count("#figure-box:not([hidden])")
    b.load(page("fork"))
    b.focus("#figure")
    b.press("Down")
    assert "parent" in b.text("#record")
    b.press("Down", "Right")
    assert "child" in b.text("#record")
    assert "7f12341000" in b.text("#record")
    b.press("Down")
    assert "7f12342000" in b.text("#record")
    b.press("Escape")
    assert "Point at a page" in b.text("#record")
    b.press("Tab")
    assert b.run("return document.activeElement.id") == "size"


@test("all states and all cells, by keyboard")
def strip_keys(b):
    b.load(page("kinds"))
    b.picture("kinds")
    b.focus(".strip")
    seen = set()
    for _ in range(13):
        b.press("Right")
        seen.add(b.text("#record p"))
    assert len(seen) == 12, seen
    assert "?" in b.text("#record")
    b.press("Home")
    assert "huge page" in b.text("#record")
    assert "2M from 7f12140000" in b.text("#record")
    b.focus("#slider")
    b.press("Right")
    # Of the pages that were looked at both times; the entry without a frame is in
    # one now, and the one that was swapped out.
    assert b.text("#changes") == "Since step 1: kinds: 8 pages in another " \
        "frame, 3 pages in a frame now.", b.text("#changes")
    b.quiet()


@test("processes are a tree")
def tree(b):
    b.load(page("crowd"))
    b.focus("#slider")
    b.press("Right")
    assert b.count("#tree > ul > li") == 1
    assert b.count("#tree > ul > li > ul > li") == 3
    assert b.text("#tree > ul > li > ul > li > ul").startswith("fourth")
    b.load(page("fork"))
    assert b.count("#tree .away") == 0
    b.focus("#slider")
    b.press("End")
    assert "child (1002)\nhas exited" in b.text("#tree .away")


@test("there is a table that says the same")
def table(b):
    b.load(page("fork"))
    b.focus("#table-box summary")
    b.press("Space")
    assert b.count("#table tbody tr, #table table > tr") == 16
    first = b.text("#table table > tr")
    for part in "7f12340000", "101eef", "copy (sure)":
        assert part in first, first
    b.focus("#slider")
    b.press("Right")
    assert b.count("#table .changed") == 4
    assert "changed" in b.text("#table .changed")
    b.load(page("large"))
    b.run("document.querySelector('#table-box').open = true")
    b.frames_drawn()
    assert b.text("#table-count") == "1 to 200 of 100,000"
    b.run("document.querySelector('#table-next').click()")
    assert b.text("#table-count") == "201 to 400 of 100,000"


@test("100000 pages in two processes load and respond")
def large(b):
    b.load(page("large"))
    assert b.count("#cells .page") == 10
    before = b.canvases()
    b.focus("#slider")
    b.press("Right")
    assert b.canvases() != before
    assert b.count("#cells .bridge.down") == 3
    assert "child: 4 pages in another frame" in b.text("#changes")
    b.focus(".strip")
    b.press("End")
    assert f"{START + 99999 * 4096:x}" in b.text("#record")
    assert f"child at {START + 99999 * 4096:x}" in b.text("#record")
    assert b.run("return document.querySelector('.strip').scrollTop") > 0
    b.picture("large")
    b.press("Home", "PageDown")
    b.run("const s = document.querySelector('#size'); s.value = 18;"
          "s.dispatchEvent(new Event('change'))")
    b.focus(".strip")
    b.press("Down")
    b.load(f"{tmp}/large-map.html")
    b.picture("map")
    b.focus(".strip")
    b.press("Right", "Right")
    assert "own page, writable" in b.text("#record")
    b.press("End")
    assert "/lib/\"od\\134d\" \u00e4 name.so" in b.text("#record")
    b.quiet()


@test("dark mode is dark, also in the strips")
def dark(b):
    colour = "return getComputedStyle(document.body).backgroundColor"
    b.load(page("crowd"))
    light, light_strips = b.run(colour), b.canvases()
    b.scheme("dark")
    assert b.run(colour) != light
    # The absent page is written in the colour of text.
    assert b.canvases() != light_strips
    b.picture("dark")
    b.scheme("light")
    assert (b.run(colour), b.canvases()) == (light, light_strips)


@test("on paper all steps stand below one another")
def paper(b):
    b.scheme("dark")
    for name in "fork", "scattered":
        b.load(page(name))
        titles = [step["title"] for step in data_of(page(name))["steps"]]
        folder = os.environ.get("PICTURES", tmp)
        text = b.print(f"{folder}/{name}.pdf")
        at = [text.find(f"{i + 1}. {title}")
              for i, title in enumerate(titles)]
        assert -1 not in at and at == sorted(at), at
        assert "copy-on-write pending" in text
        # The screen is as it was.
        assert b.count("#print > *") == 0
        b.quiet()
    assert "a letter below stands for 16 entries" in text
    b.scheme("light")


@test("names cannot break the page")
def hostile(b):
    b.load(page("hostile"))
    text = "</script><script>document.title='caught'</script>"
    assert b.run("return document.title").startswith(text)
    for selector in "#title", "#step-title", "#step-text", "#notes", \
            "#strips h3", "#tree":
        shown = b.run("return document.querySelector(arguments[0])"
                      ".textContent", selector)
        assert text + "<!--<b>\"'&amp;\\\ufffd\x01\u2028" in shown, shown
    b.focus(".strip")
    b.press("Right")
    assert text in b.text("#record")
    assert b.count("script") == 2
    assert b.count("b") == 0
    b.quiet()


def lanes(b):
    return b.canvases()[0]


def moments(b):
    """What is said of the window, and of the moment."""
    return b.text("#window"), b.text("#record")


@test("trace: the page has every event, in few slices")
def trace_data(_):
    data = data_of(page("trace-large"))
    assert data["slices"] <= 2048
    assert len(data["processes"]) == 40
    sums, listed = [0] * 19, [0] * 19
    for process in data["processes"]:
        for outcome, n in zip(process["cells"][1::4], process["cells"][2::4]):
            sums[outcome] += n
        did = [process["counted"].get(name, [0])[0]
               for name, *_ in data["outcomes"]]
        listed = [a + b for a, b in zip(listed, did + [0])]
        ends = [sum(process["cells"][0:4 * i + 1:4])
                for i in range(len(process["cells"]) // 4)]
        assert ends == sorted(ends) and ends[-1] < data["slices"]
    assert sum(sums) == 100000 and sums == listed
    assert os.path.getsize(page("trace-large")) < 1500000


@test("trace: 100000 events load and respond, by keyboard")
def trace_large(b):
    b.load(page("trace-large"))
    assert "100,000 faults" in b.text("#window")
    assert b.count("#tree li") == 40
    b.picture("trace-large")
    seen = {lanes(b)}
    b.focus("#zoom")
    for _ in range(3):
        b.press("Right")
        shown = lanes(b)
        assert shown not in seen
        seen.add(shown)
    b.focus("#from")
    b.press("End")
    assert lanes(b) not in seen
    b.focus("#lanes")
    b.press("PageUp", "+", "Right", "Down", "End", "-", "0")
    assert "100,000 faults" in b.text("#window")
    b.quiet()


@test("trace: zoom and moment, by keyboard")
def trace_keys(b):
    b.load(page("trace-server"))
    b.picture("trace-server")
    assert "0 to 1 s of 1 s; 775 faults (775/s), 265 copied, 1M" in \
        b.text("#window"), b.text("#window")
    whole = moments(b)
    assert "630" not in whole[1] and "580 faults" in whole[1], whole
    b.focus("#lanes")
    before = lanes(b)
    b.press("Right")
    assert b.text("#moment") == "Chosen moment"
    assert lanes(b) != before
    first = moments(b)
    b.press("Right")
    assert moments(b) != first
    b.press("Left")
    assert moments(b) == first
    b.press("+", "+")
    assert "0 to 250 ms" in b.text("#window"), b.text("#window")
    near = lanes(b)
    b.press("PageDown")
    assert "250 ms to 500 ms" in b.text("#window"), b.text("#window")
    assert lanes(b) != near
    # The first moment in sight; beyond it, the window follows.
    b.press("Right")
    assert "250 ms to" in b.text("#record p.quiet"), b.text("#record")
    assert "250 ms to 500 ms" in b.text("#window")
    b.press("Left")
    assert "124 ms to 374 ms" in b.text("#window"), b.text("#window")
    b.press("0", "Escape")
    assert moments(b) == whole
    assert lanes(b) == before
    b.quiet()


@test("trace: lanes of processes and of outcomes, totals of all")
def trace_lanes(b):
    b.load(page("trace-server"))
    assert b.text("#tree [aria-pressed=true]") == "server (500)"
    rows = b.run("return Array.from(document.querySelectorAll("
                 "'#totals tr'), (row) => row.innerText.split('\\t'))")
    assert rows[0] == ["process", "faults", "copied", "reused", "zerofilled",
                       "zeropage", "mapped", "other", "bytes copied",
                       "copying", "in all"], rows[0]
    # The 50 that no event tells of are in the totals.
    assert rows[1][:4] == ["all processes", "775", "265", "120"], rows[1]
    assert rows[2][:4] == ["server (500)", "580", "100", "120"], rows[2]
    b.focus("#lanes")
    before = lanes(b)
    b.press("Down")
    assert b.text("#tree [aria-pressed=true]") == "worker (501)"
    assert "worker (501)" in b.text("#chosen-name")
    assert "120 faults" in b.text("#record")
    assert lanes(b) != before
    vmas = b.text("#vmas")
    assert "55d000000000-55d0186a0000" in vmas and "[heap]" in vmas, vmas
    assert b.count("#hot tr") == 101
    assert "and 20 more" in b.text("#hot")
    assert b.text("#kinds tbody").startswith("anon\t120\t120"), \
        b.text("#kinds")
    # Children stand below their parents, the youngest below its own.
    assert b.text("#tree > ul > li > ul > li > ul").startswith("worker (503)")
    by_process = lanes(b)
    b.run("const s = document.querySelector('#mode'); s.value = 'outcomes';"
          "s.dispatchEvent(new Event('change'))")
    assert lanes(b) != by_process
    b.picture("trace-outcomes")
    b.press("Up", "Up")
    assert b.count("#chosen:not([hidden])") == 0
    assert "775 faults" in b.text("#record")


@test("trace: losses are said where they were")
def trace_losses(b):
    b.load(page("trace-server"))
    assert "50 events of faults and 1 other were lost" in b.text("#losses")
    assert "lost here" in b.text("#legend")
    data = data_of(page("trace-server"))
    at, where = 0, []
    for gap, outcome, count, _ in zip(*[iter(data["lost"])] * 4):
        at += gap
        assert outcome == 18
        where.append((at * data["slice_ns"] / 1e6, count))
    # After the last event before the record of them.
    assert 598 <= where[0][0] <= 600 and 649 <= where[-1][0] <= 650, where
    assert sum(count for _, count in where) == 50
    box = b.run("return document.querySelector('#lanes').clientWidth")
    b.point("#lanes canvas", int(box * 0.625 - box / 2), 0)
    assert "lost here, of any process" in b.text("#record")
    b.point("#lanes canvas", int(box * 0.3 - box / 2), 0)
    assert "lost here" not in b.text("#record")
    b.load(page("trace-one"))
    assert not b.text("#losses")
    assert "lost here" not in b.text("#legend")


@test("trace: the table says the same")
def trace_table(b):
    b.load(page("trace-server"))
    b.focus("#table-box summary")
    b.press("Space")
    rows = b.run("return Array.from(document.querySelectorAll("
                 "'#table tbody tr'), (row) => row.innerText.split('\\t'))")
    assert 40 <= len(rows) <= 50
    assert sum(int(row[1]) for row in rows) == 580
    assert sum(int(row[-1]) for row in rows) == 50
    first = b.text("#table tbody tr")
    b.focus("#lanes")
    b.press("+")
    assert b.count("#table tbody tr") <= 50
    assert b.text("#table tbody tr") != first


@test("trace: states and outcomes that mean the same have one letter")
def trace_legend(_):
    states = {letter: (colour, meaning) for letter, colour, meaning in
              data_of(page("fork"))["states"]}
    groups = {letter: (colour, name) for letter, colour, name, _ in
              data_of(page("trace-one"))["groups"]}
    for letter in "CRZFSXU":
        assert groups[letter][0] == states[letter][0], letter
    assert "N" not in states and "+" not in states
    assert len({colour for colour, _ in groups.values()}) == len(groups)


@test("trace: dark mode, paper")
def trace_dark(b):
    b.load(page("trace-server"))
    light = lanes(b)
    b.scheme("dark")
    assert lanes(b) != light
    b.picture("trace-dark")
    folder = os.environ.get("PICTURES", tmp)
    text = b.print(f"{folder}/trace-server.pdf")
    for part in "Faults over time", "all processes", "worker (503)", "[heap]", \
            "50 events of faults", "lost here", "Which code copied", "set_flag":
        assert part in text, (part, text)
    assert b.count("#print > *") == 0
    b.quiet()
    b.scheme("light")
    assert lanes(b) == light


@test("trace: names cannot break the page, nor one fault, nor none")
def trace_odd(b):
    b.load(page("trace-hostile"))
    text = "</script><script>document.title='caught'</script>"
    assert text in b.text("#title") and "caught" != b.run(
        "return document.title")
    assert text in b.text("#vmas")
    assert "<b>\"'&\\\ufffd" in b.text("#tree"), b.text("#tree")
    assert b.count("script") == 2 and b.count("b") == 0
    assert "faults went by unseen" in b.text("#losses")
    b.quiet()
    b.load(page("trace-one"))
    assert "1 fault" in b.text("#window")
    b.focus("#lanes")
    b.press("Right", "+", "PageDown", "End", "Down", "Up", "Escape")
    b.quiet()
    b.load(page("trace-nobody"))
    assert "Nothing was traced" in b.text("main")


def graph(b):
    return b.canvases()[1]


def choose(b, selector, value):
    b.run("const s = document.querySelector(arguments[0]); s.value ="
          " arguments[1]; s.dispatchEvent(new Event(s.tagName === 'SELECT' ?"
          " 'change' : 'input'))", selector, value)
    b.frames_drawn()


def record_of(b):
    """The rows of the chosen box: in itself, and with what it called."""
    return b.run("return Array.from(document.querySelectorAll("
                 "'#flame-record tbody tr'), (row) =>"
                 " row.innerText.split('\\t').map((t) => t.trim()))")


@test("trace: the lanes have a line of times, at all widths")
def trace_axis(b):
    b.load(page("trace-server"))
    axis = "return document.querySelector('#axis').toDataURL()"
    whole = b.run(axis)
    b.focus("#lanes")
    b.press("+")
    near = b.run(axis)
    assert near != whole
    b.press("PageDown")
    assert b.run(axis) not in (near, whole)
    b.press("0")
    assert b.run(axis) == whole


@test("trace: flame graph: boxes by keyboard, with their numbers")
def flame_keys(b):
    b.load(page("trace-server"))
    assert "265 copies, 1M, 530 µs in the kernel" in b.text("#flame-sum"), \
        b.text("#flame-sum")
    b.focus("#flame-graph")
    before = graph(b)
    b.press("Home", "Down")
    assert graph(b) != before
    assert b.text("#flame-record strong") == "main"
    assert "/usr/bin/server" in b.text("#flame-record")
    assert record_of(b) == [["in itself", "0", "0B", "0 ns", "0.0%"],
                            ["with what it called", "160", "640K", "320 µs",
                             "60.4%"]], record_of(b)
    assert "server.c:40 640K" in b.text("#flame-record ul")
    b.press("Down", "Down")
    assert b.text("#flame-record strong") == "update"
    # Two lines of one function are one box.
    assert b.run("return Array.from(document.querySelectorAll("
                 "'#flame-record li'), (li) => li.innerText)") == \
        ["table.c:12 360K", "table.c:19 120K"]
    assert "called by main › serve" in b.text("#flame-record")
    b.press("Right")
    assert b.text("#flame-record strong") == "walk"
    b.press("Left", "Down", "Right")
    assert b.text("#flame-record strong") == "set_flag"
    b.press("Up", "Up", "Up", "Right")
    assert b.text("#flame-record strong").startswith("(cut off")
    b.press("Right")
    assert b.text("#flame-record strong") == "(no stack)"
    b.press("Right")
    assert b.text("#flame-record strong") == "libz.so.1+0x1234"
    assert "/usr/lib/libz.so.1+0x1234 20K" in b.text("#flame-record ul")
    assert record_of(b)[0][1:] == ["5", "20K", "10 µs", "1.9%"], record_of(b)
    b.press("Escape")
    b.quiet()


@test("trace: flame graph: widened and back, by keyboard and by mouse")
def flame_zoom(b):
    b.load(page("trace-server"))
    b.focus("#flame-graph")
    b.press("Home", "Down", "Down", "Down")
    whole = graph(b)
    b.press("Enter")
    assert "Widened: update." in b.text("#flame-sum"), b.text("#flame-sum")
    near = graph(b)
    assert near != whole
    b.press("Escape")
    assert "Widened" not in b.text("#flame-sum")
    assert graph(b) == whole
    # The left end of the fourth row from above, of 7.
    size = b.run("const r = document.querySelector('#flame-graph canvas')"
                 ".getBoundingClientRect(); return [r.width, r.height]")
    assert size[1] == 7 * 20, size
    at = int(10 - size[0] / 2), 0
    b.point("#flame-graph canvas", *at)
    assert b.text("#flame-record strong") == "update"
    b.click()
    assert "Widened: update." in b.text("#flame-sum")
    b.picture("flame-widened")
    b.focus("#flame-whole")
    b.press("Space")
    assert "Widened" not in b.text("#flame-sum")
    b.quiet()


@test("trace: flame graph: searched, of one process, by another number")
def flame_choices(b):
    b.load(page("trace-server"))
    before = graph(b)
    b.focus("#flame-graph")
    b.press("/")
    b.press(*"WALK")
    assert b.run("return document.activeElement.id") == "flame-search"
    # One of the three in the others, so it is counted once.
    assert "Found in 3 boxes: 160K, 15.1%" in b.text("#flame-sum"), \
        b.text("#flame-sum")
    assert graph(b) != before
    b.picture("flame-search")
    choose(b, "#flame-search", "table.c:19")
    assert "Found in 1 box" in b.text("#flame-sum"), b.text("#flame-sum")
    choose(b, "#flame-search", "nonsense")
    assert "Found nowhere" in b.text("#flame-sum")
    choose(b, "#flame-search", "")
    assert graph(b) == before
    names = b.run("return Array.from(document.querySelectorAll("
                  "'#flame-process option'), (o) => o.innerText)")
    assert names == ["all processes", "server (500)", "worker (501)",
                     "worker (502)", "worker (503)"], names
    choose(b, "#flame-process", "2")
    assert b.text("#flame-sum").startswith(
        "worker (502): 40 copies, 160K, 80 µs"), b.text("#flame-sum")
    assert graph(b) != before
    choose(b, "#flame-process", "")
    choose(b, "#flame-weight", "0")
    b.focus("#flame-graph")
    b.press("Home")
    assert record_of(b)[1] == ["with what it called", "265", "1M", "530 µs",
                               "100.0%"], record_of(b)
    b.quiet()


@test("trace: flame graph: the tables say the same")
def flame_tables(b):
    b.load(page("trace-server"))
    b.focus("#flame-tables summary")
    b.press("Space")
    rows = b.run("return Array.from(document.querySelectorAll("
                 "'#flame-functions tbody tr'), (row) =>"
                 " row.innerText.split('\\t'))")
    assert rows[0] == ["800K", "75.5%", "800K", "75.5%", "memcpy",
                       "libc.so.6"], rows[0]
    # It calls itself, and has what it called once.
    assert ["0B", "0.0%", "160K", "15.1%", "walk", "server"] in rows, rows
    paths = b.text("#flame-paths")
    assert "main › serve › walk › walk › walk › memcpy" in paths, paths
    choose(b, "#flame-process", "3")
    assert b.count("#flame-functions tbody tr") == 1
    assert b.text("#flame-functions tbody td:nth-child(5)") == "libz.so.1+0x1234"
    b.quiet()


@test("trace: flame graph: thousands of paths, dark, none")
def flame_large(b):
    b.load(page("trace-large"))
    assert "19,999 copies" in b.text("#flame-sum"), b.text("#flame-sum")
    assert "is left out: widen" in b.text("#flame-sum")
    b.focus("#flame-graph")
    seen = {graph(b)}
    for _ in range(4):
        b.press("Down", "Down", "Down", "Down", "Down", "Down", "Enter")
        assert graph(b) not in seen
        seen.add(graph(b))
    assert "Widened: level_22" in b.text("#flame-sum"), b.text("#flame-sum")
    b.press("Down", "Down")
    assert b.text("#flame-record strong").startswith("leaf_")
    choose(b, "#flame-search", "leaf_7")
    assert "Found in" in b.text("#flame-sum")
    b.scheme("dark")
    assert graph(b) not in seen
    b.scheme("light")
    b.quiet()
    b.load(page("trace-one"))
    assert b.run("return document.querySelector('#flame').offsetHeight") == 0
    assert not data_of(page("trace-one")).get("calls")
    b.load(page("trace-hostile"))
    assert "script><!--<b>" in b.text("#flame-legend"), \
        b.text("#flame-legend")
    b.focus("#flame-graph")
    b.press("Home", "Down")
    assert "</script>" in b.text("#flame-record strong")
    assert b.count("script") == 2
    b.quiet()


@test("trace: a page that cannot be written is a failure", runs=True)
def trace_unwritable(_):
    made = f"{os.path.dirname(tool)}/tests/make-trace"
    assert subprocess.run([made, "one", "/dev/full"],
                          check=False).returncode == 1
    assert subprocess.run([made, "one", "/nonexistent/x"],
                          check=False).returncode == 2


@test("a page without steps says so")
def empty(b):
    b.load(page("empty"))
    assert "Nothing was recorded" in b.text("#step-title")


run_in_browser(f"{tmp}/profile")

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
import traceback

from browser import Browser

tool, tmp = sys.argv[1:]
START = 0x7f12340000
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def page(name):
    return f"{tmp}/{name}.html"


def load(b, name, pages=None):
    """Open a page, in which nothing must go wrong."""
    b.open(pages or page(name))
    quiet(b)


def quiet(b):
    log = b.log()
    assert not log, log


def picture(b, name):
    if os.environ.get("PICTURES"):
        b.screenshot(f"{os.environ['PICTURES']}/{name}.png")


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
        mine = [t for t in step["tables"] if t["process"] == process]
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


@test("the data is what show --pages tells")
def same_data(_):
    for recording in "small", "large":
        path = f"{tmp}/{recording}-map.html"
        assert cowinspect(recording, "map", "77", "--html",
                          path).returncode == 0
        told = json.loads(cowinspect(recording, "show", "77", "--pages",
                                     "--json", "--output-all").stdout)
        data = data_of(path)
        mine = next(entries(data, 0))
        assert len(mine) == len(told["pages"])
        for record in told["pages"]:
            frame, form = mine[int(record["addr"], 16) // 4096]
            form = data["forms"][form]
            assert f"{frame:#x}" == record["pfn"], record
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


@test("a page that cannot be written is a failure")
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
        load(b, name)
        assert b.run("return performance.getEntriesByType('resource')"
                     ".length") == 0
        with open(page(name), encoding="utf-8") as file:
            text = file.read()
        addresses = set(re.findall(r"\w+://[\w./]+", text))
        assert addresses == {"http://www.w3.org/2000/svg"}, addresses
        assert not re.search(r"<[^>]*\b(src|href)=", text)


@test("show writes the page of map")
def from_show(b):
    path = f"{tmp}/show.html"
    assert cowinspect("small", "show", "77", "--html", path).returncode == 0
    load(b, "", path)
    assert data_of(path) == data_of(f"{tmp}/small-map.html")
    assert b.text("#title") == "process 77"
    assert "process 77" in b.text("#tree")
    # One step needs no slider.
    assert not b.run("return document.querySelector('#bar').offsetHeight")


@test("several processes: who maps the same frame is marked in all of them")
def several(b):
    path = f"{tmp}/several.html"
    ran = cowinspect("small", "map", "77", "79", "--html", path)
    assert ran.returncode == 0, ran
    load(b, "", path)
    picture(b, "several")
    assert b.text("#title") == "process 77 and 1 more"
    assert b.count(".strip") == 2
    # 16 pages and 2 of which one is there: two tables, one set of frames.
    assert b.count("#figure .page") == 36
    assert b.count("#figure .frame") == 18
    assert b.count("#figure .frame.shared") == 16
    b.point("#figure .page[data-p='1'][data-page='%d']" % (0x10002))
    assert b.count("svg .page.lit") == 2
    assert "process 77 at 10002000" in b.text("#record")
    b.point("#figure .page[data-p='1'][data-page='%d']" % (0x10001))
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
    quiet(b)


@test("several processes with more pages than fit into a figure")
def several_large(b):
    path = f"{tmp}/several-large.html"
    assert cowinspect("large", "map", "79", "77", "--html",
                      path).returncode == 0
    load(b, "", path)
    assert b.count("#figure-hint:not([hidden])") == 1
    figure = "return document.querySelector('#figure').innerHTML"
    first = b.run(figure)
    b.focus(".strip")
    b.press("Home", "Right")
    # Near enough to be in it already.
    assert b.count("#figure .page.chosen") == 1
    b.press("End")
    assert b.run(figure) != first
    assert "od\\134d" in b.text("#record")
    b.press("Left")
    assert b.count("#figure .page.chosen") == 1
    assert b.count("#figure .page.lit") == 2
    b.press("PageUp", "Left")
    picture(b, "several-large")
    assert b.count("#figure .page") == 2 * 16
    # By keyboard it moves on at its ends.
    b.focus("#figure")
    first = b.run(figure)
    b.press(*["Down"] * 9)
    assert b.count("#figure .page.chosen") == 1
    assert b.run(figure) != first
    b.press("Right")
    assert b.text("#record p + p") == "process 77", b.text("#record")
    quiet(b)


@test("--range limits the page")
def limited(_):
    path = f"{tmp}/range.html"
    ran = cowinspect("small", "map", "77", "--range", "10002000-10004000",
                     "--html", path)
    assert ran.returncode == 0
    data = data_of(path)
    assert data["steps"][0]["tables"][0]["vmas"] == [
        [0x10002, 2, "rw-p", "[heap]"]]
    assert sorted(next(entries(data, 0))) == [0x10002, 0x10003]


@test("the legend is that of the terminal")
def same_legend(b):
    load(b, "", f"{tmp}/small-map.html")
    rows = b.run("return Array.from(document.querySelectorAll('#legend tr'),"
                 " (row) => row.innerText.trim().split(/\\s+/).join(' '))")
    picture_text = cowinspect("small", "map", "77").stdout
    # The recording has a page without an entry, and so has the terminal.
    told = re.findall(r"^  (\S)  (.*)$", picture_text, re.M)
    assert rows == [" ".join(pair) for pair in told], (rows, told)
    load(b, "kinds")
    assert b.count("#legend tr") == 13
    letters = b.run("return Array.from(document.querySelectorAll("
                    "'#legend .swatch'), (e) => e.innerText)")
    assert len(set(letters)) == 13, letters


@test("colours are those of the terminal")
def same_colours(_):
    coloured = subprocess.run(
        [tool, "--color=always", "--debugfs", f"{tmp}/small", "map", "77"],
        capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"\033\[38;5;(\d+)m(\S)\033", coloured))
    by_letter = {letter: colour for letter, colour, _ in
                 data_of(f"{tmp}/small-map.html")["states"]}
    # What xterm shows for these numbers.
    known = {"208": "#ff8700", "36": "#00af87", "25": "#005faf",
             "244": "#808080"}
    assert len(found) == 4, found
    for number, letter in found.items():
        assert by_letter[letter] == known[number], letter


@test("the slider changes the picture, by keyboard")
def slider(b):
    load(b, "fork")
    picture(b, "fork-1")
    seen = set()
    b.focus("#slider")
    for step in range(5):
        assert b.text("#count") == f"step {step + 1} of 5"
        # Checks are in the way of the picture only where one has failed.
        assert b.run("return document.querySelector('#notes-box').open"
                     ) == (step == 1)
        figure = b.run("return document.querySelector('#figure').innerHTML")
        shown = (b.text("#step-title"), figure, str(b.canvases()))
        assert not [old for old in seen
                    for part in range(2) if old[part] == shown[part]], step
        seen.add(shown)
        b.press("Right")
    assert b.count("svg .arrow.new") == 0
    b.press("Left", "Left", "Left")
    picture(b, "fork-2")
    assert b.text("#count") == "step 2 of 5"
    assert "child: 4 entries changed" in b.text("#changes")
    # The child's four new frames, and where the arrows led before.
    assert b.count("svg .arrow.new") == 4
    assert b.count("svg .arrow.old") == 4
    assert b.count("svg .frame.shared") == 12
    assert b.text("#notes-count") == "1 ok, 1 FAIL"
    assert "FAIL" in b.text("#notes .failed")
    b.press("Home")
    assert b.text("#count") == "step 1 of 5"
    b.run("document.querySelector('#next').click()")
    assert b.text("#count") == "step 2 of 5"
    quiet(b)


@test("frames keep their places in all steps")
def places(b):
    load(b, "fork")
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
    load(b, "fork")
    b.focus("#slider")
    b.press("Right")
    b.point("svg .page[data-p='0'][data-page='%d']" % (START // 4096 + 7))
    record = b.text("#record")
    for part in "7f12347000", "copy (sure)", "mapcount", "2 (exact)", \
            "child at 7f12347000":
        assert part in record, (part, record)
    assert b.count("svg .page.lit") == 2
    assert b.count("svg .frame.lit") == 1
    assert b.count("svg .arrow.lit") == 2
    picture(b, "hover")
    # A page of its own: nobody else is marked, and it says what was before.
    b.point("svg .page[data-p='1'][data-page='%d']" % (START // 4096 + 1))
    assert b.count("svg .page.lit") == 1
    assert "no other page" in b.text("#record")
    assert "before" in b.text("#record")
    b.point("#title")
    assert "Point at a page" in b.text("#record")


@test("hovering a cell of a strip marks cells of other processes")
def hover_strip(b):
    load(b, "fork")
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
    load(b, "crowd")
    b.focus("#slider")
    b.press("End")
    picture(b, "crowd")
    b.focus("#figure")
    b.press("Down")
    assert "server" in b.text("#record")
    b.press("Down", "Right")
    assert "first" in b.text("#record")
    assert "7f12341000" in b.text("#record")
    # On to the process below, on the same side.
    b.press(*["Down"] * 7)
    assert "third" in b.text("#record")
    b.press("Escape")
    assert "Point at a page" in b.text("#record")
    b.press("Tab")
    assert b.run("return document.activeElement.id") == "size"


@test("all states and all cells, by keyboard")
def strip_keys(b):
    load(b, "kinds")
    picture(b, "kinds")
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
    assert "kinds: 12 entries changed" in b.text("#changes")
    quiet(b)


@test("processes are a tree")
def tree(b):
    load(b, "crowd")
    b.focus("#slider")
    b.press("Right")
    assert b.count("#tree > ul > li") == 1
    assert b.count("#tree > ul > li > ul > li") == 3
    assert b.text("#tree > ul > li > ul > li > ul").startswith("fourth")
    load(b, "fork")
    assert b.count("#tree .away") == 0
    b.focus("#slider")
    b.press("End")
    assert "child (1002)\nnot there" in b.text("#tree .away")


@test("there is a table that says the same")
def table(b):
    load(b, "fork")
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
    load(b, "large")
    b.run("document.querySelector('#table-box').open = true")
    b.frames_drawn()
    assert b.text("#table-count") == "1 to 200 of 100,000"
    b.run("document.querySelector('#table-next').click()")
    assert b.text("#table-count") == "201 to 400 of 100,000"


@test("100000 pages in two processes load and respond")
def large(b):
    load(b, "large")
    # The figure has a part, as of any step the same.
    assert b.count("#figure .page") == 2 * 16
    assert b.count("#figure .frame.shared") == 16
    before = b.canvases()
    b.focus("#slider")
    b.press("Right")
    assert b.canvases() != before
    assert b.count("#figure .frame") == 20
    assert b.count("#figure .frame.shared") == 12
    assert "child: 4 entries changed" in b.text("#changes")
    b.focus(".strip")
    b.press("End")
    assert f"{START + 99999 * 4096:x}" in b.text("#record")
    assert f"child at {START + 99999 * 4096:x}" in b.text("#record")
    assert b.run("return document.querySelector('.strip').scrollTop") > 0
    picture(b, "large")
    b.press("Home", "PageDown")
    b.run("const s = document.querySelector('#size'); s.value = 18;"
          "s.dispatchEvent(new Event('change'))")
    b.focus(".strip")
    b.press("Down")
    load(b, "", f"{tmp}/large-map.html")
    picture(b, "map")
    b.focus(".strip")
    b.press("Right", "Right")
    assert "own page, writable" in b.text("#record")
    b.press("End")
    assert "/lib/\"od\\134d\" \u00e4 name.so" in b.text("#record")
    quiet(b)


@test("dark mode is dark, also in the strips")
def dark(b):
    colour = "return getComputedStyle(document.body).backgroundColor"
    load(b, "crowd")
    light, light_strips = b.run(colour), b.canvases()
    b.scheme("dark")
    assert b.run(colour) != light
    # The absent page is written in the colour of text.
    assert b.canvases() != light_strips
    picture(b, "dark")
    b.scheme("light")
    assert (b.run(colour), b.canvases()) == (light, light_strips)


@test("on paper all steps stand below one another")
def paper(b):
    b.scheme("dark")
    for name in "fork", "large":
        load(b, name)
        titles = [step["title"] for step in data_of(page(name))["steps"]]
        folder = os.environ.get("PICTURES", tmp)
        text = b.print(f"{folder}/{name}.pdf")
        at = [text.find(f"{i + 1}. {title}")
              for i, title in enumerate(titles)]
        assert -1 not in at and at == sorted(at), at
        assert "copy-on-write pending" in text
        # The screen is as it was.
        assert b.count("#print > *") == 0
        quiet(b)
    assert "a letter below stands for 128 entries" in text
    b.scheme("light")


@test("names cannot break the page")
def hostile(b):
    load(b, "hostile")
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
    quiet(b)


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
    load(b, "trace-large")
    assert "100,000 faults" in b.text("#window")
    assert b.count("#tree li") == 40
    picture(b, "trace-large")
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
    quiet(b)


@test("trace: zoom and moment, by keyboard")
def trace_keys(b):
    load(b, "trace-server")
    picture(b, "trace-server")
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
    quiet(b)


@test("trace: lanes of processes and of outcomes, totals of all")
def trace_lanes(b):
    load(b, "trace-server")
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
    picture(b, "trace-outcomes")
    b.press("Up", "Up")
    assert b.count("#chosen:not([hidden])") == 0
    assert "775 faults" in b.text("#record")


@test("trace: losses are said where they were")
def trace_losses(b):
    load(b, "trace-server")
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
    load(b, "trace-one")
    assert not b.text("#losses")
    assert "lost here" not in b.text("#legend")


@test("trace: the table says the same")
def trace_table(b):
    load(b, "trace-server")
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
    load(b, "trace-server")
    light = lanes(b)
    b.scheme("dark")
    assert lanes(b) != light
    picture(b, "trace-dark")
    folder = os.environ.get("PICTURES", tmp)
    text = b.print(f"{folder}/trace-server.pdf")
    for part in "Faults over time", "all processes", "worker (503)", "[heap]", \
            "50 events of faults", "lost here":
        assert part in text, (part, text)
    assert b.count("#print > *") == 0
    quiet(b)
    b.scheme("light")
    assert lanes(b) == light


@test("trace: names cannot break the page, nor one fault, nor none")
def trace_odd(b):
    load(b, "trace-hostile")
    text = "</script><script>document.title='caught'</script>"
    assert text in b.text("#title") and "caught" != b.run(
        "return document.title")
    assert text in b.text("#vmas")
    assert "<b>\"'&\\\ufffd" in b.text("#tree"), b.text("#tree")
    assert b.count("script") == 2 and b.count("b") == 0
    assert "faults went by unseen" in b.text("#losses")
    quiet(b)
    load(b, "trace-one")
    assert "1 fault" in b.text("#window")
    b.focus("#lanes")
    b.press("Right", "+", "PageDown", "End", "Down", "Up", "Escape")
    quiet(b)
    load(b, "trace-nobody")
    assert "Nothing was traced" in b.text("main")


@test("trace: a page that cannot be written is a failure")
def trace_unwritable(_):
    made = f"{os.path.dirname(tool)}/tests/make-trace"
    assert subprocess.run([made, "one", "/dev/full"],
                          check=False).returncode == 1
    assert subprocess.run([made, "one", "/nonexistent/x"],
                          check=False).returncode == 2


@test("a page without steps says so")
def empty(b):
    load(b, "empty")
    assert "Nothing was recorded" in b.text("#step-title")


def main():
    print(f"1..{len(tests)}", flush=True)
    browser = Browser(f"{tmp}/profile")
    try:
        for i, (name, function) in enumerate(tests, 1):
            try:
                function(browser)
                print(f"ok {i} - {name}", flush=True)
            except Exception:  # pylint: disable=broad-except
                print(f"not ok {i} - {name}")
                for line in traceback.format_exc().splitlines():
                    print("# " + line, flush=True)
    finally:
        browser.end()


main()

# SPDX-License-Identifier: GPL-2.0
"""The pages of labs against their JSON, in Chromium. Run by compare.t; speaks TAP.

    compare.py PAGES PROFILE

PAGES has NAME (JSON) and NAME.html of each lab. With PICTURES=DIR in the
environment, NAME-STEP-WIDTH-SCHEME.png is left there, to be looked at: each step of
each lab at three widths, light and dark.
"""
import collections
import glob
import itertools
import json
import os
import re
import sys

from browser import run_in_browser
from tap import test

pages, profile = sys.argv[1:]
WIDTHS = 1280, 768, 390

CELLS = """return Array.from(document.querySelectorAll("#cells .page"), (g) => ({
    p: Number(g.dataset.p), page: Number(g.dataset.page),
    frame: Number(g.dataset.frame),
    ring: g.classList.contains("fresh"),
    title: g.querySelector("title").textContent,
    counts: g.querySelector(".counts").textContent,
    bytes: g.querySelector(".bytes").textContent,
    pfn: g.querySelector(".pfn").textContent}))"""
BRIDGES = """return Array.from(document.querySelectorAll("#cells .bridge.down"),
    (e) => Number(e.dataset.frame))"""
HELD = """return Array.from(document.querySelectorAll("#cells .held"), (g) =>
    [g.querySelector("title").textContent.split(",")[0],
     Number(g.dataset.frame)])"""
ROWS = """return Array.from(document.querySelectorAll("#table table > tr"),
    (row) => Array.from(row.children, (cell) => cell.textContent))"""
NOTES = """return Array.from(document.querySelectorAll("#notes li"),
    (li) => [li.querySelector(".mark") ?
        li.querySelector(".mark").textContent : "", li.textContent])"""


def shown(b, selector):
    """The text of an element, as it is in the document."""
    return b.run("return document.querySelector(arguments[0]).textContent",
                 selector)


def same(what, got, want):
    assert got == want, f"{what}: {got!r}, not {want!r}"


def words(b, step):
    """Everything that is said of the step."""
    same("title", shown(b, "#step-title"), step["title"])
    same("text", shown(b, "#step-text"), step["text"])
    same("summary", shown(b, "#summary"),
         step["summary"].replace(" -> ", " \u2192 "))
    same("totals", shown(b, "#totals"), step["totals"])
    want = [["", note] for note in step["notes"]]
    for check in step["checks"]:
        mark = "ok" if check["ok"] else "FAIL"
        text = check["text"] + ("" if check["ok"] else ": " + check["why"])
        want.append([mark, f"{mark} {text}"])
    same("notes", b.run(NOTES), want)


def known(step):
    """What the JSON has of each page: {(actor, page number): record}."""
    found = {}
    for i, actor in enumerate(step.get("actors", [])):
        for page in actor["pages"]:
            found[i, int(page["addr"], 16) // 4096] = page
    return found


def changes(b, step, before, looked):
    """Which processes are said to be new, gone, or to have changed."""
    text = shown(b, "#changes")
    if not step["looked"]:
        assert "new" not in text and " in another" not in text, text
        assert "as of step" in text or "Nobody is left" in text or \
            "No page table has been read" in text, text
        return
    if not before:
        same("changes", text, "")
        return
    assert text.startswith(f"Since step {looked}: "), text
    now, parts = known(step), text[text.index(":") + 2:].rstrip(".")
    said = dict(part.split(": ", 1) for part in parts.split("; ")
                if ": " in part)
    for i, actor in enumerate(step["actors"]):
        had = [key for key in before if key[0] == i]
        has = [key for key in now if key[0] == i]
        moved = sum(1 for key in had if key in now and
                    in_frame(before[key]) and in_frame(now[key]) and
                    before[key]["pfn"] != now[key]["pfn"])
        found = re.search(r"(\d+) pages? in another frame",
                          said.get(actor["name"], "") if has and had else "")
        same(f"moved of {actor['name']}", int(found[1]) if found else 0, moved)
        if has and not had:
            assert f"{actor['name']} is new" in parts, parts
        if had and not has:
            assert not actor["running"], actor["name"]
            assert f"{actor['name']} has exited" in parts, parts


def in_frame(page):
    return page["mapped"] and page["kind"] != "swap" and page["pfn"] is not None


def bytes_text(page, text):
    """Whether the text of a cell is the beginning of these bytes."""
    raw = bytes.fromhex(page["bytes"])
    word = raw.rstrip(b"\0")
    if len(word) >= min(4, len(raw)) and \
            all(32 <= c < 127 or c == 10 for c in word):
        return word.decode().replace("\n", "\u21b5").startswith(text) and text
    return raw.hex(" ").startswith(text) and text


def mappers(step):
    """Whoever maps a frame is in the picture: no count tells of others."""
    pages = [page for page in known(step).values() if in_frame(page)]
    found = collections.Counter(page["pfn"] for page in pages)
    for page in pages:
        if page["kind"] == "anon" and page["counts"] == "exact":
            assert page["mapcount"] <= found[page["pfn"]], page


def figure(b, step):
    """Every number in the cells, and which of them are one body."""
    now, seen, columns = known(step), set(), {}
    if "FALSIFIED" not in step["title"]:
        mappers(step)
    segments = {i: r for i, r in enumerate(step["regions"])}
    assert segments
    for cell in b.run(CELLS):
        page = now[cell["p"], cell["page"]]
        seen.add((cell["p"], cell["page"]))
        label = re.search(r", pages? (\d+)[-:]", cell["title"])
        same("number", int(label[1]), page["page"])
        assert cell["title"].startswith(step["actors"][cell["p"]]["name"])
        same("frame", cell["frame"], page["pfn"] if page["mapped"] and
             in_frame(page) else -1)
        if in_frame(page):
            same("frame's text", cell["pfn"].rstrip("."),
                 f"{page['pfn']:x}")
            columns.setdefault(cell["page"], []).append(page["pfn"])
        counts = re.search(r"\u00d7(\d+)(?:\+(\d*))?", cell["counts"])
        if counts:
            same("mapcount", int(counts[1]), page["mapcount"])
            same("counts", page["counts"], "exact")
        if counts and counts[2]:
            same("more references", int(counts[2]),
                 page["refcount"] - page["mapcount"])
        if "bytes" in page:
            assert bytes_text(page, cell["bytes"]), (page, cell)
        else:
            same("bytes", cell["bytes"], "")
    addresses = {page["page"]: key[1] for key, page in now.items()}
    held = [h for h in step["held"]
            if addresses[h["page"]] in {at for _, at in seen}]
    same("held", sorted(b.run(HELD)), sorted([h["by"], h["pfn"]] for h in held))
    for h in held:
        columns.setdefault(addresses[h["page"]], []).append(h["pfn"])
    want = []
    for frames in columns.values():
        for frame in set(frames):
            want += [frame] * (frames.count(frame) - 1)
    same("bodies", sorted(b.run(BRIDGES)), sorted(want))
    return seen


def rings(b, step, before):
    """What is ringed is what was written, or has another frame or its first."""
    now = known(step)
    names = [actor["name"] for actor in step["actors"]]
    for cell in b.run(CELLS):
        key = cell["p"], cell["page"]
        old, page = before.get(key), now[key]
        moved = bool(old) and in_frame(page) and \
            (not in_frame(old) or old["pfn"] != page["pfn"])
        written = any(w["page"] == page["page"] and
                      w["actor"] == names[cell["p"]] and
                      w["happened"] != "refused" for w in step["writes"])
        same(f"ring of {key}", cell["ring"], moved or written)


def table(b, step):
    """The table says the same: frames and counts of each process."""
    b.run("document.querySelector('#table-box').open = true")
    b.frames_drawn()
    now = known(step)
    actors = [i for i, a in enumerate(step["actors"]) if a["pages"]]
    for row in b.run(ROWS):
        address = int(row[0], 16) // 4096
        for k, i in enumerate(actors):
            state, frame, mapcount, refcount = row[1 + 7 * k:5 + 7 * k]
            page = now.get((i, address))
            if not page or not page["mapped"]:
                same("state", (state, frame), (".", ""))
            elif in_frame(page):
                same("frame", frame, f"{page['pfn']:x}")
                same("refcount", refcount, str(page["refcount"]))
                assert mapcount in ("-", str(page["mapcount"]),
                                    f"~{page['mapcount']}"), mapcount


def steps(b, lab):
    before, looked = {}, 0
    for number, step in enumerate(lab["steps"], 1):
        same("step", shown(b, "#count"),
             f"step {number} of {len(lab['steps'])}")
        words(b, step)
        changes(b, step, before, looked)
        if step["looked"]:
            seen = figure(b, step)
            rings(b, step, before)
            assert not known(step) or seen
            table(b, step)
            before, looked = known(step), number
        else:
            assert not b.count("#cells .fresh"), "a ring, and no look"
        concluded = b.count("#conclusion-box:not([hidden])")
        same("conclusion", concluded, int(number == len(lab["steps"])))
        b.press("Right")
    same("verdict", shown(b, "#verdict"), lab["verdict"])
    same("answer", shown(b, "#answer"), lab["answer"])
    same("alike", shown(b, "#alike"), lab["alike"])


def give(b, right, why):
    """An answer, and what is said of it."""
    b.run("document.querySelector(`#answers [data-word="
          "'${arguments[0]}']`).click()", str(right))
    same("why", shown(b, "#why"), f"Right: {why}.")


def choose(b, step, number):
    """Which one is it? The checks are told, and one can go on, afterwards."""
    for choice in step["choices"]:
        same("question", shown(b, "#question-text"), choice["text"])
        assert not b.count("#notes .mark"), "checks before the answer"
        b.press("Right")
        assert shown(b, "#count").startswith(f"step {number} of")
        same("answers", b.count("#answers button"),
             choice["last"] - choice["first"] + 1)
        give(b, choice["right"], choice["why"])
        yield choice["question"]
    same("checks", b.count("#notes .mark"), len(step["checks"]))


def quiz(b, lab):
    """Predict, then see: rightly answered, all of it is right."""
    b.run("document.querySelector('#predict').click()")
    go_to(b, 1)
    asked = set(choose(b, lab["steps"][0], 1))
    for at, step in enumerate(lab["steps"][1:], 2):
        b.run("document.querySelector('#next').click()")
        questions = {w["question"]: w for w in reversed(step["writes"])}
        for number in sorted(questions):
            write = questions[number]
            assert write["actor"] in b.text("#question-text")
            assert step["text"] not in b.text("main"), "told before asked"
            give(b, write["right"], write["why"])
            asked.add(number)
        if questions:
            b.run("document.querySelector('#see').click()")
        same("text", shown(b, "#step-text"), step["text"])
        asked |= set(choose(b, step, at))
    if asked:
        same("score", shown(b, "#score"),
             f"{len(asked)} of {len(asked)} right")


# Text that is wider than its cell.
WIDE = """return Array.from(document.querySelectorAll("#cells .page, #cells .held"),
    (g) => Array.from(g.querySelectorAll("text"), (e) => e.textContent &&
        e.getComputedTextLength() > g.querySelector(".body").width.baseVal.value ?
        e.textContent : "")).flat().filter((text) => text)"""

LUMINANCE = """const parse = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => parse(c).slice(0, 3).map((v) => v / 255).map((v) =>
    v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((n, v, i) => n + v * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const paper = light(getComputedStyle(document.body).backgroundColor);
const found = [];
for (const e of document.querySelectorAll("#cells text, main p, main li, main h2")) {
    if (!e.textContent || !e.getClientRects().length)
        continue;
    const style = getComputedStyle(e), body = e.parentElement.querySelector(
        ":scope > .body");
    const ground = !body || !e.ownerSVGElement ||
        getComputedStyle(body).fill === "none" ? paper :
        light(getComputedStyle(body).fill);
    found.push([ratio(light(e.ownerSVGElement ? style.fill : style.color),
        ground), parseFloat(style.fontSize), e.textContent]);
}
return found"""


def go_to(b, number):
    b.run(f"location.hash = '#step={number}'")
    b.frames_drawn()


def readable(b, name, lab):
    """Contrast, size and width of each step, at three widths, light and dark."""
    b.run("document.querySelector('#table-box').open = false")
    for scheme, width in itertools.product(("light", "dark"), WIDTHS):
        b.scheme(scheme)
        b.resize(width, 900)
        for number in range(1, len(lab["steps"]) + 1):
            go_to(b, number)
            where = f"{scheme}, {width} pixels, step {number}"
            wide = b.run("return document.documentElement.scrollWidth")
            assert wide <= width, f"{where}: {wide} wide"
            same(f"{where}: cut off", b.run(WIDE), [])
            for ratio, size, text in b.run(LUMINANCE):
                assert ratio >= 4.5, (where, ratio, text)
                assert size >= 10, (where, size, text)
            b.whole_picture(f"{name}-{number}-{width}-{scheme}")
    b.scheme("light")
    b.resize(1280, 900)


def places(b, lab):
    """The figure stays where it is from step to step."""
    found = set()
    for number in range(1, len(lab["steps"]) + 1):
        go_to(b, number)
        found.add(b.run("return document.querySelector('#cells-box').hidden ?"
                        " null : document.querySelector('#cells')"
                        ".getBoundingClientRect().top + scrollY"))
    assert len(found - {None}) <= 1, found


def compare(name):
    def run(b):
        with open(f"{pages}/{name}", encoding="utf-8") as file:
            lab = json.load(file)
        b.resize(1280, 900)
        b.open(f"{pages}/{name}.html")
        assert lab["question"] in shown(b, "#title")
        steps(b, lab)
        places(b, lab)
        readable(b, name, lab)
        quiz(b, lab)
        b.quiet()
    return run


labs = sorted(os.path.basename(path)[:-5]
              for path in glob.glob(f"{pages}/*.html"))
assert labs, "no page"
for lab_name in labs:
    test(f"{lab_name}: the page says what the JSON says")(compare(lab_name))
run_in_browser(profile)

# SPDX-License-Identifier: GPL-2.0
"""The figure of --html, in Chromium: holders, many pages, and who can read it. Run by
figure.t; speaks TAP.

    figure.py DIR

DIR has the pages of make-page. With PICTURES=DIR in the environment, screenshots are
left there to be looked at.
"""
import itertools
import sys

from browser import run_in_browser
from tap import test

tmp = sys.argv[1]
START = 0x7f12340000


def page(name):
    return f"{tmp}/{name}.html"


def titles(b, selector):
    return b.run("return Array.from(document.querySelectorAll(arguments[0] +"
                 " ' > title'), (e) => e.textContent)", selector)


def rows(b):
    """What is said of each row, below its name."""
    return b.run("return Array.from(document.querySelectorAll('#cells .status'),"
                 " (e) => e.textContent)")


# Who holds frames.

@test("who holds a frame without mapping it is drawn, also when all have left it")
def held(b):
    b.load(page("held"))
    assert titles(b, "#cells .held") == ["pipe, page 1: holds frame 103dde",
                                         "swap cache, page 2: holds frame 105ccd"]
    # Each is one body with the two pages that map it.
    assert b.count("#cells .bridge.down") == 6
    assert any(t.startswith("parent, page 1: C") and "child, pipe" in t
               for t in titles(b, "#cells .page")), titles(b, "#cells .page")
    assert b.count("#holders-help:not([hidden])") == 1
    b.point("#cells .page[data-p='1'][data-page='%d']" % (START // 4096 + 2))
    assert "also held by\nswap cache" in b.text("#record"), b.text("#record")
    assert b.count("#cells .held.lit") == 1
    b.press("Right")
    assert titles(b, "#cells .held")[0] == "pipe, page 1: holds frame 103dde"
    assert b.count("#cells .bridge.down") == 4
    frames = b.run("return Array.from(document.querySelectorAll('#cells .page'),"
                   " (g) => Number(g.dataset.frame))")
    assert 0x103dde not in frames
    b.picture("held")
    b.load(page("fork"))
    assert not b.count("#cells .held") and not b.count(
        "#holders-help:not([hidden])")
    b.quiet()


@test("the page cache is drawn where a private mapping has its page, and nowhere else")
def page_cache(b):
    b.load(page("cached"))
    held = [f"page cache, page {i}: holds frame {0x100000 + (i + 1) * 7919:x}"
            for i in range(4)]
    assert titles(b, "#cells .held") == held, titles(b, "#cells .held")
    assert b.count("#cells .bridge.down") == 8
    b.press("Right")
    # The writer's page 0 is out of it, the reader's is still in.
    assert titles(b, "#cells .held") == held
    assert b.count("#cells .bridge.down") == 7
    cells = titles(b, "#cells .page")
    assert sum("page cache" in t.split("; ")[1] for t in cells) == 7, cells
    assert "page cache" not in cells[0], cells
    b.press("Right")
    # Nobody is left whose record would say that it has page 0.
    assert titles(b, "#cells .held") == held[1:]
    assert "refcount 2" in titles(b, "#cells .page")[1]
    assert "holds" in rows(b)
    b.press("Right")
    assert not b.count("#cells .held")
    assert "holds" not in rows(b) and "nothing here" in rows(b), rows(b)
    b.quiet()


def tops(b, process):
    """{page: how far down its cell is} of a process."""
    found = b.run("return Array.from(document.querySelectorAll(`#cells .page[data-p="
                  "'${arguments[0]}']`), (g) => [Number(g.dataset.page),"
                  " g.getBoundingClientRect().top + scrollY])", process)
    return {at - START // 4096: top for at, top in found}


@test("a body is in one band if that has room for it, and points on if not")
def whole(b):
    for width, bands, long in (320, 2, 7), (390, 1, 4), (1280, 1, 1):
        b.resize(width, 900)
        b.load(page("bodies"))
        at = tops(b, 0)
        assert at[0] == at[1] and at[512] == at[513], (width, at)
        assert len(set(at.values())) == bands, (width, at)
        assert not b.count("#cells .onward")
        b.picture(f"bodies-{width}")
        assert not b.count("#cells .fresh-ring")
        b.press("Right")
        # Both its columns are in another frame, and it is one body.
        assert b.count("#cells .fresh") == 2
        assert b.count("#cells .fresh-ring") == 1
        b.press("Right")
        at = len(set(tops(b, 2).values()))
        assert at == long and b.count("#cells .onward") == long - 1, (width, at)
        b.picture(f"bodies-{width}-long")
    b.resize(1280, 900)
    b.quiet()


@test("a question about what a step shows is asked while it is shown")
def choice(b):
    b.load(page("held"))
    assert b.text("#notes-count") == "Checks: 1 ok"
    b.run("document.querySelector('#predict').click()")
    assert b.text("#question-text") == "Which page is it?"
    assert not b.count("#notes .mark")
    # One cannot go on without an answer.
    b.press("Right")
    assert b.text("#count") == "step 1 of 2"
    assert b.run("return document.activeElement.textContent") == "0"
    b.press("Tab", "Space")
    assert b.text("#why") == "No: 2: it is in the swap cache."
    assert b.text("#score") == "0 of 1 right"
    assert b.count("#notes .mark") == 1
    b.press("Right")
    assert b.text("#count") == "step 2 of 2"
    assert not b.count("#question:not([hidden])")
    b.quiet()


# Many pages.

# What is drawn on canvases, and what is put into the document.
COUNT = """for (const name of ["fillRect", "drawImage", "fillText", "strokeRect"]) {
    const was = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...rest) {
        window.drawn++;
        return was.apply(this, rest);
    };
}
window.drawn = 0"""


def work(b, *keys):
    """How often something is drawn until what a key does is shown."""
    b.run("window.drawn = 0")
    b.press(*keys)
    return b.run("return window.drawn")


@test("8 processes of 100000 pages: little is drawn, and little is in the document")
def eight(b):
    b.resize(1280, 900)
    b.load(page("eight"))
    assert b.count("#overview-box:not([hidden])") == 1
    nodes = "return document.querySelectorAll('*').length"
    first = b.run(nodes)
    assert first < 3000, first
    assert b.count("#cells .page") == 8 * 24
    b.run(COUNT)
    width = b.run("return document.querySelector('#overview').clientWidth")
    assert b.run("return document.querySelectorAll('#tree li').length") == 8
    b.picture("eight-1")
    # The overview of a step: no more than two for each pixel of each row.
    strips = 8 * 1000
    step = work(b, "Right")
    assert b.text("#count") == "step 2 of 2"
    assert step <= 2 * 8 * width + strips, step
    b.picture("eight-2")
    b.focus("#overview")
    for keys in ("Right",), ("PageDown",), ("End",), ("Home",):
        moved = work(b, *keys)
        # The strip as it is, and two marks.
        assert moved <= 3, (keys, moved)
    b.run("window.drawn = 0")
    b.drag("#overview", 200)
    assert b.run("return window.drawn") <= 9
    assert work(b, "+") <= 2 * 8 * width
    assert b.run(nodes) < 3000
    b.quiet()


def span(b):
    """The columns at both ends of the overview."""
    width = b.run("return document.querySelector('#overview').clientWidth")
    found = []
    for x in 2 - width // 2, width // 2 - 2:
        b.drag("#overview", x)
        found.append(int(b.run("return document.querySelector('#overview')"
                               ".getAttribute('aria-valuenow')")))
    return found


@test("the overview is zoomed and dragged, by keyboard, buttons and mouse")
def zoomed(b):
    b.load(page("scattered"))
    most = int(b.run("return document.querySelector('#overview')"
                     ".getAttribute('aria-valuemax')"))
    whole = span(b)
    assert whole[0] <= 4 and whole[1] >= most - 4, (whole, most)
    b.focus("#overview")
    b.press("Home", "+", "+")
    low, high = span(b)
    assert low <= 4 and most / 5 < high < most / 3, (low, high, most)
    # What is moved to beside it comes into it.
    b.press("End")
    low, high = span(b)
    assert high >= most - 4 and most * 2 / 3 < low, (low, high, most)
    b.run("document.querySelector('#zoom-out').click()")
    b.frames_drawn()
    nearer = span(b)
    assert nearer[0] < low, nearer
    b.focus("#overview")
    b.press("0")
    assert span(b) == whole
    assert b.count("#zoom-all[disabled]") == 1
    b.run("""const box = document.querySelector('#overview'),
        rect = box.getBoundingClientRect();
        box.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, ctrlKey: true,
            clientX: rect.left + rect.width / 2, cancelable: true }))""")
    b.frames_drawn()
    low, high = span(b)
    assert low > most / 8 and high < most * 7 / 8, (low, high, most)
    for _ in range(12):
        b.run("document.querySelector('#zoom-in').click()")
    b.frames_drawn()
    assert b.count("#zoom-in[disabled]") == 1
    b.quiet()


# Who can read it.

def linear(part):
    part /= 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def light(colour):
    """Relative luminance, by WCAG 2."""
    return sum(linear(part) * share
               for part, share in zip(colour, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour):
    """CIE 1976 L*a*b*, for the white of sRGB."""
    r, g, b = (linear(part) for part in colour)
    xyz = ((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
           0.2126 * r + 0.7152 * g + 0.0722 * b,
           (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
               for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other):
    return sum((p - q) ** 2 for p, q in zip(lab(one), lab(other))) ** 0.5


def swatches(b):
    """{letter: (colour as shown, colour of the letter by what the page says)}"""
    found = b.run("return Array.from(document.querySelectorAll("
                  "'#legend .swatch'), (e) => { const r ="
                  " e.getBoundingClientRect(); return [e.textContent,"
                  " r.left + 4, r.top + 4, getComputedStyle(e).color]; })")
    colours = b.pixels([[x, y] for _, x, y, _ in found])
    inks = [tuple(int(n) for n in ink[4:-1].split(",")) for *_, ink in found]
    return {letter: (tuple(colour), ink) for (letter, *_), colour, ink in
            zip(found, colours, inks)}


# Those that a lab compares with each other: own, to be copied, to be reused, shared.
TOLD_BY_COLOUR = "OCRS"


@test("colour-blind people tell cells apart: by colour, or by a letter that can be read")
def colour_blind(b):
    b.load(page("kinds"))
    b.run("window.scrollTo(0, 0)")
    seen = swatches(b)
    assert len(seen) == 13
    for vision in "deuteranopia", "protanopia", "tritanopia", "achromatopsia":
        b.devtools("Emulation.setEmulatedVisionDeficiency", type=vision)
        b.frames_drawn()
        shown = swatches(b)
        b.picture(f"vision-{vision}")
        assert shown != seen, "nothing is emulated"
        del shown["."]
        for (one, (ground, ink)) in shown.items():
            # Unsimulated it is 4.5; "H" has 4.35 in deuteranopia.
            assert contrast(ground, ink) >= 4, (vision, one, ground, ink)
        close = {one + other for one, other in itertools.combinations(shown, 2)
                 if distance(shown[one][0], shown[other][0]) < 15}
        print(f"# {vision}: told by their letters only: "
              f"{' '.join(sorted(close)) or 'none'}")
        if vision == "achromatopsia":
            continue
        for one, other in itertools.combinations(TOLD_BY_COLOUR, 2):
            far = distance(shown[one][0], shown[other][0])
            assert far >= 15, (vision, one, other, far)
    b.devtools("Emulation.setEmulatedVisionDeficiency", type="none")
    # Each cell has its letter.
    assert b.run("return Array.from(document.querySelectorAll("
                 "'#cells .page .counts')).every((e) => e.textContent)")


# The colours of text and of what it stands on, as they are computed.
TEXTS = """const found = [], paper = getComputedStyle(document.body).backgroundColor;
for (const e of document.querySelectorAll("#cells text, #figure text, main p, main li,"
        + "main h2, main button, main dd")) {
    if (!e.textContent.trim() || !e.getClientRects().length)
        continue;
    const style = getComputedStyle(e), body = e.ownerSVGElement &&
        (e.parentElement.querySelector(":scope > .body") ||
         e.parentElement.querySelector(":scope > .cell + text") === e &&
         e.previousElementSibling);
    const fill = body && getComputedStyle(body).fill;
    let box = e;
    while (!e.ownerSVGElement && box.parentElement &&
            getComputedStyle(box).backgroundColor === "rgba(0, 0, 0, 0)")
        box = box.parentElement;
    found.push([e.ownerSVGElement ? style.fill : style.color,
        fill && fill !== "none" ? fill : e.ownerSVGElement ? paper :
            getComputedStyle(box).backgroundColor, e.textContent]);
}
return found"""


def rgb(text):
    parts = text[text.index("(") + 1:-1].split(",")
    return tuple(float(part) for part in parts[:3])


# And of a ring, with the body that it is in.
RING = """return [getComputedStyle(document.querySelector("#cells .fresh-ring")).stroke,
    getComputedStyle(document.querySelector("#cells .fresh .body")).fill]"""


def ring_contrast(b):
    stroke, body = b.run(RING)
    return contrast(rgb(stroke), rgb(body))


def least_contrast(b):
    found = [(contrast(rgb(ink), rgb(ground)), ink, ground, text)
             for ink, ground, text in b.run(TEXTS)
             if "0, 0, 0, 0" not in ground]
    assert len(found) > 40
    return min(found)


@test("contrast: 4.5 at least, 7 for who asks for more, in both schemes")
def contrasts(b):
    for name in "fork", "held":
        b.load(page(name))
        b.press("Right")
        for scheme in "light", "dark":
            b.media(prefers_color_scheme=scheme)
            usual = least_contrast(b)
            assert usual[0] >= 4.5, (scheme, usual)
            assert ring_contrast(b) >= 4.5, scheme
            b.media(prefers_color_scheme=scheme, prefers_contrast="more")
            more = least_contrast(b)
            b.picture(f"contrast-{name}-{scheme}")
            assert more[0] >= 7, (scheme, more)
            assert ring_contrast(b) >= 7, scheme
            print(f"# {name}, {scheme}: {usual[0]:.1f}; more: {more[0]:.1f}")
    b.media()


@test("forced colours: bodies are lines, and what is joined is seen")
def forced(b):
    b.load(page("fork"))
    b.press("Right")
    for scheme in "light", "dark":
        b.media(prefers_color_scheme=scheme, forced_colors="active")
        least = least_contrast(b)
        assert least[0] >= 7, (scheme, least)
        b.picture(f"forced-{scheme}")
        paper, stroke, bridge, fill = (rgb(colour) for colour in b.run(
            "const of = (e, what) => getComputedStyle(document.querySelector("
            "e))[what]; return [of('body', 'backgroundColor'),"
            " of('#cells .body', 'stroke'), of('#cells .bridge', 'fill'),"
            " of('#cells .body', 'fill')]"))
        assert contrast(stroke, paper) >= 3 and contrast(bridge, paper) >= 3
        assert fill == paper
    b.media()
    b.quiet()


@test("a screen reader is told each page and each step")
def spoken(b):
    b.load(page("held"))
    b.press("Right")
    nodes = b.accessible()

    def of_role(role):
        return [node["name"]["value"] for node in nodes.values()
                if node["role"]["value"] == role]

    cells = [name for name in of_role("image") + of_role("img") if ", page" in name]
    assert len(cells) == 8 + 2, cells
    assert "parent, page 1: O, own page, writable: a write does not fault; " \
        "frame 109aab; mapcount 1, refcount 1; written, or in a new frame, " \
        "in this step" in cells, cells
    assert "pipe, page 1: holds frame 103dde" in cells, cells
    for role in "button", "slider", "checkbox", "combobox":
        assert of_role(role) and all(of_role(role)), (role, of_role(role))
    live = [node for node in nodes.values()
            if any(p["name"] == "live" and p["value"]["value"] == "polite"
                   for p in node.get("properties", []))]
    said = []

    def listen(node):
        said.append(node["name"]["value"] if "name" in node else "")
        for child in node["childIds"]:
            if child in nodes:
                listen(nodes[child])

    for node in live:
        listen(node)
    assert "Both write" in said, said
    assert any("1 page in another frame" in text for text in said), said
    slider = next(node for node in nodes.values()
                  if node["role"]["value"] == "slider")
    assert slider["value"]["value"] == 2 or "2 of 2: Both write" in str(slider)


# How many are moving once the step has been taken.
MOVING = """document.querySelector(arguments[0]).click();
return document.getAnimations().length"""


@test("what comes off moves, unless one has asked for no motion")
def motion(b):
    for asked, moving in ("no-preference", 4), ("reduce", 0):
        b.load(page("fork"))
        b.media(prefers_reduced_motion=asked)
        assert b.run(MOVING, "#next") == moving, asked
    b.media()
    # Only a step moves it, not a look at other pages.
    b.load(page("scattered"))
    b.media(prefers_reduced_motion="no-preference")
    b.press("Right")
    b.focus("#overview")
    b.press("Home")
    assert b.count("#cells .fresh")
    assert not b.run("return document.getAnimations().length")
    b.media()
    b.quiet()


run_in_browser(f"{tmp}/profile")

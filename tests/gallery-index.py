# SPDX-License-Identifier: GPL-2.0
"""A picture of each lab, and an index of their pages. Run by tests/gallery.

    gallery-index.py RUNS DIR LAB...

RUNS has the JSON of each lab; DIR gets LAB.svg and index.html, which links to
LAB.html. The picture is of the step in which most pages moved to another frame:
a row for each process, a column for each page or run of pages alike.
"""
import html
import json
import sys

CELL, GAP, NAME, MOST = 18, 4, 76, 24
# Okabe and Ito's, which colour-blind people can tell apart.
COLOURS = "#e69f00", "#009e73", "#cc79a7", "#d55e00"
SHARED = "#56b4e9"


def in_frame(page):
    return page["mapped"] and page["kind"] != "swap" and page["pfn"] is not None


def looks(lab):
    """Each step in which page tables were read, with the one before it."""
    before = None
    for step in lab["steps"]:
        if step["looked"]:
            yield step, before
            before = step


def moved(step, before):
    """(actor, address) of the pages that are in another frame than before."""
    had = {} if before is None else {
        (i, page["addr"]): page["pfn"]
        for i, actor in enumerate(before["actors"])
        for page in actor["pages"] if in_frame(page)}
    return {(i, page["addr"])
            for i, actor in enumerate(step["actors"])
            for page in actor["pages"]
            if in_frame(page) and
            had.get((i, page["addr"]), page["pfn"]) != page["pfn"]}


def best(lab):
    """The step to draw: most has moved in it; the first of these."""
    found = [(step, moved(step, before)) for step, before in looks(lab)]
    return max(reversed(found), key=lambda pair: len(pair[1]))


def columns(step, fresh):
    """For each page the rows' states; pages alike that follow each other are one.

    A state is (kind of cell, number of the body in its column, moved)."""
    rows = [i for i, actor in enumerate(step["actors"]) if actor["pages"]]
    count = max(len(step["actors"][i]["pages"]) for i in rows)
    result = []
    for k in range(count):
        frames, column = [], []
        for i in rows:
            page = step["actors"][i]["pages"][k]
            if not page["mapped"]:
                column.append(("none", None, False))
            elif not in_frame(page):
                column.append(("swap", None, False))
            else:
                if page["pfn"] not in frames:
                    frames.append(page["pfn"])
                kind = "zero" if page["kind"] == "zero" else "frame"
                column.append((kind, frames.index(page["pfn"]),
                               (i, page["addr"]) in fresh))
        if count > MOST and result and result[-1][0] == column:
            result[-1][1] += 1
        else:
            result.append([column, 1])
    names = [(i, step["actors"][i]["name"]) for i in rows]
    return names, result[:MOST], sum(n for _, n in result[MOST:])


def rect(x, y, height, style):
    return (f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{height}" '
            f'rx="3" {style}/>')


def draw_column(x, column, actors):
    """The bodies of a column: rows that map one frame, side by side."""
    parts, row = [], 0
    bodies = [body for _, body, _ in column]
    while row < len(column):
        kind, body, ringed = column[row]
        end = row + 1
        while body is not None and end < len(column) and bodies[end] == body:
            end += 1
        ringed = any(cell[2] for cell in column[row:end])
        colour = SHARED if bodies.count(body) > 1 else \
            COLOURS[actors[row][0] % len(COLOURS)]
        style = {"none": 'fill="none" stroke="#999" stroke-dasharray="2 2"',
                 "swap": 'fill="#bbb" stroke="#999" stroke-dasharray="2 2"',
                 "zero": f'fill="none" stroke="{colour}" stroke-width="2"',
                 "frame": f'fill="{colour}"'}[kind]
        if ringed:
            style += ' stroke="#222" stroke-width="2"'
        y = row * (CELL + GAP)
        parts.append(rect(x, y + 1, (end - row) * (CELL + GAP) - GAP - 2, style))
        # The same frame again, behind a process that has another one.
        if body is not None and body in bodies[:row]:
            first = max(i for i in range(row) if bodies[i] == body)
            parts.append(f'<path d="M{x - 1} {first * (CELL + GAP) + CELL // 2}'
                         f'V{y + CELL // 2}" stroke="{SHARED}" '
                         'stroke-width="3"/>')
        row = end
    return parts


def picture(lab):
    step, fresh = best(lab)
    actors, cells, more = columns(step, fresh)
    height = len(actors) * (CELL + GAP)
    parts = [f'<text x="0" y="{row * (CELL + GAP) + 13}">'
             f'{html.escape(name)}</text>'
             for row, (_, name) in enumerate(actors)]
    x = NAME
    for column, alike in cells:
        parts += draw_column(x, column, actors)
        if alike > 1:
            parts.append(f'<text x="{x}" y="{height + 10}" class="n">'
                         f'\u00d7{alike}</text>')
        x += CELL if alike < 100 else 2 * CELL
    words = step["summary"].replace("->", "\u2192")
    if more:
        words += f"; {more} more pages"
    words = html.escape(f"step {step['step']}: {words}")
    parts.append(f'<text x="0" y="{height + 26}">{words}</text>')
    width = NAME + MOST * CELL + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'aria-label="{words}" viewBox="-4 -4 {width} {height + 36}" '
            f'width="{width}" height="{height + 36}">'
            '<style>text{font:12px sans-serif;fill:#444}'
            '.n{font-size:9px}'
            '@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>'
            + "\n".join(parts) + "</svg>\n")


def entry(lab, svg):
    name = html.escape(lab["lab"])
    shows, *more = " ".join((lab["answer"] or lab["verdict"]).split()).split(". ")
    if len(shows) < 20 and more:
        shows += ". " + more[0]
    return (f'<article><h2><a href="{name}.html">{name}</a> '
            f'<small>{html.escape(lab["id"])}</small></h2>\n'
            f'<p>{html.escape(lab["question"])} {html.escape(shows.rstrip("."))}.</p>\n'
            f'<a href="{name}.html" aria-label="{name}">{svg}</a></article>\n')


HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cowinspect: NR labs</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.45 sans-serif; max-width: 72rem; margin: 2rem auto;
       padding: 0 1rem; }
main { display: grid; gap: 1rem;
       grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); }
article { border: 1px solid #8888; border-radius: 8px; padding: 0 1rem 1rem; }
svg { max-width: 100%; height: auto; }
</style></head><body>
<h1>What really happens to memory: NR labs</h1>
<p>Each picture is a step of a run: rows are processes, columns pages. A body that spans
rows is one frame that these processes share; a cell of one row is a frame of its own, and
a dark border says that the page is in another frame than before. Each page has all steps.
</p><main>
"""


def main(runs, directory, labs):
    with open(f"{directory}/index.html", "w", encoding="utf-8") as index:
        index.write(HEAD.replace("NR labs", f"{len(labs)} labs"))
        for name in labs:
            with open(f"{runs}/{name}", encoding="utf-8") as file:
                lab = json.load(file)
            svg = picture(lab)
            with open(f"{directory}/{name}.svg", "w", encoding="utf-8") as file:
                file.write(svg)
            index.write(entry(lab, svg))
        index.write("</main></body></html>\n")


main(sys.argv[1], sys.argv[2], sys.argv[3:])

// SPDX-License-Identifier: GPL-2.0
// Page tables; html.h says what is in the data.

// A figure has room for so many pages of each process; more are strips only.
const FIGURE_PAGES = 64;
const FIGURE_PROCESSES = 8;
// Printed strips have so many cells for each process and step.
const PRINT_CELLS = 1500;
const TABLE_ROWS = 200;

// The places in a form, and in a process.
const STATE = 0, KIND = 1, ORDER = 2, FOLIO_ORDER = 3, MAPCOUNT = 4, COUNTS = 5,
	REFCOUNT = 6, FOLIO_MAPCOUNT = 7, OUTCOME = 8, CONFIDENCE = 9,
	SWAP_TYPE = 10, FLAGS = 11;
const PID = 1, PARENT = 2, NAME = 3;

const ABSENT = 0;
const GONE = 0xffffffff;

function hasFlag(form, name) {
	const bit = data.flags.indexOf(name);

	return (form[FLAGS] & (1 << bit)) !== 0;
}

function nameOf(p) {
	return data.processes[p][NAME] || `process ${data.processes[p][PID]}`;
}

function processText(p) {
	const name = data.processes[p][NAME];

	return name ? `${name} (${data.processes[p][PID]})` : nameOf(p);
}

// Page tables: arrays with one place for each entry, ascending.

function newTable(n) {
	return {
		n: n,
		start: new Float64Array(n),
		pfn: new Float64Array(n),
		form: new Uint32Array(n),
	};
}

const entrySize = (form) => 2 ** data.forms[form][ORDER];
const entryState = (t, i) => data.forms[t.form[i]][STATE];

function readChanges(flat) {
	let n = 0, next = 0, at = 0;

	for (let i = 1; i < flat.length; i += 4)
		n += flat[i];
	const t = newTable(n);
	for (let i = 0; i < flat.length; i += 4) {
		const [gap, count, frame, form] = flat.slice(i, i + 4);
		const size = form === null ? 1 : entrySize(form);
		const page = next + gap;

		for (let k = 0; k < count; k++, at++) {
			t.start[at] = page + k * size;
			t.pfn[at] = frame === null ? -1 : frame + k * size;
			t.form[at] = form === null ? GONE : form;
		}
		next = page + (count - 1) * size + 1;
	}
	return t;
}

function copyEntry(to, from, i) {
	to.start[to.n] = from.start[i];
	to.pfn[to.n] = from.pfn[i];
	to.form[to.n++] = from.form[i];
}

function differs(base, i, changes, k) {
	return changes.form[k] === GONE || base.pfn[i] !== changes.pfn[k] ||
		entryState(base, i) !== entryState(changes, k);
}

// The table that @changes make of @base. Its "changed" are the first pages of
// entries with another frame or state: counts change when others do something.
function applyChanges(base, changes) {
	const t = newTable(base.n + changes.n);
	let i = 0, k = 0;

	t.n = 0;
	t.changed = new Set();
	while (i < base.n || k < changes.n) {
		if (k === changes.n ||
		    (i < base.n && base.start[i] < changes.start[k])) {
			copyEntry(t, base, i++);
			continue;
		}
		const replaced = i < base.n &&
			base.start[i] === changes.start[k];

		if (!replaced || differs(base, i, changes, k))
			t.changed.add(changes.start[k]);
		if (changes.form[k] !== GONE)
			copyEntry(t, changes, k);
		if (replaced)
			i++;
		k++;
	}
	return t;
}

function firstTable(changes) {
	changes.changed = new Set();
	return changes;
}

// tables[step][process]: undefined where the process has none.
const tables = [];

function tablesOf(step) {
	for (let s = tables.length; s <= step; s++) {
		const before = s ? tables[s - 1] : [];

		tables[s] = [];
		for (const record of data.steps[s].tables) {
			const p = places.get(record.process);
			const changes = readChanges(record.changes);
			const base = before[p];
			const t = base ? applyChanges(base, changes) :
				firstTable(changes);

			t.vmas = record.vmas || base.vmas;
			tables[s][p] = t;
		}
	}
	return tables[step] || [];
}

// The entry that maps a page, or -1.
function findEntry(t, page) {
	const i = firstThat(t.n, (k) => t.start[k] > page) - 1;

	return i >= 0 && page < t.start[i] + entrySize(t.form[i]) ? i : -1;
}

// The frame behind a page of entry i, or -1: of swap entries the number is an
// offset.
function frameOf(t, i, page) {
	if (i < 0 || t.pfn[i] < 0 || !hasFlag(data.forms[t.form[i]], "present"))
		return -1;
	return t.pfn[i] + page - t.start[i];
}

function frameAt(t, page) {
	return t ? frameOf(t, findEntry(t, page), page) : -1;
}

// Whether entry i maps the frame.
function mapsFrame(t, i, frame) {
	const first = t.pfn[i];

	return frame >= 0 && first >= 0 && first <= frame &&
		frame < first + entrySize(t.form[i]) &&
		frameOf(t, i, t.start[i]) >= 0;
}

function findMappings(step, frame, most) {
	const found = [];
	let nr = 0;

	tablesOf(step).forEach((t, p) => {
		for (let i = 0; i < t.n; i++) {
			if (!mapsFrame(t, i, frame))
				continue;
			if (nr++ < most)
				found.push([p, t.start[i] + frame - t.pfn[i]]);
		}
	});
	return [found, nr];
}

// VMAs as objects, made once. Entries outside of all of them have been mapped between the
// reading of the VMAs and of the entries.
function vmasOf(t) {
	if (!t.list)
		t.list = listVmas(t);
	return t.list;
}

function listVmas(t) {
	const list = [];
	let i = 0;

	function orphans(end) {
		while (i < t.n && t.start[i] < end) {
			const start = t.start[i];
			let stop = start;

			while (i < t.n && t.start[i] < end && t.start[i] <= stop) {
				stop = t.start[i] + entrySize(t.form[i]);
				i++;
			}
			list.push({ start: start, end: stop, perms: "",
				name: "not in the list of mappings" });
		}
	}

	for (const [start, pages, perms, name] of t.vmas) {
		const end = start + pages;

		while (i < t.n && t.start[i] < start &&
		       t.start[i] + entrySize(t.form[i]) > start)
			i++;
		orphans(start);
		list.push({ start: start, end: end, perms: perms, name: name });
		while (i < t.n && t.start[i] < end)
			i++;
	}
	orphans(Infinity);
	return list;
}

function vmaText(v) {
	return `${v.name || "(no name)"}  ${addressOf(v.start)}-${addressOf(v.end)}` +
		`  ${v.perms ? v.perms + "  " : ""}${sizeText(v.end - v.start)}`;
}

function swatch(state) {
	const [letter, colour] = data.states[state];

	return swatchOf(letter, state === ABSENT ? "" : colour);
}

// What is looked at.

const places = new Map(data.processes.map((process, p) => [process[0], p]));
const view = {
	step: 0,
	chosen: null,	// { p, page } by click or key
	hover: null,	// the same by mouse
	frame: -1,	// a frame under the mouse
};

const active = () => view.hover || view.chosen;

function litFrame() {
	const a = active();

	if (view.frame >= 0)
		return view.frame;
	return a ? frameAt(tablesOf(view.step)[a.p], a.page) : -1;
}

// The figure.

const NEAR_PAGES = 16;
const ROW = 24, BOX = 118, CELL = 24, FRAME = 150, GAP = 190, HEAD = 26;

// What the figure shows: all pages of all processes, if they are few. If they are
// many, those around a page, and processes that have to do with it.
let figure = null;

function pagesOf(t) {
	const pages = [];

	for (const v of vmasOf(t)) {
		const start = Math.max(v.start, figure.from);
		const end = Math.min(v.end, figure.to);

		for (let page = start; page < end; page++)
			pages.push({ page: page, nr: page - v.start, vma: v });
	}
	return pages;
}

function isSmall(t) {
	let pages = 0;

	for (const v of vmasOf(t))
		pages += v.end - v.start;
	return pages <= FIGURE_PAGES;
}

const anyEntries = data.steps.some((step, s) => tablesOf(s).some((t) => t.n));
const figureWhole = anyEntries && data.processes.length <= FIGURE_PROCESSES &&
	data.steps.every((step, s) => tablesOf(s).every(isSmall));

// Where everything stands is the same in all steps. Frames stand beside the
// first page that maps them.
function planFigure() {
	const rows = new Map(figure.processes.map((p) => [p, 0]));
	const slots = new Map(), height = [HEAD, HEAD];
	const plan = { top: [], side: [], slot: new Map() };

	data.steps.forEach((step, s) => tablesOf(s).forEach((t, p) => {
		if (!rows.has(p))
			return;
		const pages = pagesOf(t);

		rows.set(p, Math.max(rows.get(p), pages.length));
		pages.forEach(({ page }, row) => {
			const frame = frameAt(t, page);

			if (frame >= 0 && !slots.has(frame))
				slots.set(frame, row);
		});
	}));
	figure.processes.forEach((p, i) => {
		plan.side[p] = i % 2;
		plan.top[p] = height[i % 2];
		height[i % 2] += rows.get(p) * ROW + HEAD + 8;
	});
	[...slots.keys()].sort((x, y) => slots.get(x) - slots.get(y))
		.forEach((frame, i) => plan.slot.set(frame, HEAD + i * ROW));
	plan.height = Math.max(...height, HEAD + slots.size * ROW) + 4;
	plan.frames = BOX + CELL + GAP;
	plan.right = plan.frames + FRAME + GAP;
	plan.width = figure.processes.length > 1 ? plan.right + CELL + BOX :
		plan.frames + FRAME;
	// Behind a name there is room for "not there".
	plan.width += figure.processes.length > 1 ? 50 : 2;
	return plan;
}

let plan = null;

// Itself, those that map one of its frames in this step, then any others that
// have something at these addresses.
function processesNear(p, from, to) {
	const list = tablesOf(view.step), frames = new Set(), rank = new Map();

	for (let page = from; page < to; page++)
		frames.add(frameAt(list[p], page));
	frames.delete(-1);
	list.forEach((t, q) => {
		let same = 0, any = 0;

		for (let page = from; page < to; page++) {
			const i = findEntry(t, page);

			any += i >= 0;
			same += frames.has(frameOf(t, i, page));
		}
		if (q === p || same || any)
			rank.set(q, q === p ? Infinity : same || -1);
	});
	return [...rank.keys()].sort((a, b) => rank.get(b) - rank.get(a) || a - b)
		.slice(0, FIGURE_PROCESSES).sort((a, b) => a - b);
}

// Within the mapping, as far as it goes.
function firstNear(place) {
	const half = place.page - (NEAR_PAGES >> 1);
	const t = tablesOf(view.step)[place.p];
	const v = t && vmasOf(t).find((vma) => vma.start <= place.page &&
		place.page < vma.end);

	return v ? Math.max(v.start, Math.min(half, v.end - NEAR_PAGES)) :
		Math.max(0, half);
}

function figureAround(place) {
	const from = firstNear(place);

	figure = { from: from, to: from + NEAR_PAGES, near: true, place: place };
	figure.processes = processesNear(place.p, from, from + NEAR_PAGES);
	plan = planFigure();
}

if (figureWhole) {
	figure = { from: 0, to: Infinity, near: false,
		processes: data.processes.map((process, p) => p) };
	plan = planFigure();
}

// Where to begin: at a page that a write would copy, if there is one.
function tellingPlace() {
	let place = null;

	for (const [p, t] of tablesOf(view.step).entries()) {
		for (let i = 0; t && i < t.n; i++) {
			place = place || { p: p, page: t.start[i] };
			if (data.states[entryState(t, i)][0] === "C")
				return { p: p, page: t.start[i] };
		}
	}
	return place;
}

// In another step, others may have to do with the same pages.
function followStep() {
	const place = figure && figure.place || tellingPlace();

	if (!figureWhole && place)
		figureAround(place);
}

// Only what is not in the figure moves it.
function followChosen() {
	const at = view.chosen;

	if (figureWhole || !at || !tablesOf(view.step)[at.p])
		return;
	if (figure && at.page >= figure.from && at.page < figure.to &&
	    figure.processes.includes(at.p))
		return;
	figureAround(at);
	redrawFigure();
}

function redrawFigure() {
	byId("figure").replaceChildren(...(plan ? [drawFigure(view.step)] : []));
	byId("figure").hidden = !plan;
	byId("figure-hint").hidden = figureWhole;
}

function pageText(t, p, page) {
	const i = findEntry(t, page);
	const [letter, , meaning] = data.states[i < 0 ? ABSENT : entryState(t, i)];
	const frame = frameOf(t, i, page);

	return `${nameOf(p)}, address ${addressOf(page)}: ` +
		`${letter}, ${meaning}` +
		(frame >= 0 ? `; frame ${hex(frame)}` : "");
}

function drawBox(t, p, item, y) {
	const right = plan.side[p] === 1;
	const i = findEntry(t, item.page);
	const state = i < 0 ? ABSENT : entryState(t, i);
	const [letter, colour] = data.states[state];
	const x = right ? plan.right : 1;
	const cell = right ? x : x + BOX;
	const ink = svg("text", { x: cell + CELL / 2, y: y + 16,
		"text-anchor": "middle", "font-weight": "bold" }, letter);

	if (state !== ABSENT)
		ink.style.fill = inkOn(colour);
	return svg("g", { class: "page", "data-p": p, "data-page": item.page,
			"data-frame": frameOf(t, i, item.page) },
		svg("title", {}, pageText(t, p, item.page)),
		svg("rect", { class: "box", x: x, y: y + 1,
			width: BOX + CELL, height: ROW - 2 }),
		svg("rect", { class: "cell", x: cell + 1, y: y + 2,
			width: CELL - 2, height: ROW - 4,
			fill: state === ABSENT ? "none" : colour }),
		ink,
		svg("text", { x: right ? x + CELL + 8 : x + BOX - 8, y: y + 16,
			"text-anchor": right ? "start" : "end" },
			figure.near ? addressOf(item.page) : `page ${item.nr}`));
}

function drawArrow(p, y, frame, kind, page) {
	const right = plan.side[p] === 1;
	const from = right ? plan.right : 1 + BOX + CELL;
	const to = right ? plan.frames + FRAME : plan.frames;
	const sign = right ? 1 : -1;
	const head = kind === "new" ? 1.7 : 1;
	const end = plan.slot.get(frame) + ROW / 2;
	const mid = (from + to) / 2;
	const begin = y + ROW / 2;
	const neck = to + sign * 8 * head;

	return svg("g", { class: `arrow ${kind}`, "data-frame": frame,
			"data-p": p, "data-page": page },
		svg("path", { d: `M${from} ${begin} C${mid} ${begin} ` +
			`${mid} ${end} ${neck} ${end}` }),
		svg("polygon", { points: `${to},${end} ${neck},${end - 4 * head} ` +
			`${neck},${end + 4 * head}` }));
}

function drawProcess(step, p, boxes, arrows) {
	const t = tablesOf(step)[p], right = plan.side[p] === 1;
	const before = step ? tablesOf(step - 1)[p] : undefined;

	boxes.append(svg("text", { class: t ? "head" : "head dim",
		x: right ? plan.right : 1, y: plan.top[p] - 8 },
		processText(p) + (t ? "" : ": not there")));
	if (!t)
		return;
	pagesOf(t).forEach((item, row) => {
		const y = plan.top[p] + row * ROW;
		const frame = frameAt(t, item.page);
		const was = frameAt(before, item.page);
		const moved = before && frame !== was;

		boxes.append(drawBox(t, p, item, y));
		if (moved && was >= 0)
			arrows.prepend(drawArrow(p, y, was, "old", item.page));
		if (frame >= 0)
			arrows.append(drawArrow(p, y, frame, moved ? "new" : "",
				item.page));
	});
}

// How often this step's pages map each frame, and its mapcount.
function frameUses(step) {
	const uses = new Map();

	tablesOf(step).forEach((t, p) => {
		if (!figure.processes.includes(p))
			return;
		for (const { page } of pagesOf(t)) {
			const i = findEntry(t, page), frame = frameOf(t, i, page);

			if (frame < 0)
				continue;
			const use = uses.get(frame) || { nr: 0 };

			use.nr++;
			use.form = data.forms[t.form[i]];
			uses.set(frame, use);
		}
	});
	return uses;
}

function drawFrame(frame, y, use) {
	const kind = use ? use.nr > 1 ? "shared" : "" : "left dim";

	return svg("g", { class: `frame ${kind}`, "data-frame": frame },
		svg("rect", { class: "box", x: plan.frames, y: y + 2,
			width: FRAME, height: ROW - 4 }),
		svg("text", { x: plan.frames + 10, y: y + 16 }, hex(frame)),
		svg("text", { x: plan.frames + FRAME - 10, y: y + 16,
			"text-anchor": "end" },
			use ? "×" + mapcountText(use.form) : "left"));
}

// A frame is shown from the first step on in which a page maps it.
function drawFigure(step) {
	const boxes = svg("g", {}), arrows = svg("g", {}), frames = svg("g", {});
	const uses = frameUses(step);
	const before = step ? frameUses(step - 1) : new Map();

	figure.processes.forEach((p) => drawProcess(step, p, boxes, arrows));
	for (const [frame, y] of plan.slot) {
		if (uses.has(frame) || before.has(frame))
			frames.append(drawFrame(frame, y, uses.get(frame)));
	}
	frames.append(svg("text", { class: "head", x: plan.frames,
		y: HEAD - 8 }, "frames"));
	return svg("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`,
		role: "img", "aria-label": figureText(step) },
		arrows, frames, boxes);
}

function figureText(step) {
	const uses = [...frameUses(step).values()];
	const shared = uses.filter((use) => use.nr > 1).length;

	return `Step ${step + 1}: ${plural(uses.length, "frame")} mapped, ` +
		`${shared} of them by more than one page`;
}

function lightFigure() {
	const frame = litFrame(), a = active();

	for (const e of byId("figure").querySelectorAll("[data-frame]")) {
		const same = frame >= 0 && Number(e.dataset.frame) === frame &&
			!e.classList.contains("old");
		const chosen = a && Number(e.dataset.p) === a.p &&
			Number(e.dataset.page) === a.page;

		e.classList.toggle("lit", same || Boolean(chosen));
		e.classList.toggle("chosen", Boolean(chosen));
	}
}

// Strips: cells of a page table in rows.

// What stands in a strip: rows of captions, of cells, and of holes that would
// fill many rows.
function layOut(t, columns, group) {
	const rows = [], pages = [], entries = [];

	function addRows(first) {
		for (let c = first; c < pages.length; c += columns * group)
			rows.push({ from: c, to: Math.min(c + columns * group,
				pages.length) });
	}

	function addHole(from, to, first) {
		if (to - from <= 2 * columns) {
			for (let page = from; page < to; page++) {
				pages.push(page);
				entries.push(-1);
			}
			return first;
		}
		addRows(first);
		rows.push({ hole: to - from });
		return pages.length;
	}

	function addVma(v) {
		let i = findEntry(t, v.start), at = v.start;
		let first = pages.length;

		if (i < 0)
			i = firstThat(t.n, (k) => t.start[k] >= v.start);
		rows.push({ caption: vmaText(v) });
		for (; i < t.n && t.start[i] < v.end; i++) {
			const start = Math.max(t.start[i], v.start);

			first = addHole(at, start, first);
			pages.push(start);
			entries.push(i);
			at = t.start[i] + entrySize(t.form[i]);
		}
		if (at < v.end)
			first = addHole(at, v.end, first);
		addRows(first);
	}

	vmasOf(t).forEach(addVma);
	return { rows: rows, pages: pages, entries: entries };
}

// One small picture for each state, once as it is and once as most of a group.
function makeSprites(size, scale, theme) {
	const canvas = document.createElement("canvas");
	const nr = data.states.length;

	canvas.width = Math.ceil(size * scale) * nr;
	canvas.height = Math.ceil(size * scale) * 2;
	const ctx = canvas.getContext("2d");

	ctx.textAlign = "center";
	ctx.textBaseline = "middle";
	for (let i = 0; i < nr * 2; i++) {
		const state = i % nr, [letter, colour] = data.states[state];
		const side = Math.ceil(size * scale);
		const x = state * side, y = i < nr ? 0 : side;

		if (state !== ABSENT) {
			ctx.fillStyle = colour;
			ctx.fillRect(x, y, side, side);
		}
		ctx.fillStyle = state === ABSENT ? theme.quiet : inkOn(colour);
		ctx.font = `bold ${Math.round(side * 0.78)}px ${mono}`;
		ctx.fillText(i < nr ? letter : letter.toLowerCase(),
			x + side / 2, y + side * 0.54);
	}
	return canvas;
}

const rowHeight = (row, size) =>
	row.caption !== undefined ? 24 : row.hole ? 20 : size + 1;

// As strip_letter() does for the terminal: a mapped page says more than a hole.
function groupState(t, layout, from, to) {
	const nr = new Map();
	let best = ABSENT;

	for (let c = from; c < to; c++) {
		const i = layout.entries[c];
		const state = i < 0 ? ABSENT : entryState(t, i);

		nr.set(state, (nr.get(state) || 0) + 1);
	}
	for (const [state, count] of nr) {
		if (state !== ABSENT && (best === ABSENT || count > nr.get(best)))
			best = state;
	}
	return [best, nr.size > 1];
}

function drawText(s, ctx, row, y) {
	const caption = row.caption !== undefined;

	ctx.fillStyle = caption ? s.theme.ink : s.theme.quiet;
	ctx.font = `12px ${mono}`;
	ctx.textBaseline = "middle";
	const text = caption ? row.caption :
		`… ${plural(row.hole, "page")} without an entry (${sizeText(row.hole)}) …`;

	ctx.fillText(clip(ctx, text, s.width - 8), 4, y + (caption ? 14 : 9));
}

function drawCells(s, ctx, row, y) {
	const side = s.sprites.height / 2, nr = data.states.length;

	for (let c = row.from, x = 4; c < row.to; c += s.group, x += s.size + 1) {
		const to = Math.min(c + s.group, row.to);
		const [state, mixed] = groupState(s.table, s.layout, c, to);

		ctx.drawImage(s.sprites, (state % nr) * side, mixed ? side : 0,
			side, side, x, y, s.size, s.size);
		if (s.group === 1)
			drawMarks(s, ctx, c, x, y);
	}
}

function drawMarks(s, ctx, c, x, y) {
	const i = s.layout.entries[c], page = s.layout.pages[c];
	const first = i < 0 ? page : s.table.start[i];

	if (s.table.changed.has(first)) {
		const corner = Math.max(3, s.size * 0.35);

		ctx.beginPath();
		ctx.moveTo(x + s.size - corner, y);
		ctx.lineTo(x + s.size, y);
		ctx.lineTo(x + s.size, y + corner);
		ctx.closePath();
		ctx.fillStyle = s.theme.ink;
		ctx.fill();
		ctx.lineWidth = 1;
		ctx.strokeStyle = s.theme.paper;
		ctx.stroke();
	}
	if (i >= 0 && s.frame >= 0 && mapsFrame(s.table, i, s.frame)) {
		ring(ctx, x - 1, y - 1, s.size + 2, 3, s.theme.paper);
		ring(ctx, x - 1, y - 1, s.size + 2, 2, s.theme.focus);
	}
	if (s.chosen && page <= s.chosen.page &&
	    s.chosen.page < page + (i < 0 ? 1 : entrySize(s.table.form[i])))
		ring(ctx, x - 1, y - 1, s.size + 2, 3, s.theme.ink);
}

// The number of the row at a height.
function rowAt(s, y) {
	return firstThat(s.layout.rows.length, (k) => s.tops[k + 1] > y);
}

// Draw the rows between two heights.
function drawRows(s, ctx, top, bottom) {
	const rows = s.layout.rows;

	for (let i = rowAt(s, top); i < rows.length && s.tops[i] < bottom; i++) {
		const row = rows[i], y = s.tops[i] - top;

		if (row.from === undefined)
			drawText(s, ctx, row, y);
		else
			drawCells(s, ctx, row, y);
	}
}

function measure(s) {
	let y = 0;

	s.tops = s.layout.rows.map((row) => {
		const at = y;

		y += rowHeight(row, s.size);
		return at;
	});
	s.tops.push(y);
	s.height = y + 4;
}

// Lines begin at round addresses where there is room for it.
function columnsFor(width, size) {
	const n = Math.max(1, Math.floor((width - 8) / (size + 1)));

	return n >= 16 ? n - n % 16 : n;
}

function prepare(t, width, size, group, scale, theme) {
	const s = { table: t, width: width, size: size, group: group,
		theme: theme, frame: -1, chosen: null };

	s.columns = columnsFor(width, size);
	s.layout = layOut(t, s.columns, group);
	s.sprites = makeSprites(size, scale, theme);
	measure(s);
	return s;
}

// The strips on the screen. Only what can be seen is drawn.

const strips = data.processes.map((process, p) => {
	const canvas = el("canvas", {});
	const room = el("div", {}, canvas);
	const box = el("div", { class: "strip", tabindex: 0, role: "application",
		"aria-label": `Pages of ${processText(p)}`,
		"aria-describedby": "strips-help" }, room);
	const head = el("h3", {});
	const section = el("section", {}, head, box);

	box.classList.toggle("alone", data.processes.length === 1);
	byId("strips").append(section);
	box.addEventListener("scroll", () => drawSoon());
	box.addEventListener("pointermove", (event) =>
		setHover(pageUnder(p, event)));
	box.addEventListener("pointerleave", () => setHover(null));
	box.addEventListener("click", (event) => choose(pageUnder(p, event)));
	box.addEventListener("keydown", (event) => stripKey(p, event));
	return { section: section, head: head, box: box, room: room,
		canvas: canvas };
});

function cellSize() {
	const wanted = Number(byId("size").value);
	let most = 0;

	if (wanted)
		return wanted;
	for (const t of tablesOf(view.step)) {
		if (t)
			most = Math.max(most, t.n);
	}
	return most <= 1024 ? 18 : most <= 20000 ? 13 : 10;
}

function updateStrip(strip, p) {
	const t = tablesOf(view.step)[p];

	strip.section.hidden = !t;
	strip.head.textContent = processText(p);
	strip.s = null;
	if (!t)
		return;
	strip.s = prepare(t, strip.box.clientWidth, cellSize(), 1,
		window.devicePixelRatio || 1, themeOf(false));
	strip.room.style.height = strip.s.height + "px";
}

function drawStrip(strip) {
	const s = strip.s;

	if (!s)
		return;
	const height = Math.min(s.height, strip.box.clientHeight);
	const ctx = sizeCanvas(strip.canvas, s.width, height,
		window.devicePixelRatio || 1);

	s.frame = litFrame();
	s.chosen = active() && active().p === strips.indexOf(strip) ?
		active() : null;
	drawRows(s, ctx, strip.box.scrollTop, strip.box.scrollTop + height);
}

function drawSoon() {
	onceSoon(() => strips.forEach(drawStrip));
}

function pageUnder(p, event) {
	const strip = strips[p], rect = strip.canvas.getBoundingClientRect();
	const s = strip.s;

	if (!s)
		return null;
	const row = s.layout.rows[rowAt(s, event.clientY - rect.top +
		strip.box.scrollTop)];
	const c = Math.floor((event.clientX - rect.left - 4) / (s.size + 1));

	if (!row || row.from === undefined || c < 0 || row.from + c >= row.to)
		return null;
	return { p: p, page: s.layout.pages[row.from + c] };
}

// The cell of a page, or of the one before it.
function cellOf(s, page) {
	return Math.max(0, firstThat(s.layout.pages.length,
		(c) => s.layout.pages[c] > page) - 1);
}

function scrollTo(strip, c) {
	const s = strip.s, box = strip.box;
	const row = s.layout.rows.findIndex((r) => r.from <= c && c < r.to);

	if (row < 0)
		return;
	if (s.tops[row] < box.scrollTop)
		box.scrollTop = s.tops[row] - 30;
	else if (s.tops[row + 1] > box.scrollTop + box.clientHeight)
		box.scrollTop = s.tops[row + 1] - box.clientHeight + 4;
}

function stripKey(p, event) {
	const strip = strips[p], s = strip.s;
	const rows = Math.max(1, Math.floor(strip.box.clientHeight / (s.size + 1)) - 1);
	const moves = {
		ArrowLeft: -1, ArrowRight: 1,
		ArrowUp: -s.columns, ArrowDown: s.columns,
		PageUp: -s.columns * rows, PageDown: s.columns * rows,
		Home: -Infinity, End: Infinity,
	};

	if (event.key === "Escape")
		choose(null);
	if (!(event.key in moves) || !s.layout.pages.length)
		return;
	event.preventDefault();
	const here = view.chosen && view.chosen.p === p;
	const from = here ? cellOf(s, view.chosen.page) : 0;
	const to = here ? from + moves[event.key] :
		event.key === "End" ? Infinity : 0;
	const c = Math.min(Math.max(to, 0), s.layout.pages.length - 1);

	choose({ p: p, page: s.layout.pages[c] });
	scrollTo(strip, c);
}

// The record of a page.

function mapcountText(form) {
	if (word(data.counts, form[COUNTS]) === "absent")
		return "-";
	return (form[COUNTS] ? "~" : "") + form[MAPCOUNT];
}

function exclusiveText(form) {
	if (data.exclusive === "absent")
		return "-";
	return hasFlag(form, "exclusive") ? "yes" : "no";
}

const nextText = (form) =>
	`${word(data.outcomes, form[OUTCOME])} (${word(data.confidences, form[CONFIDENCE])})`;

function flagsText(form) {
	return data.flags.filter((name) => hasFlag(form, name)).join(", ");
}

function whereText(p, page) {
	return `${nameOf(p)} at ${addressOf(page)}`;
}

function mappingsText(a, frame) {
	const [found, nr] = findMappings(view.step, frame, 9);
	const others = found.filter(([p, page]) => p !== a.p || page !== a.page);
	const list = others.slice(0, 8).map(([p, page]) => whereText(p, page));

	if (nr - 1 > list.length)
		list.push(`and ${plural(nr - 1 - list.length, "more page")}`);
	return list.join(", ") || "no other page shown here";
}

function recordRows(a, t, i) {
	const form = data.forms[t.form[i]], frame = frameOf(t, i, a.page);
	const kind = word(data.kinds, form[KIND]);
	const rows = [["kind", kind]];

	if (form[ORDER])
		rows.push(["entry maps", `${sizeText(2 ** form[ORDER])} from ${addressOf(t.start[i])}`]);
	if (frame >= 0)
		rows.push(["frame", hex(frame)]);
	if (kind === "swap")
		rows.push(["swap area", form[SWAP_TYPE]],
			["swap offset", t.pfn[i] < 0 ? "-" : hex(t.pfn[i])]);
	if (hasFlag(form, "present"))
		rows.push(["mapcount", `${mapcountText(form)} (${word(data.counts, form[COUNTS])})`],
			["refcount", form[REFCOUNT]],
			["exclusive", exclusiveText(form)],
			["writable", hasFlag(form, "write") ? "yes" : "no"]);
	rows.push(["next write", nextText(form)]);
	if (form[FOLIO_ORDER])
		rows.push(["folio", `${sizeText(2 ** form[FOLIO_ORDER])}, mapcount ${form[FOLIO_MAPCOUNT]}`]);
	rows.push(["flags", flagsText(form)]);
	if (frame >= 0)
		rows.push(["also mapped", mappingsText(a, frame)]);
	return rows;
}

// What the page was in the step before, if it has changed.
function beforeRows(a) {
	const t = view.step ? tablesOf(view.step - 1)[a.p] : undefined;

	if (!t || !tablesOf(view.step)[a.p].changed.has(a.page))
		return [];
	const i = findEntry(t, a.page);
	const frame = frameOf(t, i, a.page);

	return [["before", data.states[i < 0 ? ABSENT : entryState(t, i)][0] +
		(frame >= 0 ? `, frame ${hex(frame)}` : "")]];
}

function showRecord() {
	const a = active(), box = byId("record");
	const t = a ? tablesOf(view.step)[a.p] : undefined;

	box.replaceChildren();
	if (!t) {
		box.append(el("p", { class: "quiet" },
			"Point at a page, or choose one with the keyboard, to see its record and who else maps its frame."));
		return;
	}
	const i = findEntry(t, a.page), list = el("dl", {});
	const state = i < 0 ? ABSENT : entryState(t, i);
	const vma = vmasOf(t).find((v) => v.start <= a.page && a.page < v.end);
	const rows = [["address", addressOf(a.page)],
		["mapping", vma ? `${vma.name || "(no name)"} ${vma.perms}`.trim() : "-"],
		...(i < 0 ? [] : recordRows(a, t, i)), ...beforeRows(a)];

	for (const [name, text] of rows)
		list.append(el("dt", {}, name), el("dd", { class: "code" },
			String(text)));
	box.append(el("p", {}, swatch(state), ` ${data.states[state][2]}`),
		el("p", {}, processText(a.p)), list);
}

// Processes.

// How many pages are in each state: "O 4 · C 12".
function countsText(t) {
	const nr = data.states.map(() => 0);
	let holes = 0;

	for (let i = 0; i < t.n; i++) {
		const pages = entrySize(t.form[i]);

		nr[entryState(t, i)] += pages;
		holes -= pages;
	}
	for (const v of vmasOf(t))
		holes += v.end - v.start;
	// A huge entry may reach beyond its mapping.
	nr[ABSENT] = Math.max(0, holes);
	return data.states.map(([letter], i) => [letter, nr[i]])
		.filter(([, n]) => n)
		.map(([letter, n]) => `${letter} ${n.toLocaleString("en")}`)
		.join(" \u00b7 ") || "no mappings";
}

function processItem(p, children) {
	const t = tablesOf(view.step)[p];
	const item = el("li", { class: t ? "here" : "away" },
		el("div", {}, processText(p)), el("div", { class: "quiet" },
			t ? countsText(t) : "not there in this step"));
	const list = children.get(p);

	if (list)
		item.append(el("ul", {}, ...list.map((c) =>
			processItem(c, children))));
	return item;
}

function showTree() {
	const children = new Map();

	data.processes.forEach((process, p) => {
		const parent = process[PARENT] ? data.processes.findIndex((other) =>
			other[PID] === process[PARENT]) : -1;
		// A pid that came back must not make a circle.
		const key = parent < p ? parent : -1;

		children.set(key, [...(children.get(key) || []), p]);
	});
	byId("tree").replaceChildren(el("ul", {}, ...(children.get(-1) || [])
		.map((p) => processItem(p, children))));
}

// The legend: the states that occur in any step.

const usedStates = new Set([ABSENT, ...data.forms.map((form) => form[STATE])]);

function legend() {
	return el("table", {}, ...data.states.flatMap((state, i) =>
		usedStates.has(i) ? [el("tr", {}, el("td", {}, swatch(i)),
			el("td", {}, state[2]))] : []));
}

// The table that says the same.

let tableFirst = 0;

function tablePages() {
	const starts = new Set();

	for (const t of tablesOf(view.step)) {
		for (let i = 0; t && i < t.n; i++)
			starts.add(t.start[i]);
	}
	return Float64Array.from(starts).sort();
}

const tableHeads = ["state", "frame", "map", "ref", "excl", "write",
	"next write"];

function tableCells(t, page) {
	const i = findEntry(t, page);

	if (i < 0)
		return [data.states[ABSENT][0], "", "", "", "", "", ""];
	const form = data.forms[t.form[i]], frame = frameOf(t, i, page);
	const present = hasFlag(form, "present");

	return [data.states[form[STATE]][0], frame < 0 ? "-" : hex(frame),
		present ? mapcountText(form) : "-",
		present ? form[REFCOUNT] : "-",
		exclusiveText(form), hasFlag(form, "write") ? "yes" : "no",
		nextText(form)];
}

function tableRow(there, page) {
	const row = el("tr", {}, el("td", {}, addressOf(page)));
	let changed = false;

	for (const t of there) {
		changed = changed || t.changed.has(page);
		for (const text of tableCells(t, page))
			row.append(el("td", {}, String(text)));
	}
	row.append(el("td", {}, changed ? "changed" : ""));
	row.classList.toggle("changed", changed);
	return row;
}

function showTable() {
	if (!byId("table-box").open)
		return;
	const pages = tablePages(), list = tablesOf(view.step);
	const there = list.filter((t) => t);

	if (tableFirst >= pages.length)
		tableFirst = 0;
	const last = Math.min(tableFirst + TABLE_ROWS, pages.length);
	const top = el("tr", {}, el("th", {})), heads = el("tr", {},
		el("th", {}, "address"));

	list.forEach((t, p) => {
		top.append(el("th", { colspan: tableHeads.length },
			processText(p)));
		heads.append(...tableHeads.map((name) => el("th", {}, name)));
	});
	heads.append(el("th", {}));
	const table = el("table", {}, el("thead", {}, top, heads));

	for (let i = tableFirst; i < last; i++)
		table.append(tableRow(there, pages[i]));
	byId("table").replaceChildren(table);
	byId("pager").hidden = pages.length <= TABLE_ROWS;
	byId("table-back").disabled = tableFirst === 0;
	byId("table-next").disabled = last === pages.length;
	byId("table-count").textContent =
		`${tableFirst + 1} to ${last} of ${pages.length.toLocaleString("en")}`;
}

function turnTable(rows) {
	tableFirst = Math.max(0, tableFirst + rows);
	showTable();
}

// Choosing.

function showActive() {
	lightFigure();
	showRecord();
	drawSoon();
}

function samePlace(a, b) {
	return a === b || Boolean(a && b && a.p === b.p && a.page === b.page);
}

function setHover(place) {
	if (samePlace(place, view.hover))
		return;
	view.hover = place;
	showActive();
}

function choose(place) {
	view.chosen = place;
	view.hover = null;
	followChosen();
	showActive();
}

function placeOf(event) {
	const e = event.target.closest("[data-page]");

	return e ? { p: Number(e.dataset.p), page: Number(e.dataset.page) } : null;
}

function overFigure(event) {
	const e = event.target.closest(".frame");

	view.frame = e ? Number(e.dataset.frame) : -1;
	view.hover = placeOf(event);
	showActive();
}

function leaveFigure() {
	view.frame = -1;
	view.hover = null;
	showActive();
}

// The page on the other side, in the same row.
function acrossFrom(p, row) {
	const list = tablesOf(view.step);

	for (const q of figure.processes) {
		if (list[q] && plan.side[q] !== plan.side[p]) {
			const pages = pagesOf(list[q]);

			return pages.length ? { p: q, page:
				pages[Math.min(row, pages.length - 1)].page } : null;
		}
	}
	return null;
}

// One row up or down, on to the next process of the same side. Of a figure that
// shows a part, on to the pages beyond.
function alongSide(p, row, by) {
	const list = tablesOf(view.step), pages = pagesOf(list[p]);

	if (pages[row + by])
		return { p: p, page: pages[row + by].page };
	if (figure.near) {
		const page = pages[row].page + by;

		return vmasOf(list[p]).some((v) => v.start <= page &&
			page < v.end) ? { p: p, page: page } : null;
	}
	const q = p + 2 * by;

	if (!list[q])
		return null;
	const more = pagesOf(list[q]);

	return more.length ? { p: q,
		page: more[by > 0 ? 0 : more.length - 1].page } : null;
}

function figureKey(event) {
	const list = tablesOf(view.step);
	const first = plan ? figure.processes.find((p) => list[p] &&
		pagesOf(list[p]).length) : undefined;

	if (event.key === "Escape")
		choose(null);
	if (!event.key.startsWith("Arrow") || first === undefined)
		return;
	event.preventDefault();
	const at = view.chosen;

	if (!at || !list[at.p] || !figure.processes.includes(at.p)) {
		choose({ p: first, page: pagesOf(list[first])[0].page });
		return;
	}
	const row = pagesOf(list[at.p]).findIndex(({ page }) => page === at.page);
	const right = plan.side[at.p] === 1;
	let next = at;

	if (event.key === "ArrowUp" || event.key === "ArrowDown")
		next = alongSide(at.p, row, event.key === "ArrowUp" ? -1 : 1);
	else if ((event.key === "ArrowLeft") === right)
		next = acrossFrom(at.p, row);
	choose(next || at);
}

// Steps.

function changesText(step) {
	if (!step)
		return "";
	const before = tablesOf(step - 1), now = tablesOf(step), parts = [];

	data.processes.forEach((process, p) => {
		const name = nameOf(p);

		if (now[p] && !before[p])
			parts.push(`${name} appears`);
		else if (!now[p] && before[p])
			parts.push(`${name} is gone`);
		else if (now[p] && now[p].changed.size)
			parts.push(`${name}: ${plural(now[p].changed.size, "entry", "entries")} changed`);
	});
	return "Since the step before: " + (parts.join("; ") ||
		"no frame or state has changed") + ".";
}

function noteItems(step) {
	return data.steps[step].notes.map(([mark, text]) =>
		el("li", { class: mark === "FAIL" ? "failed" : "" },
			el("span", { class: "mark" }, mark), " ", text));
}

// "8 ok", "7 ok, 1 FAIL".
function marksText(notes) {
	const marks = new Map();

	for (const [mark] of notes)
		marks.set(mark, (marks.get(mark) || 0) + 1);
	return [...marks].map(([mark, n]) => `${n} ${mark}`).join(", ");
}

// Folded, so that the picture is in sight, unless something went wrong.
function showNotes() {
	const notes = data.steps[view.step].notes;

	byId("notes-box").hidden = !notes.length;
	byId("notes-box").open = notes.some(([mark]) => mark === "FAIL");
	byId("notes-count").textContent = marksText(notes);
	byId("notes").replaceChildren(...noteItems(view.step));
}

function showStep() {
	const step = data.steps[view.step], nr = data.steps.length;

	byId("slider").value = view.step + 1;
	byId("slider").setAttribute("aria-valuetext",
		`${view.step + 1} of ${nr}: ${step.title}`);
	byId("count").textContent = `step ${view.step + 1} of ${nr}`;
	byId("back").disabled = view.step === 0;
	byId("next").disabled = view.step === nr - 1;
	byId("step-title").textContent = step.title;
	byId("steps").hidden = nr < 2 && !step.title;
	byId("step-text").textContent = step.text;
	byId("changes").textContent = changesText(view.step);
	showNotes();
	followStep();
	redrawFigure();
	showTree();
	strips.forEach(updateStrip);
	showTable();
	showActive();
}

function goTo(step) {
	if (step < 0 || step >= data.steps.length || step === view.step)
		return;
	view.step = step;
	view.hover = null;
	view.frame = -1;
	showStep();
}

// Paper: all steps below one another.

function printedStrip(t) {
	const size = 11, width = 660, scale = 2, canvas = el("canvas", {});
	let group = 1, s;

	do {
		s = prepare(t, width, size, group, scale, themeOf(true));
		group *= 2;
	} while (s.layout.pages.length / s.group > PRINT_CELLS);
	drawRows(s, sizeCanvas(canvas, width, s.height, scale), 0, s.height);
	return [canvas, s.group];
}

function stepText(step) {
	const title = data.steps[step].title;

	return data.steps.length > 1 ? `${step + 1}. ${title}` : title;
}

function printedStep(step) {
	const section = el("section", {},
		el("h2", {}, stepText(step)),
		el("p", {}, data.steps[step].text),
		el("p", { class: "quiet" }, changesText(step)),
		el("ul", {}, ...noteItems(step)));

	if (plan)
		section.append(drawFigure(step));
	tablesOf(step).forEach((t, p) => {
		const [canvas, group] = printedStrip(t);

		section.append(el("h3", {}, processText(p)), el("p",
			{ class: "quiet" }, countsText(t) + (group > 1 ?
			`; a letter below stands for ${group} entries` : "")),
			canvas);
	});
	return section;
}

function makePrint() {
	byId("print").replaceChildren(
		...data.steps.map((step, s) => printedStep(s)),
		el("section", {}, el("h2", {}, "Legend"), legend(),
			el("p", { class: "quiet" }, data.mixed)));
}

// The page.

function listen() {
	const box = byId("figure");

	byId("slider").addEventListener("input", (event) =>
		goTo(Number(event.target.value) - 1));
	byId("back").addEventListener("click", () => goTo(view.step - 1));
	byId("next").addEventListener("click", () => goTo(view.step + 1));
	byId("size").addEventListener("change", showStep);
	byId("table-box").addEventListener("toggle", showTable);
	byId("table-back").addEventListener("click", () => turnTable(-TABLE_ROWS));
	byId("table-next").addEventListener("click", () => turnTable(TABLE_ROWS));
	box.addEventListener("pointerover", overFigure);
	box.addEventListener("pointerleave", leaveFigure);
	box.addEventListener("click", (event) => choose(placeOf(event)));
	box.addEventListener("keydown", figureKey);
	window.addEventListener("resize", () => {
		strips.forEach(updateStrip);
		drawSoon();
	});
	window.addEventListener("beforeprint", makePrint);
	window.addEventListener("afterprint", () =>
		byId("print").replaceChildren());
	matchMedia("(prefers-color-scheme: dark)")
		.addEventListener("change", showStep);
}

showAbout();
byId("legend").append(legend());
byId("bar").hidden = data.steps.length < 2;
byId("corners").hidden = data.steps.length < 2;
byId("figure-box").hidden = !anyEntries;
byId("slider").max = Math.max(1, data.steps.length);
if (data.format !== 1) {
	byId("step-title").textContent = "The data of this page is of another version.";
} else if (data.steps.length) {
	listen();
	showStep();
} else {
	byId("columns").hidden = true;
	byId("table-box").hidden = true;
	byId("step-title").textContent = "Nothing was recorded.";
}

// SPDX-License-Identifier: GPL-2.0
// Arrows from the pages of two processes to frames.

// Arrows explain so many page tables of so many pages; more are a tangle.
const FIGURE_PAGES = 16;
const FIGURE_PROCESSES = 2;

const ROW = 24, BOX = 118, CELL = 24, FRAME = 150, GAP = 190, HEAD = 26;

// The arrows are for all pages of all processes, if they are few.
function pagesOf(t) {
	const pages = [];

	for (const v of vmasOf(t)) {
		for (let page = v.start; page < v.end; page++)
			pages.push({ page: page, nr: pageNumber(v, page), vma: v });
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
const arrowProcesses = data.processes.map((process, p) => p).filter((p) =>
	data.steps.some((step, s) => tablesOf(s)[p]));
const hasArrows = anyEntries && arrowProcesses.length <= FIGURE_PROCESSES &&
	data.steps.every((step, s) => tablesOf(s).every(isSmall));

// Where everything stands is the same in all steps. Frames stand beside the
// first page that maps them.
function planFigure() {
	const rows = new Map(arrowProcesses.map((p) => [p, 0]));
	const slots = new Map(), height = [HEAD, HEAD];
	const plan = { top: [], side: [], slot: new Map() };

	data.steps.forEach((step, s) => tablesOf(s).forEach((t, p) => {
		const pages = pagesOf(t);

		rows.set(p, Math.max(rows.get(p), pages.length));
		pages.forEach(({ page }, row) => {
			const frame = frameAt(t, page);

			if (frame >= 0 && !slots.has(frame))
				slots.set(frame, row);
		});
	}));
	arrowProcesses.forEach((p, i) => {
		plan.side[p] = i % 2;
		plan.top[p] = height[i % 2];
		height[i % 2] += rows.get(p) * ROW + HEAD + 8;
	});
	[...slots.keys()].sort((x, y) => slots.get(x) - slots.get(y))
		.forEach((frame, i) => plan.slot.set(frame, HEAD + i * ROW));
	plan.height = Math.max(...height, HEAD + slots.size * ROW) + 4;
	plan.frames = BOX + CELL + GAP;
	plan.right = plan.frames + FRAME + GAP;
	plan.width = arrowProcesses.length > 1 ? plan.right + CELL + BOX :
		plan.frames + FRAME;
	// Behind a name there is room for "not there".
	plan.width += arrowProcesses.length > 1 ? 50 : 2;
	return plan;
}

const plan = hasArrows ? planFigure() : null;

function redrawFigure() {
	byId("figure").replaceChildren(...(plan ? [drawFigure(view.step)] : []));
	byId("figure-box").hidden = !plan;
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
			`page ${item.nr}`));
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
		nameOf(p) + (statusText(step, p) ? `: ${statusText(step, p)}` : "")));
	if (!t)
		return;
	pagesOf(t).forEach((item, row) => {
		const y = plan.top[p] + row * ROW;
		const frame = frameAt(t, item.page);
		const was = frameAt(before, item.page);
		const moved = before && looksAt(before, item.page) &&
			frame !== was;

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

	arrowProcesses.forEach((p) => drawProcess(step, p, boxes, arrows));
	for (const [frame, y] of plan.slot) {
		if (uses.has(frame) || before.has(frame))
			frames.append(drawFrame(frame, y, uses.get(frame)));
	}
	frames.append(svg("text", { class: "head", x: plan.frames,
		y: HEAD - 8 }, "frames"));
	return svg("svg", { class: arrowProcesses.length > 1 ? "" : "narrow",
		viewBox: `0 0 ${plan.width} ${plan.height}`,
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

	for (const e of document.querySelectorAll("main [data-frame]")) {
		const same = frame >= 0 && Number(e.dataset.frame) === frame &&
			!e.classList.contains("old");
		const chosen = a && Number(e.dataset.p) === a.p &&
			Number(e.dataset.page) === a.page;

		e.classList.toggle("lit", same || Boolean(chosen));
		e.classList.toggle("chosen", Boolean(chosen));
	}
}

// The page on the other side, in the same row.
function acrossFrom(p, row) {
	const list = tablesOf(view.step);

	for (const q of arrowProcesses) {
		if (list[q] && plan.side[q] !== plan.side[p]) {
			const pages = pagesOf(list[q]);

			return pages.length ? { p: q, page:
				pages[Math.min(row, pages.length - 1)].page } : null;
		}
	}
	return null;
}

// One row up or down, on to the next process of the same side.
function alongSide(p, row, by) {
	const list = tablesOf(view.step), pages = pagesOf(list[p]);

	if (pages[row + by])
		return { p: p, page: pages[row + by].page };
	const q = p + 2 * by;

	if (!list[q])
		return null;
	const more = pagesOf(list[q]);

	return more.length ? { p: q,
		page: more[by > 0 ? 0 : more.length - 1].page } : null;
}

function figureKey(event) {
	const list = tablesOf(view.step);
	const first = plan ? arrowProcesses.find((p) => list[p] &&
		pagesOf(list[p]).length) : undefined;

	if (event.key === "Escape")
		choose(null);
	if (!event.key.startsWith("Arrow") || first === undefined)
		return;
	event.preventDefault();
	const at = view.chosen;

	if (!at || !list[at.p] || !arrowProcesses.includes(at.p)) {
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

// SPDX-License-Identifier: GPL-2.0
// Scenes: steps in which rows and columns of the figure are the same. What stands where.

// More pages than this stand in runs of pages alike, and more runs than this do
// not fit: then there is an overview, and the figure is of a part of it.
const SINGLE_PAGES = 20, MOST_RUNS = 64, WINDOW = 24;

// Rows and columns are the same in all steps of a scene. A new one begins where
// there is none of the processes of the look before.
const scenes = [];

function beginsScene(s) {
	if (!scenes.length)
		return true;
	return data.steps[s].tables && tablesOf(s).length > 0 &&
		!tablesOf(s).some((t, p) => tablesOf(s - 1)[p]) &&
		tablesOf(s).every((t, p) => !sceneTables(scenes[scenes.length - 1])
			.some((list) => list[p]));
}

const sceneTables = (scene) => scene.steps.map((s) => tablesOf(s));

data.steps.forEach((step, s) => {
	if (beginsScene(s))
		scenes.push({ steps: [] });
	scenes[scenes.length - 1].steps.push(s);
});

const sceneOf = (s) => scenes.find((scene) => scene.steps.includes(s));

// What is known of the bytes in pages: bytesOf[step].get("process page").
const bytesOf = data.steps.map((step) => new Map(step.bytes.map((list) =>
	[`${places.get(list[0])} ${list[1]}`, list.slice(2)])));

// The parts of address spaces that were looked at by anybody in any step.
function listSegments(scene) {
	const list = [], merged = [];

	sceneTables(scene).forEach((tablesThen) => tablesThen.forEach((t) => {
		for (const v of vmasOf(t))
			list.push(v);
	}));
	list.sort((a, b) => a.start - b.start || a.end - b.end);
	for (const v of list) {
		const last = merged[merged.length - 1];

		if (!last || v.start >= last.end) {
			merged.push({ start: v.start, end: v.end,
				number: v.number, names: new Set([v.name]) });
			continue;
		}
		last.end = Math.max(last.end, v.end);
		last.names.add(v.name);
	}
	return merged;
}

// All pages that somebody maps in some step, ascending. Of a process that was looked
// at before, only what has changed can be new.
function mappedPages(scene) {
	const seen = new Set(), known = new Set();

	function add(t, i) {
		const end = t.start[i] + entrySize(t.form[i]);

		for (let page = t.start[i]; page < end; page++)
			seen.add(page);
	}

	sceneTables(scene).forEach((tablesThen) => tablesThen.forEach((t, p) => {
		for (let i = 0; i < t.n && !known.has(p); i++)
			add(t, i);
		known.add(p);
		for (const page of t.changed) {
			const i = findEntry(t, page);

			if (i >= 0)
				add(t, i);
		}
	}));
	return Float64Array.from(seen).sort();
}

// State and frame of each of these pages.
function walk(t, pages) {
	const states = new Uint8Array(pages.length);
	const frames = new Float64Array(pages.length).fill(-1);
	let i = 0;

	for (let k = 0; t && k < pages.length; k++) {
		while (i < t.n && t.start[i] + entrySize(t.form[i]) <= pages[k])
			i++;
		if (i === t.n || t.start[i] > pages[k])
			continue;
		states[k] = entryState(t, i);
		frames[k] = frameOf(t, i, pages[k]);
	}
	return { states: states, frames: frames };
}

// Who has the frame of process r at page k: the first of them.
function firstWith(walks, r, k) {
	const frame = walks[r].frames[k];

	return frame < 0 ? r : walks.findIndex((w) => w.frames[k] === frame);
}

// Mark the pages that differ from the page before in what this step tells of it.
function markBorders(s, rows, pages, before, border) {
	const walks = rows.map((p) => walk(tablesOf(s)[p], pages));

	rows.forEach((p, r) => {
		const w = walks[r], old = before && before[r];
		const moved = (k) => Boolean(old) && old.frames[k] !== w.frames[k];
		const bytes = (k) => String(bytesOf[s].get(`${p} ${pages[k]}`));
		const any = bytesOf[s].size > 0;

		for (let k = 1; k < pages.length; k++) {
			if (border[k])
				continue;
			border[k] = w.states[k] !== w.states[k - 1] ||
				firstWith(walks, r, k) !== firstWith(walks, r, k - 1) ||
				moved(k) !== moved(k - 1) ||
				(any && bytes(k) !== bytes(k - 1));
		}
	});
	return walks;
}

function listBorders(scene, pages) {
	const border = new Uint8Array(pages.length);
	let before = null;

	for (const s of scene.steps) {
		if (data.steps[s].tables)
			before = markBorders(s, scene.rows, pages, before, border);
	}
	for (const held of scene.held.values()) {
		for (let k = 1; k < pages.length; k++)
			border[k] |= held.has(pages[k]) !== held.has(pages[k - 1]);
	}
	return border;
}

// Columns: { from, to, segment, weight }, the same in all steps. Pages alike in
// each step are one column, if there are many; so are pages that nobody maps.
function listColumns(scene) {
	const pages = mappedPages(scene);
	const total = scene.segments.reduce((n, g) => n + g.end - g.start, 0);
	const single = total <= SINGLE_PAGES;
	const border = single ? null : listBorders(scene, pages);
	const columns = [];
	let k = 0;

	function add(from, to, segment, mapped) {
		for (let page = from; single && page < to; page++)
			columns.push({ from: page, to: page + 1,
				segment: segment, weight: 1 });
		if (!single && from < to)
			columns.push({ from: from, to: to, segment: segment,
				weight: mapped ? to - from : 1 });
	}

	for (const g of scene.segments) {
		let at = g.start;

		while (k < pages.length && pages[k] < g.start)
			k++;
		while (k < pages.length && pages[k] < g.end) {
			const from = pages[k++];

			while (k < pages.length && pages[k] < g.end && !single &&
			       pages[k] === pages[k - 1] + 1 && !border[k])
				k++;
			add(at, from, g, false);
			at = pages[k - 1] + 1;
			add(from, at, g, true);
		}
		add(at, g.end, g, false);
	}
	return columns;
}

// The column of a page, or the one before it.
const columnOf = (scene, page) =>
	Math.max(0, firstThat(scene.columns.length,
		(k) => scene.columns[k].from > page) - 1);

// The first column that has something to tell: one that changes, or would copy.
function tellingColumn(scene) {
	const list = sceneTables(scene).flatMap((then) => then.filter((t) => t));
	let first = Infinity;

	for (const t of list) {
		for (const page of t.changed)
			first = Math.min(first, page);
	}
	for (const t of first === Infinity ? list : []) {
		for (let i = 0; i < t.n && t.start[i] < first; i++) {
			if (data.states[entryState(t, i)][0] === "C")
				first = t.start[i];
		}
	}
	return first === Infinity ? 0 : Math.max(0, columnOf(scene, first) - 2);
}

for (const scene of scenes) {
	scene.rows = data.processes.map((process, p) => p).filter((p) =>
		sceneTables(scene).some((list) => list[p]));
	scene.segments = listSegments(scene);
	scene.held = heldPages(scene);
	scene.holders = listHolders(scene);
	scene.columns = listColumns(scene);
	scene.windowed = scene.columns.length > MOST_RUNS;
	if (scene.windowed)
		prepareOverview(scene);
	scene.from = scene.windowed ? Math.min(tellingColumn(scene),
		scene.columns.length - WINDOW) : 0;
}

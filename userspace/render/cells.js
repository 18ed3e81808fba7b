// SPDX-License-Identifier: GPL-2.0
// Sharing as merged cells: rows are processes, columns pages in the order of
// addresses, and cells that map the same frame are one body. A write breaks it.

// More pages than this stand in runs of pages alike, and more runs than this do
// not fit: then there is an overview, and the figure is of a part of it.
const SINGLE_PAGES = 20, MOST_RUNS = 64, WINDOW = 24;

// Sizes, in pixels of the screen: it is never scaled, so that it can be read.
const NAMES = 104, CELL_MIN = 52, CELL_MAX = 76, CELL_HIGH = 56, BETWEEN = 12;
const BAND_HEAD = 36, RAIL = 6;

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

const shownColumns = (scene) => scene.windowed ?
	scene.columns.slice(scene.from, scene.from + WINDOW) : scene.columns;

function pagesLabel(c) {
	const first = pageNumber(c.segment, c.from);
	const last = pageNumber(c.segment, c.to - 1);

	return first === last ? `${first}` : `${first}-${last}`;
}

function columnsText(c) {
	const name = [...c.segment.names].filter((n) => n).join(", ");

	return `${name || "no name"}, ${numbersText(c)}, at ${addressOf(c.from)}`;
}

const numbersText = (c) =>
	`${c.to - c.from === 1 ? "page" : "pages"} ${pagesLabel(c)}`;

// Bytes as text if they can be read as such, as numbers otherwise.
function bytesText8(list, room) {
	if (!list)
		return "";
	const bytes = list.slice(1);

	if (bytes.every((b) => b > 32 && b < 127))
		return String.fromCharCode(...bytes).slice(0, room);
	return bytes.slice(0, Math.floor((room + 1) / 3))
		.map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

// What this figure shows of a process's page, or null.
function cellAt(s, p, page) {
	const t = tablesOf(s)[p];

	if (!t || !looksAt(t, page))
		return null;
	const i = findEntry(t, page);

	return { p: p, page: page, t: t, i: i,
		state: i < 0 ? ABSENT : entryState(t, i),
		frame: frameOf(t, i, page),
		form: i < 0 ? null : data.forms[t.form[i]],
		bytes: bytesOf[lookOf(s)].get(`${p} ${page}`) };
}

// "C×2": who maps it; "R×1+1": and a reference that no mapping explains.
function countText(cell) {
	const letter = data.states[cell.state][0];

	if (!cell.form || cell.frame < 0 ||
	    word(data.counts, cell.form[COUNTS]) !== "exact" ||
	    word(data.kinds, cell.form[KIND]) !== "anon")
		return letter;
	const more = cell.form[REFCOUNT] - cell.form[MAPCOUNT];

	return `${letter}\u00d7${cell.form[MAPCOUNT]}` +
		(more > 0 && !cell.form[FOLIO_ORDER] ? `+${more}` : "");
}

// Bands: as many columns as fit stand side by side, the others below.
function planCells(scene, width) {
	const shown = shownColumns(scene);
	const names = width < 500 && !scene.holders.length ? 72 : NAMES;
	const units = shown.map((c) => c.to - c.from > 1 ? 1.5 : 1);
	const room = width - names - 4;
	const all = units.reduce((n, u) => n + u, 0);
	const cell = Math.max(CELL_MIN, Math.min(CELL_MAX, Math.floor(room / all)));
	const bands = [];
	let x = Infinity;

	shown.forEach((c, k) => {
		const wide = units[k] * cell;

		if (x + wide > room) {
			bands.push([]);
			x = 0;
		}
		bands[bands.length - 1].push({ column: c, x: names + x,
			width: wide - 4 });
		x += wide;
	});
	return { bands: bands, names: names, scene: scene,
		high: (scene.rows.length + scene.holders.length) *
			(CELL_HIGH + BETWEEN) + BAND_HEAD };
}

// Groups of rows that map one frame, by row.
function groupRows(cells) {
	const groups = new Map();

	cells.forEach((cell, r) => {
		if (cell && cell.frame >= 0)
			groups.set(cell.frame, [...(groups.get(cell.frame) || []), r]);
	});
	return [...groups.values()].filter((rows) => rows.length > 1);
}

const rowTop = (r) => BAND_HEAD + r * (CELL_HIGH + BETWEEN);

function bodyColour(cell) {
	if (cell.who)
		return "var(--line)";
	return cell.state === ABSENT ? "none" : data.states[cell.state][1];
}

// From each row of a group to the next. Rows in between that have another frame
// are passed on a rail beside their cells.
function drawBridges(band, k, cells, nextCells) {
	const parts = [], place = band[k];

	// Beside a body that goes on in the next column there is no gap.
	const wide = (a, b) => nextCells && joinsNext(cells[a], nextCells[a]) &&
		joinsNext(cells[b], nextCells[b]) ?
		band[k + 1].x - place.x : place.width;

	for (const rows of groupRows(cells)) {
		for (let n = 1; n < rows.length; n++) {
			const [above, below] = rows.slice(n - 1, n + 1);
			const top = rowTop(above) + CELL_HIGH / 2;

			parts.push(svg("rect", { class: "bridge down", x: place.x,
				"data-frame": cells[above].frame, y: top, width: below === above + 1 ?
					wide(above, below) : RAIL,
				height: rowTop(below) + CELL_HIGH / 2 - top,
				fill: bodyColour(cells[cells[below].who ?
					above : below]) }));
		}
	}
	return parts;
}

// Whether a rail of others passes this row.
function isPassed(cells, r) {
	return groupRows(cells).some((rows) => !rows.includes(r) &&
		rows[0] < r && r < rows[rows.length - 1]);
}

// One huge entry is one body, and so are pages that map the same frame.
function joinsNext(a, b) {
	if (!a || !b || a.p !== b.p || a.i < 0 || b.i < 0)
		return false;
	return a.i === b.i && a.t === b.t || a.frame >= 0 && a.frame === b.frame;
}

function hasMoved(s, cell) {
	const before = s ? cellAt(s - 1, cell.p, cell.page) : null;

	return Boolean(before) && before.frame >= 0 && cell.frame >= 0 &&
		before.frame !== cell.frame;
}

const written = (s, cell) => data.steps[s].tables && data.steps[s].writes.some(
	(w) => places.get(w.process) === cell.p && w.page === cell.page);

// A cell in words, for whoever points at it, or does not see it.
function cellText(s, cell, column, cells) {
	const [letter, , meaning] = data.states[cell.state];
	const form = cell.form, bytes = bytesText8(cell.bytes, 8);
	const sharers = cells.filter((other) => other && other !== cell &&
		cell.frame >= 0 && other.frame === cell.frame)
		.map((other) => other.who || nameOf(other.p));
	const parts = [`${nameOf(cell.p)}, ${numbersText(column)}: ${letter}, ${meaning}`];

	if (cell.frame >= 0)
		parts.push(`frame ${hex(cell.frame)}` + (sharers.length ?
			`, the same as ${sharers.join(", ")}` : ""),
		`mapcount ${mapcountText(form)}, refcount ${form[REFCOUNT]}`);
	if (bytes)
		parts.push(`bytes ${bytes}`);
	if (isFresh(s, cell))
		parts.push("written, or in another frame, in this step");
	return parts.join("; ");
}

const isFresh = (s, cell) => Boolean(data.steps[s].tables &&
	(hasMoved(s, cell) || written(s, cell)));

function drawCell(s, cell, place, top, inset, cells) {
	const absent = cell.state === ABSENT;
	const x = place.x + inset, width = place.width - inset;
	const ink = absent ? "var(--quiet)" : inkOn(data.states[cell.state][1]);
	const fresh = isFresh(s, cell);
	const line = (text, y, name) => {
		const e = svg("text", { x: x + width / 2, y: top + y, class: name,
			"text-anchor": "middle" }, text);

		e.style.fill = ink;
		return e;
	};
	const g = svg("g", { class: "page", role: "img", "data-p": cell.p,
		"data-page": cell.page, "data-frame": cell.frame },
		svg("title", {}, cellText(s, cell, place.column, cells)),
		svg("rect", { class: absent ? "body absent" : "body", x: x, y: top,
			width: width, height: CELL_HIGH, rx: 6,
			fill: bodyColour(cell) }),
		line(countText(cell), 19, "counts"),
		line(bytesText8(cell.bytes, Math.floor((width - 4) / 8)), 35, "bytes"),
		line(cell.frame < 0 ? "" : hex(cell.frame) +
			(place.column.to - place.column.from > 1 ? ".." : ""),
		50, "pfn"));

	if (fresh)
		g.append(svg("rect", { class: "fresh-ring", x: x - 2, y: top - 2,
			width: width + 4, height: CELL_HIGH + 4, rx: 8 }));
	g.classList.toggle("fresh", fresh);
	return g;
}

function drawColumn(s, band, k, parts) {
	const place = band[k], { rows, holders } = sceneOf(s);
	const cellsOf = ({ column }) => [
		...rows.map((p) => cellAt(s, p, column.from)),
		...holders.map((holder) => heldCell(s, holder, column.from))];
	const cells = cellsOf(place);
	const nextCells = band[k + 1] ? cellsOf(band[k + 1]) : null;

	parts.below.append(...drawBridges(band, k, cells, nextCells));
	cells.forEach((cell, r) => {
		if (!cell)
			return;
		if (nextCells && joinsNext(cell, nextCells[r]))
			parts.below.append(svg("rect", { class: "bridge",
				x: place.x + place.width / 2, y: rowTop(r),
				width: band[k + 1].x + place.width / 2 - place.x,
				height: CELL_HIGH, fill: bodyColour(cell) }));
		const inset = isPassed(cells, r) ? RAIL + 2 : 0;

		parts.above.append(cell.who ?
			drawHeld(cell, place, rowTop(r), inset) :
			drawCell(s, cell, place, rowTop(r), inset, cells));
	});
}

// The names of segments, once where each begins, and the numbers of pages.
function drawHeads(scene, band) {
	const begins = (k) => !k || band[k - 1].column.segment !==
		band[k].column.segment;

	// As much of a name as there is room for up to the next.
	function nameText(k) {
		const last = band.slice(k).findIndex((place, n) => n && begins(k + n));
		const end = band[last < 0 ? band.length - 1 : k + last - 1];
		const room = Math.floor((end.x + end.width - band[k].x) / 7);
		const name = [...band[k].column.segment.names].filter((n) => n)
			.map((n) => n.split("/").pop()).join(", ") || "no name";

		return name.length > room ? name.slice(0, room - 1) + "\u2026" : name;
	}

	return band.flatMap((place, k) => {
		const c = place.column;
		const parts = [svg("text", { x: place.x + place.width / 2, y: 30,
			class: "sub", "text-anchor": "middle" }, pagesLabel(c))];

		if (scene.segments.length > 1 && begins(k))
			parts.push(svg("text", { x: place.x, y: 13,
				class: "segment" }, nameText(k)),
			svg("line", { class: "edge", x1: place.x - 3, y1: 2,
				x2: place.x - 3, y2: BAND_HEAD }));
		else if (!k && scene.segments.length <= 1)
			parts.push(svg("text", { x: place.x, y: 13,
				class: "sub" }, "page"));
		return parts;
	});
}

function drawName(r, names, name, status, title) {
	const top = rowTop(r), room = Math.floor(names / 8);

	return svg("g", {}, svg("text", { class: "head", x: 0, y: top + 22 },
		name.length > room ? name.slice(0, room - 1) + "\u2026" : name),
	svg("text", { class: "sub", x: 0, y: top + 40 }, status),
	svg("title", {}, title));
}

function drawNames(s, scene, names) {
	const rows = scene.rows.map((p, r) => {
		const g = drawName(r, names, nameOf(p), statusText(s, p),
			processText(p));

		g.classList.toggle("dim", !tablesOf(s)[p]);
		return g;
	});

	return [...rows, ...scene.holders.map(({ who }, n) =>
		drawName(rows.length + n, names, who, "holds",
			`${who}: holds frames, and maps none`))];
}

function drawBand(s, plan, band) {
	const parts = { below: svg("g", {}), above: svg("g", {}) };

	band.forEach((place, k) => drawColumn(s, band, k, parts));
	return svg("g", {}, ...drawHeads(plan.scene, band),
		...drawNames(s, plan.scene, plan.names),
		parts.below, parts.above);
}

function drawMerged(s, width) {
	const plan = planCells(sceneOf(s), width);
	const height = plan.high * plan.bands.length;
	const figureSvg = svg("svg", { class: "merged", width: width,
		height: height, viewBox: `0 0 ${width} ${height}`, role: "group",
		"aria-label": `${data.steps[s].summary || changesText(s)} ` +
			"The table below says the same." });

	plan.bands.forEach((band, k) => {
		const g = drawBand(s, plan, band);

		g.setAttribute("transform", `translate(0 ${k * plan.high})`);
		figureSvg.append(g);
	});
	return figureSvg;
}

function showCells() {
	const box = byId("cells"), s = view.step, scene = sceneOf(s);

	byId("cells-box").hidden = !scene.columns.length;
	byId("overview-box").hidden = byId("overview-help").hidden = !scene.windowed;
	byId("holders-help").hidden = !scene.holders.length;
	if (!scene.columns.length)
		return;
	box.replaceChildren(drawMerged(s, box.clientWidth || 640));
	lightFigure();
	if (scene.windowed)
		showOverview(scene);
}

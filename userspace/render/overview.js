// SPDX-License-Identifier: GPL-2.0
// The overview of more columns than fit: a strip in which each pixel stands for all
// pages that fall on it. It is drawn once for a step, and only the mark of what the
// figure shows moves over it.

const OVERVIEW_ROW = 16, OVERVIEW_HEAD = 8;

// Where each column begins, in pages, and how many there are in all; and which of them
// are in the overview.
function prepareOverview(scene) {
	scene.sums = new Float64Array(scene.columns.length + 1);
	scene.columns.forEach((c, k) => {
		scene.sums[k + 1] = scene.sums[k] + c.weight;
	});
	scene.firsts = Float64Array.from(scene.columns, (c) => c.from);
	scene.span = { from: 0, to: scene.columns.length };
}

// The column at a place of the overview, from 0 to 1; beside it, those before or after.
function columnAt(scene, place) {
	const { sums, span: { from, to } } = scene;
	const page = sums[from] + place * (sums[to] - sums[from]);

	return Math.max(0, Math.min(scene.columns.length,
		firstThat(sums.length, (k) => sums[k] > page) - 1));
}

function placeOfColumn(scene, k) {
	const { sums, span: { from, to } } = scene;

	return (sums[k] - sums[from]) / (sums[to] - sums[from]);
}

// Columns in which a process has changed.
function changedColumns(scene, t) {
	const found = new Uint8Array(scene.columns.length);

	for (const page of t ? t.changed : [])
		found[columnOf(scene, page)] = 1;
	return found;
}

// The state of most pages from column a to b; a mapped one says more than a hole.
function stateOfMost(scene, states, a, b) {
	const nr = new Float64Array(data.states.length);
	let best = ABSENT;

	for (let k = a; k < b; k++)
		nr[states[k]] += scene.columns[k].weight;
	nr.forEach((n, state) => {
		if (n && state !== ABSENT && (best === ABSENT || n > nr[best]))
			best = state;
	});
	return best;
}

// One row: pixels alike that follow each other are one rectangle.
function drawHeat(ctx, scene, p, y, width, edges) {
	const t = tablesOf(view.step)[p], theme = themeOf(false);
	const { states } = walk(t, scene.firsts);
	const changed = changedColumns(scene, t);
	let begin = 0, last = -1;

	function put(x) {
		const state = last >> 1;

		ctx.fillStyle = state === ABSENT ? theme.faint : data.states[state][1];
		ctx.fillRect(begin, y, x - begin, OVERVIEW_ROW - 3);
		if (!(last & 1))
			return;
		ctx.fillStyle = theme.ink;
		ctx.fillRect(begin, y, x - begin, 4);
	}

	for (let x = 0; t && x <= width; x++) {
		const a = edges[x], b = Math.max(a + 1, edges[x + 1]);
		const what = x === width ? -1 : stateOfMost(scene, states, a, b) << 1 |
			Number(changed.subarray(a, b).includes(1));

		if (what === last)
			continue;
		if (x)
			put(x);
		begin = x;
		last = what;
	}
}

// The strip of a step, drawn when it is shown first.
function heatOf(scene, width, scale) {
	const { from, to } = scene.span;
	const key = [view.step, from, to, width, scale, themeOf(false).ink].join();

	if (scene.heat && scene.heat.key === key)
		return scene.heat.canvas;
	const canvas = document.createElement("canvas");
	const ctx = sizeCanvas(canvas, width, scene.rows.length * OVERVIEW_ROW, scale);
	const edges = Array.from({ length: width + 2 }, (_, x) =>
		Math.min(columnAt(scene, x / width), scene.columns.length - 1));

	scene.rows.forEach((p, r) =>
		drawHeat(ctx, scene, p, r * OVERVIEW_ROW, width, edges));
	scene.heat = { key: key, canvas: canvas };
	return canvas;
}

function drawOverview(scene) {
	const width = Math.floor(byId("cells-box").clientWidth);
	const scale = window.devicePixelRatio || 1;
	const high = scene.rows.length * OVERVIEW_ROW;
	const ctx = sizeCanvas(byId("overview"), width, high + 2 * OVERVIEW_HEAD, scale);
	const x = placeOfColumn(scene, scene.from) * width;
	const end = placeOfColumn(scene, scene.from + WINDOW) * width;

	ctx.drawImage(heatOf(scene, width, scale), 0, OVERVIEW_HEAD, width, high);
	ctx.fillStyle = themeOf(false).ink;
	for (const y of [0, high + OVERVIEW_HEAD])
		ctx.fillRect(x, y, Math.max(4, end - x), 5);
}

function windowText(scene) {
	const shown = shownColumns(scene);

	return `Shown: ${columnsText(shown[0])}, to ` +
		`${addressOf(shown[shown.length - 1].to)}.`;
}

function showOverview(scene) {
	const box = byId("overview"), text = windowText(scene);
	const { from, to } = scene.span;

	byId("window-text").textContent = text;
	box.setAttribute("aria-valuemax", scene.columns.length - WINDOW + 1);
	box.setAttribute("aria-valuenow", scene.from + 1);
	box.setAttribute("aria-valuetext", text);
	byId("zoom-in").disabled = to - from <= 2 * WINDOW;
	byId("zoom-out").disabled = byId("zoom-all").disabled =
		to - from === scene.columns.length;
	drawOverview(scene);
}

// What is shown must be in the overview.
function followWindow(scene) {
	const nr = scene.span.to - scene.span.from;
	const from = Math.max(Math.min(scene.span.from, scene.from),
		scene.from + WINDOW - nr);

	scene.span = { from: from, to: from + nr };
}

function moveWindow(to) {
	const scene = sceneOf(view.step);

	scene.from = Math.max(0, Math.min(Math.round(to),
		scene.columns.length - WINDOW));
	followWindow(scene);
	byId("cells").classList.remove("stepped");
	onceSoon(showCells);
}

// So many times as many columns in the overview; the one at @place stays there.
function zoom(factor, place) {
	const scene = sceneOf(view.step), nr = scene.columns.length;
	const k = columnAt(scene, place), { from, to } = scene.span;
	const wide = Math.max(2 * WINDOW, Math.min(nr, Math.round((to - from) * factor)));
	const first = Math.max(0, Math.min(nr - wide,
		Math.round(k - (k - from) / (to - from) * wide)));

	scene.span = { from: first, to: first + wide };
	moveWindow(Math.max(first, Math.min(scene.from, first + wide - WINDOW)));
}

// Around what the figure shows.
function zoomHere(factor) {
	const scene = sceneOf(view.step);

	zoom(factor, placeOfColumn(scene, scene.from + WINDOW / 2));
}

const placeUnder = (event) => {
	const rect = byId("overview").getBoundingClientRect();

	return (event.clientX - rect.left) / rect.width;
};

function dragOverview(event) {
	if (event.type === "pointerdown")
		byId("overview").setPointerCapture(event.pointerId);
	else if (!event.buttons)
		return;
	moveWindow(columnAt(sceneOf(view.step), placeUnder(event)) - WINDOW / 2);
}

// As two fingers on a touchpad do; without Ctrl a wheel scrolls the page.
function wheelOverview(event) {
	if (!event.ctrlKey)
		return;
	event.preventDefault();
	zoom(event.deltaY < 0 ? 1 / 2 : 2, placeUnder(event));
}

function overviewKey(event) {
	const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -WINDOW,
		PageDown: WINDOW, Home: -Infinity, End: Infinity };
	const zooms = { "+": 1 / 2, "=": 1 / 2, "-": 2, 0: Infinity };

	if (event.altKey || event.ctrlKey || event.metaKey)
		return;
	if (event.key in moves)
		moveWindow(sceneOf(view.step).from + moves[event.key]);
	else if (event.key in zooms)
		zoomHere(zooms[event.key]);
	else
		return;
	event.preventDefault();
}

// Show the column of a page, if it is not in sight.
function showPageInCells(page) {
	const scene = sceneOf(view.step), c = columnOf(scene, page);

	if (scene.windowed && page < scene.columns[c].to &&
	    (c < scene.from || c >= scene.from + WINDOW))
		moveWindow(c - WINDOW / 2);
}

function listenToOverview() {
	const box = byId("overview");

	box.addEventListener("pointerdown", dragOverview);
	box.addEventListener("pointermove", dragOverview);
	box.addEventListener("wheel", wheelOverview, { passive: false });
	box.addEventListener("keydown", overviewKey);
	byId("zoom-in").addEventListener("click", () => zoomHere(1 / 2));
	byId("zoom-out").addEventListener("click", () => zoomHere(2));
	byId("zoom-all").addEventListener("click", () => zoomHere(Infinity));
}

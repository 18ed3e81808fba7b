// SPDX-License-Identifier: GPL-2.0
// Sharing as merged cells: rows are processes, columns pages in the order of
// addresses, and cells that map the same frame are one body. A write breaks it.

// Sizes, in pixels of the screen: it is never scaled, so that it can be read.
const NAMES = 104, NAMES_NARROW = 80, CELL_MIN = 52, CELL_MAX = 76;
const CELL_HIGH = 56, BETWEEN = 12, BAND_HEAD = 36, RAIL = 6, ONWARD = 8;

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

// Text has some letters, and zeros after them at most: a number may have one letter.
const LEAST_TEXT = 4;

// Bytes as text if they can be read as such, as numbers otherwise.
function bytesText8(list, room) {
	if (!list)
		return "";
	const bytes = list.slice(1);
	const end = bytes.findLastIndex((b) => b) + 1;
	const text = bytes.slice(0, end);

	if (end >= Math.min(LEAST_TEXT, bytes.length) &&
	    text.every((b) => b >= 32 && b < 127 || b === 10))
		return String.fromCharCode(...text).replaceAll("\n", "\u21b5")
			.slice(0, room);
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

// "C×2": who maps it; "R×1+1": and a reference that no mapping explains, "R×1+" if
// there is no room for their number.
function countText(cell, room) {
	const letter = data.states[cell.state][0];

	if (!cell.form || cell.frame < 0 ||
	    word(data.counts, cell.form[COUNTS]) !== "exact" ||
	    word(data.kinds, cell.form[KIND]) !== "anon")
		return letter;
	const more = cell.form[REFCOUNT] - cell.form[MAPCOUNT];

	const text = `${letter}\u00d7${cell.form[MAPCOUNT]}`;

	if (more <= 0 || cell.form[FOLIO_ORDER])
		return text;
	return `${text}+${more}`.length > room ? `${text}+` : `${text}+${more}`;
}

// Whether a body goes on in the next column, in any step: nothing changes its place.
function goesOn(scene, a, b) {
	return scene.steps.some((s) => scene.rows.some((p) =>
		joinsNext(cellAt(s, p, a.from), cellAt(s, p, b.from))));
}

// Columns that are to stand side by side, for a body is in all of them.
function listParts(scene, shown) {
	const parts = [];

	shown.forEach((c, k) => {
		if (!k || !goesOn(scene, shown[k - 1], c))
			parts.push([]);
		parts[parts.length - 1].push(c);
	});
	return parts;
}

const unitsOf = (columns) => columns.reduce((n, c) =>
	n + (c.to - c.from > 1 ? 1.5 : 1), 0);

// Names have less room where that makes room for columns.
function namesWidth(scene, width, units) {
	if (width >= 500 || units * CELL_MIN <= width - NAMES - ONWARD)
		return NAMES;
	return NAMES_NARROW + (scene.holders.length ? 8 : 0);
}

// Bands: as many columns as fit stand side by side, the others below. Only a body that
// is wider than that goes on in the next one.
function planCells(scene, width) {
	const shown = shownColumns(scene);
	const names = namesWidth(scene, width, unitsOf(shown));
	const room = width - names - ONWARD;
	const cell = Math.max(CELL_MIN, Math.min(CELL_MAX,
		Math.floor(room / unitsOf(shown))));
	const bands = [];
	let x = Infinity;

	for (const part of listParts(scene, shown)) {
		if (unitsOf(part) * cell <= room && unitsOf(part) * cell > room - x)
			x = Infinity;
		for (const c of part) {
			const wide = unitsOf([c]) * cell;

			if (x + wide > room) {
				bands.push([]);
				x = 0;
			}
			bands[bands.length - 1].push({ column: c, x: names + x,
				width: wide - 4 });
			x += wide;
		}
	}
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

// Into another frame, or into its first one.
function hasMoved(s, cell) {
	const before = s ? cellAt(s - 1, cell.p, cell.page) : null;

	return Boolean(before) && cell.frame >= 0 && before.frame !== cell.frame;
}

// A write that was refused has changed nothing.
const written = (s, cell) => data.steps[s].tables && data.steps[s].writes.some(
	(w) => places.get(w.process) === cell.p && w.page === cell.page &&
		w.happened !== "refused");

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
		parts.push("written, or in a new frame, in this step");
	return parts.join("; ");
}

const isFresh = (s, cell) => Boolean(data.steps[s].tables &&
	(hasMoved(s, cell) || written(s, cell)));

function drawCell(s, cell, place, top, inset, cells) {
	const absent = cell.state === ABSENT;
	const x = place.x + inset, width = place.width - inset;
	const ink = absent ? "var(--quiet)" : inkOn(data.states[cell.state][1]);
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
		line(countText(cell, Math.floor(width / 8)), 19, "counts"),
		line(bytesText8(cell.bytes, Math.floor((width - 4) / 8)), 33, "bytes"),
		line(cell.frame < 0 ? "" : hex(cell.frame) +
			(place.column.to - place.column.from > 1 ? ".." : ""),
		47, "pfn"));

	g.classList.toggle("fresh", isFresh(s, cell));
	return g;
}

// What rows have in a column: processes, then holders.
function cellsIn(s, { column }) {
	const { rows, holders } = sceneOf(s);

	return [...rows.map((p) => cellAt(s, p, column.from)),
		...holders.map((holder) => heldCell(s, holder, column.from))];
}

// A body that goes on in the next band points there, and does not begin in that one.
function drawOnward(s, band, next) {
	const last = band[band.length - 1], cells = cellsIn(s, last);
	const nextCells = next ? cellsIn(s, next[0]) : [];

	return cells.flatMap((cell, r) => {
		if (!joinsNext(cell, nextCells[r]))
			return [];
		const x = last.x + last.width, top = rowTop(r);
		const middle = last.x + last.width / 2;

		return [svg("path", { class: "bridge onward", fill: bodyColour(cell),
			d: `M${middle} ${top}H${x}L${x + ONWARD + 4} ` +
				`${top + CELL_HIGH / 2}L${x} ${top + CELL_HIGH}H${middle}Z` })];
	});
}

function drawFromBefore(s, band, before) {
	const last = before && cellsIn(s, before[before.length - 1]);

	return cellsIn(s, band[0]).flatMap((cell, r) => {
		if (!last || !joinsNext(last[r], cell))
			return [];
		const x = band[0].x, top = rowTop(r);

		return [svg("path", { class: "bridge", fill: bodyColour(cell),
			d: `M${x + band[0].width / 2} ${top}H${x - ONWARD}l${ONWARD} ` +
				`${CELL_HIGH / 2}l${-ONWARD} ${CELL_HIGH / 2}` +
				`H${x + band[0].width / 2}Z` })];
	});
}

// From the middle of a cell to that of the next one.
function drawJoint(cell, place, next, top) {
	const x = place.x + place.width / 2;

	return svg("rect", { class: "bridge", x: x, y: top, height: CELL_HIGH,
		width: next.x + next.width / 2 - x, fill: bodyColour(cell) });
}

function drawColumn(s, band, k, parts) {
	const place = band[k];
	const cells = cellsIn(s, place);
	const nextCells = band[k + 1] ? cellsIn(s, band[k + 1]) : null;

	parts.below.append(...drawBridges(band, k, cells, nextCells));
	cells.forEach((cell, r) => {
		if (!cell)
			return;
		if (nextCells && joinsNext(cell, nextCells[r]))
			parts.below.append(drawJoint(cell, place, band[k + 1], rowTop(r)));
		const inset = isPassed(cells, r) ? RAIL + 2 : 0;

		parts.above.append(cell.who ?
			drawHeld(cell, place, rowTop(r), inset) :
			drawCell(s, cell, place, rowTop(r), inset, cells));
	});
}

// Inside of a cell, for what touches is one body; in the colour of its letters.
function drawRing(cell, x, top, width) {
	const ring = svg("rect", { class: "fresh-ring", x: x + 2.5, y: top + 2.5,
		width: width - 5, height: CELL_HIGH - 5, rx: 4 });

	ring.style.stroke = cell.state === ABSENT ? "var(--ink)" :
		inkOn(data.states[cell.state][1]);
	return ring;
}

// Of cells that are fresh, one for those that are one body.
function drawRings(s, band) {
	const columns = band.map((place) => cellsIn(s, place)), rings = [];
	const fresh = (k, r) => columns[k] && columns[k][r] && !columns[k][r].who &&
		isFresh(s, columns[k][r]);

	columns[0].forEach((cell, r) => {
		for (let k = 0; k < band.length; k++) {
			const first = k;

			if (!fresh(k, r))
				continue;
			while (fresh(k + 1, r) && joinsNext(columns[k][r], columns[k + 1][r]))
				k++;
			const x = band[first].x +
				(isPassed(columns[first], r) ? RAIL + 2 : 0);

			rings.push(drawRing(columns[first][r], x, rowTop(r),
				band[k].x + band[k].width - x));
		}
	});
	return rings;
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

// A name that is too long for one line stands in two, or is cut off.
function nameLines(name, room) {
	const words = name.split(" ");

	return (name.length > room && words.length === 2 ? words : [name])
		.map((line) => line.length > room ?
			line.slice(0, room - 1) + "\u2026" : line);
}

function drawName(r, names, name, status, title) {
	const lines = nameLines(name, Math.floor((names - ONWARD) / 8));
	const first = rowTop(r) + 22, last = first + (lines.length - 1) * 15;

	return svg("g", {}, ...lines.map((line, n) =>
		svg("text", { class: "head", x: 0, y: first + n * 15 }, line)),
	svg("text", { class: "status", x: 0, y: last + 17 }, status),
	svg("title", {}, title));
}

function drawNames(s, { scene, names }, band) {
	const rows = scene.rows.map((p, r) => {
		const g = drawName(r, names, nameOf(p), statusText(s, p),
			processText(p));

		g.classList.toggle("dim", !tablesOf(s)[p]);
		return g;
	});

	return [...rows, ...scene.holders.map((holder, n) => {
		const holds = band.some(({ column }) => heldCell(s, holder, column.from));
		const g = drawName(rows.length + n, names, holder.who,
			holds ? "holds" : "nothing here",
			`${holder.who}: holds frames, and maps none`);

		g.classList.toggle("dim", !holds);
		return g;
	})];
}

function drawBand(s, plan, n) {
	const parts = { below: svg("g", {}), above: svg("g", {}) };
	const band = plan.bands[n];

	parts.below.append(...drawOnward(s, band, plan.bands[n + 1]),
		...drawFromBefore(s, band, plan.bands[n - 1]));
	band.forEach((place, k) => drawColumn(s, band, k, parts));
	return svg("g", {}, ...drawHeads(plan.scene, band),
		...drawNames(s, plan, band),
		parts.below, parts.above, ...drawRings(s, band));
}

function drawMerged(s, width) {
	const plan = planCells(sceneOf(s), width);
	const height = plan.high * plan.bands.length;
	const figureSvg = svg("svg", { class: "merged", width: width,
		height: height, viewBox: `0 0 ${width} ${height}`, role: "group",
		"aria-label": `${data.steps[s].summary || changesText(s)} ` +
			"The table below says the same." });

	plan.bands.forEach((band, k) => {
		const g = drawBand(s, plan, k);

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
	byId("onward-help").hidden = !box.querySelector(".onward");
	lightFigure();
	if (scene.windowed)
		showOverview(scene);
}

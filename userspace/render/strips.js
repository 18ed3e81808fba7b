// SPDX-License-Identifier: GPL-2.0
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

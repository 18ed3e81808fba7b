// SPDX-License-Identifier: GPL-2.0
// A trace; trace/page.c says what is in the data.

// What a table shows at most; the text says how many more there are.
const TABLE_ROWS = 200;
const TABLE_BARS = 50;
const PRINT_LANES = 40;
const PRINT_PROCESSES = 5;

// The places in a group, an outcome, a mapping and a page.
const LETTER = 0, COLOUR = 1, NAME = 2, MEANING = 3;
const GROUP = 1;
const START = 0, END = 1, PERMS = 2, KIND = 3, VMA_NAME = 4, GONE = 5,
	COPIED_BYTES = 6, COPY_NS = 7, DID = 8;
const ALL = -1;
const MIN_SPAN = 8;
const LANE = 62, PLOT = 40, CAPTION = 18, MARGIN = 4, BAR = 3;
const AXIS = 20, TICK = 110;

// Words.

function timeText(ns) {
	const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
	const [size, unit] = units.find(([n]) => ns >= n) || units[3];

	return `${Number((ns / size).toPrecision(3))} ${unit}`;
}

const countText = (n) => n.toLocaleString("en");

function rateText(n, ns) {
	const rate = ns ? n * 1e9 / ns : 0;

	return `${Number(rate.toPrecision(3)).toLocaleString("en")}/s`;
}

function processText(p) {
	const process = data.processes[p];

	return p === ALL ? "all processes" :
		`${process.name || "process"} (${process.pid})`;
}

// Cells, each list as columns: slices ascend.

function decode(flat) {
	const cells = { n: 0, slice: [], group: [], count: [], bytes: [],
		execs: [], copies: [] };
	let slice = 0;

	for (let i = 0; i < flat.length; i += 4) {
		const [gap, outcome, count, bytes] = flat.slice(i, i + 4);

		slice += gap;
		if (outcome === -1)
			cells.execs.push(slice);
		if (outcome < 0)
			continue;
		const [, group] = data.outcomes[outcome] || [];

		cells.slice.push(slice);
		cells.group.push(group);
		cells.count.push(count);
		cells.bytes.push(group === 0 ? bytes : 0);
		cells.n++;
	}
	return cells;
}

const nrGroups = (data.groups || []).length;
const cellsOf = (data.processes || []).map((p) => decode(p.cells));
const lost = decode(data.lost || []);

// What is in a window: for each of its bars the counts of each group. Bars have
// the same number of slices, but for the last one.
function addUp(cells, win, sums) {
	const end = win.from + win.span;
	let i = firstThat(cells.n, (k) => cells.slice[k] >= win.from);

	for (; i < cells.n && cells.slice[i] < end; i++) {
		const bar = Math.floor((cells.slice[i] - win.from) / win.per);
		const group = cells.group[i];

		sums.bytes[bar] += cells.bytes[i];
		if (group !== undefined)
			sums.nr[bar * nrGroups + group] += cells.count[i];
		else
			sums.lost[bar] += cells.count[i];
	}
}

function newSums(bars) {
	return { nr: new Float64Array(bars * nrGroups),
		bytes: new Float64Array(bars), lost: new Float64Array(bars) };
}

function sumsOf(p, win) {
	const sums = newSums(win.bars);

	if (p === ALL)
		cellsOf.forEach((cells) => addUp(cells, win, sums));
	else
		addUp(cellsOf[p], win, sums);
	return sums;
}

function lostIn(win) {
	const sums = newSums(win.bars);

	addUp(lost, win, sums);
	return sums.lost;
}

function barTotal(sums, bar, only) {
	let total = 0;

	for (let g = 0; g < nrGroups; g++) {
		if (only === undefined || only === g)
			total += sums.nr[bar * nrGroups + g];
	}
	return total;
}

// Processes: the tree, and totals. A pid may have been used twice: a parent is
// the last one that was there before its child.

function parentOf(p) {
	let at = p;

	while (data.processes[p].parent && at--) {
		if (data.processes[at].pid === data.processes[p].parent)
			return at;
	}
	return ALL;
}

const children = new Map();

(data.processes || []).forEach((process, p) => {
	const parent = parentOf(p);

	children.set(parent, [...(children.get(parent) || []), p]);
});

// Parents first, each with its children behind it.
function treeOrder() {
	const order = [], todo = [...(children.get(ALL) || [])].reverse();

	while (todo.length) {
		const p = todo.pop();

		order.push(p);
		todo.push(...[...(children.get(p) || [])].reverse());
	}
	return order;
}

const order = treeOrder();

function groupsOf(did) {
	const sums = new Array(nrGroups).fill(0);

	did.forEach((n, outcome) => {
		sums[data.outcomes[outcome][GROUP]] += n;
	});
	return sums;
}

const counter = (process, name, place = 0) =>
	process.counted[name] ? process.counted[name][place] : 0;

// Of all kinds of memory, or of one.
function didOf(process, place = 0) {
	return data.outcomes.map(([name]) => counter(process, name, place));
}

const sum = (list) => list.reduce((a, b) => a + b, 0);

const totals = (data.processes || []).map((process) => {
	const groups = groupsOf(didOf(process));

	return { groups: groups, faults: sum(groups),
		heat: groups[0] + groups[1],
		bytes: counter(process, "copied_bytes") };
});

const byHeat = totals.map((total, p) => p).sort((a, b) =>
	totals[b].heat - totals[a].heat ||
	totals[b].faults - totals[a].faults || a - b);

const usedGroups = (data.groups || []).map((group, g) => g).filter((g) =>
	g < 3 || totals.some((total) => total.groups[g]));

// What is looked at.

const view = {
	from: 0,		// first slice in sight
	zoom: 0,		// 2^zoom times as large as the whole
	process: byHeat.length ? byHeat[0] : ALL,
	slice: -1,		// of the chosen moment
	hover: -1,		// of the moment under the mouse
};

const box = byId("lanes"), canvas = box.querySelector("canvas");
const maxZoom = Math.max(0, Math.floor(Math.log2(data.slices / MIN_SPAN)));

const spanAt = (zoom) => Math.min(data.slices,
	Math.max(MIN_SPAN, Math.ceil(data.slices / 2 ** zoom)));

function windowOf(width, from, span) {
	const most = Math.max(1, Math.floor((width - 2 * MARGIN) / BAR));
	const per = Math.ceil(span / most);

	return { from: from, span: span, per: per, bars: Math.ceil(span / per) };
}

const windowNow = () => windowOf(box.clientWidth, view.from, spanAt(view.zoom));

// The bar of a slice; -1 if it is not in sight.
function barOf(win, slice) {
	return slice < win.from || slice >= win.from + win.span ? -1 :
		Math.floor((slice - win.from) / win.per);
}

const activeSlice = () => view.hover >= 0 ? view.hover : view.slice;

// Lanes.

function processRow(p, win, sums) {
	const process = data.processes[p];
	const times = p === ALL ? "" :
		`${process.born ? ", born at " + timeText(process.born) : ""}` +
		`${process.ended ? ", ended at " + timeText(process.ended) : ""}`;

	return { process: p, sums: sums, text: processText(p) + times };
}

function outcomeRow(g, sums) {
	const [letter, , name] = data.groups[g];

	return { process: view.process, sums: sums, only: g,
		text: `${letter}  ${name}, ${processText(view.process)}` };
}

function rowsOf(win) {
	const rows = [];

	if (byId("mode").value === "outcomes") {
		const sums = sumsOf(view.process, win);

		rows.push(...usedGroups.map((g) => outcomeRow(g, sums)));
	} else {
		if (order.length !== 1)
			rows.push(processRow(ALL, win, sumsOf(ALL, win)));
		rows.push(...order.map((p) =>
			processRow(p, win, sumsOf(p, win))));
	}
	for (const row of rows) {
		row.most = 0;
		for (let bar = 0; bar < win.bars; bar++)
			row.most = Math.max(row.most,
				barTotal(row.sums, bar, row.only));
	}
	return rows;
}

const xOf = (s, slice) => MARGIN + (s.width - 2 * MARGIN) *
	(slice - s.win.from) / s.win.span;
const barX = (s, bar) => xOf(s, Math.min(s.win.from + bar * s.win.per,
	s.win.from + s.win.span));

// Times at round numbers, as many as have room for words: of those in sight.
function ticksOf(s) {
	const from = s.win.from * data.slice_ns, ns = s.win.span * data.slice_ns;
	const least = ns * TICK / (s.width - 2 * MARGIN);
	const power = 10 ** Math.floor(Math.log10(least));
	const step = power * [1, 2, 5, 10].find((n) => n * power >= least);
	const [size, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]
		.find(([n]) => from + ns >= n) || [1, "ns"];
	const digits = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
	const list = [];

	for (let i = Math.ceil(from / step); i * step < from + ns; i++)
		list.push([xOf(s, i * step / data.slice_ns),
			i ? `${(i * step / size).toFixed(digits)} ${unit}` : "0"]);
	return list;
}

function drawAxis(s, ctx) {
	ctx.font = `11px ${mono}`;
	ctx.textBaseline = "middle";
	for (const [x, text] of s.ticks) {
		ctx.fillStyle = s.theme.quiet;
		ctx.fillRect(x, 2, 1, AXIS - 2);
		const width = ctx.measureText(text).width;

		ctx.fillText(text, x + 4 + width < s.width ? x + 4 : x - 4 - width,
			AXIS / 2 + 1);
	}
}

function drawTicks(s, ctx, y) {
	ctx.fillStyle = s.theme.faint;
	for (const [x] of s.ticks)
		ctx.fillRect(x, y, 1, PLOT);
}

// When the process was there.
function drawLife(s, ctx, row, y) {
	const process = data.processes[row.process];
	const at = (ns) => Math.min(Math.max(xOf(s, ns / data.slice_ns), MARGIN),
		s.width - MARGIN);
	const from = process ? at(process.born) : MARGIN;
	const to = at(process && process.ended || data.duration_ns);

	ctx.fillStyle = s.theme.faint;
	ctx.globalAlpha = 0.35;
	ctx.fillRect(from, y, Math.max(1, to - from), PLOT);
	ctx.globalAlpha = 1;
}

// Where events are missing, a bar may be too low.
function drawLost(s, ctx, y) {
	ctx.strokeStyle = s.theme.ink;
	ctx.lineWidth = 1;
	for (let bar = 0; bar < s.win.bars; bar++) {
		if (!s.lost[bar])
			continue;
		const x = barX(s, bar), to = barX(s, bar + 1);

		ctx.save();
		ctx.beginPath();
		ctx.rect(x, y, to - x, PLOT);
		ctx.clip();
		ctx.beginPath();
		// The lines of neighbours meet.
		for (let k = Math.floor((x - PLOT) / 7) * 7; k < to; k += 7) {
			ctx.moveTo(k, y + PLOT);
			ctx.lineTo(k + PLOT, y);
		}
		ctx.stroke();
		ctx.restore();
	}
}

function drawSegment(s, ctx, g, x, y, width, height) {
	const [letter, colour] = data.groups[g];

	ctx.fillStyle = colour;
	ctx.fillRect(x, y, width, height);
	// A line keeps neighbours apart that look alike to some.
	ctx.fillStyle = s.theme.paper;
	if (height > 2)
		ctx.fillRect(x, y, width, 0.75);
	if (width < 11 || height < 11)
		return;
	ctx.fillStyle = inkOn(colour);
	ctx.font = `bold 10px ${mono}`;
	ctx.textAlign = "center";
	ctx.textBaseline = "middle";
	ctx.fillText(letter, x + width / 2, y + height / 2 + 0.5);
	ctx.textAlign = "left";
}

function drawBars(s, ctx, row, top, most) {
	for (let bar = 0; bar < s.win.bars; bar++) {
		const x = barX(s, bar), next = barX(s, bar + 1);
		const width = Math.max(1, next - x - (next - x > 4 ? 1 : 0));
		let y = top + PLOT;

		for (let g = 0; g < nrGroups; g++) {
			const n = row.sums.nr[bar * nrGroups + g];

			if (!n || (row.only !== undefined && row.only !== g))
				continue;
			const height = Math.max(1, n / most * (PLOT - 1));

			y = Math.max(top, y - height);
			drawSegment(s, ctx, g, x, y, width, height);
		}
	}
}

function drawExecs(s, ctx, row, y) {
	if (row.process === ALL)
		return;
	ctx.textBaseline = "top";
	ctx.font = `10px ${mono}`;
	for (const slice of cellsOf[row.process].execs) {
		if (barOf(s.win, slice) < 0)
			continue;
		const x = barX(s, barOf(s.win, slice));

		const left = Math.min(x + 2, s.width - 32);

		ctx.fillStyle = s.theme.paper;
		ctx.fillRect(left, y, 28, 12);
		ctx.fillStyle = s.theme.ink;
		ctx.fillRect(x, y, 1, PLOT);
		ctx.fillText("exec", left + 2, y + 1);
	}
}

function drawCaption(s, ctx, row, y) {
	const ns = s.win.per * data.slice_ns;
	const scale = row.most ? `highest bar ${countText(row.most)}, ` +
		rateText(row.most, ns) : "no faults in sight";

	ctx.font = `12px ${mono}`;
	ctx.textBaseline = "middle";
	ctx.fillStyle = s.theme.quiet;
	const width = ctx.measureText(scale).width;

	ctx.fillText(scale, s.width - MARGIN - width, y + CAPTION / 2 + 1);
	ctx.font = `${row.process === view.process ? "bold " : ""}12px ${mono}`;
	ctx.fillStyle = s.theme.ink;
	ctx.fillText(clip(ctx, row.text, s.width - width - 30), MARGIN,
		y + CAPTION / 2 + 1);
}

function drawLane(s, ctx, row, y) {
	const most = s.same ? s.most : row.most;

	drawCaption(s, ctx, row, y);
	drawLife(s, ctx, row, y + CAPTION);
	drawTicks(s, ctx, y + CAPTION);
	if (most)
		drawBars(s, ctx, row, y + CAPTION, most);
	drawLost(s, ctx, y + CAPTION);
	drawExecs(s, ctx, row, y + CAPTION);
	ctx.fillStyle = s.theme.quiet;
	ctx.fillRect(MARGIN, y + CAPTION + PLOT, s.width - 2 * MARGIN, 1);
	if (row.process === view.process && row.only === undefined &&
	    s.marked) {
		ctx.fillStyle = s.theme.focus;
		ctx.fillRect(0, y + CAPTION, 3, PLOT + 1);
	}
	if (s.bar >= 0) {
		ctx.lineWidth = 2;
		ctx.strokeStyle = s.theme.focus;
		ctx.strokeRect(barX(s, s.bar) - 1, y + CAPTION - 1,
			barX(s, s.bar + 1) - barX(s, s.bar) + 2, PLOT + 2);
	}
}

function drawLanes(s, ctx, top, bottom) {
	s.rows.forEach((row, i) => {
		const y = i * LANE;

		if (y + LANE > top && y < bottom)
			drawLane(s, ctx, row, y - top);
	});
}

// The rows of a window, to be drawn.
function prepare(width, win, theme) {
	const rows = rowsOf(win);

	return { width: width, win: win, theme: theme, rows: rows,
		ticks: ticksOf({ width: width, win: win }),
		lost: lostIn(win), same: byId("same").checked,
		most: rows.reduce((most, row) => row.process === ALL &&
			rows.length > 1 && row.only === undefined ? most :
			Math.max(most, row.most), 1),
		height: rows.length * LANE, marked: false, bar: -1 };
}

// The screen.

let shown = null;

function draw() {
	const scale = window.devicePixelRatio || 1, s = shown;
	const height = Math.max(1, Math.min(s.height, box.clientHeight));
	const ctx = sizeCanvas(canvas, s.width, height, scale);

	s.bar = barOf(s.win, activeSlice());
	drawAxis(s, sizeCanvas(byId("axis"), s.width, AXIS, scale));
	drawLanes(s, ctx, box.scrollTop, box.scrollTop + height);
}

function drawSoon() {
	onceSoon(draw);
}

function groupRows(nr, ns) {
	return usedGroups.map((g) => el("tr", {},
		el("td", {}, swatchOf(data.groups[g][LETTER],
			data.groups[g][COLOUR])),
		el("td", {}, data.groups[g][NAME]),
		el("td", { class: "number" }, countText(nr[g])),
		el("td", { class: "number" }, rateText(nr[g], ns))));
}

// The sums of some bars.
function inBars(sums, win, first, last) {
	const nr = new Array(nrGroups).fill(0);
	let bytes = 0;

	for (let bar = first; bar < last; bar++) {
		bytes += sums.bytes[bar];
		for (let g = 0; g < nrGroups; g++)
			nr[g] += sums.nr[bar * nrGroups + g];
	}
	return [nr, bytes];
}

// Time from the first slice of a bar on to the end of the trace, at most.
function barTimes(win, first, last) {
	const from = (win.from + first * win.per) * data.slice_ns;
	const end = Math.min(win.from + last * win.per, win.from + win.span);

	return [from, Math.min(end * data.slice_ns,
		Math.max(data.duration_ns, from + 1))];
}

const timesText = ([from, to]) =>
	`${from ? timeText(from) : "0"} to ${timeText(to)}`;

function showRecord() {
	const win = shown.win, bar = barOf(win, activeSlice());
	const first = bar < 0 ? 0 : bar, last = bar < 0 ? win.bars : bar + 1;
	const times = barTimes(win, first, last), ns = times[1] - times[0];
	const [nr, bytes] = inBars(sumsOf(view.process, win), win, first, last);
	const missing = sum([...shown.lost.slice(first, last)]);

	byId("moment").textContent = bar < 0 ? "In sight" : "Chosen moment";
	byId("record").replaceChildren(
		el("p", {}, processText(view.process)),
		el("p", { class: "quiet" }, timesText(times)),
		el("table", {}, ...groupRows(nr, ns)),
		el("p", {}, `${plural(sum(nr), "fault")}, ${rateText(sum(nr), ns)}`),
		el("p", {}, `${bytesText(bytes)} copied, ` +
			`${bytesText(ns ? bytes * 1e9 / ns : 0)}/s`));
	if (missing)
		byId("record").append(el("p", { class: "failed" },
			`about ${plural(missing, "event")} lost here, of any process`));
}

function showWindow() {
	const win = shown.win, [from, to] = barTimes(win, 0, win.bars);
	const [nr, bytes] = inBars(sumsOf(ALL, win), win, 0, win.bars);

	byId("window").textContent = `In sight: ${timesText([from, to])} of ` +
		`${timeText(data.duration_ns)}; ${plural(sum(nr), "fault")} ` +
		`(${rateText(sum(nr), to - from)}), ${countText(nr[0])} copied, ` +
		`${bytesText(bytes)}. A bar is ${timeText(win.per * data.slice_ns)}.`;
	byId("zoom").setAttribute("aria-valuetext", `${2 ** view.zoom} times`);
	byId("from").setAttribute("aria-valuetext", `from ${timeText(from)}`);
	byId("zoom").value = view.zoom;
	byId("from").max = data.slices - win.span;
	byId("from").value = view.from;
	byId("from").disabled = byId("whole").disabled = view.zoom === 0;
}

// All that follows from where we look.
function show() {
	const win = windowNow();

	shown = prepare(box.clientWidth, win, themeOf(false));
	shown.marked = true;
	byId("room").style.height = shown.height + "px";
	showWindow();
	showRecord();
	showTable();
	drawSoon();
}

function lookAt(from, zoom) {
	view.zoom = Math.min(Math.max(zoom, 0), maxZoom);
	view.from = Math.round(Math.min(Math.max(from, 0),
		data.slices - spanAt(view.zoom)));
	show();
}

// What is chosen stays where it is, or the middle does.
function zoomBy(by) {
	const span = spanAt(view.zoom), slice = view.slice;
	const fixed = barOf(shown.win, slice) >= 0 ? slice : view.from + span / 2;
	const zoom = Math.min(Math.max(view.zoom + by, 0), maxZoom);

	lookAt(fixed - (fixed - view.from) * spanAt(zoom) / span, zoom);
}

// Tables.

function headRow(names) {
	return el("thead", {}, el("tr", {}, ...names.map((name) =>
		el("th", {}, name))));
}

function dataRow(cells) {
	return el("tr", {}, ...cells.map((cell) => typeof cell === "number" ?
		el("td", { class: "number" }, countText(cell)) :
		el("td", { class: "code" }, cell)));
}

const groupHeads = () => usedGroups.map((g) => data.groups[g][NAME]);
const pick = (groups) => usedGroups.map((g) => groups[g]);

// Rows of a table, and how many did not fit.
function fillTable(where, heads, rows, most = TABLE_ROWS) {
	const parts = [el("table", {}, headRow(heads),
		el("tbody", {}, ...rows.slice(0, most).map(dataRow)))];

	if (rows.length > most)
		parts.push(el("p", { class: "quiet" },
			`and ${countText(rows.length - most)} more`));
	where.replaceChildren(...parts);
	return where;
}

function totalRow(name, list, ns, copyNs) {
	const groups = data.groups.map((group, g) =>
		sum(list.map((total) => total.groups[g])));

	return [name, sum(list.map((total) => total.faults)), ...pick(groups),
		bytesText(sum(list.map((total) => total.bytes))),
		timeText(copyNs), timeText(ns)];
}

function fillTotals(where) {
	const rows = byHeat.map((p) => totalRow(processText(p), [totals[p]],
		data.processes[p].ns, data.processes[p].copy_ns));

	if (rows.length > 1)
		rows.unshift(totalRow("all processes", totals,
			sum(data.processes.map((p) => p.ns)),
			sum(data.processes.map((p) => p.copy_ns))));
	return fillTable(where, ["process", "faults", ...groupHeads(), "bytes copied",
		"copying", "in all"], rows);
}

function vmaRow(vma) {
	const groups = groupsOf(vma[DID]);
	const range = vma[END] === "0" ? "-" : `${vma[START]}-${vma[END]}`;

	return [range, vma[PERMS] || "-", vma[KIND], sum(groups), ...pick(groups),
		bytesText(vma[COPIED_BYTES]), timeText(vma[COPY_NS]),
		(vma[VMA_NAME] || "(no name)") +
			(vma[GONE] && vma[END] !== "0" ? " (gone)" : "")];
}

function fillVmas(where, process) {
	return fillTable(where, ["range", "perms", "kind", "faults", ...groupHeads(),
		"bytes copied", "copying", "name"], process.vmas.map(vmaRow));
}

function fillPages(where, process, most) {
	fillTable(where, ["address", "size", "faults", "copied", "reused",
		"zerofilled", "name"], process.pages.map(([addr, bytes, ...rest]) =>
		[addr, bytesText(bytes), ...rest]), most);
	const more = process.nr_pages - process.pages.length;

	if (more > 0 && !most)
		where.append(el("p", { class: "quiet" }, `and ${countText(more)} more`));
	return where;
}

function fillKinds(where, process) {
	const rows = data.vma_kinds.map((kind, k) =>
		[kind, groupsOf(didOf(process, k + 1))]);

	fillTable(where, ["memory", "faults", ...groupHeads(), "bytes copied"],
		rows.filter(([, groups]) => sum(groups)).map(([kind, groups]) =>
			[kind, sum(groups), ...pick(groups),
				bytesText(counter(process, "copied_bytes",
					data.vma_kinds.indexOf(kind) + 1))]));
}

function showChosen() {
	const process = data.processes[view.process];

	byId("chosen").hidden = !process;
	if (!process)
		return;
	byId("chosen-name").textContent = processText(view.process);
	fillVmas(byId("vmas"), process);
	fillPages(byId("hot"), process);
	fillKinds(byId("kinds"), process);
}

// At most so many rows: bars of several slices, each several bars of the screen.
function showTable() {
	if (!byId("table-box").open)
		return;
	const span = spanAt(view.zoom), per = Math.ceil(span / TABLE_BARS);
	const win = { from: view.from, span: span, per: per,
		bars: Math.ceil(span / per) };
	const sums = sumsOf(view.process, win), missing = lostIn(win), rows = [];

	for (let bar = 0; bar < win.bars; bar++) {
		const [nr, bytes] = inBars(sums, win, bar, bar + 1);

		rows.push([timesText(barTimes(win, bar, bar + 1)), sum(nr),
			...pick(nr), bytesText(bytes), missing[bar]]);
	}
	fillTable(byId("table"), ["time", "faults", ...groupHeads(),
		"bytes copied", "lost"], rows);
}

// Processes.

const treeButtons = new Map();

function treeItem(p) {
	const process = data.processes[p];
	const button = el("button", { type: "button" }, processText(p));
	const item = el("li", {}, button, " ", el("span", { class: "quiet" },
		`${plural(totals[p].faults, "fault")}, ` +
		`${countText(totals[p].groups[0])} copied` +
		(process.running ? "" : "; ended")));
	const list = children.get(p);

	treeButtons.set(p, button);
	button.addEventListener("click", () => chooseProcess(p));
	if (list)
		item.append(el("ul", {}, ...list.map(treeItem)));
	return item;
}

function showTree() {
	byId("tree").append(el("ul", {},
		...(children.get(ALL) || []).map(treeItem)));
}

function scrollToProcess() {
	const row = shown.rows.findIndex((r) => r.process === view.process);

	if (row < 0 || byId("mode").value === "outcomes")
		return;
	if (row * LANE < box.scrollTop)
		box.scrollTop = row * LANE;
	else if ((row + 1) * LANE > box.scrollTop + box.clientHeight)
		box.scrollTop = (row + 1) * LANE - box.clientHeight;
}

function lookAtProcess(p) {
	view.process = p;
	for (const [q, button] of treeButtons)
		button.setAttribute("aria-pressed", String(q === p));
	showChosen();
	show();
}

function chooseProcess(p) {
	lookAtProcess(p);
	scrollToProcess();
}

// Moments.

function chooseSlice(slice) {
	view.slice = slice;
	view.hover = -1;
	showRecord();
	drawSoon();
}

function sliceUnder(event) {
	const rect = canvas.getBoundingClientRect(), win = shown.win;
	const part = (event.clientX - rect.left - MARGIN) /
		(shown.width - 2 * MARGIN);

	return part < 0 || part >= 1 ? -1 : Math.floor(win.from + part * win.span);
}

function rowUnder(event) {
	const rect = canvas.getBoundingClientRect();

	return shown.rows[Math.floor((event.clientY - rect.top + box.scrollTop) /
		LANE)];
}

function hover(slice) {
	if (slice === view.hover)
		return;
	view.hover = slice;
	showRecord();
	drawSoon();
}

function click(event) {
	const row = rowUnder(event);

	view.slice = sliceUnder(event);
	view.hover = -1;
	if (row && row.process !== view.process)
		chooseProcess(row.process);
	else
		chooseSlice(view.slice);
}

// One bar on; the window follows.
function moveBy(bars) {
	const win = shown.win, bar = barOf(win, view.slice);
	const to = bar < 0 ? win.from : win.from + (bar + bars) * win.per;
	const slice = Math.min(Math.max(to, 0), data.slices - 1);

	if (slice < win.from || slice >= win.from + win.span)
		lookAt(slice - win.span / 2, view.zoom);
	chooseSlice(slice);
}

function moveLane(by) {
	const list = order.length === 1 ? order : [ALL, ...order];
	const at = list.indexOf(view.process) + by;

	if (at >= 0 && at < list.length)
		chooseProcess(list[at]);
}

const keys = {
	ArrowLeft: () => moveBy(-1),
	ArrowRight: () => moveBy(1),
	ArrowUp: () => moveLane(-1),
	ArrowDown: () => moveLane(1),
	PageUp: () => lookAt(view.from - spanAt(view.zoom), view.zoom),
	PageDown: () => lookAt(view.from + spanAt(view.zoom), view.zoom),
	Home: () => { lookAt(0, view.zoom); chooseSlice(0); },
	End: () => { lookAt(data.slices, view.zoom); chooseSlice(data.slices - 1); },
	"+": () => zoomBy(1),
	"=": () => zoomBy(1),
	"-": () => zoomBy(-1),
	0: () => lookAt(0, 0),
	Escape: () => chooseSlice(-1),
};

function laneKey(event) {
	if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey)
		return;
	event.preventDefault();
	keys[event.key]();
}

// Paper: all of the trace.

function printedLanes() {
	const width = 660, scale = 2, printed = el("canvas", {});
	const s = prepare(width, windowOf(width, 0, data.slices), themeOf(true));

	s.rows = s.rows.slice(0, PRINT_LANES);
	s.height = s.rows.length * LANE;
	const ctx = sizeCanvas(printed, width, AXIS + s.height, scale);

	drawAxis(s, ctx);
	ctx.translate(0, AXIS);
	drawLanes(s, ctx, 0, s.height);
	return printed;
}

function makePrint() {
	const parts = byHeat.slice(0, PRINT_PROCESSES).map((p) =>
		el("section", {}, el("h2", {}, `${processText(p)}: mappings`),
			fillVmas(el("div", {}), data.processes[p]),
			el("h3", {}, "Hottest pages"),
			fillPages(el("div", {}), data.processes[p], 20)));
	const more = shown.rows.length - PRINT_LANES;

	byId("print").replaceChildren(
		el("h2", {}, "Faults over time"),
		el("p", {}, `${timeText(data.duration_ns)} from left to right. ` +
			lossText()),
		printedLanes(),
		el("p", { class: "quiet" }, more > 0 ? `and ${more} more` : ""),
		el("section", {}, el("h2", {}, "Legend"), legend()),
		el("section", {}, el("h2", {}, "By process"),
			fillTotals(el("div", {}))),
		...flamePrinted(), ...parts);
}

// The page.

function legend() {
	const rows = usedGroups.map((g) => el("tr", {},
		el("td", {}, swatchOf(data.groups[g][LETTER], data.groups[g][COLOUR])),
		el("td", {}, `${data.groups[g][NAME]}: ${data.groups[g][MEANING]}`)));
	const others = data.outcomes.filter(([, g], outcome) =>
		g === nrGroups - 1 && data.processes.some((process) =>
			didOf(process)[outcome]));

	rows.push(...others.map(([name, , meaning]) => el("tr", {},
		el("td", {}), el("td", { class: "quiet" }, `${name}: ${meaning}`))));
	if (data.lost_events)
		rows.push(el("tr", {}, el("td", {}, el("span",
			{ class: "swatch hatched" }, "\u00a0")),
		el("td", {}, "events were lost here: bars may be too low")));
	return el("table", {}, ...rows);
}

function lossText() {
	const texts = [];

	if (data.unarmed)
		texts.push("Not all is here: faults went by unseen, as probes were " +
			"switched off.");
	if (data.missed)
		texts.push(`Not all is here: ${plural(data.missed, "fault")}, of any ` +
			"process, were missed by the module.");
	if (data.lost_events || data.lost_notes)
		texts.push(`${plural(data.lost_events, "event")} of faults and ` +
			`${plural(data.lost_notes, "other")} were lost, where ` +
			"slanting lines are drawn: all numbers lack them.");
	if (data.uncounted_pages)
		texts.push(`${plural(data.uncounted_pages, "fault")} are missing in ` +
			"the tables of pages.");
	return texts.join(" ");
}

function listen() {
	byId("zoom").addEventListener("input", (event) =>
		zoomBy(Number(event.target.value) - view.zoom));
	byId("from").addEventListener("input", (event) =>
		lookAt(Number(event.target.value), view.zoom));
	byId("whole").addEventListener("click", () => lookAt(0, 0));
	byId("mode").addEventListener("change", show);
	byId("same").addEventListener("change", show);
	byId("table-box").addEventListener("toggle", showTable);
	box.addEventListener("scroll", drawSoon);
	box.addEventListener("keydown", laneKey);
	box.addEventListener("pointermove", (event) => hover(sliceUnder(event)));
	box.addEventListener("pointerleave", () => hover(-1));
	box.addEventListener("click", click);
	window.addEventListener("resize", show);
	window.addEventListener("beforeprint", makePrint);
	window.addEventListener("afterprint", () =>
		byId("print").replaceChildren());
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
}

showAbout();
if (data.format === 1 && data.processes.length) {
	byId("losses").textContent = lossText();
	byId("losses").hidden = !lossText();
	byId("zoom").max = maxZoom;
	byId("bar").hidden = !maxZoom;
	byId("legend").append(legend());
	fillTotals(byId("totals"));
	showTree();
	listen();
	lookAtProcess(view.process);
	flameBegin();
} else {
	document.querySelector("main").replaceChildren(el("p", {},
		data.format === 1 ? "Nothing was traced." :
			"The data of this page is of another version."));
}

// SPDX-License-Identifier: GPL-2.0
// Page tables; html.h says what is in the data.

const TABLE_ROWS = 200;

// The places in a form, and in a process.
const STATE = 0, KIND = 1, ORDER = 2, FOLIO_ORDER = 3, MAPCOUNT = 4, COUNTS = 5,
	REFCOUNT = 6, FOLIO_MAPCOUNT = 7, OUTCOME = 8, CONFIDENCE = 9,
	SWAP_TYPE = 10, FLAGS = 11, HOLDER = 12;
const ID = 0, PID = 1, PARENT = 2, NAME = 3;

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

// tables[step][process]: undefined where the process has none. Of a step in which no
// table was read, those that were seen last, if their processes have not ended.
const tables = [];

const hasEnded = (step, p) =>
	data.steps[step].ended.includes(data.processes[p][ID]);

// The last step up to this one of which page tables were read, or -1.
function lookOf(step) {
	while (step >= 0 && !data.steps[step].tables)
		step--;
	return step;
}

function seenLast(before, step) {
	const list = [];

	before.forEach((t, p) => {
		if (!hasEnded(step, p))
			list[p] = Object.assign({}, t, { changed: new Set() });
	});
	return list;
}

function tablesOf(step) {
	for (let s = tables.length; s <= step; s++) {
		const before = s ? tables[s - 1] : [];

		tables[s] = data.steps[s].tables ? [] : seenLast(before, s);
		for (const record of data.steps[s].tables || []) {
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

// Why a process has no table, or not one of this step; "" if it has.
function statusText(step, p) {
	const t = tablesOf(step)[p], look = lookOf(step);

	if (t && look < step)
		return `as of step ${look + 1}`;
	if (t)
		return hasEnded(step, p) ? "then exited" : "";
	if (hasEnded(step, p))
		return "has exited";
	if (look < step)
		return "not looked at";
	return tables.slice(0, step).some((list) => list && list[p]) ? "not looked at" :
		"not there yet";
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
			list.push({ start: start, end: stop, perms: "", number: 0,
				name: "not in the list of mappings" });
		}
	}

	for (const [start, pages, perms, name, number = 0] of t.vmas) {
		const end = start + pages;

		while (i < t.n && t.start[i] < start &&
		       t.start[i] + entrySize(t.form[i]) > start)
			i++;
		orphans(start);
		list.push({ start: start, end: end, perms: perms, name: name,
			number: number });
		while (i < t.n && t.start[i] < end)
			i++;
	}
	orphans(Infinity);
	return list;
}

// In a lab, pages have the numbers that it gives them.
const pageNumber = (part, page) => page - part.start + part.number;

// Whether a page is in what was looked at: an entry that is not there is a hole
// then, and otherwise nothing is known of it.
function looksAt(t, page) {
	const list = vmasOf(t);
	const i = firstThat(list.length, (k) => list[k].end > page);

	return i < list.length && list[i].start <= page;
}

const stateAt = (t, page) => {
	const i = findEntry(t, page);

	return i < 0 ? ABSENT : entryState(t, i);
};

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
	if (frame >= 0 && heldText(view.step, a.page, frame))
		rows.push(["also held by", heldText(view.step, a.page, frame)]);
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
			[statusText(view.step, p), t ? countsText(t) : ""]
				.filter((text) => text).join(": ")));
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
	return el("ul", { class: "legend" }, ...data.states.flatMap((state, i) =>
		usedStates.has(i) ? [el("li", {}, swatch(i), ` ${state[2]}`)] :
			[]));
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
	if (place)
		showPageInCells(place.page);
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

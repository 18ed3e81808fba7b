// SPDX-License-Identifier: GPL-2.0
// The call paths of a trace; trace/page_calls.c says what is in the data.

// What is shown of them at most.
const FLAME_FUNCTIONS = 200, FLAME_PATHS = 50, FLAME_PRINT_ROWS = 40;
const FLAME_LINES = 12;

// The places in a frame, and in costs.
const FUNCTION = 0, OBJECT = 1, FILE = 2, LINE = 3, OFFSET = 4;
const FAULTS = 0, BYTES = 1, NS = 2;

const FLAME_ROW = 20, FLAME_MARGIN = 4, FLAME_LEAST = 0.4;

// One for each file that code is in; what is left shares the last one.
const flameColours = ["#f0b27a", "#9ecae1", "#b5d99c", "#d4bde8", "#f4dc7d",
	"#e8a5b0", "#cccccc"];

const flameWords = () => [data.calls.faults, "bytes", "time"];
const flameTexts = [(n) => countText(n), bytesText,
	(n) => timeText(n)];

// The tree: paths that lead through the same functions are one, whatever the lines.

function flameNode(parent, frame, name) {
	return { parent: parent, frame: frame, name: name, kids: [],
		byFunction: new Map(), depth: parent ? parent.depth + 1 : 0,
		self: [0, 0, 0], total: [0, 0, 0], places: new Map(), hit: false };
}

const baseName = (path) => path.slice(path.lastIndexOf("/") + 1);

function flameName(frame) {
	return frame[FUNCTION] || (frame[OBJECT] ?
		`${baseName(frame[OBJECT])}+0x${frame[OFFSET]}` : "[unknown]");
}

// What has no name is told apart by its place.
const flameKey = (frame) => [frame[FUNCTION], frame[OBJECT],
	frame[FUNCTION] ? "" : frame[OFFSET]].join("\n");

function flameKid(parent, frame) {
	const key = flameKey(frame);
	let kid = parent.byFunction.get(key);

	if (!kid) {
		kid = flameNode(parent, frame, flameName(frame));
		parent.byFunction.set(key, kid);
		parent.kids.push(kid);
	}
	return kid;
}

// Callers come before what they call.
function flameTree(calls) {
	const root = flameNode(null, null, "all"), nodes = [root], callers = [0];

	for (let i = 0; i < calls.paths.length; i += 2) {
		const caller = nodes.length - calls.paths[i];
		const frame = calls.frames[calls.paths[i + 1]];

		nodes.push(flameKid(nodes[caller], frame));
		callers.push(caller);
	}
	// Faults without a path have a box, too.
	const none = flameKid(root, ["(no stack)", "", "", 0, "0", false]);

	return { root: root, none: none, nodes: nodes, callers: callers };
}

const flameView = {
	process: null,		// of the list in the data, or all
	weight: BYTES,
	zoom: null,		// the node that has the whole width
	chosen: null,
	hover: null,
};

let flameAll = null, flameShown = null;

// Costs of the chosen processes, from the innermost functions outwards.

function flameSelf(costs, flat) {
	let path = 0;

	for (let i = 0; i < flat.length; i += 4) {
		path += flat[i];
		for (let w = 0; w < 3; w++)
			costs[3 * path + w] += flat[i + 1 + w];
	}
}

function flameClear(node) {
	node.self.fill(0);
	node.total.fill(0);
	node.places.clear();
	node.kids.forEach(flameClear);
}

function flamePlace(node, frame, costs) {
	const text = frame[FILE] ? `${frame[FILE]}:${frame[LINE]}` :
		frame[FUNCTION] ? "" : `${frame[OBJECT]}+0x${frame[OFFSET]}`;

	if (text)
		node.places.set(text, costs.map((n, w) =>
			n + (node.places.get(text) || [0, 0, 0])[w]));
}

function flameCount() {
	const { root, none, nodes, callers } = flameAll, calls = data.calls;
	const costs = new Float64Array(3 * nodes.length);
	const add = (to, list) => list.forEach((n, w) => { to[w] += n; });

	flameClear(root);
	calls.processes.forEach(([, flat], i) => {
		if (flameView.process === null || flameView.process === i)
			flameSelf(costs, flat);
	});
	const of = (path) => [...costs.subarray(3 * path, 3 * path + 3)];

	for (const path of nodes.keys()) {
		if (costs[3 * path])
			add(path ? nodes[path].self : none.self, of(path));
	}
	add(none.total, of(0));
	for (let path = nodes.length - 1; path > 0; path--) {
		if (!costs[3 * path])
			continue;
		const own = of(path);

		add(nodes[path].total, own);
		flamePlace(nodes[path], calls.frames[calls.paths[2 * path - 1]], own);
		add(costs.subarray(3 * callers[path], 3 * callers[path] + 3), own);
	}
	add(root.total, of(0));
	flameSort(root);
}

function flameSort(node) {
	const w = flameView.weight;

	node.kids.sort((a, b) => b.total[w] - a.total[w] ||
		(a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
	node.kids.forEach(flameSort);
}

// Colours go to files by what they cost.

let flameObjects = new Map();

function flameColour() {
	const costs = new Map();
	const visit = (node) => {
		if (node.self[flameView.weight] && node.frame)
			costs.set(node.frame[OBJECT], node.self[flameView.weight] +
				(costs.get(node.frame[OBJECT]) || 0));
		else if (node.frame && !costs.has(node.frame[OBJECT]))
			costs.set(node.frame[OBJECT], 0);
		node.kids.filter((kid) => kid.total[FAULTS]).forEach(visit);
	};

	visit(flameAll.root);
	const list = [...costs].filter(([object]) => object).sort((a, b) =>
		b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

	flameObjects = new Map(list.map(([object], i) => [object,
		flameColours[Math.min(i, flameColours.length - 1)]]));
}

const flameColourOf = (node) => node.frame &&
	flameObjects.get(node.frame[OBJECT]) || flameColours.at(-1);

function flameLegend() {
	const named = [...flameObjects].slice(0, flameColours.length - 1);

	return named.flatMap(([object, colour]) =>
		[swatchOf("\u00a0", colour), ` ${baseName(object)}  `]).concat(
		[swatchOf("\u00a0", flameColours.at(-1)), " other code, or none"]);
}

// Boxes.

function flameBoxes(width, weight) {
	const boxes = [], top = flameView.zoom;
	let left = false;
	const place = (node, x, wide) => {
		boxes.push({ node: node, x: x, width: wide, row: node.depth });
		let at = x;

		for (const kid of node.kids) {
			const part = wide * kid.total[weight] / node.total[weight];

			if (part < FLAME_LEAST) {
				left = left || part > 0;
				break;
			}
			place(kid, at, part);
			at += part;
		}
	};

	for (let node = top.parent; node; node = node.parent)
		boxes.push({ node: node, x: FLAME_MARGIN, width: width, row: node.depth });
	if (top.total[weight])
		place(top, FLAME_MARGIN, width);
	return [boxes, left];
}

function flamePrepare(width, theme) {
	const [boxes, left] = flameBoxes(width - 2 * FLAME_MARGIN,
		flameView.weight);
	const rows = boxes.reduce((most, b) => Math.max(most, b.row + 1), 1);

	return { width: width, theme: theme, boxes: boxes, rows: rows, left: left,
		searching: Boolean(byId("flame-search").value.trim()) };
}

function flameDrawBox(s, ctx, box, y) {
	const { node, x, width } = box;
	const outer = node.depth < flameView.zoom.depth;
	const colour = s.searching && node.hit ? s.theme.focus :
		flameColourOf(node);

	ctx.globalAlpha = (s.searching && !node.hit) || outer ? 0.45 : 1;
	ctx.fillStyle = colour;
	ctx.fillRect(x, y, Math.max(width - (width > 3 ? 1 : 0), 0.3), FLAME_ROW - 1);
	ctx.globalAlpha = 1;
	if (width > 24) {
		// What is faint lets the paper through.
		ctx.fillStyle = (s.searching && !node.hit) || outer ? s.theme.ink :
			inkOn(colour);
		ctx.fillText(clip(ctx, node.name, width - 8), x + 4,
			y + FLAME_ROW / 2);
	}
	if (node === (flameView.hover || flameView.chosen) && s.marked) {
		ctx.lineWidth = 3;
		ctx.strokeStyle = s.theme.ink;
		ctx.strokeRect(x + 1, y + 1, Math.max(width - 3, 1), FLAME_ROW - 3);
	}
}

function flameDrawRows(s, ctx, top, bottom) {
	ctx.font = `12px ${mono}`;
	ctx.textBaseline = "middle";
	for (const box of s.boxes) {
		const y = box.row * FLAME_ROW;

		if (y + FLAME_ROW > top && y < bottom)
			flameDrawBox(s, ctx, box, y - top);
	}
}

const flameBox = () => byId("flame-graph");

function flameDraw() {
	const box = flameBox(), s = flameShown;
	const height = Math.max(1, Math.min(s.rows * FLAME_ROW, box.clientHeight));
	const ctx = sizeCanvas(box.querySelector("canvas"), s.width, height,
		window.devicePixelRatio || 1);

	flameDrawRows(s, ctx, box.scrollTop, box.scrollTop + height);
}

// Words.

function flamePercent(part, whole) {
	return whole ? `${(100 * part / whole).toFixed(1)}%` : "-";
}

function flamePath(node) {
	const names = [];

	for (let at = node; at.parent; at = at.parent)
		names.unshift(at.name);
	return names.join(" › ") || "all";
}

function flameCosts(node) {
	const whole = flameAll.root.total;

	const w = flameView.weight;
	const row = (name, costs) => el("tr", {}, el("th", { scope: "row" }, name),
		...[...costs.map((n, i) => flameTexts[i](n)),
			flamePercent(costs[w], whole[w])].map((text) =>
			el("td", { class: "number" }, text)));

	return el("table", {}, headRow(["", ...flameWords(), "share"]),
		el("tbody", {}, row("in itself", node.self),
			row("with what it called", node.total)));
}

function flamePlaces(node) {
	const w = flameView.weight;
	const list = [...node.places].sort((a, b) => b[1][w] - a[1][w]);
	const rows = list.slice(0, FLAME_LINES).map(([text, costs]) =>
		el("li", {}, el("span", { class: "code" }, text), " ",
			flameTexts[w](costs[w])));

	if (list.length > FLAME_LINES)
		rows.push(el("li", {}, `and ${list.length - FLAME_LINES} more`));
	return el("ul", {}, ...rows);
}

function flameRecord() {
	const node = flameView.hover || flameView.chosen || flameView.zoom;
	const object = node.frame ? node.frame[OBJECT] : "";

	byId("flame-record").replaceChildren(
		el("p", {}, el("strong", { class: "code" }, node.name),
			object ? ` in ${object}` : ""),
		flameCosts(node), flamePlaces(node),
		el("p", { class: "quiet" }, node.parent && node.parent.parent ?
			`called by ${flamePath(node.parent)}` : ""));
}

function flameProcessText(i) {
	if (i === null)
		return "all processes";
	const [p] = data.calls.processes[i];

	return p < 0 ? "further processes" : processText(p);
}

function flameHits() {
	const w = flameView.weight;
	let cost = 0, boxes = 0;
	const visit = (node, inside) => {
		boxes += node.hit;
		if (node.hit && !inside)
			cost += node.total[w];
		node.kids.filter((kid) => kid.total[FAULTS]).forEach((kid) =>
			visit(kid, inside || node.hit));
	};

	visit(flameAll.root, false);
	return boxes ? `Found in ${plural(boxes, "box", "boxes")}: ` +
		`${flameTexts[w](cost)}, ` +
		`${flamePercent(cost, flameAll.root.total[w])}.` : "Found nowhere.";
}

function flameSum() {
	const total = flameAll.root.total;
	const parts = flameWords().map((word, w) => w === NS ?
		`${timeText(total[w])} in the kernel` :
		w === BYTES ? bytesText(total[w]) :
			`${countText(total[w])} ${word}`);
	const at = (flameView.zoom === flameAll.root ? "" :
		` Widened: ${flameView.zoom.name}.`) + (flameShown.left ?
		" What is narrower than can be drawn is left out: widen." : "");

	byId("flame-sum").textContent =
		`${flameProcessText(flameView.process)}: ${parts.join(", ")}.${at}` +
		(flameShown.searching ? ` ${flameHits()}` : "");
}

// Tables, for those who do not see the graph, and of all that is not in sight.

function flameFunctions() {
	const costs = new Map(), active = new Map();
	const visit = (node) => {
		const key = node.frame ? flameKey(node.frame) : "";
		const entry = costs.get(key) || { node: node, self: [0, 0, 0],
			total: [0, 0, 0] };
		const nested = active.get(key) || 0;

		costs.set(key, entry);
		for (let w = 0; w < 3; w++) {
			entry.self[w] += node.self[w];
			entry.total[w] += nested ? 0 : node.total[w];
		}
		active.set(key, nested + 1);
		node.kids.filter((kid) => kid.total[FAULTS]).forEach(visit);
		active.set(key, nested);
	};

	visit(flameAll.root);
	costs.delete("");
	const w = flameView.weight;

	return [...costs.values()].sort((a, b) => b.self[w] - a.self[w] ||
		b.total[w] - a.total[w] || (a.node.name < b.node.name ? -1 : 1));
}

function flameFillFunctions(where, most) {
	const w = flameView.weight, whole = flameAll.root.total[w];
	const [word, text] = [flameWords()[w], flameTexts[w]];

	return fillTable(where, [`${word} in itself`, "share",
		`${word} with what it called`, "share", "function", "in"],
	flameFunctions().map(({ node, self, total }, i) => i < most ?
		[text(self[w]), flamePercent(self[w], whole), text(total[w]),
			flamePercent(total[w], whole), node.name,
			baseName(node.frame[OBJECT])] : []), most);
}

function flameFillPaths(where, most) {
	const w = flameView.weight, list = [];
	const visit = (node) => {
		if (node.self[w])
			list.push(node);
		node.kids.forEach(visit);
	};

	visit(flameAll.root);
	list.sort((a, b) => b.self[w] - a.self[w]);
	return fillTable(where, [flameWords()[w], "share", "path, outermost first"],
		list.map((node, i) => i < most ? [flameTexts[w](node.self[w]),
			flamePercent(node.self[w], flameAll.root.total[w]),
			flamePath(node)] : []), most);
}

function flameTables() {
	if (!byId("flame-tables").open)
		return;
	flameFillFunctions(byId("flame-functions"), FLAME_FUNCTIONS);
	flameFillPaths(byId("flame-paths"), FLAME_PATHS);
}

// All that follows from where we look, and from what is counted.

function flameShow() {
	flameShown = flamePrepare(flameBox().clientWidth, themeOf(false));
	flameShown.marked = true;
	byId("flame-room").style.height = flameShown.rows * FLAME_ROW + "px";
	byId("flame-whole").disabled = flameView.zoom === flameAll.root;
	flameSum();
	flameRecord();
	onceSoon(flameDraw);
}

function flameRecount() {
	flameCount();
	flameColour();
	// Where nothing was done, there is nothing to see.
	for (const name of ["zoom", "chosen"]) {
		if (!flameView[name] || !flameView[name].total[flameView.weight])
			flameView[name] = name === "zoom" ? flameAll.root : null;
	}
	byId("flame-legend").replaceChildren(...flameLegend());
	flameTables();
	flameShow();
}

function flameZoom(node) {
	flameView.zoom = node;
	flameView.hover = null;
	flameShow();
	flameScroll(node);
}

function flameChoose(node) {
	flameView.chosen = node;
	flameView.hover = null;
	flameRecord();
	flameScroll(node);
	onceSoon(flameDraw);
}

function flameScroll(node) {
	const box = flameBox(), y = node.depth * FLAME_ROW;

	if (y < box.scrollTop)
		box.scrollTop = y;
	else if (y + FLAME_ROW > box.scrollTop + box.clientHeight)
		box.scrollTop = y + FLAME_ROW - box.clientHeight;
}

function flameSearch() {
	const text = byId("flame-search").value.trim().toLowerCase();
	const has = (part) => part.toLowerCase().includes(text);
	const visit = (node) => {
		node.hit = Boolean(text) && Boolean(node.frame) &&
			(has(node.name) || has(node.frame[OBJECT]) ||
			[...node.places.keys()].some(has));
		node.kids.forEach(visit);
	};

	visit(flameAll.root);
	flameShow();
}

// Keys and mouse.

function flameUnder(event) {
	const rect = flameBox().querySelector("canvas").getBoundingClientRect();
	const x = event.clientX - rect.left;
	const row = Math.floor((event.clientY - rect.top + flameBox().scrollTop) /
		FLAME_ROW);
	const found = flameShown.boxes.find((box) => box.row === row &&
		x >= box.x && x < box.x + box.width);

	return found ? found.node : null;
}

// The next box of the same row that is in sight.
function flameBeside(by) {
	const at = flameView.chosen || flameView.zoom;
	const row = flameShown.boxes.filter((box) => box.row === at.depth)
		.sort((a, b) => a.x - b.x);
	const next = row[row.findIndex((box) => box.node === at) + by];

	if (next)
		flameChoose(next.node);
}

const flameKeys = {
	ArrowUp: () => flameChoose((flameView.chosen || flameView.zoom).parent ||
		flameAll.root),
	ArrowDown: () => {
		const at = flameView.chosen;
		const [kid] = at ? at.kids : [flameView.zoom];

		if (kid && kid.total[flameView.weight])
			flameChoose(kid);
	},
	ArrowLeft: () => flameBeside(-1),
	ArrowRight: () => flameBeside(1),
	Home: () => flameChoose(flameAll.root),
	Enter: () => flameZoom(flameView.chosen || flameAll.root),
	Escape: () => flameZoom(flameAll.root),
	"/": () => byId("flame-search").focus(),
};

function flameKeyDown(event) {
	if (!(event.key in flameKeys) || event.ctrlKey || event.altKey ||
	    event.metaKey)
		return;
	event.preventDefault();
	flameKeys[event.key]();
}

function flameHover(node) {
	if (node === flameView.hover)
		return;
	flameView.hover = node;
	flameRecord();
	onceSoon(flameDraw);
}

function flameClick(event) {
	const node = flameUnder(event);

	if (!node)
		return;
	flameView.chosen = node;
	flameZoom(node);
}

function flameListen() {
	const box = flameBox(), search = byId("flame-search");

	byId("flame-process").addEventListener("change", (event) => {
		flameView.process = event.target.value === "" ? null :
			Number(event.target.value);
		flameRecount();
		flameSearch();
	});
	byId("flame-weight").addEventListener("change", (event) => {
		flameView.weight = Number(event.target.value);
		flameRecount();
	});
	search.addEventListener("input", flameSearch);
	search.addEventListener("keydown", (event) => {
		if (event.key === "Enter")
			box.focus();
	});
	byId("flame-whole").addEventListener("click", () =>
		flameZoom(flameAll.root));
	byId("flame-tables").addEventListener("toggle", flameTables);
	box.addEventListener("keydown", flameKeyDown);
	box.addEventListener("scroll", () => onceSoon(flameDraw));
	box.addEventListener("pointermove", (event) =>
		flameHover(flameUnder(event)));
	box.addEventListener("pointerleave", () => flameHover(null));
	box.addEventListener("click", flameClick);
	window.addEventListener("resize", flameShow);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
		flameShow);
}

// Paper.

function flamePrinted() {
	if (!flameAll)
		return [];
	const printed = el("canvas", {}), width = 660;
	const s = flamePrepare(width, themeOf(true));

	s.searching = false;
	s.rows = Math.min(s.rows, FLAME_PRINT_ROWS);
	flameDrawRows(s, sizeCanvas(printed, width, s.rows * FLAME_ROW, 2), 0,
		s.rows * FLAME_ROW);
	return [el("section", {}, el("h2", {}, byId("flame-title").textContent),
		el("p", {}, byId("flame-sum").textContent), printed,
		el("p", { class: "quiet" }, ...flameLegend()),
		flameFillFunctions(el("div", {}), 20),
		flameFillPaths(el("div", {}), 10))];
}

function flameBegin() {
	const option = (value, text) => el("option", { value: value }, text);

	if (!data.calls)
		return;
	flameAll = flameTree(data.calls);
	byId("flame-title").textContent = data.calls.faults === "copies" ?
		"Which code copied" : "Which code had faults";
	byId("flame-process").append(option("", flameProcessText(null)),
		...data.calls.processes.map((one, i) =>
			option(i, flameProcessText(i))));
	byId("flame-weight").append(...[BYTES, FAULTS, NS].map((w) =>
		option(w, `by ${flameWords()[w]}`)));
	byId("flame").hidden = false;
	flameListen();
	flameRecount();
}

// SPDX-License-Identifier: GPL-2.0
// Who holds frames without mapping them: a pipe, a pin, swap or page cache. They are
// rows below those of the processes.

const formsTell = data.forms.some((form) => form[HOLDER]);

// Who holds something at which pages, in any step of a scene.
function heldPages(scene) {
	const found = new Map();
	const add = (who, page) => {
		found.set(who, (found.get(who) || new Set()).add(page));
	};

	for (const s of scene.steps) {
		data.steps[s].held.forEach(([who, page]) => add(who, page));
		for (const t of formsTell ? tablesOf(s).filter((one) => one) : []) {
			for (let i = 0; i < t.n; i++) {
				if (data.forms[t.form[i]][HOLDER])
					add(data.forms[t.form[i]][HOLDER], t.start[i]);
			}
		}
	}
	return found;
}

// The frames that it holds there, each once. They may be one that a process has left.
function heldFrames(s, who, page) {
	const frames = new Set(), look = lookOf(s);

	if (!tablesOf(s).some((t) => t))
		return [];
	for (const [by, at, frame] of data.steps[look].held) {
		if (by === who && at === page)
			frames.add(frame);
	}
	tablesOf(s).forEach((t) => {
		const i = findEntry(t, page);

		if (i >= 0 && data.forms[t.form[i]][HOLDER] === who)
			frames.add(frameOf(t, i, page));
	});
	return [...frames];
}

// A row for each, and more where it holds several frames at one address.
function listHolders(scene) {
	return [...scene.held].flatMap(([who, pages]) => {
		let most = 1;

		for (const s of scene.steps) {
			for (const page of pages)
				most = Math.max(most, heldFrames(s, who, page).length);
		}
		return Array.from({ length: most }, (_, nth) => ({ who, nth }));
	});
}

function heldCell(s, { who, nth }, page) {
	const frame = heldFrames(s, who, page)[nth];

	return frame === undefined ? null : { who, page, frame, i: -1 };
}

// By whom the frame of a page is held, in words.
function heldText(s, page, frame) {
	return sceneOf(s).holders.filter((holder) =>
		(heldCell(s, holder, page) || {}).frame === frame)
		.map(({ who }) => who).join(", ");
}

function drawHeld(cell, place, top, inset) {
	const x = place.x + inset, width = place.width - inset;
	const line = (text, y) => svg("text", { x: x + width / 2, y: top + y,
		"text-anchor": "middle" }, text);

	return svg("g", { class: "held", role: "img", "data-frame": cell.frame },
		svg("title", {}, `${cell.who}, ${numbersText(place.column)}: holds ` +
			`frame ${hex(cell.frame)}`),
		svg("rect", { class: "body holder", x: x, y: top, width: width,
			height: CELL_HIGH, rx: 6 }),
		line("held", 26), line(hex(cell.frame), 43));
}

// SPDX-License-Identifier: GPL-2.0
// Steps: what is said of them, questions before them, and what came of it all.

// Pages of a process that are in another frame than at the look before, and those
// that are in another state only. What was not looked at both times is neither.
function countChanges(now, before) {
	const pages = new Set();
	const nr = { moved: 0, came: 0, went: 0, state: 0 };

	for (const start of now.changed) {
		const i = findEntry(now, start);
		const end = start + (i < 0 ? 1 : entrySize(now.form[i]));

		for (let page = start; page < end; page++)
			pages.add(page);
	}
	for (const page of pages) {
		if (!looksAt(now, page) || !looksAt(before, page))
			continue;
		const is = frameAt(now, page), was = frameAt(before, page);

		if (is !== was)
			nr[was < 0 ? "came" : is < 0 ? "went" : "moved"]++;
		else if (stateAt(now, page) !== stateAt(before, page))
			nr.state++;
	}
	return nr;
}

function processChange(step, look, p) {
	const now = tablesOf(step)[p], before = tablesOf(look)[p];
	const name = nameOf(p), parts = [];

	if (now && !before)
		return `${name} is new`;
	if (!now && before)
		return `${name} ${statusText(step, p)}`;
	if (!now)
		return "";
	const nr = countChanges(now, before);

	for (const [n, text] of [[nr.moved, "in another frame"],
		[nr.came, "in a frame now"], [nr.went, "in no frame now"],
		[nr.state, "in another state"]]) {
		if (n)
			parts.push(`${plural(n, "page")} ${text}`);
	}
	return parts.length ? `${name}: ${parts.join(", ")}` : "";
}

function changesText(step) {
	const look = lookOf(step), before = lookOf(step - 1);

	if (look < 0)
		return "No page table has been read yet.";
	if (look < step && !tablesOf(step).length)
		return "Nobody is left of those whose page tables were read.";
	if (look < step)
		return `Below, they are as of step ${look + 1}.`;
	if (before < 0)
		return "";
	const parts = data.processes.map((process, p) =>
		processChange(step, before, p))
		.filter((text) => text);

	return `Since step ${before + 1}: ` + (parts.join("; ") ||
		"no frame or state has changed") + ".";
}

function noteClass(mark, text) {
	if (mark)
		return mark === "FAIL" ? "failed" : "";
	// Columns of a table have several blanks between them.
	return text.includes("  ") ? "plain tabular" : "plain";
}

function noteItem([mark, text]) {
	return el("li", { class: noteClass(mark, text) },
		...(mark ? [el("span", { class: "mark" }, mark), " "] : []), text);
}

const noteItems = (step) => data.steps[step].notes.map(noteItem);

// "8 ok", "7 ok, 1 FAIL".
function marksText(notes) {
	const marks = new Map();

	for (const [mark] of notes) {
		if (mark)
			marks.set(mark, (marks.get(mark) || 0) + 1);
	}
	return [...marks].map(([mark, n]) => `${n} ${mark}`).join(", ");
}

function showNotes() {
	// Checks are told when the question about the step has been answered.
	const notes = data.steps[view.step].notes.filter(([mark]) =>
		!mark || !openChoice());
	const marks = marksText(notes);

	byId("notes-box").hidden = !notes.length;
	byId("notes-count").textContent = marks ? `Checks: ${marks}` : "Notes";
	byId("notes").replaceChildren(...notes.map(noteItem));
}

const arrowsText = (text) => (text || "").replaceAll(" -> ", " \u2192 ");

function showWords(s) {
	const step = data.steps[s];

	byId("step-title").textContent = step.title;
	byId("step-text").textContent = step.text;
	byId("summary").textContent = arrowsText(step.summary);
	byId("summary").classList.toggle("summary", Boolean(step.tables));
	byId("totals").textContent = step.totals || "";
	byId("changes").textContent = changesText(s);
}

// The figure must not jump: there is room for the longest of the steps.
function reserveRoom() {
	const box = byId("step");
	let most = 0;

	box.style.minHeight = "";
	data.steps.forEach((step, s) => {
		showWords(s);
		most = Math.max(most, box.getBoundingClientRect().height);
	});
	box.style.minHeight = `${most}px`;
}

function showConclusion() {
	const last = view.step === data.steps.length - 1;

	byId("conclusion-box").hidden = !last || !data.verdict;
	byId("verdict").textContent = data.verdict || "";
	byId("answer").textContent = data.answer || "";
	byId("alike-box").hidden = !data.alike;
	byId("alike").textContent = data.alike || "";
}

function showStep() {
	const step = data.steps[view.step], nr = data.steps.length;

	byId("slider").value = view.step + 1;
	byId("slider").setAttribute("aria-valuetext",
		`${view.step + 1} of ${nr}: ${step.title}`);
	byId("count").textContent = `step ${view.step + 1} of ${nr}`;
	byId("back").disabled = view.step === 0;
	byId("next").disabled = view.step === nr - 1;
	byId("steps").hidden = nr < 2 && !step.title;
	showWords(view.step);
	showNotes();
	showConclusion();
	redrawFigure();
	showCells();
	showTree();
	strips.forEach(updateStrip);
	showTable();
	showActive();
}

// Predict, then see: before a step whose writes were watched, each is asked about,
// while the picture is still that of the step before.

const quiz = { asked: new Map(), right: 0, waiting: null };

// The questions of a step: writes of one number are one question.
function questionsOf(step) {
	const seen = new Set();

	return data.steps[step].writes.filter((w) => {
		const first = !seen.has(w.question);

		seen.add(w.question);
		return first;
	});
}

function openQuestion(step) {
	if (!byId("predict").checked || step < 1)
		return undefined;
	return questionsOf(step).find((w) => !quiz.asked.has(w.question));
}

// A question about what the step shows is asked while it is shown.
function openChoice() {
	return byId("predict").checked ? data.steps[view.step].choices.find((c) =>
		!quiz.asked.has(c.question)) : undefined;
}

// What is asked now: its text, the words to choose from, and the right one.
function asked() {
	const w = quiz.waiting && openQuestion(quiz.waiting.step);
	const c = quiz.waiting ? undefined : openChoice();

	if (w)
		return Object.assign({ text: questionText(w),
			words: ["copy", "reuse", "neither"] }, w);
	return c && Object.assign({}, c, { right: String(c.right),
		words: Array.from({ length: c.last - c.first + 1 }, (_, n) =>
			String(c.first + n)) });
}

function answerButton(word) {
	const button = el("button", { type: "button", "data-word": word,
		"aria-describedby": "question-text" }, word);

	button.addEventListener("click", () => answer(word));
	return button;
}

function showQuestion() {
	const question = asked();

	byId("question").hidden = !quiz.waiting && !question &&
		!byId("why").textContent;
	byId("choices").hidden = !question;
	byId("see").hidden = !quiz.waiting || Boolean(question);
	byId("question-text").textContent = question ? question.text : "";
	byId("answers").replaceChildren(...(question ? question.words : [])
		.map(answerButton));
	byId("score").textContent = quiz.asked.size ?
		`${quiz.right} of ${quiz.asked.size} right` : "";
}

function questionText(w) {
	const p = places.get(w.process), t = tablesOf(view.step)[p];
	const segments = sceneOf(quiz.waiting.step).segments;
	const segment = segments.find((g) => g.start <= w.page && w.page < g.end);
	const page = segment ? pageNumber(segment, w.page) : addressOf(w.page);
	const name = segment && segments.length > 1 ?
		` (${[...segment.names].join(", ")})` : "";

	return `Next, the ${nameOf(p)} will write to page ${page}${name}` +
		`${t ? "" : ", which is not there yet"}. Copy, reuse, or neither?`;
}

function answer(given) {
	const { question, right, why } = asked();

	quiz.asked.set(question, given);
	quiz.right += given === right;
	byId("why").textContent = `${given === right ? "Right" : "No: " + right}: ${why}.`;
	showQuestion();
	showNotes();
	focusQuestion();
}

// The keyboard is where one goes on.
function focusQuestion() {
	(byId("answers").firstElementChild || (quiz.waiting ? byId("see") :
		byId("next"))).focus();
}

function ask(step) {
	quiz.waiting = { step: step };
	byId("why").textContent = "";
	showQuestion();
	focusQuestion();
}

function seeStep() {
	const step = quiz.waiting.step;

	quiz.waiting = null;
	setStep(step);
}

function setStep(step) {
	view.step = step;
	view.hover = null;
	view.frame = -1;
	byId("why").textContent = "";
	byId("cells").classList.add("stepped");
	showQuestion();
	showStep();
	history.replaceState(null, "", `#step=${step + 1}`);
}

function goTo(step) {
	if (step < 0 || step >= data.steps.length || step === view.step)
		return;
	quiz.waiting = null;
	showQuestion();
	if (step > view.step && openChoice())
		focusQuestion();
	else if (step === view.step + 1 && openQuestion(step))
		ask(step);
	else
		setStep(step);
}

// "#step=3" leads to the third step.
function stepOfLink() {
	const found = location.hash.match(/^#step=(\d+)$/);
	const step = found ? Number(found[1]) - 1 : 0;

	return Math.max(0, Math.min(step, data.steps.length - 1));
}

// From anywhere but what uses these keys itself.
function stepKey(event) {
	if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey ||
	    event.target.closest("input, select, [role=application], #overview, #table"))
		return;
	if (event.key === "ArrowRight")
		goTo(view.step + 1);
	else if (event.key === "ArrowLeft")
		goTo(view.step - 1);
}

// Paper: all steps below one another.

// Printed strips have so many cells for each process and step.
const PRINT_CELLS = 1500;

function printedStrip(t) {
	const size = 11, width = 660, scale = 2, canvas = el("canvas", {});
	let group = 1, s;

	do {
		s = prepare(t, width, size, group, scale, themeOf(true));
		group *= 2;
	} while (s.layout.pages.length / s.group > PRINT_CELLS);
	drawRows(s, sizeCanvas(canvas, width, s.height, scale), 0, s.height);
	return [canvas, s.group];
}

function stepText(step) {
	const title = data.steps[step].title;

	return data.steps.length > 1 ? `${step + 1}. ${title}` : title;
}

function printedStep(step) {
	const section = el("section", {},
		el("h2", {}, stepText(step)),
		el("p", {}, data.steps[step].text),
		el("p", { class: "summary" }, arrowsText(data.steps[step].summary)),
		el("p", { class: "quiet" }, data.steps[step].totals || ""),
		el("p", { class: "quiet" }, changesText(step)));

	const scene = sceneOf(step);

	if (scene.columns.length)
		section.append(drawMerged(step, 660));
	section.append(el("ul", {}, ...noteItems(step)));
	if (!scene.windowed)
		return section;
	tablesOf(step).forEach((t, p) => {
		const [canvas, group] = printedStrip(t);

		section.append(el("h3", {}, processText(p)), el("p",
			{ class: "quiet" }, countsText(t) + (group > 1 ?
			`; a letter below stands for ${group} entries` : "")),
			canvas);
	});
	return section;
}

function makePrint() {
	byId("print").replaceChildren(
		...data.steps.map((step, s) => printedStep(s)),
		el("section", {}, el("h2", {}, "Legend"), legend(),
			el("p", { class: "quiet" }, data.mixed)));
	if (data.verdict)
		byId("print").append(el("section", {}, el("h2", {}, "Conclusion"),
			el("p", {}, data.verdict), el("p", {}, data.answer),
			el("p", {}, data.alike)));
}

// The page.

function listen() {
	const box = byId("figure");

	byId("slider").addEventListener("input", (event) =>
		goTo(Number(event.target.value) - 1));
	byId("back").addEventListener("click", () => goTo(view.step - 1));
	byId("next").addEventListener("click", () => goTo(view.step + 1));
	byId("size").addEventListener("change", showStep);
	byId("table-box").addEventListener("toggle", showTable);
	byId("table-back").addEventListener("click", () => turnTable(-TABLE_ROWS));
	byId("table-next").addEventListener("click", () => turnTable(TABLE_ROWS));
	for (const figure of [box, byId("cells")]) {
		figure.addEventListener("pointerover", overFigure);
		figure.addEventListener("pointerleave", leaveFigure);
		figure.addEventListener("click", (event) =>
			choose(placeOf(event)));
	}
	box.addEventListener("keydown", figureKey);
	listenToOverview();
	byId("see").addEventListener("click", seeStep);
	byId("predict").addEventListener("change", () => {
		quiz.waiting = null;
		showQuestion();
		showNotes();
	});
	document.addEventListener("keydown", stepKey);
	window.addEventListener("hashchange", () => setStep(stepOfLink()));
	window.addEventListener("resize", () => {
		reserveRoom();
		showStep();
	});
	window.addEventListener("beforeprint", makePrint);
	window.addEventListener("afterprint", () =>
		byId("print").replaceChildren());
	matchMedia("(prefers-color-scheme: dark)")
		.addEventListener("change", showStep);
}

showAbout();
byId("legend").append(legend());
byId("bar").hidden = data.steps.length < 2;
byId("corners").hidden = data.steps.length < 2;
byId("ringed").hidden = data.steps.length < 2;
byId("strips-box").hidden = Boolean(data.verdict) &&
	!scenes.some((scene) => scene.windowed);
byId("predict-box").hidden = !data.steps.some((step, s) =>
	(s && step.writes.length) || step.choices.length);
byId("slider").max = Math.max(1, data.steps.length);
if (data.format !== 2) {
	byId("step-title").textContent = "The data of this page is of another version.";
} else if (data.steps.length) {
	view.step = stepOfLink();
	listen();
	reserveRoom();
	showStep();
} else {
	byId("columns").hidden = true;
	byId("table-box").hidden = true;
	byId("step-title").textContent = "Nothing was recorded.";
}

// SPDX-License-Identifier: GPL-2.0
// What all kinds of pages use.

const data = JSON.parse(document.getElementById("data").textContent);

const mono = 'ui-monospace, "DejaVu Sans Mono", monospace';

const byId = (id) => document.getElementById(id);

// Elements: el("p", { class: "quiet" }, "text", child, ...).

function fill(e, attributes, children) {
	for (const name in attributes)
		e.setAttribute(name, attributes[name]);
	e.append(...children);
	return e;
}

function el(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
	const ns = "http://www.w3.org/2000/svg";
	return fill(document.createElementNS(ns, tag), attributes, children);
}

// Words.

const hex = (n) => n.toString(16);
const word = (list, i) => list[i] === undefined ? "?" : list[i];

function plural(n, one, many = one + "s") {
	return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

function addressOf(page) {
	return (BigInt(page) * BigInt(data.page_size)).toString(16);
}

function bytesText(bytes) {
	let n = bytes, unit = 0;

	while (n >= 1024 && unit < 6) {
		n /= 1024;
		unit++;
	}
	return `${Math.round(n * 10) / 10}${"BKMGTPE"[unit]}`;
}

const sizeText = (pages) => bytesText(pages * data.page_size);

// The first number from 0 to n - 1 that passes a test which all later ones pass
// too; n if there is none.
function firstThat(n, passes) {
	let low = 0, high = n;

	while (low < high) {
		const mid = (low + high) >> 1;

		if (passes(mid))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

// Colours.

function inkOn(colour) {
	const n = parseInt(colour.slice(1), 16);
	const linear = (part) => (part / 255) ** 2.2;
	const light = 0.2126 * linear(n >> 16) +
		0.7152 * linear(n >> 8 & 255) + 0.0722 * linear(n & 255);

	// Where black and white have the same contrast, by WCAG 2.
	return light > 0.179 ? "#000000" : "#ffffff";
}

function swatchOf(letter, colour) {
	const e = el("span", { class: "swatch" }, letter);

	if (colour) {
		e.style.background = colour;
		e.style.color = inkOn(colour);
	}
	return e;
}

function themeOf(printed) {
	if (printed)
		return { ink: "#000000", quiet: "#444444", faint: "#cccccc",
			paper: "#ffffff", focus: "#0050b3" };
	const style = getComputedStyle(document.documentElement);
	const colour = (name) => style.getPropertyValue("--" + name).trim();

	return { ink: colour("ink"), quiet: colour("quiet"),
		faint: colour("faint"), paper: colour("paper"),
		focus: colour("focus") };
}

// Canvases.

function clip(ctx, text, width) {
	if (ctx.measureText(text).width <= width)
		return text;
	while (text && ctx.measureText(text + "…").width > width)
		text = text.slice(0, -1);
	return text + "…";
}

function ring(ctx, x, y, size, width, colour) {
	ctx.lineWidth = width;
	ctx.strokeStyle = colour;
	ctx.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
}

function sizeCanvas(canvas, width, height, scale) {
	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	canvas.style.width = width + "px";
	canvas.style.height = height + "px";
	const ctx = canvas.getContext("2d");

	ctx.setTransform(scale, 0, 0, scale, 0, 0);
	return ctx;
}

// Draws before the next frame is shown: once, however often it is asked for.
const drawings = new Set();

function onceSoon(draw) {
	if (!drawings.size)
		requestAnimationFrame(() => {
			const list = [...drawings];

			drawings.clear();
			list.forEach((one) => one());
		});
	drawings.add(draw);
}

// The head of the page.

function showAbout() {
	document.title = `${data.title} - cowinspect`;
	byId("title").textContent = data.title;
	byId("about").textContent = data.text;
	byId("kernel").textContent = `Linux ${data.kernel}, copy-on-write rules of ` +
		`${data.rules}, pages of ${sizeText(1)}`;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of pages as strings: found by -Wa,-I, see the Makefile. */
	.section .rodata

	.global page_html
page_html:
	.incbin "page.html"
	.byte 0

	.global page_css
page_css:
	.incbin "page.css"
	.incbin "modes.css"
	.byte 0

	.global page_js
page_js:
	.incbin "page.js"
	.byte 0

	.global tables_html
tables_html:
	.incbin "tables.html"
	.byte 0

	.global tables_js
tables_js:
	.incbin "tables.js"
	.incbin "arrows.js"
	.incbin "strips.js"
	.incbin "holders.js"
	.incbin "scenes.js"
	.incbin "cells.js"
	.incbin "overview.js"
	.incbin "steps.js"
	.byte 0

	.global trace_html
trace_html:
	.incbin "trace.html"
	.byte 0

	.global trace_js
trace_js:
	.incbin "flame.js"
	.incbin "trace.js"
	.byte 0

	.section .note.GNU-stack, "", %progbits

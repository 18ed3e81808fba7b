/* SPDX-License-Identifier: GPL-2.0 */
/* The page's parts as strings: found by -Wa,-I, see the Makefile. */
	.section .rodata

	.global page_html
page_html:
	.incbin "page.html"
	.byte 0

	.global page_css
page_css:
	.incbin "page.css"
	.byte 0

	.global page_js
page_js:
	.incbin "page.js"
	.byte 0

	.section .note.GNU-stack, "", %progbits

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is the same around all pages for a browser: page.html, with page.css and
 * page.js. In it stand a body and a script of the kind of page, and its data:
 *
 *	struct shell s;
 *
 *	err = shell_open(&s, "fork.html", tables_html, tables_js);
 *	if (err)
 *		return err;
 *	json_object(&s.json, NULL);
 *	...
 *	err = shell_close(&s);
 */
#ifndef RENDER_SHELL_H
#define RENDER_SHELL_H

#include <stdio.h>

#include "json.h"
#include "libcowinspect.h"
#include "picture.h"

/* Files of these names, each with a NUL at its end: page.S. */
extern const char tables_html[], tables_js[], trace_html[], trace_js[];

/**
 * struct shell - a page being written
 * @out: file
 * @json: its data, where a document is to be written
 * @script: what draws the data
 * @rest: what of page.html follows
 */
struct shell {
	FILE *out;
	struct json json;
	const char *script;
	const char *rest;
};

/**
 * struct html_about - what a page is about
 * @title: one line
 * @text: a paragraph, or ""
 * @status: of the module
 */
struct html_about {
	const char *title;
	const char *text;
	const struct cowi_status *status;
};

/**
 * shell_open - begin a page
 * @s: filled in; to be given to shell_close()
 * @path: file, overwritten if it is there
 * @body: what stands between <main> and </main>
 * @script: what draws the data
 *
 * Return: 0 or -errno.
 */
int shell_open(struct shell *s, const char *path, const char *body,
	       const char *script);

/**
 * shell_about - the members of the data that all pages have
 * @s: page; in its object
 * @about: what about
 * @format: of the data of this kind of page
 */
void shell_about(struct shell *s, const struct html_about *about,
		 unsigned int format);

/**
 * shell_colour - the values "letter" and "#rrggbb"
 * @j: in an array
 * @letter: stands for it
 * @state: of this colour
 */
void shell_colour(struct json *j, char letter, enum page_state state);

/**
 * shell_close - write what is left
 * @s: page, of which the data is complete
 *
 * Return: 0 or -errno.
 */
int shell_close(struct shell *s);

#endif /* RENDER_SHELL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page for a browser: one file that needs no network. Processes, and steps;
 * in each step the page table of each process that lives then:
 *
 *	struct html *h;
 *
 *	err = html_open("fork.html", &about, &h);
 *	if (err)
 *		return err;
 *	html_process(h, 0, pid, 0, "parent");
 *	html_step(h, "Before fork", "One process with 16 pages.");
 *	html_note(h, "ok", "all pages: mapcount 1");
 *	html_table(h, 0);
 *	html_vma(h, start, end, "rw-p", "[heap]");
 *	html_page(h, &rec);
 *	...
 *	err = html_close(h);
 *
 * Functions without a result remember the first error for html_close().
 *
 * The page is page.html with tables.html and tables.js in it (see shell.h). Its
 * data is a JSON object:
 *
 *	format		1; a reader must refuse any other
 *	title, text	what the page is about
 *	kernel, rules	as in struct cowi_status
 *	page_size	in bytes; below, a "page" is an address over this size
 *	exclusive	what this kernel can tell of it: a word of @counts
 *	states		[letter, "#rrggbb", meaning] for each enum page_state
 *	mixed		what a letter in lower case means
 *	kinds, outcomes, confidences, counts
 *			words for the numbers of the ABI
 *	flags		words; bit N of a form's flags stands for word N
 *	steps		objects, see below
 *	forms		what many entries have in common: [state, kind,
 *			map_order, folio_order, mapcount, counts, refcount,
 *			folio_mapcount, outcome, confidence, swap_type, flags]
 *	processes	[id, pid, pid of the parent or 0, name]
 *
 * A step has title, text, notes as [mark, text], and tables: one for each
 * process that lives in this step, with
 *
 *	process		its id
 *	vmas		[page, pages, permissions, name]; missing if they are
 *			those of the step before
 *	changes		entries that differ from the step before; all of them if
 *			the process had no table there. A flat list, four values
 *			for a run of entries: [gap, count, frame, form]. The
 *			first one begins at the page that follows the first page
 *			of the last entry of the run before (at first: page 0),
 *			plus gap. Each further one begins where the entry before
 *			it ends, and so do the frames. A frame of null is
 *			unknown; a form of null says that no entry begins at
 *			these pages any more.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include <sys/types.h>

#include "libcowinspect.h"
#include "shell.h"

struct html;

/**
 * html_open - begin a page
 * @path: file, overwritten if it is there
 * @about: what about
 * @out: set on success; to be given to html_close()
 *
 * Return: 0 or -errno.
 */
int html_open(const char *path, const struct html_about *about,
	      struct html **out);

/**
 * html_process - name a process, before its first table
 * @h: page
 * @id: number for html_table(): small, the caller's choice. A pid will not do,
 *	as a later process may get it again.
 * @pid: of the process
 * @parent: pid of its parent, 0 if that is not known
 * @name: for people; "" for "process @pid"
 *
 * To name an @id again does no harm, and nothing else.
 */
void html_process(struct html *h, unsigned int id, pid_t pid, pid_t parent,
		  const char *name);

/** html_step - end the step before, if any, and begin one */
void html_step(struct html *h, const char *title, const char *text);

/**
 * html_note - a line below the text of this step, before its first table
 * @h: page
 * @mark: word before it, e.g. "ok"; "FAIL" stands out
 * @text: the line
 */
void html_note(struct html *h, const char *mark, const char *text);

/** html_table - begin a process's page table in this step */
void html_table(struct html *h, unsigned int id);

/** html_vma - a VMA of this table; ascending */
void html_vma(struct html *h, __u64 start, __u64 end, const char *perms,
	      const char *name);

/** html_page - an entry of this table; ascending */
void html_page(struct html *h, const struct cowinspect_page *rec);

/**
 * html_close - write what is left
 * @h: page, or NULL
 *
 * What was written is a whole page also after an error, as far as the disk
 * allows.
 *
 * Return: 0, or the first error as -errno.
 */
int html_close(struct html *h);

#endif /* RENDER_HTML_H */

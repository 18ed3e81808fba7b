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
 *	html_summary(h, "16 frames", "1 process maps 16 pages, in 16 frames");
 *	html_note(h, "ok", "all pages: mapcount 1");
 *	html_table(h, 0);
 *	html_vma(h, start, end, "rw-p", "[heap]");
 *	html_page(h, &rec);
 *	...
 *	err = html_close(h);
 *
 * Functions without a result remember the first error for html_close().
 *
 * The page is page.html with tables.html and the scripts of page.S in it (see
 * shell.h). Its data is a JSON object:
 *
 *	format		2; a reader must refuse any other
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
 *	verdict, answer, alike
 *			what came of it, and what else could look so; missing
 *			where nothing was asked
 *	forms		what many entries have in common: [state, kind,
 *			map_order, folio_order, mapcount, counts, refcount,
 *			folio_mapcount, outcome, confidence, swap_type, flags,
 *			holder: who else has the frame, a word or two, or null]
 *	processes	[id, pid, pid of the parent or 0, name]
 *
 * A step has
 *
 *	title, text	what is done
 *	summary, totals	what has changed, and what there is; may be missing
 *	notes		[mark, text]
 *	writes		that were watched one by one: objects with process,
 *			page, question (its number), right, why, predicted,
 *			happened, inferred
 *	choices		questions about what the step shows: objects with
 *			question (its number), text, first and last of the
 *			numbers to choose from, right, why
 *	bytes		[process, page, offset in it, byte, ...]
 *	held		[who, page, frame]: frames that somebody holds without
 *			mapping them, of which no form tells; the page has the
 *			frame, or had it
 *	tables		null: no page table was read. Otherwise one for each
 *			process that was there then; one of which no table is
 *			here had not begun, or had ended
 *	ended		ids of processes that had exited at the step's end
 *
 * "The look before" is the last step before that has tables. A table has
 *
 *	process		its id
 *	vmas		[page, pages, permissions, name], and of a region of a
 *			lab the number that its first page has there; missing if
 *			they are those of the look before. What is not in them
 *			was not looked at
 *	changes		entries that differ from the look before; all of them if
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

#include <stdbool.h>
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

/**
 * html_summary - a step in words, right after html_step()
 * @h: page
 * @summary: what has changed, in a few words
 * @totals: what there is; both may be ""
 */
void html_summary(struct html *h, const char *summary, const char *totals);

/**
 * struct html_write - a write that was watched
 * @process: id of the writer
 * @addr: where
 * @question: its number, 0 if it was not asked about
 * @right: the right answer: "copy", "reuse" or "neither"
 * @why: the reason
 * @predicted: by the module
 * @happened: what it did
 * @inferred: @happened was told from the entries before and after
 */
struct html_write {
	unsigned int process;
	__u64 addr;
	unsigned int question;
	const char *right;
	const char *why;
	const char *predicted;
	const char *happened;
	bool inferred;
};

/** html_write - a write of this step; after its notes */
void html_write(struct html *h, const struct html_write *w);

/**
 * struct html_choice - a question about what a step shows
 * @question: its number
 * @text: one line
 * @first: the things that it may be are numbered from there on
 * @last: and up to there
 * @right: which it is
 * @why: the reason
 */
struct html_choice {
	unsigned int question;
	const char *text;
	unsigned int first;
	unsigned int last;
	unsigned int right;
	const char *why;
};

/** html_choice - a question about this step; after its writes */
void html_choice(struct html *h, const struct html_choice *c);

/** html_bytes - what a process has at an address, within a page; after choices */
void html_bytes(struct html *h, unsigned int id, __u64 addr,
		const unsigned char *bytes, size_t nr);

/** html_held - who holds a frame without mapping it; after bytes */
void html_held(struct html *h, const char *who, __u64 addr, __u64 pfn);

/** html_tables - page tables were read in this step, if only to find none */
void html_tables(struct html *h);

/** html_ended - this process had exited at the end of this step */
void html_ended(struct html *h, unsigned int id);

/** html_table - begin a process's page table in this step */
void html_table(struct html *h, unsigned int id);

/** html_vma - a VMA of this table; ascending */
void html_vma(struct html *h, __u64 start, __u64 end, const char *perms,
	      const char *name);

/** html_region - the same of a lab, whose pages have numbers: @first and so on */
void html_region(struct html *h, __u64 start, __u64 end, const char *name,
		 __u64 first);

/** html_page - an entry of this table; ascending */
void html_page(struct html *h, const struct cowinspect_page *rec);

/**
 * html_conclusion - what came of it; after the last step
 * @h: page
 * @verdict: one line
 * @answer: a paragraph, or ""
 * @alike: what else could look like this: a paragraph, or ""
 */
void html_conclusion(struct html *h, const char *verdict, const char *answer,
		     const char *alike);

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

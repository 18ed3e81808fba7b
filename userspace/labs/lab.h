/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a lab is made of. A lab is one file: a struct lab with a run function,
 * named in registry.c. run() starts actors, and goes from step to step:
 *
 *	lab_step(r, "title", "what is done and why");
 *	lab_write(r, child, page, 'c', COWI_NEXT_COPY);
 *	lab_look(r);
 *	lab_expect(r, parent, 0, 3, &(struct page_expect){ ... }, "text");
 *
 * Each function remembers the first failure in the run and does nothing after
 * one, so a lab is a plain list of calls without error handling.
 */
#ifndef LABS_LAB_H
#define LABS_LAB_H

#include <stdio.h>

#include "actor.h"
#include "json.h"
#include "libcowinspect.h"
#include "observe.h"

struct html;
struct lab_run;

/**
 * struct lab - one experiment
 * @name: on the command line
 * @ids: of the classic experiments that it covers
 * @question: one line
 * @help: what is done, a paragraph
 * @answer: what has been shown, if all checks held
 * @pages: default size of the region, in base pages
 * @min_pages: least size that the lab works with
 * @run: does it
 */
struct lab {
	const char *name;
	const char *ids;
	const char *question;
	const char *help;
	const char *answer;
	__u64 pages;
	__u64 min_pages;
	void (*run)(struct lab_run *r);
};

/** all_labs - all of them; ends with NULL */
extern const struct lab *const all_labs[];

/**
 * struct lab_options - how to run one
 * @bytes: size of the region; 0 for the default
 * @seed: choose pages by this; 0 for the first ones
 * @step: wait for Enter after each step
 * @json: write JSON instead of text
 * @colour: use colour
 * @html: a page for the steps; NULL for none
 * @interrupted: returns non-zero when the run shall end
 */
struct lab_options {
	__u64 bytes;
	__u64 seed;
	bool step;
	bool json;
	bool colour;
	struct html *html;
	int (*interrupted)(void);
};

/** struct lab_check - one line of the verdict */
struct lab_check {
	bool ok;
	char text[160];
	char why[160];
};

/** struct lab_write - a write, what was predicted and what happened */
struct lab_write {
	const struct actor *actor;
	__u64 page;
	enum cowinspect_outcome predicted;
	enum cowinspect_confidence confidence;
	enum happened happened;
	__u64 faults;
	__u64 pfn_before;
	__u64 pfn_after;
};

#define MAX_CHECKS	32
#define MAX_WRITES	32

/**
 * struct lab_run - a lab being run
 * @lab: which
 * @options: how
 * @session: connection to the module
 * @status: of the module
 * @cast: the actors
 * @target: for each actor
 * @view: for each actor what lab_look() saw last; no pages if it had exited
 * @start: first address of the region; all actors have it at the same place
 * @pages: size of the region
 * @random: state of the generator behind lab_choose()
 * @err: first failure; after it nothing more is done
 * @what: what failed
 * @skip: why it cannot run here; "" otherwise
 * @title: of this step
 * @text: of this step
 * @looked: lab_look() was called in this step
 * @checks: of this step
 * @nr_checks: how many
 * @writes: of this step
 * @nr_writes: how many
 * @step: number of this step, 0 before the first
 * @passed: checks that held so far
 * @failed: checks that did not
 * @json: the document
 */
struct lab_run {
	const struct lab *lab;
	struct lab_options options;
	struct cowi *session;
	const struct cowi_status *status;
	struct cast cast;
	struct cowi_target *target[MAX_ACTORS];
	struct snapshot view[MAX_ACTORS];
	__u64 start;
	__u64 pages;
	__u64 random;
	int err;
	const char *what;
	char skip[160];
	const char *title;
	const char *text;
	bool looked;
	struct lab_check checks[MAX_CHECKS];
	size_t nr_checks;
	struct lab_write writes[MAX_WRITES];
	size_t nr_writes;
	unsigned int step;
	unsigned int passed;
	unsigned int failed;
	struct json json;
};

/** enum lab_result - how a run ended */
enum lab_result {
	LAB_HELD,	/* all checks held */
	LAB_FAILED,	/* a check failed, or the run broke off */
	LAB_SKIPPED,	/* it cannot run here; a reason was printed */
};

/**
 * lab_run - run a lab and print all of it
 * @lab: which
 * @session: connection to the module
 * @options: how
 */
enum lab_result lab_run(const struct lab *lab, struct cowi *session,
			const struct lab_options *options);

/* For run functions. */

/** lab_step - end the step before, if any, and begin one */
void lab_step(struct lab_run *r, const char *title, const char *text);

/** lab_start - a first actor, with the region mapped and filled with 'm' */
struct actor *lab_start(struct lab_run *r, const char *name);

/** lab_fork - an actor's child, which has the region by inheritance */
struct actor *lab_fork(struct lab_run *r, struct actor *parent,
		       const char *name);

/** lab_exit - let an actor exit */
void lab_exit(struct lab_run *r, struct actor *a);

/** lab_choose - @nr different pages, ascending, by the seed */
void lab_choose(struct lab_run *r, __u64 *page, size_t nr);

/**
 * lab_write - write to a page; checks the module's prediction and the lab's
 * @r: run
 * @a: who writes
 * @page: number in the region
 * @value: what
 * @expected: what the lab says will happen
 */
void lab_write(struct lab_run *r, struct actor *a, __u64 page,
	       unsigned char value, enum cowinspect_outcome expected);

/** lab_expect_byte - check what an actor reads in the first byte of a page */
void lab_expect_byte(struct lab_run *r, struct actor *a, __u64 page,
		     unsigned char value);

/** lab_look - take a snapshot of all living actors; shown with the step */
void lab_look(struct lab_run *r);

/** lab_view - a page in the last snapshot */
const struct page_view *lab_view(struct lab_run *r, const struct actor *a,
				 __u64 page);

/** lab_check - a line of the verdict; @why explains it where it failed */
void lab_check(struct lab_run *r, bool ok, const char *text, const char *why);

/**
 * lab_expect - check pages of the last snapshot
 * @r: run
 * @a: whose
 * @which: true for each page that is meant, r->pages of them
 * @e: expectation
 * @text: what is expected, for people
 */
void lab_expect(struct lab_run *r, const struct actor *a, const bool *which,
		const struct page_expect *e, const char *text);

/**
 * lab_expect_frames - check whether two actors share frames
 * @r: run
 * @a: one actor
 * @b: the other
 * @which: as for lab_expect()
 * @same: they should be the same, or different
 * @text: for people
 */
void lab_expect_frames(struct lab_run *r, const struct actor *a,
		       const struct actor *b, const bool *which, bool same,
		       const char *text);

#endif /* LABS_LAB_H */

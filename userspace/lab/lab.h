/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a lab is made of. A lab is one file: a struct lab with a run function,
 * named in labs/registry.c. run() starts actors, gives them memory, and goes from
 * step to step:
 *
 *	parent = lab_actor(r, "parent");
 *	block = lab_map(r, parent, NULL, 16);
 *	lab_fill(r, parent, block, 16, 'm');
 *	lab_step(r, "title", "what is done and why");
 *	child = lab_fork(r, parent, "child");
 *	lab_write(r, child, block + 3, "c", COWI_NEXT_COPY);
 *	lab_look(r);
 *	lab_expect(r, child, ALL, &expect_shared, "what must hold");
 *
 * Memory that a lab looks at is made of regions; all their pages together are
 * numbered from 0 on, and a page is named by that number. Each page is in one
 * set (a small number that the lab chooses), and expectations are about sets.
 *
 * Each function remembers the first failure in the run and does nothing after
 * one, so a lab is a plain list of calls without error handling.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

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
 * @id: of the classic experiment; stable, and accepted in place of @name
 * @question: one line
 * @help: what is done, a paragraph
 * @answer: what has been shown, if all checks held
 * @key: the right answers to its questions in their order: c copy, r reuse,
 *	n neither, or a digit: which one it is; of one whose questions depend on
 *	the seed, NULL
 * @make_key: such a lab's: writes them for a seed, at most MAX_QUESTIONS and a 0
 * @alike: what else could look like this, how it is told apart, and where that
 *	can be seen: "(lab shared)", or "(step 2)" of this one
 * @pages: default size, in base pages; 0 for a lab that has one size only
 * @bytes_stay: @pages are meant to have 4 KiB: of larger ones there are fewer
 * @min_pages: least size that the lab works with
 * @align: the size must be a multiple of so many base pages; 0 for 1
 * @stack: the memory is on the stack: its limit must allow the size
 * @run: does it
 */
struct lab {
	const char *name;
	const char *id;
	const char *question;
	const char *help;
	const char *answer;
	const char *key;
	void (*make_key)(__u64 seed, char *key);
	const char *alike;
	__u64 pages;
	bool bytes_stay;
	__u64 min_pages;
	__u64 align;
	bool stack;
	void (*run)(struct lab_run *r);
};

/** all_labs - all of them; ends with NULL */
extern const struct lab *const all_labs[];

/** lab_key - the right answers to the questions of a lab that is run with @seed */
void lab_key(const struct lab *lab, __u64 seed, char *key);

/* Bytes of a name that seeds are made of. */
#define SEED_MAX	63

/**
 * lab_seed - the seed that somebody has asked for: a number, or made of a name
 * @text: "7", or "anna", which is the same number for everybody
 */
__u64 lab_seed(const char *text);

/** lab_random - the next number; @state is the seed at first */
__u64 lab_random(__u64 *state);

/** lab_find - by its name or id, NULL if there is none */
const struct lab *lab_find(const char *name);

/**
 * struct lab_options - how to run one
 * @bytes: size of the region; 0 for the default
 * @seed: choose pages by this; 0 for the first ones
 * @seed_text: as it was asked for; NULL if it was not
 * @command: the command line, for who wants to do the same
 * @step: wait for Enter after each step
 * @json: write JSON instead of text
 * @colour: use colour
 * @html: a page for the steps; NULL for none
 * @quiz: ask before each write
 * @answers: write the answers there; NULL for nowhere
 * @evidence: write what has been shown, and by what, there; NULL for nowhere
 * @interrupted: returns non-zero when the run shall end
 */
struct lab_options {
	__u64 bytes;
	__u64 seed;
	const char *seed_text;
	const char *command;
	bool step;
	bool json;
	bool colour;
	struct html *html;
	bool quiz;
	FILE *answers;
	FILE *evidence;
	int (*interrupted)(void);
};

/** struct lab_check - one line of the verdict */
struct lab_check {
	bool ok;
	char text[160];
	char why[160];
};

/**
 * struct lab_write - a write, what was predicted and what happened
 * @actor: who
 * @page: where
 * @number: of the question, in this run from 1 on
 * @right: the right answer to the question: c, r or n
 * @why: that it is right
 * @predicted: by the module, before
 * @confidence: of that
 * @happened: by the tracepoint, or else @seen
 * @seen: told from the entries before and after
 * @inferred: @happened is @seen
 * @faults: that the writer took
 * @before: the page before
 * @after: the page after
 */
struct lab_write {
	const struct actor *actor;
	__u64 page;
	unsigned int number;
	char right;
	char why[160];
	enum cowinspect_outcome predicted;
	enum cowinspect_confidence confidence;
	enum happened happened;
	enum happened seen;
	bool inferred;
	__u64 faults;
	struct page_view before;
	struct page_view after;
};

/**
 * struct lab_question - the question before a write
 * @step: in which it was
 * @actor: who writes
 * @region: where
 * @before: the page as it was
 */
struct lab_question {
	unsigned int step;
	const struct actor *actor;
	const struct lab_region *region;
	struct page_view before;
};

/**
 * struct lab_pick - a question about what a step shows: see lab_choice()
 * @number: of the question, in this run from 1 on
 * @question: one line
 * @first: the things that it may be are numbered from there on
 * @last: and up to there
 * @right: which it is
 * @why: that it is this one
 */
struct lab_pick {
	unsigned int number;
	const char *question;
	unsigned int first;
	unsigned int last;
	unsigned int right;
	const char *why;
};

/**
 * struct lab_held - a frame that somebody holds without mapping it
 * @by: who: a word or two
 * @owner: the actor with which that ends; NULL if it was told from a record
 * @page: that had the frame when it was put there
 * @pfn: the frame
 */
struct lab_held {
	const char *by;
	const struct actor *owner;
	__u64 page;
	__u64 pfn;
};

#define MAX_CHECKS	32
#define MAX_WRITES	32
#define MAX_REGIONS	8
#define MAX_QUESTIONS	32
#define MAX_PICKS	2
#define MAX_HELD	4

/* What a lab attaches at most. */
#define MAX_TARGETS	4

/**
 * struct lab_region - a part of the memory that a lab looks at
 * @name: for people; NULL if there is but one
 * @start: first address; the same in all actors that have it
 * @first: number of its first page
 * @pages: how many
 */
struct lab_region {
	const char *name;
	__u64 start;
	__u64 first;
	__u64 pages;
};

/**
 * struct lab_run - a lab being run
 * @lab: which
 * @options: how
 * @session: connection to the module
 * @status: of the module
 * @size: what --size asks for, or the default, in base pages
 * @cast: the actors
 * @target: for each actor
 * @view: for each actor what lab_look() saw last; no pages if it had exited
 * @was: what had been seen before this step
 * @region: parts of memory that are looked at
 * @nr_regions: how many
 * @pages: of all regions together
 * @set: for each page the set it is in
 * @offset: for each page where its bytes are shown from, NOT_SHOWN for any
 * @random: state of the generator behind lab_choose()
 * @deaf: why what writes did was inferred last; "" if it never was
 * @err: first failure; after it nothing more is done
 * @what: what failed
 * @skip: why it cannot run here; "" otherwise
 * @title: of this step
 * @text: of this step
 * @looked: lab_look() was called in this step
 * @shown: and its table has been printed
 * @checks: of this step
 * @nr_checks: how many
 * @writes: of this step
 * @nr_writes: how many
 * @picks: of this step
 * @nr_picks: how many
 * @held: frames that are held by others than the page tables, by what the lab did
 * @nr_held: how many
 * @notes: of this step: lines of text, each with its newline; may be NULL
 * @questions: asked so far, or that would have been asked
 * @last: the last of them
 * @given_up: the input ended: nothing more is asked
 * @key: the right answers so far
 * @given: what was answered to each; 0 for nothing
 * @right: questions answered rightly
 * @step: number of this step, 0 before the first
 * @passed: checks that held so far
 * @failed: checks that did not
 * @json: the document
 * @evidence: the document of lab_options.evidence
 */
struct lab_run {
	const struct lab *lab;
	struct lab_options options;
	struct cowi *session;
	const struct cowi_status *status;
	__u64 size;
	struct cast cast;
	struct cowi_target *target[MAX_ACTORS];
	struct snapshot view[MAX_ACTORS];
	struct snapshot was[MAX_ACTORS];
	struct lab_region region[MAX_REGIONS];
	size_t nr_regions;
	__u64 pages;
	unsigned char *set;
	__u32 *offset;
	__u64 random;
	char deaf[256];
	int err;
	const char *what;
	char skip[256];
	const char *title;
	const char *text;
	bool looked;
	bool shown;
	struct lab_check checks[MAX_CHECKS];
	size_t nr_checks;
	struct lab_write writes[MAX_WRITES];
	size_t nr_writes;
	struct lab_pick picks[MAX_PICKS];
	size_t nr_picks;
	struct lab_held held[MAX_HELD];
	size_t nr_held;
	char *notes;
	unsigned int questions;
	struct lab_question last;
	bool given_up;
	char key[MAX_QUESTIONS + 1];
	char given[MAX_QUESTIONS];
	unsigned int right;
	unsigned int step;
	unsigned int passed;
	unsigned int failed;
	struct json json;
	struct json evidence;
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

/** lab_skip - it cannot run here: say what is missing, and end it */
__attribute__((format(printf, 2, 3)))
void lab_skip(struct lab_run *r, const char *format, ...);

/** lab_fail - something did not work: @err is -errno, @what a fixed text */
void lab_fail(struct lab_run *r, int err, const char *what);

/** lab_stopped - an error, a skip or Ctrl-C has ended the run */
bool lab_stopped(struct lab_run *r);

/* Actors. */

/** lab_actor - a process of its own */
struct actor *lab_actor(struct lab_run *r, const char *name);

/** lab_fork - an actor's child, which has the memory by inheritance */
struct actor *lab_fork(struct lab_run *r, struct actor *parent,
		       const char *name);

/** lab_vfork - a child that shares the memory; the parent stands still */
struct actor *lab_vfork(struct lab_run *r, struct actor *parent,
			const char *name);

/** lab_exit - let an actor exit */
void lab_exit(struct lab_run *r, struct actor *a);

/** lab_end - wait for what an actor was busy with: what it leaves */
__u64 lab_end(struct lab_run *r, struct actor *a);

/** lab_call - run a function in an actor; returns what it leaves */
__u64 lab_call(struct lab_run *r, struct actor *a, actor_fn fn,
	       const __u64 *arg, const char *what);

/* Memory. */

/**
 * lab_region - look at this memory from now on
 * @r: run
 * @name: for people; NULL if it is the only one
 * @start: address
 * @pages: how many; they are in set 0
 *
 * Return: number of its first page.
 */
__u64 lab_region(struct lab_run *r, const char *name, __u64 start,
		 __u64 pages);

/** lab_forget - look at none of the regions any more: a new scene begins */
void lab_forget(struct lab_run *r);

/** lab_map - let an actor mmap() private anonymous memory: a new region */
__u64 lab_map(struct lab_run *r, struct actor *a, const char *name,
	      __u64 pages);

/** lab_fill - let an actor memset() pages; returns its faults */
__u64 lab_fill(struct lab_run *r, struct actor *a, __u64 page, __u64 pages,
	       char value);

/** lab_addr - the address of a page */
__u64 lab_addr(const struct lab_run *r, __u64 page);

/** lab_region_of - the region that a page is in */
const struct lab_region *lab_region_of(const struct lab_run *r, __u64 page);

/* Sets of pages: a mask has a bit for each set that is meant. */
#define ALL		(~0U)
#define IN(set)		(1U << (set))
#define NOT_IN(set)	(~IN(set))

/** lab_put - put pages into a set, and so out of the one they were in */
void lab_put(struct lab_run *r, __u64 page, __u64 pages, unsigned int set);

/** lab_choose - @nr different pages of a range, ascending, by the seed */
void lab_choose(struct lab_run *r, __u64 first, __u64 pages, __u64 *page,
		size_t nr);

/* Accesses. */

/**
 * lab_write - write to a page; checks the module's prediction and the lab's
 * @r: run
 * @a: who writes
 * @page: where: at its first byte
 * @text: what, without the final 0
 * @expected: what the lab says will happen; COWI_NEXT_NOFAULT stands for
 *	COWI_NEXT_MARK as well, where no CPU marks entries by itself
 */
void lab_write(struct lab_run *r, struct actor *a, __u64 page,
	       const char *text, enum cowinspect_outcome expected);

/** lab_poke - the same with any bytes anywhere in the page */
void lab_poke(struct lab_run *r, struct actor *a, __u64 page, __u64 offset,
	      const void *bytes, size_t nr, enum cowinspect_outcome expected);

/** lab_act - the same with a function of an actor that writes to the page */
void lab_act(struct lab_run *r, struct actor *a, __u64 page, actor_fn fn,
	     const __u64 *arg, enum cowinspect_outcome expected);

/**
 * lab_ask - the question before a write that the lab does by other means
 * @r: run
 * @a: who will write
 * @page: where
 * @expected: what the lab says will happen
 *
 * Checks the module's prediction.
 */
void lab_ask(struct lab_run *r, struct actor *a, __u64 page,
	     enum cowinspect_outcome expected);

/**
 * lab_choice - a question about what the step shows: which one is it?
 * @r: run; all that the step shows has been looked at
 * @question: one line
 * @first: the things that it may be are numbered from there on
 * @last: and up to there, at most 9
 * @right: which it is
 * @why: a sentence without its full stop
 */
void lab_choice(struct lab_run *r, const char *question, unsigned int first,
		unsigned int last, unsigned int right, const char *why);

/**
 * lab_hold - say who holds the frame of a page without mapping it
 * @r: run
 * @a: whose page; and with it this ends, or when the regions are forgotten
 * @page: which
 * @by: who: "pipe"
 *
 * Of what a record tells by itself nothing need be said: see picture_holder().
 */
void lab_hold(struct lab_run *r, struct actor *a, __u64 page, const char *by);

/** lab_touch - let an actor read a byte of each page; returns its faults */
__u64 lab_touch(struct lab_run *r, struct actor *a, __u64 page, __u64 pages);

/**
 * lab_expect_reads - let an actor read a byte of each page, and check its faults
 * @r: run
 * @a: who reads
 * @page: the first page; all are mapped, and were looked at
 * @pages: how many
 *
 * There must be none; but where no CPU marks entries as accessed, one for each that
 * is not marked, and the module must have seen them do that.
 */
void lab_expect_reads(struct lab_run *r, struct actor *a, __u64 page,
		      __u64 pages);

/** lab_peek - what an actor reads; false if it could not */
bool lab_peek(struct lab_run *r, struct actor *a, __u64 addr, void *bytes,
	      size_t nr);

/** lab_expect_text - check what an actor reads at an offset in a page */
void lab_expect_text(struct lab_run *r, struct actor *a, __u64 page,
		     __u64 offset, const char *text);

/** lab_expect_int - check the number that an actor reads in a page */
void lab_expect_int(struct lab_run *r, struct actor *a, __u64 page,
		    __u64 offset, int value, const char *name);

/* Looking. */

/** lab_look - take a snapshot of all living actors; shown with the step */
void lab_look(struct lab_run *r);

/** lab_look_at - one page now, however large the regions are */
void lab_look_at(struct lab_run *r, const struct actor *a, __u64 page,
		 struct page_view *v);

/** lab_show_at - of this page, show the bytes from an offset on */
void lab_show_at(struct lab_run *r, __u64 page, __u64 offset);

/** lab_view - a page in the last snapshot */
const struct page_view *lab_view(const struct lab_run *r,
				 const struct actor *a, __u64 page);

/** lab_note - a line of text, shown with the step */
__attribute__((format(printf, 2, 3)))
void lab_note(struct lab_run *r, const char *format, ...);

/** lab_note_vmas - note how an actor has the mappings that hold the regions */
void lab_note_vmas(struct lab_run *r, const struct actor *a);

/** lab_vma - the line of the vmas file for an address; 0 or -errno */
int lab_vma(struct lab_run *r, const struct actor *a, __u64 addr,
	    struct cowi_vma *vma);

/** lab_frames - how many frames are behind the regions, in the last snapshot */
__u64 lab_frames(const struct lab_run *r);

/** lab_frames_before - the same in the snapshot before */
__u64 lab_frames_before(const struct lab_run *r);

/** lab_smaps - a line of an actor's /proc/PID/smaps_rollup, in bytes */
__u64 lab_smaps(struct lab_run *r, const struct actor *a, const char *name);

/* Checks. */

/** lab_check - a line of the verdict; @why explains it where it failed */
void lab_check(struct lab_run *r, bool ok, const char *text, const char *why);

/** lab_expect_number - check a number; it is printed behind the text */
__attribute__((format(printf, 4, 5)))
void lab_expect_number(struct lab_run *r, __u64 got, __u64 want,
		       const char *format, ...);

/**
 * lab_expect - check pages of the last snapshot
 * @r: run
 * @a: whose
 * @sets: mask of the sets that are meant
 * @e: expectation
 * @text: what is expected, for people
 */
void lab_expect(struct lab_run *r, const struct actor *a, unsigned int sets,
		const struct page_expect *e, const char *text);

/**
 * lab_expect_frames - check whether two actors share frames
 * @r: run
 * @a: one actor
 * @b: the other
 * @sets: as for lab_expect()
 * @same: they should be the same, or different
 * @text: for people
 */
void lab_expect_frames(struct lab_run *r, const struct actor *a,
		       const struct actor *b, unsigned int sets, bool same,
		       const char *text);

/**
 * lab_expect_moved - check how many pages have another frame than before the
 * step
 * @r: run
 * @a: whose
 * @sets: as for lab_expect()
 * @want: how many
 */
void lab_expect_moved(struct lab_run *r, const struct actor *a,
		      unsigned int sets, __u64 want);

/* Common expectations. */
extern const struct page_expect expect_shared;	/* by two; a write copies */
extern const struct page_expect expect_own;	/* mine, and writable */
extern const struct page_expect expect_left;	/* mine, and nobody told me */
extern const struct page_expect expect_absent;	/* no entry */
extern const struct page_expect expect_zero;	/* the zero page */

#endif /* LAB_LAB_H */

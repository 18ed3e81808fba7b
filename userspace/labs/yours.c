// SPDX-License-Identifier: GPL-2.0
/* F1: an experiment of one's own: who does what is made of the seed. */
#include <string.h>

#include "labs.h"

#define PAGES	4
#define EVENTS	10
#define WRITES_IN_ALL	8

/* Processes, in the order in which they are there. */
enum { PARENT, CHILD, THIRD, NR };

static const char *const names[NR] = { "parent", "child", "third" };

/**
 * struct model - what copy-on-write must make of it
 * @alive: for each process whether it is there
 * @frame: for each process and page the frame; frames have numbers from 0 on
 * @writable: the entry is
 * @frames: how many frames there have ever been
 */
struct model {
	bool alive[NR];
	int frame[NR][PAGES];
	bool writable[NR][PAGES];
	int frames;
};

/**
 * struct event - what is done
 * @what: it writes, forks the third process, or exits
 * @who: the process
 * @page: that is written to
 * @number: of the write, from 1 on
 * @answer: to the question before a write
 * @frames: that are mapped afterwards
 */
struct event {
	enum { WRITES, FORKS, EXITS } what;
	int who;
	int page;
	int number;
	char answer;
	int frames;
};

static void model_fork(struct model *m, int parent, int child)
{
	m->alive[child] = true;
	memcpy(m->frame[child], m->frame[parent], sizeof(m->frame[child]));
	memset(m->writable[parent], 0, sizeof(m->writable[parent]));
	memset(m->writable[child], 0, sizeof(m->writable[child]));
}

static int sharers(const struct model *m, int frame, int page)
{
	int i, nr = 0;

	for (i = 0; i < NR; i++)
		nr += m->alive[i] && m->frame[i][page] == frame;
	return nr;
}

static char answer(const struct model *m, int who, int page)
{
	if (m->writable[who][page])
		return 'n';
	return sharers(m, m->frame[who][page], page) > 1 ? 'c' : 'r';
}

static void model_write(struct model *m, int who, int page)
{
	if (answer(m, who, page) == 'c')
		m->frame[who][page] = m->frames++;
	m->writable[who][page] = true;
}

static int mapped(const struct model *m)
{
	int frame, page, nr = 0;

	for (frame = 0; frame < m->frames; frame++) {
		for (page = 0; page < PAGES; page++) {
			if (sharers(m, frame, page))
				break;
		}
		nr += page < PAGES;
	}
	return nr;
}

/* One with the answer that the seed wants, if there is such a write. */
static void choose_write(const struct model *m, __u64 *random, struct event *e)
{
	char wanted = "crn"[lab_random(random) % 3];
	int i, at = lab_random(random) % (NR * PAGES);

	e->answer = 0;
	for (i = 0; i < NR * PAGES && e->answer != wanted; i++) {
		int who = (at + i) % NR, page = (at + i) / NR % PAGES;

		if (!m->alive[who])
			continue;
		e->who = who;
		e->page = page;
		e->answer = answer(m, who, page);
	}
}

static void make(__u64 seed, struct event *event)
{
	struct model m = { .alive = { true }, .frames = PAGES };
	__u64 random = seed;
	int i, page, writes = 0;

	for (page = 0; page < PAGES; page++)
		m.frame[PARENT][page] = page;
	model_fork(&m, PARENT, CHILD);
	for (i = 0; i < EVENTS; i++) {
		struct event *e = &event[i];

		if (i == 3) {
			e->what = FORKS;
			e->who = lab_random(&random) % 2;
			model_fork(&m, e->who, THIRD);
		} else if (i == 7) {
			e->what = EXITS;
			e->who = CHILD + lab_random(&random) % 2;
			m.alive[e->who] = false;
		} else {
			e->what = WRITES;
			e->number = ++writes;
			choose_write(&m, &random, e);
			model_write(&m, e->who, e->page);
		}
		e->frames = mapped(&m);
	}
}

static void make_key(__u64 seed, char *key)
{
	struct event event[EVENTS];
	int i;

	make(seed, event);
	for (i = 0; i < EVENTS; i++) {
		if (event[i].what == WRITES)
			*key++ = event[i].answer;
	}
	*key = '\0';
}

static enum cowinspect_outcome outcome_of(char letter)
{
	switch (letter) {
	case 'c':
		return COWI_NEXT_COPY;
	case 'r':
		return COWI_NEXT_REUSE;
	default:
		return COWI_NEXT_NOFAULT;
	}
}

/* What is said of a step is kept, as others point to it. */
struct words {
	char title[48];
	char text[128];
};

static void step(struct lab_run *r, const struct event *e, struct words *w)
{
	const char *who = names[e->who];

	if (e->what == WRITES) {
		snprintf(w->title, sizeof(w->title), "The %s writes to page %d",
			 who, e->page);
		snprintf(w->text, sizeof(w->text),
			 "Write %d of %d. Who maps this page, and has the writer been told that it is its own?",
			 e->number, WRITES_IN_ALL);
	} else {
		snprintf(w->title, sizeof(w->title), e->what == FORKS ?
			 "The %s forks a third process" : "The %s exits", who);
		snprintf(w->text, sizeof(w->text),
			 "A process more, or one less, for every page.");
	}
	lab_step(r, w->title, w->text);
}

static void run(struct lab_run *r)
{
	static struct words words[EVENTS];
	struct actor *a[NR] = { NULL };
	struct event event[EVENTS];
	__u64 page;
	int i;

	make(r->options.seed, event);
	lab_step(r, "A parent fills four pages and forks",
		 "What comes next is made of the seed: each name has writes of its own.");
	a[PARENT] = lab_actor(r, names[PARENT]);
	page = lab_map(r, a[PARENT], NULL, PAGES);
	lab_fill(r, a[PARENT], page, PAGES, 'm');
	a[CHILD] = lab_fork(r, a[PARENT], names[CHILD]);
	lab_look(r);
	lab_expect(r, a[PARENT], ALL, &expect_shared, "all pages: mapcount 2");
	for (i = 0; i < EVENTS; i++) {
		const struct event *e = &event[i];

		step(r, e, &words[i]);
		if (e->what == WRITES)
			lab_write(r, a[e->who], page + e->page,
				  (char []){ names[e->who][0], '\0' },
				  outcome_of(e->answer));
		else if (e->what == FORKS)
			a[THIRD] = lab_fork(r, a[e->who], names[THIRD]);
		else
			lab_exit(r, a[e->who]);
		lab_look(r);
		if (!lab_stopped(r))
			lab_expect_number(r, lab_frames(r), e->frames,
					  "frames, by the rules");
	}
}

const struct lab yours_lab = {
	.name = "yours",
	.id = "F1",
	.question = "Three processes, your own writes: which of them copy?",
	.help =
		"A parent, its child and later a third process write to four\n"
		"pages, fork and exit. Who does what is made of the seed, so\n"
		"--seed NAME gives each name an experiment of its own.",
	.answer =
		"Each write followed from two facts: whether the entry was\n"
		"writable, and whether anybody else still had the frame. fork\n"
		"takes the first away from both sides; a copy gives it to the\n"
		"writer; an exit only changes the second.",
	.alike =
		"The same writes in another order have other answers: the first\n"
		"to write to a page of two copies, the second keeps it (lab\n"
		"generations).",
	.make_key = make_key,
	.run = run,
};

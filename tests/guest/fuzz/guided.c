// SPDX-License-Identifier: GPL-2.0
/*
 * The fuzzer, guided by coverage: a test case is a few operations, and the words
 * from which each takes its random numbers. A case that reached code of the module
 * which none had reached before is kept, and changed ones are made of those that
 * were kept. The first half is done at random alone, to compare with.
 */
#include <time.h>

#include "fuzz.h"

#define STEPS		16
#define WORDS		20
#define KEPT_MAX	1024

/**
 * struct step - one operation
 * @op: its kind
 * @used: how many words it took when it was done last
 * @word: what it takes instead of random numbers
 */
struct step {
	enum fuzz_op op;
	unsigned int used;
	uint32_t word[WORDS];
};

struct test_case {
	unsigned int nr;
	struct step step[STEPS];
};

/**
 * struct guide - a fuzzer that is guided
 * @f: does the operations
 * @chance: makes and changes cases
 * @own: what @f reaches
 * @child: what its children reach
 * @reached: what was reached by anything so far, by place
 * @nr_reached: how much that is
 * @kept: cases that reached something new
 * @nr_kept: how many there are
 * @started: when it began
 */
struct guide {
	struct fuzzer f;
	struct fuzzer chance;
	struct fuzz_cover own;
	struct fuzz_cover child;
	uint8_t *reached;
	unsigned int nr_reached;
	struct test_case *kept;
	unsigned int nr_kept;
	struct timespec started;
};

/* ---- making cases ---- */

static void make_step(struct guide *g, struct step *step)
{
	int i;

	step->op = fuzz_choose(&g->chance);
	step->used = 0;
	for (i = 0; i < WORDS; i++)
		step->word[i] = fuzz_random(&g->chance);
}

static void make_case(struct guide *g, struct test_case *c)
{
	unsigned int i;

	/* As long as can be: to begin a case takes as long as ten steps. */
	c->nr = STEPS;
	for (i = 0; i < c->nr; i++)
		make_step(g, &c->step[i]);
}

/* Later ones more often: they build upon the others. */
static const struct test_case *choose_kept(struct guide *g)
{
	unsigned int a = fuzz_below(&g->chance, g->nr_kept);
	unsigned int b = fuzz_below(&g->chance, g->nr_kept);

	return &g->kept[a > b ? a : b];
}

static void change_word(struct guide *g, struct step *step)
{
	unsigned int n = step->used ? step->used : WORDS;

	step->word[fuzz_below(&g->chance, n)] = fuzz_random(&g->chance);
}

static void insert_step(struct guide *g, struct test_case *c, unsigned int at)
{
	if (c->nr == STEPS)
		return;
	memmove(&c->step[at + 1], &c->step[at],
		(c->nr - at) * sizeof(c->step[0]));
	c->nr++;
	/* Half of them the same once more, as if in a loop. */
	if (fuzz_chance(&g->chance, 2))
		make_step(g, &c->step[at]);
}

static void remove_step(struct test_case *c, unsigned int at)
{
	if (c->nr == 1)
		return;
	c->nr--;
	memmove(&c->step[at], &c->step[at + 1],
		(c->nr - at) * sizeof(c->step[0]));
}

/* From @at on, what another one does from its beginning or in the middle. */
static void splice_case(struct guide *g, struct test_case *c, unsigned int at)
{
	const struct test_case *other = choose_kept(g);
	unsigned int from = fuzz_below(&g->chance, other->nr);

	if (fuzz_chance(&g->chance, 2)) {
		at = c->nr;
		from = 0;
	}
	for (; at < STEPS && from < other->nr; at++, from++)
		c->step[at] = other->step[from];
	c->nr = at;
}

static void change_case(struct guide *g, struct test_case *c)
{
	unsigned int i, at;

	for (i = 1 + fuzz_below(&g->chance, 4); i; i--) {
		at = fuzz_below(&g->chance, c->nr);
		switch (fuzz_below(&g->chance, 9)) {
		case 0:
			make_step(g, &c->step[at]);
			break;
		case 1:
			insert_step(g, c, at);
			break;
		case 2:
			remove_step(c, at);
			break;
		case 3:
		case 4:
			splice_case(g, c, at);
			break;
		default:
			change_word(g, &c->step[at]);
		}
	}
}

/* ---- doing them ---- */

/*
 * Each case finds the same: this process and another are attached, and each file
 * is open. The other one stays attached mostly, as the hooks go with the last
 * target, which takes long.
 */
static void reset(struct guide *g)
{
	struct fuzz_slot *s = g->f.slot;
	int i;

	for (i = 0; i < FUZZ_NR_FILES; i++)
		if (s[i].fd >= 0)
			close(s[i].fd);
	fuzz_unlisten(&g->f);
	fuzz_areas_clear(&g->f);
	fuzz_detach_all_but(fuzz_chance(&g->chance, 16) ? 0 : fuzz_targets[1]);
	attach(fuzz_targets[1]);
	attach(fuzz_targets[FUZZ_SELF]);
	for (i = 0; i < FUZZ_NR_FILES; i++) {
		s[i].file = i;
		s[i].fd = fuzz_open_file(i, fuzz_targets[FUZZ_SELF],
					 i < FUZZ_STATUS ? O_WRONLY : O_RDONLY);
	}
}

static unsigned int take(struct guide *g)
{
	unsigned int found = fuzz_cover_take(&g->own, g->reached) +
			     fuzz_cover_take(&g->child, g->reached);

	g->nr_reached += found;
	return found;
}

static unsigned int do_step(struct guide *g, struct step *step)
{
	struct fuzzer *f = &g->f;

	f->op = step->op;
	f->word = step->word;
	f->words = WORDS;
	f->state = step->word[0];
	fuzz_do(f);
	step->used = WORDS - f->words;
	f->words = 0;
	return take(g);
}

/* Returns up to which step there was something new: 0 if there was nothing. */
static unsigned int do_case(struct guide *g, struct test_case *c)
{
	unsigned int i, last = 0;

	reset(g);
	/* What that took is nothing that the case did. */
	take(g);
	for (i = 0; i < c->nr; i++)
		if (do_step(g, &c->step[i]))
			last = i + 1;
	return last;
}

static void do_and_keep(struct guide *g, struct test_case *c)
{
	unsigned int last = do_case(g, c);

	if (!last || g->nr_kept == KEPT_MAX)
		return;
	c->nr = last;
	g->kept[g->nr_kept++] = *c;
}

static void at_random(struct guide *g, uint64_t until)
{
	struct test_case c;

	while (g->f.nr < until) {
		make_case(g, &c);
		do_and_keep(g, &c);
	}
}

static void by_guidance(struct guide *g, uint64_t until)
{
	struct test_case c;

	while (g->f.nr < until) {
		if (!g->nr_kept || fuzz_chance(&g->chance, 3)) {
			make_case(g, &c);
		} else {
			c = *choose_kept(g);
			change_case(g, &c);
		}
		do_and_keep(g, &c);
	}
}

/* A case is one only if it does the same again. */
static void replay(struct guide *g)
{
	unsigned int i;

	memset(g->reached, 0, fuzz_cover_size());
	g->nr_reached = 0;
	for (i = 0; i < g->nr_kept; i++)
		do_case(g, &g->kept[i]);
}

static void start(struct guide *g, struct fuzz_shared *shared, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	clock_gettime(CLOCK_MONOTONIC, &g->started);
	fuzz_begin(&g->f, shared, seed);
	g->f.alone = true;
	/* So few that what one step opened is met by the next. */
	g->f.slots = FUZZ_NR_FILES;
	g->f.child = &g->child;
	g->chance.state = ~seed;
	g->chance.alone = true;
	g->reached = calloc(1, fuzz_cover_size());
	g->kept = calloc(KEPT_MAX, sizeof(*g->kept));
	if (!g->reached || !g->kept || !fuzz_cover_open(&g->own) ||
	    !fuzz_cover_open(&g->child) || !fuzz_cover_start(&g->own))
		bail("what a guide needs");
}

static void tell(const struct guide *g, const char *what)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	diag("%s: after %" PRIu64 " operations and %lld s %u places reached, %u cases kept",
	     what, g->f.nr, (long long)(now.tv_sec - g->started.tv_sec),
	     g->nr_reached, g->nr_kept);
}

void fuzz_guided(struct fuzz_shared *shared, uint64_t operations, uint64_t seed)
{
	struct guide g;

	start(&g, shared, seed);
	at_random(&g, operations / 2);
	shared->guided.by_chance = g.nr_reached;
	tell(&g, "at random");
	by_guidance(&g, operations);
	shared->guided.reached = g.nr_reached;
	tell(&g, "and guided");
	fuzz_cover_print_rest(g.reached);
	replay(&g);
	shared->guided.again = g.nr_reached;
	tell(&g, "and what was kept again");
}

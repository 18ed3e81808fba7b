// SPDX-License-Identifier: GPL-2.0
/* E15: a server that writes a snapshot of itself: fork, read, keep writing. */
#include <time.h>

#include "labs.h"
#include "memory.h"

#define ROUNDS		4
/* Of the pages, one in so many is written to in each round. */
#define SHARE		16

enum { REST, WRITTEN };

/* splitmix64, for whom it does not matter which pages are taken. */
static __u64 mix(__u64 z)
{
	z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static __u64 chosen(__u64 seed, __u64 i, __u64 pages)
{
	return mix(seed + i) % pages;
}

/* Address, pages, page size, first number: a round of the server's writes. */
static int serve_writes(const __u64 *arg, __u64 *result)
{
	volatile char *p = (volatile char *)(uintptr_t)arg[0];
	__u64 i;

	for (i = 0; i < arg[1] / SHARE; i++)
		p[chosen(arg[3], i, arg[1]) * arg[2]]++;
	*result = i;
	return 0;
}

/* Address, bytes: what a snapshot does with memory, but for the disk. */
static int read_all(const __u64 *arg, __u64 *result)
{
	const unsigned char *p = (const unsigned char *)(uintptr_t)arg[0];
	__u64 i, sum = 0;

	for (i = 0; i < arg[1]; i++)
		sum = sum * 31 + p[i];
	*result = sum;
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static __u64 copied(const struct lab_run *r, const struct actor *a,
		    const struct actor *b)
{
	__u64 i, nr = 0;

	for (i = 0; i < r->pages; i++)
		nr += !same_frame(lab_view(r, a, i), lab_view(r, b, i));
	return nr;
}

/* Puts the pages of a round into the set of those written to; returns it. */
static __u64 count_distinct(struct lab_run *r, __u64 seed)
{
	__u64 i, nr = 0;

	for (i = 0; i < r->size / SHARE; i++)
		lab_put(r, chosen(seed, i, r->size), 1, WRITTEN);
	for (i = 0; i < r->pages; i++)
		nr += r->set[i] == WRITTEN;
	return nr;
}

/* The child reads while the parent writes, as on two CPUs. */
static double serve(struct lab_run *r, struct actor *server,
		    struct actor *saver, __u64 *sum)
{
	__u64 page_size = r->status->page_size, seed = r->options.seed;
	double start = now();
	int i;

	if (lab_stopped(r))
		return 0;
	lab_fail(r, actor_begin_call(saver, read_all,
				     ARGS(lab_addr(r, 0),
					  r->size * page_size)),
		 "begin the snapshot");
	for (i = 0; i < ROUNDS; i++)
		lab_call(r, server, serve_writes,
			 ARGS(lab_addr(r, 0), r->size, page_size,
			      seed + i * r->size), "write");
	*sum = lab_end(r, saver);
	return now() - start;
}

static void save(struct lab_run *r, struct actor *server,
		 struct actor *saver, __u64 before)
{
	__u64 seed = r->options.seed, sum = 0, distinct = 0;
	double seconds;
	int i;

	lab_step(r, "The child reads all of it while the server keeps writing",
		 "Both at the same time. The first write to a page while the snapshot lasts costs a copy, later ones nothing.");
	seconds = serve(r, server, saver, &sum);
	for (i = 0; i < ROUNDS; i++)
		distinct = count_distinct(r, seed + i * r->size);
	lab_look(r);
	if (lab_stopped(r))
		return;
	lab_note(r, "%llu writes to %llu different pages in %.3f s: %.0f copies a second",
		 ROUNDS * (r->size / SHARE), distinct, seconds,
		 distinct / seconds);
	lab_expect_number(r, copied(r, server, saver), distinct,
			  "pages copied, one for each page written to");
	lab_expect_number(r, lab_frames(r), r->size + distinct,
			  "frames in use");
	lab_expect_frames(r, server, saver, IN(REST), true,
			  "pages that nobody wrote to: one frame for both");
	lab_check(r, sum == before,
		  "the snapshot is that of the moment of the fork",
		  "the child has read something else");
}

static void run(struct lab_run *r)
{
	struct actor *server, *saver;
	__u64 page, before, sample;

	lab_step(r, "A server has its data and forks",
		 "As a database does to save it: the child has the data of this moment.");
	server = lab_actor(r, "server");
	page = lab_map(r, server, NULL, r->size);
	lab_fill(r, server, page, r->size, 'd');
	before = lab_call(r, server, read_all,
			  ARGS(lab_addr(r, page),
			       r->size * r->status->page_size), "read");
	saver = lab_fork(r, server, "saver");
	lab_look(r);
	lab_expect(r, server, ALL, &expect_shared, "all pages: mapcount 2");
	save(r, server, saver, before);

	lab_step(r, "The server writes to a page that it has copied before",
		 "That one has been paid for.");
	sample = chosen(r->options.seed, 0, r->size);
	lab_write(r, server, page + sample, "s", COWI_NEXT_NOFAULT);
	lab_look(r);

	lab_step(r, "The snapshot is done, the child exits",
		 "Pages that are still shared become the server's own again, one fault each; nothing is copied any more.");
	lab_exit(r, saver);
	for (sample = 0; sample + 1 < r->pages && r->set[sample] != REST;)
		sample++;
	lab_write(r, server, page + sample, "s", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, server, ALL, 0);
}

const struct lab snapshot_lab = {
	.name = "snapshot",
	.id = "E15",
	.question = "What does it cost a server to save its memory by fork?",
	.help =
		"A server forks; the child reads all the data, as for writing it\n"
		"to disk (Redis calls it BGSAVE), while the server keeps\n"
		"writing to random pages.",
	.answer =
		"A copy for each page that was written to while the snapshot\n"
		"lasted, not for each write, and nothing for all others. The\n"
		"child read the data as of the fork. Memory in use grew by just\n"
		"those copies, and at worst would have doubled.",
	.alike =
		"The server writes to its pages all the time. Without a snapshot\n"
		"that copies nothing: nobody else has them (step 4).",
	.key = "nr",
	.pages = 1024,
	.min_pages = 64,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Makes pages for a browser from made-up processes, for html.t:
 *
 *	make-page fork FILE	the fork lab: 16 pages, five steps
 *	make-page crowd FILE	a parent with four children
 *	make-page large FILE	a fork of 100000 pages, frames in disorder
 *	make-page scattered FILE  a fork of 20000 pages; every 97th is written
 *	make-page scenes FILE	steps without a look, exits, a new scene, a verdict
 *	make-page held FILE	frames held by others than page tables, and a question
 *	make-page cached FILE	a file that two map, one of whom writes and is left
 *	make-page bodies FILE	two huge pages, and one frame that 20 pages map
 *	make-page eight FILE	eight processes of 100000 pages; each writes to every
 *				776th, another one
 *	make-page kinds FILE	each state, a huge page, an unknown kind
 *	make-page hostile FILE	names that would break a careless page
 *	make-page empty FILE	no step
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

#define START		0x7f12340000ull
#define PAGE		4096ull
#define MAX_FRAMES	300000

static unsigned char mapped[MAX_FRAMES];

/* A process that maps some frames; 0 is none. */
struct fake {
	const char *name;
	pid_t pid;
	pid_t parent;
	size_t nr;
	unsigned int *frame;
	bool *writable;
	const bool *cached;
	bool of_file;
};

/* Frames that follow each other, so that a page of so many pages is small. */
static bool orderly;

static unsigned int last_frame;

static void fake_init(struct fake *f, const char *name, pid_t pid, size_t nr)
{
	*f = (struct fake){ .name = name, .pid = pid, .nr = nr };
	f->frame = calloc(nr, sizeof(*f->frame));
	f->writable = calloc(nr, sizeof(*f->writable));
}

static void fake_write(struct fake *f, size_t i)
{
	if (!f->frame[i] || mapped[f->frame[i]] > 1) {
		mapped[f->frame[i]]--;
		f->frame[i] = ++last_frame;
		mapped[last_frame] = 1;
	}
	f->writable[i] = true;
}

static void fake_fork(struct fake *child, struct fake *parent,
		      const char *name, pid_t pid)
{
	size_t i;

	fake_init(child, name, pid, parent->nr);
	child->parent = parent->pid;
	for (i = 0; i < parent->nr; i++) {
		child->frame[i] = parent->frame[i];
		mapped[child->frame[i]]++;
		parent->writable[i] = false;
	}
}

static void fake_exit(struct fake *f)
{
	size_t i;

	for (i = 0; i < f->nr; i++)
		mapped[f->frame[i]]--;
	free(f->frame);
	free(f->writable);
	f->frame = NULL;
}

/* Frames of a process are rarely neighbours. */
static __u64 pfn_of(unsigned int frame)
{
	return 0x100000 + (orderly ? frame : frame * 7919ull % 1000003);
}

static struct cowinspect_page record(const struct fake *f, size_t i)
{
	bool writable = f->writable[i];
	bool alone = mapped[f->frame[i]] == 1;
	struct cowinspect_page rec = {
		.addr = START + i * PAGE,
		.pfn = pfn_of(f->frame[i]),
		.mapcount = mapped[f->frame[i]],
		.refcount = mapped[f->frame[i]],
		.folio_mapcount = mapped[f->frame[i]],
		.flags = COWI_F_PRESENT | COWI_F_LRU | COWI_F_VMA_WRITE,
		.outcome = writable ? COWI_NEXT_NOFAULT :
			alone ? COWI_NEXT_REUSE : COWI_NEXT_COPY,
		.confidence = COWI_CONF_SURE,
	};

	if (writable)
		rec.flags |= COWI_F_WRITE | COWI_F_EXCLUSIVE;
	if (f->of_file && !writable) {
		rec.kind = COWI_KIND_FILE;
		rec.outcome = COWI_NEXT_COPY;
		rec.refcount++;
	}
	if (f->cached && f->cached[i]) {
		rec.flags |= COWI_F_SWAPCACHE;
		rec.refcount++;
	}
	return rec;
}

static void put(struct html *h, unsigned int id, const struct fake *f)
{
	struct cowinspect_page rec;
	size_t i;

	if (!f->frame)
		return;
	html_process(h, id, f->pid, f->parent, f->name);
	html_table(h, id);
	html_vma(h, START, START + f->nr * PAGE, "rw-p", "region");
	for (i = 0; i < f->nr; i++) {
		if (!f->frame[i])
			continue;
		rec = record(f, i);
		html_page(h, &rec);
	}
}

static void put_both(struct html *h, const struct fake *parent,
		     const struct fake *child)
{
	put(h, 0, parent);
	put(h, 1, child);
}

/* The steps of lab fork; every @nr / 4th page is written. */
static void make_fork(struct html *h, size_t nr)
{
	struct fake parent, child;
	size_t i;

	fake_init(&parent, "parent", 1001, nr);
	for (i = 0; i < nr; i++)
		fake_write(&parent, i);
	fake_fork(&child, &parent, "child", 1002);
	html_step(h, "Right after fork, before any write",
		  "A parent fills its region and forks. Both map the region at the same addresses.");
	html_note(h, "ok",
		  "all pages: parent and child map the same frame");
	put_both(h, &parent, &child);
	for (i = 0; i < 4; i++)
		fake_write(&child, i);
	html_step(h, "The child writes to four pages",
		  "Each write must give the child a frame of its own, and leave the parent the old one.");
	html_note(h, "ok", "written pages: two frames now");
	html_note(h, "FAIL",
		  "parent, the same pages: page 2: mapcount is 2, not 1");
	put_both(h, &parent, &child);
	fake_write(&parent, 0);
	fake_write(&parent, 4);
	html_step(h, "The parent writes to two pages",
		  "To one that the child has left, and to one that both still share.");
	put_both(h, &parent, &child);
	fake_exit(&child);
	html_step(h, "The child exits", "The parent is left alone.");
	put_both(h, &parent, &child);
	html_ended(h, 1);
	fake_write(&parent, 5);
	html_step(h, "The parent writes to a page that was shared until then",
		  "The fault finds that nobody else is left, and keeps the frame.");
	put_both(h, &parent, &child);
	fake_exit(&parent);
}

static void make_scattered(struct html *h)
{
	struct fake parent, child;
	size_t i;

	fake_init(&parent, "parent", 1001, 20000);
	for (i = 0; i < parent.nr; i++)
		fake_write(&parent, i);
	fake_fork(&child, &parent, "child", 1002);
	html_step(h, "fork", "");
	put_both(h, &parent, &child);
	for (i = 0; i < child.nr; i += 97)
		fake_write(&child, i);
	html_step(h, "The child writes", "");
	put_both(h, &parent, &child);
	fake_exit(&child);
	fake_exit(&parent);
}

/* As lab count: what is copied between two looks, with a step without one. */
static void make_scenes(struct html *h)
{
	const struct html_write write = {
		.process = 1, .addr = START + PAGE, .question = 1,
		.right = "copy", .why = "mapcount 2: so", .predicted = "copy",
		.happened = "copy",
	};
	struct fake parent, child, second;
	size_t i;

	fake_init(&parent, "parent", 1001, 4);
	for (i = 0; i < parent.nr; i++)
		fake_write(&parent, i);
	fake_fork(&child, &parent, "child", 1002);
	html_step(h, "fork", "The text of one.");
	html_summary(h, "4 frames", "2 processes map 8 pages here, in 4 frames.");
	html_bytes(h, 1, START + PAGE, (const unsigned char *)"hello", 5);
	put_both(h, &parent, &child);
	html_step(h, "The child reads", "");
	html_summary(h, "The page tables were not read in this step.", "");
	html_note(h, "ok", "copies: 0");
	fake_write(&child, 1);
	html_step(h, "The child writes", "It gets a frame of its own.");
	html_summary(h, "4 frames -> 5 frames, 1 copied", "Writes watched: 1 copied.");
	html_note(h, "ok", "copies: 1000");
	html_write(h, &write);
	html_bytes(h, 0, START + PAGE, (const unsigned char *)"hello", 5);
	html_bytes(h, 1, START + PAGE + 2, (const unsigned char *)"\1\0\0\0", 4);
	put_both(h, &parent, &child);
	html_ended(h, 0);
	html_ended(h, 1);
	fake_exit(&child);
	fake_exit(&parent);
	html_step(h, "Nothing is looked at", "");
	html_summary(h, "The page tables were not read in this step.", "");
	fake_init(&second, "second", 1003, 2);
	fake_write(&second, 0);
	html_step(h, "Another process", "");
	html_summary(h, "1 frame", "1 process maps 1 page here, in 1 frame.");
	put(h, 2, &second);
	fake_exit(&second);
	html_conclusion(h, "3 checks held, 0 failed.", "It was as it was.",
			"It could have been.");
}

/* A pipe holds the frame of page 1, and the swap cache that of page 2. */
static void make_held(struct html *h)
{
	static const bool cached[4] = { false, false, true, false };
	const struct html_choice choice = {
		.question = 1, .text = "Which page is it?", .first = 0, .last = 3,
		.right = 2, .why = "it is in the swap cache",
	};
	struct fake parent, child;
	unsigned int frame;
	size_t i;

	fake_init(&parent, "parent", 1001, 4);
	parent.cached = cached;
	for (i = 0; i < parent.nr; i++)
		fake_write(&parent, i);
	fake_fork(&child, &parent, "child", 1002);
	child.cached = cached;
	frame = parent.frame[1];
	html_step(h, "fork", "");
	html_note(h, "ok", "all pages: mapcount 2");
	html_choice(h, &choice);
	html_held(h, "pipe", START + PAGE, pfn_of(frame));
	put_both(h, &parent, &child);
	fake_write(&parent, 1);
	/* For the pipe, which counts as somebody who has it. */
	mapped[frame]++;
	fake_write(&child, 1);
	html_step(h, "Both write", "");
	html_held(h, "pipe", START + PAGE, pfn_of(frame));
	put_both(h, &parent, &child);
	fake_exit(&child);
	fake_exit(&parent);
}

static void make_cached(struct html *h)
{
	struct fake writer, reader;
	size_t i;

	fake_init(&writer, "writer", 1001, 4);
	while (last_frame < writer.nr) {
		writer.frame[last_frame] = last_frame + 1;
		mapped[++last_frame] = 1;
	}
	fake_fork(&reader, &writer, "reader", 1002);
	writer.of_file = true;
	reader.of_file = true;
	html_step(h, "Two processes map a file", "");
	put_both(h, &writer, &reader);
	fake_write(&writer, 0);
	html_step(h, "One writes to page 0", "");
	put_both(h, &writer, &reader);
	fake_exit(&reader);
	html_step(h, "The other one exits", "");
	put_both(h, &writer, &reader);
	for (i = 1; i < writer.nr; i++) {
		/* The page cache keeps it. */
		mapped[writer.frame[i]]++;
		fake_write(&writer, i);
	}
	html_step(h, "The writer writes to the others", "");
	put_both(h, &writer, &reader);
	fake_exit(&writer);
}

static void put_huge(struct html *h, __u64 addr, __u64 pfn)
{
	const struct cowinspect_page huge = {
		.addr = addr, .pfn = pfn, .map_order = 9, .folio_order = 9,
		.mapcount = 2, .refcount = 2, .folio_mapcount = 2,
		.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE,
		.outcome = COWI_NEXT_COPY,
	};

	html_page(h, &huge);
}

static void put_one_frame(struct html *h, __u64 nr)
{
	struct cowinspect_page zero = {
		.pfn = 0x77, .kind = COWI_KIND_ZERO,
		.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE,
		.outcome = COWI_NEXT_ZEROFILL,
	};
	__u64 i;

	html_process(h, 2, 1003, 0, "another");
	html_step(h, "One frame for all", "");
	html_table(h, 2);
	html_vma(h, START, START + nr * PAGE, "rw-p", "");
	for (i = 0; i < nr; i++) {
		zero.addr = START + i * PAGE;
		html_page(h, &zero);
	}
}

static void put_bodies(struct html *h, __u64 child_pfn)
{
	struct cowinspect_page small = {
		.addr = START, .pfn = 0x3000, .mapcount = 1, .refcount = 1,
		.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE | COWI_F_WRITE,
	};
	const __u64 size = 512 * PAGE;
	unsigned int p;

	/* So that this page is by itself, which is in the middle of a body. */
	html_bytes(h, 0, START + size, (const unsigned char *)"m", 1);
	for (p = 0; p < 2; p++) {
		html_process(h, p, 1001 + p, p ? 1001 : 0, p ? "child" : "parent");
		html_table(h, p);
		html_vma(h, START, START + 2 * size, "rw-p", "");
		if (p)
			html_page(h, &small);
		else
			put_huge(h, START, 0x200000);
		put_huge(h, START + size, p ? child_pfn : 0x200200);
	}
}

static void make_bodies(struct html *h)
{
	html_step(h, "The child has written to page 0", "");
	put_bodies(h, 0x200200);
	html_step(h, "All of its other huge page is copied", "");
	put_bodies(h, 0x200600);
	put_one_frame(h, 20);
}

static void make_eight(struct html *h)
{
	struct fake f[8];
	size_t i, p;

	orderly = true;
	fake_init(&f[0], "server", 500, 100000);
	for (i = 0; i < f[0].nr; i++)
		fake_write(&f[0], i);
	for (p = 1; p < 8; p++)
		fake_fork(&f[p], &f[0], "worker", 500 + p);
	html_step(h, "fork", "");
	for (p = 0; p < 8; p++)
		put(h, p, &f[p]);
	for (i = 0; i < f[0].nr; i += 97)
		fake_write(&f[i / 97 % 8], i);
	html_step(h, "All write", "");
	for (p = 0; p < 8; p++)
		put(h, p, &f[p]);
	for (p = 0; p < 8; p++)
		fake_exit(&f[p]);
}

static void make_crowd(struct html *h)
{
	static const char *const names[] = { "first", "second", "third",
					     "fourth" };
	struct fake parent, child[4];
	unsigned int i;

	fake_init(&parent, "server", 500, 8);
	/* Page 7 stays untouched. */
	for (i = 0; i < 7; i++)
		fake_write(&parent, i);
	html_step(h, "Before fork", "");
	put(h, 0, &parent);
	for (i = 0; i < 4; i++)
		fake_fork(&child[i], i == 3 ? &child[0] : &parent, names[i],
			  501 + i);
	html_step(h, "Four children, one of them a grandchild", "");
	put(h, 0, &parent);
	for (i = 0; i < 4; i++)
		put(h, i + 1, &child[i]);
	for (i = 0; i < 4; i++)
		fake_write(&child[i], i);
	html_step(h, "Each child writes to one page", "");
	put(h, 0, &parent);
	for (i = 0; i < 4; i++)
		put(h, i + 1, &child[i]);
	for (i = 0; i < 4; i++)
		fake_exit(&child[i]);
	fake_exit(&parent);
}

static void make_kinds(struct html *h)
{
	const __u64 private = COWI_F_PRESENT | COWI_F_VMA_WRITE;
	struct cowinspect_page list[] = {
		{ .flags = private | COWI_F_WRITE | COWI_F_EXCLUSIVE },
		{ .flags = private, .outcome = COWI_NEXT_COPY },
		{ .flags = private, .outcome = COWI_NEXT_REUSE },
		{ .flags = COWI_F_PRESENT, .outcome = COWI_NEXT_REFUSED },
		{ .flags = private, .kind = COWI_KIND_ZERO },
		{ .flags = private, .kind = COWI_KIND_KSM },
		{ .flags = private, .kind = COWI_KIND_FILE },
		{ .flags = private | COWI_F_VMA_SHARED,
		  .kind = COWI_KIND_SHMEM, .counts = COWI_COUNT_ESTIMATE },
		{ .flags = COWI_F_VMA_WRITE, .kind = COWI_KIND_SWAP,
		  .swap_type = 1 },
		{ .flags = COWI_F_PRESENT, .kind = COWI_KIND_PFN,
		  .pfn = COWINSPECT_NO_PFN, .counts = COWI_COUNT_ABSENT },
		{ .kind = 99, .outcome = 99, .confidence = COWI_CONF_LIKELY,
		  .pfn = COWINSPECT_NO_PFN },
	};
	struct cowinspect_page huge = {
		.addr = 0x40000000, .pfn = 0x200000, .map_order = 9,
		.flags = private | COWI_F_WRITE, .folio_order = 9,
	};
	size_t i, nr = sizeof(list) / sizeof(list[0]);

	html_process(h, 3, 4242, 1, "kinds");
	html_step(h, "Each state", "");
	html_table(h, 3);
	html_vma(h, START, START + nr * PAGE, "rw-p", "");
	html_vma(h, 0x7fff00000000, 0x7fff40000000, "---p", "[untouched]");
	huge.addr = START - (2 << 20);
	html_page(h, &huge);
	for (i = 0; i < nr; i++) {
		list[i].addr = START + i * PAGE;
		if (list[i].pfn != COWINSPECT_NO_PFN)
			list[i].pfn = 0x1000 + i;
		html_page(h, &list[i]);
	}
	/* khugepaged puts one huge entry where there were many. */
	html_step(h, "Collapsed", "");
	html_table(h, 3);
	html_vma(h, START, START + (2 << 20), "rw-p", "");
	huge.addr = START;
	html_page(h, &huge);
}

static const char hostile[] =
	"</script><script>document.title='caught'</script><!--<b>\"'&amp;\\\xff\x01\u2028";

static void make_hostile(struct html *h)
{
	struct fake f;

	fake_init(&f, hostile, 7, 4);
	fake_write(&f, 0);
	html_step(h, hostile, hostile);
	html_note(h, hostile, hostile);
	html_process(h, 0, f.pid, 0, f.name);
	html_table(h, 0);
	html_vma(h, START, START + 4 * PAGE, "rw-p", hostile);
	fake_exit(&f);
}

int main(int argc, char **argv)
{
	static const struct cowi_status status = {
		.kernel = "6.1.0-test", .rules = "5.19", .page_size = PAGE,
	};
	struct html_about about = { .status = &status, .text = "" };
	const char *kind = argc == 3 ? argv[1] : "";
	struct html *h;

	about.title = strcmp(kind, "hostile") ? kind : hostile;
	if (argc != 3 || html_open(argv[2], &about, &h))
		return 2;
	if (!strcmp(kind, "fork"))
		make_fork(h, 16);
	else if (!strcmp(kind, "large"))
		make_fork(h, 100000);
	else if (!strcmp(kind, "scattered"))
		make_scattered(h);
	else if (!strcmp(kind, "scenes"))
		make_scenes(h);
	else if (!strcmp(kind, "held"))
		make_held(h);
	else if (!strcmp(kind, "cached"))
		make_cached(h);
	else if (!strcmp(kind, "bodies"))
		make_bodies(h);
	else if (!strcmp(kind, "eight"))
		make_eight(h);
	else if (!strcmp(kind, "crowd"))
		make_crowd(h);
	else if (!strcmp(kind, "kinds"))
		make_kinds(h);
	else if (!strcmp(kind, "hostile"))
		make_hostile(h);
	return html_close(h) ? 1 : 0;
}

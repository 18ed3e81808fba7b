// SPDX-License-Identifier: GPL-2.0
/* C1: two unrelated processes at one address. */
#include <sys/mman.h>

#include "labs.h"
#include "memory.h"

#define ADDRESS		0x50000000

static void map_there(struct lab_run *r, struct actor *a)
{
	lab_call(r, a, mem_map, ARGS(r->status->page_size,
				     MAP_FIXED_NOREPLACE, ADDRESS),
		 "map the address");
}

static void run(struct lab_run *r)
{
	const int value[] = { 100, 1000 };
	struct actor *first, *second;
	__u64 page;

	lab_step(r, "Both map the address 0x50000000",
		 "Neither knows of the other. Nothing is there until somebody writes.");
	first = lab_actor(r, "first");
	second = lab_actor(r, "second");
	map_there(r, first);
	map_there(r, second);
	page = lab_region(r, NULL, ADDRESS, 1);
	lab_look(r);
	lab_expect(r, first, ALL, &expect_absent, "first: no entry");
	lab_expect(r, second, ALL, &expect_absent, "second: no entry");

	lab_step(r, "One writes 100 there, the other 1000",
		 "Each first write gets a fresh frame.");
	lab_poke(r, first, page, 0, &value[0], sizeof(*value),
		 COWI_NEXT_ZEROFILL);
	lab_poke(r, second, page, 0, &value[1], sizeof(*value),
		 COWI_NEXT_ZEROFILL);
	lab_look(r);
	lab_expect_frames(r, first, second, ALL, false,
			  "they have no frame in common");
	lab_expect(r, first, ALL, &expect_own, "first: a page of its own");
	lab_expect(r, second, ALL, &expect_own, "second: a page of its own");
	lab_expect_int(r, first, page, 0, 100, "the value");
	lab_expect_int(r, second, page, 0, 1000, "the value");
}

const struct lab address_lab = {
	.name = "address",
	.id = "C1",
	.question = "Can two programs keep different values at one address?",
	.help =
		"Two processes that have nothing to do with each other map the\n"
		"address 0x50000000 and write 100 and 1000 there.",
	.answer =
		"Yes: an address means something only together with a page\n"
		"table, and each process has its own. Here nothing was ever\n"
		"shared, so nothing was copied either: two page tables, two\n"
		"frames, mapcount 1 each.",
	.alike =
		"After a fork two processes have different bytes at one address\n"
		"as well, but there they have shared the frame until one wrote\n"
		"(lab heap).",
	.key = "nn",
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0
/* What trace adds up, on made-up events. */
#include "test.h"

#include <errno.h>

#include "procfs.h"
#include "trace.h"

#define PAGE	4096

static struct cowi_event fault(__u64 addr, enum cowinspect_did outcome)
{
	return (struct cowi_event){
		.addr = addr, .outcome = outcome, .bytes = PAGE, .cost = 10,
		.flags = COWI_E_WRITE | COWI_E_USER, .vma = COWI_VMA_ANON,
	};
}

static void add_event(struct tally *t, struct tally_proc *p,
		      struct cowi_event *e, const struct cowi_mapping *m)
{
	e->mapping = m;
	assert_int_equal(0, tally_fault(t, p, e));
}

/* A private mapping from @start on. */
static struct cowi_mapping at(__u64 start, __u64 end, const char *name)
{
	return (struct cowi_mapping){ .start = start, .end = end,
				      .perms = "rw-p", .name = name };
}

static void add(struct tally *t, struct tally_proc *p, __u64 addr,
		enum cowinspect_did outcome, struct cowi_mapping m)
{
	struct cowi_event e = fault(addr, outcome);

	add_event(t, p, &e, &m);
}

/* The mapping of that name and start that had faults. */
static const struct tally_vma *vma_named(const struct tally_proc *p,
					 const char *name, __u64 start)
{
	size_t i;

	for (i = 0; i < p->nr_vmas; i++) {
		if (!strcmp(p->vma[i].name, name) && p->vma[i].start == start)
			return &p->vma[i];
	}
	return NULL;
}

static void vma_has(const struct tally_proc *p, const char *name, __u64 start,
		    __u64 faults)
{
	const struct tally_vma *vma = vma_named(p, name, start);

	assert_non_null(vma);
	assert_int_equal(faults, tally_faults(&vma->counts));
}

static int setup(void **state)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -1;
	tally_init(t, PAGE);
	*state = t;
	return tally_add(t, 100, NULL, 0) ? 0 : -1;
}

static int teardown(void **state)
{
	tally_release(*state);
	free(*state);
	return 0;
}

#define HEAP	at(0x10000, 0x20000, "[heap]")

static void counts(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct cowi_mapping heap = HEAP;
	struct cowi_event huge = fault(0x15000, COWI_DID_ZEROFILLED);
	const struct tally_counts *c = &p->counts;

	add(t, p, 0x10008, COWI_DID_COPIED, HEAP);
	add(t, p, 0x11008, COWI_DID_SWAPIN_COPIED, HEAP);
	add(t, p, 0x12008, COWI_DID_REUSED, HEAP);
	add(t, p, 0x13008, COWI_DID_MAPPED, HEAP);
	huge.bytes = 4 * PAGE;
	huge.flags |= COWI_E_SPLIT;
	add_event(t, p, &huge, &heap);
	assert_int_equal(5, tally_faults(c));
	assert_int_equal(2, tally_copied(c));
	assert_int_equal(1, tally_reused(c));
	assert_int_equal(2 * PAGE, c->copied_bytes);
	assert_int_equal(4 * PAGE, c->filled_bytes);
	assert_int_equal(20, c->copy_ns);
	assert_int_equal(50, c->ns);
	assert_int_equal(1, c->huge);
	assert_int_equal(1, c->splits);
	assert_memory_equal(c, &vma_named(p, "[heap]", 0x10000)->counts,
			    sizeof(*c));
}

/* What a newer module says must not lead outside of our arrays. */
static void unknown_words(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct cowi_mapping heap = HEAP;
	struct cowi_event e = fault(0x10000, COWI_DID_COPIED);

	e.outcome = 200;
	e.bytes = 5 * PAGE;
	add_event(t, p, &e, &heap);
	assert_int_equal(1, p->counts.did[COWI_DID_UNKNOWN]);
	assert_int_equal(0, p->counts.huge);
	e = fault(0x10000, COWI_DID_COPIED);
	e.vma = 200;
	add_event(t, p, &e, &heap);
	assert_int_equal(2, tally_faults(&p->counts));
}

/* One for all that are not known, and one for each name without a place. */
static void unknown_place(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct cowi_mapping heap = HEAP;
	struct cowi_event e = fault(0x10000, COWI_DID_COPIED);
	struct cowi_mapping arguments = at(0, 0, "(arguments of exec)");

	add_event(t, p, &e, NULL);
	add_event(t, p, &e, &heap);
	add_event(t, p, &e, &arguments);
	add_event(t, p, &e, NULL);
	add_event(t, p, &e, &arguments);
	e.vma = COWI_VMA_FILE;
	add_event(t, p, &e, NULL);
	assert_int_equal(4, p->nr_vmas);
	vma_has(p, "", 0, 2);
	vma_has(p, "(arguments of exec)", 0, 2);
	vma_has(p, "[heap]", 0x10000, 1);
}

static void grows(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	add(t, p, 0x10000, COWI_DID_COPIED, HEAP);
	add(t, p, 0x7f000, COWI_DID_COPIED, at(0x70000, 0x80000, "[stack]"));
	add(t, p, 0x2f000, COWI_DID_COPIED, at(0x10000, 0x30000, "[heap]"));
	add(t, p, 0x60000, COWI_DID_COPIED, at(0x60000, 0x80000, "[stack]"));
	vma_has(p, "[heap]", 0x10000, 2);
	vma_has(p, "[stack]", 0x60000, 2);
	assert_int_equal(2, p->nr_vmas);
	/* Only a part of it, since it was cut in the middle. */
	add(t, p, 0x2f000, COWI_DID_COPIED, at(0x2f000, 0x30000, "[heap]"));
	vma_has(p, "[heap]", 0x10000, 3);
	assert_int_equal(0x30000, vma_named(p, "[heap]", 0x10000)->end);
	assert_int_equal(2, p->nr_vmas);
}

static void told_apart(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	struct cowi_mapping read_only = HEAP;

	add(t, p, 0x10000, COWI_DID_COPIED, HEAP);
	/* The same place, another thing. */
	add(t, p, 0x10000, COWI_DID_COPIED, at(0x10000, 0x20000, "/lib/x"));
	vma_has(p, "[heap]", 0x10000, 1);
	vma_has(p, "/lib/x", 0x10000, 1);
	/* Another place, the same thing. */
	add(t, p, 0x20000, COWI_DID_COPIED, at(0x20000, 0x30000, "/lib/x"));
	vma_has(p, "/lib/x", 0x20000, 1);
	/* Writable memory that became read-only is told apart. */
	strcpy(read_only.perms, "r--p");
	add(t, p, 0x10000, COWI_DID_ZEROPAGE, read_only);
	vma_has(p, "[heap]", 0x10000, 1);
	assert_int_equal(4, p->nr_vmas);
}

static void children(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0], *child, *again;

	strcpy(p->comm, "sh");
	add(t, p, 0x10000, COWI_DID_COPIED, HEAP);
	child = tally_add(t, 101, p, 0);
	assert_non_null(child);
	assert_int_equal(100, child->parent);
	assert_string_equal("sh", child->comm);
	assert_int_equal(0, child->nr_vmas);
	add(t, child, 0x10000, COWI_DID_REUSED, HEAP);
	vma_has(child, "[heap]", 0x10000, 1);
	vma_has(p, "[heap]", 0x10000, 1);
	/* Its number is used again. */
	again = tally_add(t, 101, NULL, 0);
	assert_ptr_not_equal(again, child);
	assert_int_equal(0, again->parent);
	assert_int_equal(0, again->nr_vmas);
}

/* Another program may have the same thing at the same place. */
static void execs(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	add(t, p, 0x10000, COWI_DID_COPIED, HEAP);
	assert_int_equal(0, tally_exec(p, 0));
	assert_int_equal(1, p->execs);
	assert_true(vma_named(p, "[heap]", 0x10000)->gone);
	add(t, p, 0x10000, COWI_DID_COPIED, HEAP);
	assert_int_equal(2, p->nr_vmas);
	assert_int_equal(1, tally_faults(&p->vma[0].counts));
	assert_int_equal(1, tally_faults(&p->vma[1].counts));
	assert_false(p->vma[1].gone);
}

static int parse_maps(const char *text, struct cowi_vmas *vmas)
{
	/* It is opened for reading. */
	FILE *file = fmemopen((char *)text, strlen(text), "r");
	int err;

	assert_non_null(file);
	err = cowi_maps_parse(file, vmas);
	fclose(file);
	return err;
}

static void maps(void **state)
{
	static const char text[] =
		"00400000-00401000 r--p 00000000 fe:01 1234    /bin/a b (deleted)\n"
		"01000000-01021000 rw-p 00000000 00:00 0       [heap]\n"
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0\x20\n"
		"7f0000002000-7f0000003000 rw-p 00000000 00:05 5 /dev/zero\n"
		"7f0000004000-7f0000005000 rw-s 00000000 00:01 6 /dev/zero (deleted)\n"
		"7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0 [vdso]\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";
	static const char *const kinds[] = {
		"file", "anon", "anon", "anon", "file", "file",
	};
	struct cowi_vmas vmas;
	size_t i;

	(void)state;
	assert_int_equal(0, parse_maps(text, &vmas));
	assert_int_equal(ARRAY_SIZE(kinds), vmas.nr);
	for (i = 0; i < vmas.nr; i++)
		assert_string_equal(kinds[i], vmas.vma[i].kind);
	assert_int_equal(0x400000, vmas.vma[0].start);
	assert_int_equal(0x401000, vmas.vma[0].end);
	assert_string_equal("r--p", vmas.vma[0].perms);
	assert_string_equal("/bin/a b (deleted)", vmas.vma[0].name);
	assert_string_equal("", vmas.vma[2].name);
	cowi_vmas_free(&vmas);
}

static void maps_nonsense(void **state)
{
	struct cowi_vmas vmas;

	(void)state;
	assert_int_equal(-EINVAL, parse_maps("00400000-00401000 r--p 0 fe:01 1 a\n"
					     "nonsense\n", &vmas));
	cowi_vmas_free(&vmas);
	assert_int_equal(-EINVAL,
			 parse_maps("00400000-00401000 r- 0 fe:01 1 a\n", &vmas));
	cowi_vmas_free(&vmas);
	assert_int_equal(-EINVAL,
			 parse_maps("00401000-00400000 r--p 0 fe:01 1 a\n", &vmas));
	cowi_vmas_free(&vmas);
}

static void hot(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct tally_vma *vmas[8];
	const struct tally_page *pages[8];
	const struct cowi_mapping a = at(0x10000, 0x20000, "a");
	const struct cowi_mapping b = at(0x20000, 0x30000, "b");
	const struct cowi_mapping c = at(0x30000, 0x40000, "c");

	add(t, p, 0x10000, COWI_DID_MAPPED, a);
	add(t, p, 0x10fff, COWI_DID_MAPPED, a);
	add(t, p, 0x11000, COWI_DID_MAPPED, a);
	add(t, p, 0x20000, COWI_DID_COPIED, b);
	add(t, p, 0x20004, COWI_DID_REUSED, b);
	add(t, p, 0x30000, COWI_DID_COPIED, c);
	assert_int_equal(3, tally_hot_vmas(p, vmas));
	assert_string_equal("b", vmas[0]->name);
	assert_string_equal("c", vmas[1]->name);
	assert_string_equal("a", vmas[2]->name);
	assert_int_equal(4, p->nr_pages);
	tally_hot_pages(p, pages);
	assert_int_equal(0x20000, pages[0]->addr);
	assert_int_equal(1, pages[0]->copied);
	assert_int_equal(1, pages[0]->reused);
	assert_int_equal(0x30000, pages[1]->addr);
	assert_int_equal(0x10000, pages[2]->addr);
	assert_int_equal(2, pages[2]->faults);
	assert_string_equal("a", p->vma[pages[2]->vma].name);
}

static void huge_pages(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct cowi_mapping x = at(0x400000, 0x800000, "x");
	const struct tally_page *pages[2];
	struct cowi_event e = fault(0x612345, COWI_DID_ZEROFILLED);

	e.bytes = 512 * PAGE;
	add_event(t, p, &e, &x);
	assert_int_equal(1, p->nr_pages);
	tally_hot_pages(p, pages);
	assert_int_equal(0x600000, pages[0]->addr);
	assert_int_equal(512 * PAGE, pages[0]->bytes);
	assert_int_equal(1, pages[0]->zerofilled);
}

/* The table grows, finds all again, and ends to grow where it shall. */
static void many_pages(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	const struct cowi_mapping x = at(0x1000000, 0x9000000, "x");
	__u64 i;

	t->max_pages = 10000;
	for (i = 0; i < 10010; i++)
		add(t, p, 0x1000000 + i * PAGE, COWI_DID_COPIED, x);
	assert_int_equal(10000, p->nr_pages);
	assert_int_equal(10, t->uncounted_pages);
	for (i = 0; i < 10000; i++)
		add(t, p, 0x1000000 + i * PAGE, COWI_DID_REUSED, x);
	assert_int_equal(10000, p->nr_pages);
	assert_int_equal(10, t->uncounted_pages);
	assert_int_equal(20010, tally_faults(&p->counts));
	vma_has(p, "x", 0x1000000, 20010);
	for (i = 0; i < p->room; i++)
		assert_true(!p->page[i].faults || p->page[i].faults == 2);
}

/* A program that maps ever new files has no more of them than others. */
static void many_mappings(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	char name[16];
	unsigned int i;

	for (i = 0; i < TALLY_MAX_VMAS_OF_ONE + 10; i++) {
		snprintf(name, sizeof(name), "/file/%u", i);
		add(t, p, 0x10000, COWI_DID_COPIED, at(0x10000, 0x20000, name));
	}
	assert_int_equal(TALLY_MAX_VMAS_OF_ONE + 1, p->nr_vmas);
	assert_int_equal(p->nr_vmas, t->nr_vmas);
	vma_has(p, "(further mappings)", 0, 10);
	vma_has(p, "/file/7", 0x10000, 1);
	assert_int_equal(TALLY_MAX_VMAS_OF_ONE + 10, tally_faults(&p->counts));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(counts), TEST(unknown_words), TEST(unknown_place),
		TEST(grows), TEST(told_apart), TEST(children), TEST(execs),
		TEST(hot), TEST(huge_pages), TEST(many_pages), TEST(many_mappings),
		cmocka_unit_test(maps), cmocka_unit_test(maps_nonsense),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* What trace adds up, on made-up events and lists of VMAs. */
#include "test.h"

#include <errno.h>

#include "procfs.h"
#include "trace.h"

#define PAGE	4096

static struct cowinspect_event fault(__u64 addr, enum cowinspect_did outcome)
{
	return (struct cowinspect_event){
		.addr = addr, .outcome = outcome, .count = 1, .cost = 10,
		.flags = COWI_E_WRITE | COWI_E_USER, .vma = COWI_VMA_ANON,
	};
}

static void add(struct tally *t, struct tally_proc *p, __u64 addr,
		enum cowinspect_did outcome)
{
	struct cowinspect_event e = fault(addr, outcome);

	assert_int_equal(0, tally_fault(t, p, &e));
}

/* "START-END PERMS KIND NAME", lines of it, as the vmas file has them. */
static void map(struct tally *t, struct tally_proc *p, const char *lines)
{
	struct cowi_vma list[8] = { 0 };
	struct cowi_vmas vmas = { .vma = list };
	char names[8][32] = { "" };

	while (*lines) {
		struct cowi_vma *vma = &list[vmas.nr];

		assert_true(sscanf(lines, "%llx-%llx %7s %15s%31[^\n]",
				   &vma->start, &vma->end, vma->perms,
				   vma->kind, names[vmas.nr]) >= 4);
		/* The blank before it. */
		vma->name = names[vmas.nr][0] ? names[vmas.nr] + 1 :
						names[vmas.nr];
		vmas.nr++;
		lines += strcspn(lines, "\n") + 1;
	}
	assert_int_equal(0, tally_map(t, p, &vmas));
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
	return tally_add(t, 100, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	tally_release(*state);
	free(*state);
	return 0;
}

#define HEAP	"10000-20000 rw-p anon [heap]\n"

static void counts(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	struct cowinspect_event huge = fault(0x15000, COWI_DID_ZEROFILLED);
	const struct tally_counts *c = &p->counts;

	map(t, p, HEAP);
	add(t, p, 0x10008, COWI_DID_COPIED);
	add(t, p, 0x11008, COWI_DID_SWAPIN_COPIED);
	add(t, p, 0x12008, COWI_DID_REUSED);
	add(t, p, 0x13008, COWI_DID_MAPPED);
	huge.order = 2;
	huge.flags |= COWI_E_SPLIT;
	assert_int_equal(0, tally_fault(t, p, &huge));
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
	struct cowinspect_event e = fault(0x10000, COWI_DID_COPIED);

	map(t, p, HEAP);
	e.outcome = 200;
	e.order = 255;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_int_equal(1, p->counts.did[COWI_DID_UNKNOWN]);
	assert_int_equal(0, p->counts.huge);
	e = fault(0x10000, COWI_DID_COPIED);
	e.vma = 200;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_int_equal(0, tally_settle(t, p));
	assert_int_equal(2, tally_faults(&p->counts));
}

static void waiting(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	add(t, p, 0x10008, COWI_DID_COPIED);
	add(t, p, 0x50008, COWI_DID_COPIED);
	assert_int_equal(2, p->nr_waiting);
	assert_int_equal(2, tally_copied(&p->counts));
	map(t, p, HEAP);
	assert_int_equal(0, p->nr_waiting);
	vma_has(p, "[heap]", 0x10000, 1);
	/* No list has shown the other. */
	vma_has(p, "", 0, 1);
	add(t, p, 0x60008, COWI_DID_COPIED);
	assert_int_equal(1, p->nr_waiting);
	assert_int_equal(0, tally_settle(t, p));
	vma_has(p, "", 0, 2);
}

static void grows(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	map(t, p, HEAP "70000-80000 rw-p anon [stack]\n");
	add(t, p, 0x10000, COWI_DID_COPIED);
	add(t, p, 0x7f000, COWI_DID_COPIED);
	map(t, p, "10000-30000 rw-p anon [heap]\n"
		  "60000-80000 rw-p anon [stack]\n");
	add(t, p, 0x2f000, COWI_DID_COPIED);
	add(t, p, 0x60000, COWI_DID_COPIED);
	vma_has(p, "[heap]", 0x10000, 2);
	vma_has(p, "[stack]", 0x60000, 2);
	assert_int_equal(2, p->nr_vmas);
	/* In parts, since it grew while it was walked. */
	map(t, p, "10000-20000 rw-p anon [heap]\n20000-40000 rw-p anon [heap]\n"
		  "60000-80000 rw-p anon [stack]\n");
	add(t, p, 0x3f000, COWI_DID_COPIED);
	vma_has(p, "[heap]", 0x10000, 3);
	assert_int_equal(2, p->nr_vmas);
}

static void gone(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	map(t, p, HEAP);
	add(t, p, 0x10000, COWI_DID_COPIED);
	/* The same place, another thing. */
	map(t, p, "10000-20000 rw-p file /lib/x\n");
	assert_true(vma_named(p, "[heap]", 0x10000)->gone);
	vma_has(p, "[heap]", 0x10000, 1);
	/* An anonymous page is none of a file: there must be a new list. */
	add(t, p, 0x10000, COWI_DID_COPIED);
	assert_int_equal(1, p->nr_waiting);
	map(t, p, HEAP);
	assert_int_equal(0, p->nr_waiting);
	assert_true(vma_named(p, "/lib/x", 0x10000)->gone);
	/* Writable memory that became read-only is told apart. */
	map(t, p, "10000-20000 r--p anon [heap]\n");
	assert_int_equal(4, p->nr_vmas);
}

static void shared(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	struct cowinspect_event e = fault(0x10000, COWI_DID_SHARED);

	map(t, p, "10000-20000 rw-s shmem /dev/shm/x\n");
	e.vma = COWI_VMA_SHMEM;
	assert_null(tally_vma_at(p, &e));
	e.flags |= COWI_E_SHARED;
	assert_non_null(tally_vma_at(p, &e));
	e.addr = 0x20000;
	assert_null(tally_vma_at(p, &e));
	e.addr = 0xffff;
	assert_null(tally_vma_at(p, &e));
}

static void children(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0], *child, *again;

	map(t, p, HEAP);
	add(t, p, 0x10000, COWI_DID_COPIED);
	child = tally_add(t, 101, p);
	assert_non_null(child);
	assert_int_equal(100, child->parent);
	vma_has(child, "[heap]", 0x10000, 0);
	add(t, child, 0x10000, COWI_DID_REUSED);
	vma_has(child, "[heap]", 0x10000, 1);
	vma_has(p, "[heap]", 0x10000, 1);
	/* Its number is used again. */
	again = tally_add(t, 101, NULL);
	assert_ptr_not_equal(again, child);
	assert_int_equal(0, again->parent);
	assert_int_equal(0, again->nr_vmas);
}

static struct cowinspect_event argument(__u64 addr)
{
	struct cowinspect_event e = fault(addr, COWI_DID_ZEROFILLED);

	e.flags = COWI_E_WRITE | COWI_E_GUP;
	return e;
}

static void execs(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	struct cowinspect_event e = argument(0x7ffffff0f);

	/* Into a mapping that is known: an ordinary get_user_pages(). */
	map(t, p, HEAP);
	e.addr = 0x11000;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_false(p->in_exec);
	/* Above all of them: the old ones are void. */
	e.addr = 0x7ffffff0f;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_true(p->in_exec);
	assert_true(vma_named(p, "[heap]", 0x10000)->gone);
	/* More arguments, downwards, are the same exec. */
	e.addr = 0x7fffff000;
	assert_int_equal(0, tally_fault(t, p, &e));
	e.addr = 0x7ffffe000;
	assert_int_equal(0, tally_fault(t, p, &e));
	vma_has(p, "(arguments of exec)", 0, 3);
	e = fault(0x12000, COWI_DID_ZEROFILLED);
	e.flags = COWI_E_WRITE;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_int_equal(0, p->execs);
	assert_int_equal(0, tally_exec(t, p));
	assert_int_equal(1, p->execs);
	assert_false(p->in_exec);
	/* What exec itself faulted waits for the new list. */
	assert_int_equal(1, p->nr_waiting);
	vma_has(p, "[heap]", 0x10000, 1);
}

/* Where arguments go where another mapping was: only the end is noticed. */
static void exec_unnoticed(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];

	map(t, p, HEAP);
	assert_int_equal(0, tally_exec(t, p));
	assert_true(vma_named(p, "[heap]", 0x10000)->gone);
	add(t, p, 0x10000, COWI_DID_COPIED);
	assert_int_equal(1, p->nr_waiting);
}

/* It could not be started: what is known stays as good as it was. */
static void exec_failed(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	struct cowinspect_event e = argument(0x7ffffff0f);

	map(t, p, HEAP);
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_true(p->in_exec);
	add(t, p, 0x10000, COWI_DID_COPIED);
	assert_false(p->in_exec);
	assert_int_equal(0, p->execs);
	/* By somebody else, as a debugger: no exec. */
	e.flags |= COWI_E_REMOTE;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_false(p->in_exec);
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

	map(t, p, "10000-20000 rw-p anon a\n20000-30000 rw-p anon b\n"
		  "30000-40000 rw-p anon c\n40000-50000 rw-p anon d\n");
	add(t, p, 0x10000, COWI_DID_MAPPED);
	add(t, p, 0x10fff, COWI_DID_MAPPED);
	add(t, p, 0x11000, COWI_DID_MAPPED);
	add(t, p, 0x20000, COWI_DID_COPIED);
	add(t, p, 0x20004, COWI_DID_REUSED);
	add(t, p, 0x30000, COWI_DID_COPIED);
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
	const struct tally_page *pages[2];
	struct cowinspect_event e = fault(0x612345, COWI_DID_ZEROFILLED);

	map(t, p, "400000-800000 rw-p anon x\n");
	e.order = 9;
	assert_int_equal(0, tally_fault(t, p, &e));
	assert_int_equal(1, p->nr_pages);
	tally_hot_pages(p, pages);
	assert_int_equal(0x600000, pages[0]->addr);
	assert_int_equal(9, pages[0]->order);
	assert_int_equal(1, pages[0]->zerofilled);
}

/* The table grows, finds all again, and ends to grow where it shall. */
static void many_pages(void **state)
{
	struct tally *t = *state;
	struct tally_proc *p = t->proc[0];
	__u64 i;

	t->max_pages = 10000;
	map(t, p, "1000000-9000000 rw-p anon x\n");
	for (i = 0; i < 10010; i++)
		add(t, p, 0x1000000 + i * PAGE, COWI_DID_COPIED);
	assert_int_equal(10000, p->nr_pages);
	assert_int_equal(10, t->uncounted_pages);
	for (i = 0; i < 10000; i++)
		add(t, p, 0x1000000 + i * PAGE, COWI_DID_REUSED);
	assert_int_equal(10000, p->nr_pages);
	assert_int_equal(10, t->uncounted_pages);
	assert_int_equal(20010, tally_faults(&p->counts));
	vma_has(p, "x", 0x1000000, 20010);
	for (i = 0; i < p->room; i++)
		assert_true(!p->page[i].faults || p->page[i].faults == 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(counts), TEST(unknown_words), TEST(waiting), TEST(grows),
		TEST(gone), TEST(shared), TEST(children), TEST(execs),
		TEST(exec_unnoticed), TEST(exec_failed), TEST(hot),
		TEST(huge_pages), TEST(many_pages),
		cmocka_unit_test(maps), cmocka_unit_test(maps_nonsense),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}

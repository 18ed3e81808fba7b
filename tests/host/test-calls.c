// SPDX-License-Identifier: GPL-2.0
/* Call paths, kept once, costs that are counted there, and views of these. */
#include "test.h"

#include <errno.h>

#include "calls.h"
#include "functions.h"

/* Calls of reallocarray() that still succeed. */
static size_t allowed = SIZE_MAX;

/* In the place of libc's: memory can be made to be short. */
void *reallocarray(void *array, size_t nr, size_t size)
{
	if (!allowed)
		return NULL;
	allowed--;
	return realloc(array, nr * size);
}

static const struct calls_frame simple = {
	.function = "f", .object = "/bin/x", .file = "f.c", .line = 7,
};

static size_t frame_of(struct calls *c, const char *function)
{
	struct calls_frame f = simple;
	size_t i = SIZE_MAX;

	f.function = function;
	assert_int_equal(0, calls_frame(c, &f, &i));
	return i;
}

static size_t path_of(struct calls *c, size_t caller, const char *function)
{
	size_t i = SIZE_MAX;

	assert_int_equal(0, calls_path(c, caller, frame_of(c, function), &i));
	return i;
}

static void frames_once(void **state)
{
	struct calls_frame others[] = { simple, simple, simple, simple, simple,
					simple, simple };
	char name[] = "f";
	size_t first, i, got;
	struct calls c;

	(void)state;
	others[1].function = "g";
	others[2].object = "/bin/y";
	others[3].file = "g.c";
	others[4].line = 8;
	others[5].offset = 1;
	others[6].inlined = true;
	assert_int_equal(0, calls_init(&c));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(0, calls_frame(&c, &others[i], &got));
		assert_int_equal(i, got);
	}
	/* Strings are its own. */
	others[0].function = name;
	assert_int_equal(0, calls_frame(&c, &others[0], &first));
	assert_int_equal(0, first);
	name[0] = 'z';
	assert_int_equal(0, calls_frame(&c, &others[0], &got));
	assert_int_equal(ARRAY_SIZE(others), got);
	name[0] = 'y';
	assert_string_equal("z", c.frame[got].function);
	for (i = 1; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(0, calls_frame(&c, &others[i], &got));
		assert_int_equal(i, got);
	}
	assert_string_equal("/bin/y", c.frame[2].object);
	assert_string_equal("g.c", c.frame[3].file);
	calls_release(&c);
}

/* Far more than there is room for at first. */
static void paths_once(void **state)
{
	size_t outer, inner, again, i, round;
	struct calls c;
	char name[16];

	(void)state;
	assert_int_equal(0, calls_init(&c));
	assert_int_equal(1, c.nr_paths);
	outer = path_of(&c, CALLS_ROOT, "main");
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "f%zu", i);
			inner = path_of(&c, outer, name);
			assert_int_equal(2 + i, inner);
			assert_int_equal(outer, c.path[inner].caller);
			assert_int_equal(2, c.path[inner].depth);
			assert_string_equal(name, c.frame[c.path[inner].frame]
					    .function);
		}
	}
	assert_int_equal(5002, c.nr_paths);
	assert_int_equal(5001, c.nr_frames);
	/* The same frame elsewhere is another path. */
	again = path_of(&c, inner, "f0");
	assert_int_equal(5002, again);
	assert_int_equal(3, c.path[again].depth);
	assert_int_equal(5001, c.nr_frames);
	calls_release(&c);
}

static void check_self(const struct calls_costs *costs, size_t i, size_t path,
		       __u64 faults, __u64 bytes, __u64 ns)
{
	assert_true(i < costs->nr);
	assert_int_equal(path, costs->self[i].path);
	assert_int_equal(faults, costs->self[i].cost.faults);
	assert_int_equal(bytes, costs->self[i].cost.bytes);
	assert_int_equal(ns, costs->self[i].cost.ns);
}

static void counts(void **state)
{
	const struct calls_cost one = { 1, 4096, 700 };
	const struct calls_cost huge = { 1, 2097152, 90000 };
	struct calls_costs costs = { 0 }, others = { 0 }, none = { 0 };

	(void)state;
	assert_int_equal(0, calls_count(&costs, 9, &one));
	assert_int_equal(0, calls_count(&costs, CALLS_ROOT, &huge));
	assert_int_equal(0, calls_count(&costs, 4, &one));
	assert_int_equal(0, calls_count(&costs, 9, &huge));
	assert_int_equal(3, costs.nr);
	check_self(&costs, 0, CALLS_ROOT, 1, 2097152, 90000);
	check_self(&costs, 1, 4, 1, 4096, 700);
	check_self(&costs, 2, 9, 2, 2101248, 90700);

	assert_int_equal(0, calls_count(&others, 9, &one));
	assert_int_equal(0, calls_count(&others, 5, &one));
	assert_int_equal(0, calls_count(&others, 12, &huge));
	assert_int_equal(0, calls_merge(&costs, &others));
	assert_int_equal(0, calls_merge(&costs, &none));
	assert_int_equal(5, costs.nr);
	check_self(&costs, 0, CALLS_ROOT, 1, 2097152, 90000);
	check_self(&costs, 1, 4, 1, 4096, 700);
	check_self(&costs, 2, 5, 1, 4096, 700);
	check_self(&costs, 3, 9, 3, 2105344, 91400);
	check_self(&costs, 4, 12, 1, 2097152, 90000);
	assert_int_equal(3, others.nr);
	assert_int_equal(0, calls_merge(&none, &others));
	check_self(&none, 2, 12, 1, 2097152, 90000);
	calls_costs_release(&costs);
	calls_costs_release(&others);
	calls_costs_release(&none);
	assert_int_equal(0, costs.nr);
}

/* Wherever memory is short, all is as before, and can be done again. */
static void out_of_memory(void **state)
{
	const struct calls_cost one = { 1, 4096, 700 };
	struct calls_costs costs = { 0 }, other = { 0 };
	unsigned int refused = 0;
	size_t i, out;
	struct calls c;
	char name[16];

	(void)state;
	allowed = 0;
	assert_int_equal(-ENOMEM, calls_init(&c));
	calls_release(&c);
	allowed = SIZE_MAX;
	assert_int_equal(0, calls_init(&c));
	for (i = 0; i < 300; i++) {
		struct calls_frame f = simple;
		size_t room = 0;

		snprintf(name, sizeof(name), "f%zu", i);
		f.function = name;
		for (;;) {
			allowed = room++;
			if (!calls_frame(&c, &f, &out) &&
			    !calls_path(&c, i, out, &out) &&
			    !calls_count(&costs, out, &one))
				break;
			refused++;
			assert_in_range(c.nr_frames, i, i + 1);
			assert_in_range(c.nr_paths, i + 1, i + 2);
			assert_int_equal(i, costs.nr);
		}
		allowed = SIZE_MAX;
		assert_int_equal(i + 1, out);
		assert_int_equal(0, calls_count(&other, out, &one));
	}
	/* Five things that were doubled some times. */
	assert_in_range(refused, 5 * 3, 5 * 10);
	allowed = 3;
	assert_int_equal(-ENOMEM, calls_merge(&costs, &other));
	assert_int_equal(300, costs.nr);
	for (i = 0; i < 300; i++)
		check_self(&costs, i, i + 1, 1, 4096, 700);
	allowed = SIZE_MAX;
	calls_costs_release(&costs);
	calls_costs_release(&other);
	calls_release(&c);
}

static void check_function(const struct calls *c, const struct functions *f,
			   size_t i, const char *name, __u64 self, __u64 total)
{
	assert_true(i < f->nr);
	assert_string_equal(name, c->frame[f->function[i].frame].function);
	assert_int_equal(self, f->function[i].self.bytes);
	assert_int_equal(total, f->function[i].total.bytes);
	assert_int_equal(total / 4096, f->function[i].total.faults);
	assert_int_equal(total / 4096 * 10, f->function[i].total.ns);
}

static void count(struct calls_costs *costs, size_t path, unsigned int pages)
{
	const struct calls_cost cost = { pages, pages * 4096, pages * 10 };

	assert_int_equal(0, calls_count(costs, path, &cost));
}

/*
 * main calls a and b; a calls copy from two lines, and itself, which calls copy
 * again. One fault has no stack, and one function on no path of this process.
 */
static void functions(void **state)
{
	struct calls_costs costs = { 0 };
	struct calls_frame line = simple, nameless = simple;
	size_t top, a, aa, ab, other, i;
	struct functions f;
	struct calls c;

	(void)state;
	assert_int_equal(0, calls_init(&c));
	top = path_of(&c, CALLS_ROOT, "main");
	path_of(&c, top, "elsewhere");
	a = path_of(&c, top, "a");
	count(&costs, path_of(&c, a, "copy"), 5);
	line.function = "copy";
	line.line = 90;
	assert_int_equal(0, calls_frame(&c, &line, &other));
	assert_int_equal(0, calls_path(&c, a, other, &ab));
	count(&costs, ab, 1);
	aa = path_of(&c, a, "a");
	count(&costs, aa, 2);
	count(&costs, path_of(&c, aa, "copy"), 4);
	count(&costs, path_of(&c, top, "b"), 7);
	count(&costs, CALLS_ROOT, 100);
	/* Two places without a name in one file, and one in another. */
	nameless.function = "";
	for (i = 1; i <= 3; i++) {
		nameless.offset = i;
		nameless.object = i == 3 ? "/bin/y" : "/bin/x";
		assert_int_equal(0, calls_frame(&c, &nameless, &other));
		assert_int_equal(0, calls_path(&c, top, other, &ab));
		count(&costs, ab, 1);
	}

	assert_int_equal(0, functions_of(&c, &costs, &f));
	assert_int_equal(7, f.nr);
	check_function(&c, &f, 0, "copy", 10 * 4096, 10 * 4096);
	check_function(&c, &f, 1, "b", 7 * 4096, 7 * 4096);
	check_function(&c, &f, 2, "a", 2 * 4096, 12 * 4096);
	/* What has no name is told apart by its place. */
	for (i = 1; i <= 3; i++) {
		check_function(&c, &f, 2 + i, "", 4096, 4096);
		assert_int_equal(i, c.frame[f.function[2 + i].frame].offset);
	}
	check_function(&c, &f, 6, "main", 0, 22 * 4096);
	functions_sort_total(&c, &f);
	check_function(&c, &f, 0, "main", 0, 22 * 4096);
	check_function(&c, &f, 1, "a", 2 * 4096, 12 * 4096);
	check_function(&c, &f, 2, "copy", 10 * 4096, 10 * 4096);
	functions_release(&f);
	calls_costs_release(&costs);
	assert_int_equal(0, functions_of(&c, &costs, &f));
	assert_int_equal(0, f.nr);
	functions_release(&f);
	calls_release(&c);
}

/* What costs the same is in order of names, or of paths. */
static void ties(void **state)
{
	static const char *const name[] = { "z", "m", "a", "q" };
	struct calls_costs costs = { 0 };
	struct calls_self *hot;
	struct functions f;
	struct calls c;
	size_t i;

	(void)state;
	assert_int_equal(0, calls_init(&c));
	for (i = 0; i < ARRAY_SIZE(name); i++)
		count(&costs, path_of(&c, CALLS_ROOT, name[i]), i == 3 ? 2 : 1);
	assert_int_equal(0, functions_of(&c, &costs, &f));
	check_function(&c, &f, 0, "q", 8192, 8192);
	check_function(&c, &f, 1, "a", 4096, 4096);
	check_function(&c, &f, 2, "m", 4096, 4096);
	check_function(&c, &f, 3, "z", 4096, 4096);
	functions_release(&f);
	hot = calls_hottest(&costs);
	assert_non_null(hot);
	assert_int_equal(4, hot[0].path);
	assert_int_equal(8192, hot[0].cost.bytes);
	for (i = 1; i < 4; i++)
		assert_int_equal(i, hot[i].path);
	free(hot);
	calls_costs_release(&costs);
	calls_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_once),
		cmocka_unit_test(paths_once),
		cmocka_unit_test(counts),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(functions),
		cmocka_unit_test(ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

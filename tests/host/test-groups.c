// SPDX-License-Identifier: GPL-2.0
/* Processes that are alike, on made-up ones; and the table of them. */
#include "test.h"

#include "groups.h"
#include "tables.h"

#define PAGE		4096

static struct tally_proc made_up(pid_t pid, pid_t parent, const char *comm,
				 bool like_parent, unsigned int copies)
{
	struct tally_proc p = { .pid = pid, .parent = parent,
				.like_parent = like_parent };

	snprintf(p.comm, sizeof(p.comm), "%s", comm);
	p.counts.did[COWI_DID_COPIED] = copies;
	p.counts.did[COWI_DID_MAPPED] = 3;
	p.counts.copied_bytes = copies * PAGE;
	p.counts.ns = copies * 100;
	return p;
}

static void add(struct groups *g, struct tally_proc p)
{
	assert_int_equal(0, groups_add(g, &p));
}

/* A server and what it forked; a shell and what it ran. */
static void alike(void **state)
{
	struct groups g = { 0 };
	unsigned int i;

	(void)state;
	add(&g, made_up(1, 0, "server", false, 5));
	for (i = 0; i < 120; i++)
		add(&g, made_up(10 + i, 1, "server", true, i));
	add(&g, made_up(200, 0, "sh", false, 0));
	for (i = 0; i < 20; i++)
		add(&g, made_up(210 + i, 200 + i % 2, "true", false, 1));
	assert_int_equal(4, g.nr);
	groups_sort(&g);
	assert_string_equal("server", g.group[0].comm);
	assert_int_equal(1, g.group[0].parent);
	assert_int_equal(120, g.group[0].procs);
	assert_int_equal(119 * 120 / 2, g.group[0].sum[GROUP_COPIES]);
	assert_int_equal(119, g.group[0].most[GROUP_COPIES]);
	assert_int_equal(119 * 120 / 2 + 120 * 3, g.group[0].sum[GROUP_FAULTS]);
	assert_int_equal(122, g.group[0].most[GROUP_FAULTS]);
	assert_int_equal(119 * PAGE, g.group[0].most[GROUP_BYTES]);
	assert_int_equal(119 * 120 / 2 * 100, g.group[0].sum[GROUP_NS]);
	assert_string_equal("true", g.group[1].comm);
	assert_int_equal(20, g.group[1].procs);
	assert_int_equal(0, g.group[1].parent);
	assert_string_equal("server", g.group[2].comm);
	assert_int_equal(0, g.group[2].parent);
	assert_string_equal("sh", g.group[3].comm);
	groups_release(&g);
}

static void forks_of_all(void **state)
{
	struct cowi_event fork = { .cost = 100, .tables = PAGE };
	struct cowi_event copy = { .cost = 7, .bytes = PAGE };
	struct groups g = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct tally_proc p = made_up(10 + i, 1, "x", true, 0);

		fork.cost += i;
		forks_add(&p.forks, &fork);
		assert_int_equal(0, forks_copy(&p.forks.after[FORK_BY_CHILD],
					       &copy, 1U << COPY_LAST));
		add(&g, p);
		forks_release(&p.forks);
	}
	add(&g, made_up(20, 1, "x", true, 0));
	assert_int_equal(1, g.nr);
	assert_int_equal(4, g.group[0].procs);
	assert_int_equal(3, g.group[0].parents);
	assert_int_equal(3, g.group[0].forks.nr);
	assert_int_equal(103, g.group[0].forks.longest);
	assert_int_equal(3, g.group[0].forks.after[FORK_BY_CHILD].cost.nr);
	assert_int_equal(3, g.group[0].forks.after[FORK_BY_CHILD].fact[COPY_LAST]);
	groups_release(&g);
}

/* However many names there are, memory ends to grow. */
static void many(void **state)
{
	struct tally_proc p, last;
	struct groups g = { 0 };
	unsigned int i;
	char name[16];

	(void)state;
	for (i = 0; i < GROUPS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		last = made_up(i, 0, name, false, 1);
		add(&g, last);
	}
	assert_int_equal(GROUPS_MAX + 1, g.nr);
	assert_true(groups_find(&g, &last)->rest);
	assert_int_equal(10, groups_find(&g, &last)->procs);
	p = made_up(1, 0, "n1", false, 1);
	assert_string_equal("n1", groups_find(&g, &p)->comm);
	groups_release(&g);
}

/* ---- however long a trace is ---- */

static void take(struct trace *t, struct cowi_event e)
{
	assert_int_equal(0, trace_take(t, &e));
}

/*
 * The first process and those that run stay; of who is gone there are the numbers.
 * One runs all the time, whose copies go to the forks of the first.
 */
static void long_trace(void **state)
{
	static const struct trace_options o = { 0 };
	const struct cowi_mapping m = { .start = 0x1000, .end = 0x9000,
					.perms = "rw-p", .name = "" };
	struct trace t = { .options = &o, .max_procs = 10 };
	const struct proc_group *children;
	pid_t pid;

	(void)state;
	tally_init(&t.tally, PAGE);
	for (pid = 10000; pid < 10500; pid++) {
		struct cowi_event e = {
			.kind = COWI_EVENT_BORN, .time = pid * 10, .pid = pid,
			.parent = 10000, .child = pid, .comm = "server",
		};

		take(&t, e);
		if (pid == 10000)
			continue;
		e.kind = COWI_EVENT_FORK;
		e.pid = 10000;
		take(&t, e);
		e.kind = COWI_EVENT_FAULT;
		e.pid = pid;
		e.time++;
		e.addr = 0x2000;
		e.bytes = PAGE;
		e.mapping = &m;
		take(&t, e);
		e.kind = COWI_EVENT_EXIT;
		if (pid != 10001)
			take(&t, e);
		assert_true(t.nr_procs <= t.max_procs + 1);
	}
	assert_int_equal(t.nr_procs, t.tally.nr_procs);
	assert_int_equal(500, trace_procs(&t));
	assert_int_equal(10000, t.proc[0]->tally->pid);
	assert_int_equal(10001, t.proc[1]->tally->pid);
	assert_int_equal(499, t.proc[0]->tally->forks.nr);
	assert_int_equal(499, t.proc[0]->tally->forks.after[FORK_BY_CHILD].cost.nr);
	children = groups_find(&t.groups, t.proc[1]->tally);
	assert_int_equal(t.forgotten.procs, children->procs);
	assert_int_equal(t.forgotten.procs, children->sum[GROUP_COPIES]);
	assert_int_equal(t.nr_procs - 1, t.tally.nr_pages);
	trace_release(&t);
}

/* ---- the report ---- */

/* What is written of a trace; the caller frees. */
static char *text_of(struct trace *t)
{
	char *text = NULL;
	size_t size;

	groups_sort(&t->groups);
	t->out = open_memstream(&text, &size);
	assert_non_null(t->out);
	t->json.out = t->out;
	if (t->options->json)
		json_object(&t->json, NULL);
	assert_int_equal(0, trace_report(t));
	fclose(t->out);
	return text;
}

static char *report_of(const struct trace_options *o, unsigned int children)
{
	struct trace t = { .options = o };
	struct trace_proc *proc;
	unsigned int i;
	char *text;

	tally_init(&t.tally, PAGE);
	t.proc = calloc(children + 1, sizeof(*t.proc));
	assert_non_null(t.proc);
	for (i = 0; i <= children; i++) {
		proc = calloc(1, sizeof(*proc));
		assert_non_null(proc);
		proc->tally = tally_add(&t.tally, 100 + i,
					i ? t.proc[0]->tally : NULL, i);
		assert_non_null(proc->tally);
		strcpy(proc->tally->comm, "server");
		proc->tally->counts.huge = 1;
		t.proc[t.nr_procs++] = proc;
		assert_int_equal(0, groups_add(&t.groups, proc->tally));
	}
	text = text_of(&t);
	for (i = 0; i <= children; i++)
		free(t.proc[i]);
	free(t.proc);
	groups_release(&t.groups);
	tally_release(&t.tally);
	return text;
}

static unsigned int lines_in(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

/* 120 children do not make 120 lines, unless they are asked for. */
static void few_lines(void **state)
{
	struct trace_options o = { .top = 10 };
	char *text;

	(void)state;
	text = report_of(&o, 120);
	assert_non_null(strstr(text, "Traced 121 processes"));
	assert_non_null(strstr(text, "PROCESSES FAULTS MEAN MOST COPIED"));
	assert_true(lines_in(text) < 12);
	free(text);
	text = report_of(&o, TABLE_MANY - 1);
	assert_non_null(strstr(text, "PID PARENT COMMAND"));
	assert_null(strstr(text, "MEAN"));
	free(text);
	o.all_processes = true;
	text = report_of(&o, 120);
	assert_true(lines_in(text) > 120);
	assert_null(strstr(text, "MEAN"));
	free(text);
	o = (struct trace_options){ .top = 10, .json = true };
	text = report_of(&o, 120);
	assert_non_null(strstr(text, "\"pid\": 220"));
	assert_non_null(strstr(text, "\"processes\": 120"));
	free(text);
}

/* Of all the numbers of that name in JSON. */
static __u64 sum_in(const char *text, const char *name)
{
	char key[32];
	__u64 sum = 0;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	while ((text = strstr(text, key))) {
		text += strlen(key);
		sum += strtoull(text, NULL, 10);
	}
	return sum;
}

/* Of @nr processes, of which 5 at most are kept: each forks once, and exits. */
static char *report_of_parents(const struct trace_options *o, unsigned int nr)
{
	struct trace t = { .options = o, .max_procs = 5 };
	static const enum cowi_event_kind kinds[] = {
		COWI_EVENT_BORN, COWI_EVENT_FORK, COWI_EVENT_EXIT,
	};
	struct cowi_event e = { .parent = 1, .comm = "sh" };
	unsigned int i;
	char *text;

	tally_init(&t.tally, PAGE);
	for (e.pid = 100; e.pid < (pid_t)(100 + nr); e.pid++) {
		e.child = e.pid;
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			e.kind = kinds[i];
			e.time++;
			take(&t, e);
		}
	}
	assert_int_equal(nr, trace_procs(&t));
	text = text_of(&t);
	trace_release(&t);
	return text;
}

/* Of forks nothing is missing, and who is not told one by one is counted. */
static void forgotten_parents(void **state)
{
	struct trace_options o = { .top = 10, .json = true };
	char *text = report_of_parents(&o, 50);

	(void)state;
	assert_int_equal(45, sum_in(text, "forgotten_processes"));
	assert_int_equal(50, sum_in(text, "forks"));
	assert_int_equal(50, sum_in(text, "parents"));
	assert_non_null(strstr(text, "\"parents\": 45"));
	free(text);
	/* Without any, nothing is said of them. */
	text = report_of_parents(&o, 5);
	assert_int_equal(5, sum_in(text, "parents"));
	assert_null(strstr(text, "(others)"));
	free(text);
}

/* A page of zeros is mapped, and later written to: all faults of it have a column. */
static void faults_of_page(void **state)
{
	static const struct cowi_mapping m = { .start = 0x1000, .end = 0x9000,
					       .name = "" };
	struct trace_options o = { .top = 10 };
	struct trace t = { .options = &o, .max_procs = 5 };
	struct cowi_event e = { .kind = COWI_EVENT_BORN, .pid = 100,
				.child = 100, .comm = "sh" };
	unsigned int nr[5] = { 0 };
	char *text, *row;
	int found;

	(void)state;
	tally_init(&t.tally, PAGE);
	take(&t, e);
	e.kind = COWI_EVENT_FAULT;
	e.addr = 0x2000;
	e.mapping = &m;
	e.outcome = COWI_DID_ZEROPAGE;
	take(&t, e);
	e.bytes = PAGE;
	e.outcome = COWI_DID_ZEROFILLED;
	take(&t, e);
	text = text_of(&t);
	row = strstr(text, "FAULTS COPIED REUSED ZEROFILLED OTHER NAME\n");
	assert_non_null(row);
	row = strchr(row, '\n');
	found = sscanf(row, "%*x %*s %u %u %u %u %u", &nr[0], &nr[1], &nr[2],
		       &nr[3], &nr[4]);
	assert_int_equal(5, found);
	assert_int_equal(2, nr[0]);
	assert_int_equal(0, nr[1]);
	assert_int_equal(0, nr[2]);
	assert_int_equal(1, nr[3]);
	assert_int_equal(1, nr[4]);
	free(text);
	trace_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike), cmocka_unit_test(forks_of_all),
		cmocka_unit_test(many), cmocka_unit_test(long_trace),
		cmocka_unit_test(few_lines), cmocka_unit_test(faults_of_page),
		cmocka_unit_test(forgotten_parents),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

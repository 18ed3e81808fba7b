// SPDX-License-Identifier: GPL-2.0
/* cowinspect top: what it counts, shows and reads, of events that are made up. */
#include <locale.h>
#include <wchar.h>

#include "test.h"

#include "top.h"

#define SECOND		1000000000ull

/* ---- the model ---- */

static void take(struct model *m, enum cowi_event_kind kind, pid_t pid,
		 pid_t parent, const char *comm)
{
	struct cowi_event e = {
		.kind = kind, .pid = pid, .parent = parent, .comm = comm,
	};

	assert_int_equal(0, model_take(m, &e));
}

static void copy(struct model *m, pid_t pid, int times)
{
	struct cowi_event e = {
		.kind = COWI_EVENT_FAULT, .pid = pid, .comm = "late",
		.outcome = COWI_DID_COPIED, .bytes = 4096,
	};

	while (times--)
		assert_int_equal(0, model_take(m, &e));
}

/* The items as "NAME:PID:RUNNING:COPIES:ALL ", in their order. */
static const char *items(struct model *m, enum model_by by,
			 enum model_sort sort, const char *filter)
{
	struct model_item **list;
	static char text[1024];
	size_t nr, i, len = 0;

	assert_int_equal(0, model_items(m, by, filter, sort, &list, &nr));
	text[0] = '\0';
	for (i = 0; i < nr; i++)
		len += snprintf(text + len, sizeof(text) - len,
				"%s:%d:%zu:%llu:%llu ", model_name(list[i]),
				list[i]->pid, list[i]->running,
				list[i]->round.copies, list[i]->all.copies);
	free(list);
	return text;
}

#define assert_items(expected, m, by) \
	assert_string_equal(expected, items(m, by, MODEL_COPIES, ""))

static struct model family(void)
{
	struct model m;

	model_init(&m, 4096);
	assert_int_equal(0, model_add(&m, 10, 1, "master"));
	assert_int_equal(0, model_add(&m, 11, 10, "worker"));
	assert_int_equal(0, model_add(&m, 12, 10, "worker"));
	return m;
}

static void counts_by_round(void **state)
{
	struct model m = family();

	(void)state;
	copy(&m, 12, 3);
	copy(&m, 11, 1);
	model_round(&m, SECOND);
	copy(&m, 11, 5);
	assert_items("worker:12:1:3:3 worker:11:1:1:6 master:10:1:0:0 ", &m,
		     MODEL_PROCESSES);
	model_round(&m, SECOND);
	assert_items("worker:11:1:5:6 master:10:1:0:0 worker:12:1:0:3 ", &m,
		     MODEL_PROCESSES);
	assert_items("worker:0:2:5:9 master:0:1:0:0 ", &m, MODEL_COMMANDS);
	assert_items("master:10:2:5:9 :1:1:0:0 ", &m, MODEL_PARENTS);
	assert_int_equal(9, m.total.all.copies);
	assert_int_equal(9 * 4096, m.total.all.bytes);
	assert_int_equal(5, m.total.round.copies);
	model_release(&m);
}

/* Other outcomes are no copies; what is brought in and copied is one. */
static void counts_copies_only(void **state)
{
	struct cowi_event e = { .kind = COWI_EVENT_FAULT, .pid = 11, .bytes = 1 };
	struct model m = family();

	(void)state;
	for (e.outcome = 0; e.outcome < COWI_NR_DID; e.outcome++)
		assert_int_equal(0, model_take(&m, &e));
	assert_int_equal(2, m.total.all.copies);
	assert_int_equal(2, m.total.all.bytes);
	model_release(&m);
}

/* A process that ends is shown once more; what it copied remains in its groups. */
static void exits_are_shown_once(void **state)
{
	struct model m = family();

	(void)state;
	copy(&m, 12, 2);
	take(&m, COWI_EVENT_EXIT, 12, 0, "worker");
	take(&m, COWI_EVENT_BORN, 13, 10, "worker");
	take(&m, COWI_EVENT_EXIT, 13, 0, "worker");
	/* Its id is used again at once. */
	take(&m, COWI_EVENT_BORN, 12, 11, "other");
	copy(&m, 12, 1);
	model_round(&m, SECOND);
	assert_int_equal(2, m.exits);
	assert_string_equal("master:10:1:0:0 worker:11:1:0:0 worker:13:0:0:0 ",
			    strstr(items(&m, MODEL_PROCESSES, MODEL_COPIES, ""),
				   "master"));
	assert_items("worker:0:1:2:2 other:0:1:1:1 master:0:1:0:0 ", &m,
		     MODEL_COMMANDS);
	model_round(&m, SECOND);
	assert_items("master:10:1:0:0 worker:11:1:0:0 other:12:1:0:1 ", &m,
		     MODEL_PROCESSES);
	assert_items("master:0:1:0:0 other:0:1:0:1 worker:0:1:0:2 ", &m,
		     MODEL_COMMANDS);
	assert_int_equal(3, m.total.all.copies);
	model_release(&m);
}

/* Thousands that come and go leave nothing but their sums. */
static void many_come_and_go(void **state)
{
	struct model m = family();
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		take(&m, COWI_EVENT_BORN, 100 + i, 10 + i, "job");
		copy(&m, 100 + i, 1);
		take(&m, COWI_EVENT_EXIT, 100 + i, 0, "job");
		if (i % 100 == 99)
			model_round(&m, SECOND);
		assert_true(m.nr < 100 * (MODEL_HISTORY + 6));
	}
	assert_string_equal("job:0:0:100:20000 ",
			    items(&m, MODEL_COMMANDS, MODEL_COPIES, "job"));
	for (i = 0; i < MODEL_HISTORY + 2; i++)
		model_round(&m, SECOND);
	assert_int_equal(3 + 2 + 2, m.nr);
	assert_int_equal(20000, m.total.all.copies);
	model_release(&m);
}

static void names_change(void **state)
{
	struct model m = family();

	(void)state;
	copy(&m, 12, 1);
	take(&m, COWI_EVENT_NAMED, 12, 0, "idle");
	copy(&m, 12, 1);
	take(&m, COWI_EVENT_EXEC, 11, 0, "idle");
	model_round(&m, SECOND);
	assert_items("idle:0:2:1:1 worker:0:0:1:1 master:0:1:0:0 ", &m,
		     MODEL_COMMANDS);
	model_release(&m);
}

static void who_comes_later_is_there(void **state)
{
	struct model m = family();

	(void)state;
	take(&m, COWI_EVENT_BORN, 13, 12, "child");
	copy(&m, 13, 1);
	copy(&m, 97, 1);
	/* An end that is heard of after all else is no beginning. */
	take(&m, COWI_EVENT_EXIT, 96, 0, "late");
	model_round(&m, SECOND);
	assert_string_equal("child:13:1:1:1 ",
			    items(&m, MODEL_PROCESSES, MODEL_COPIES, "child"));
	assert_string_equal("late:97:1:1:1 ",
			    items(&m, MODEL_PROCESSES, MODEL_COPIES, "late"));
	assert_int_equal(5, m.total.running);
	model_release(&m);
}

static void filters_and_sorts(void **state)
{
	struct model m = family();

	(void)state;
	copy(&m, 12, 1);
	model_round(&m, SECOND);
	assert_string_equal("worker:12:1:1:1 worker:11:1:0:0 ",
			    items(&m, MODEL_PROCESSES, MODEL_COPIES, "WORK"));
	assert_string_equal("worker:12:1:1:1 ",
			    items(&m, MODEL_PROCESSES, MODEL_COPIES, "12"));
	assert_string_equal("master:10:1:0:0 worker:11:1:0:0 worker:12:1:1:1 ",
			    items(&m, MODEL_PROCESSES, MODEL_NAME, ""));
	model_release(&m);
}

static struct cowi_vmas *make_vmas(__u64 pages)
{
	static struct cowi_vma vma[3];
	static struct cowi_vmas vmas;

	memset(vma, 0, sizeof(vma));
	strcpy(vma[0].perms, "rw-p");
	strcpy(vma[1].perms, "rw-s");
	strcpy(vma[2].perms, "r--p");
	vma[0].totals.value[COWI_TOTAL_mapped_once] = pages;
	vma[0].totals.value[COWI_TOTAL_mapped_more] = 2;
	vma[1].totals.value[COWI_TOTAL_mapped_once] = 4;
	/* The zero page: present, but nobody's. */
	vma[2].totals.value[COWI_TOTAL_present] = 7;
	vmas = (struct cowi_vmas){ .nr = 3, .vma = vma };
	return &vmas;
}

static void adds_up_sizes(void **state)
{
	struct model m = family();
	struct model_item **list;
	size_t nr, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct model_item *p = model_find(&m, 11 + i);

		model_size(&m, make_vmas(10 + i), &p->size);
		p->size.known = true;
		p->size.read = 5 - i;
		assert_int_equal((10 + i) * 4096, p->size.own);
		assert_int_equal(6 * 4096, p->size.shared);
	}
	assert_int_equal(0, model_items(&m, MODEL_COMMANDS, "worker", MODEL_OWN,
					&list, &nr));
	assert_int_equal(1, nr);
	assert_true(list[0]->size.known);
	assert_int_equal(21 * 4096, list[0]->size.own);
	assert_int_equal(4, list[0]->size.read);
	/* The master was not read. */
	assert_false(m.total.size.known);
	free(list);
	model_release(&m);
}

/* ---- reading, within its share ---- */

/**
 * struct fake - a source in which reading takes a time that is known
 * @now: its clock
 * @cpu: used
 * @cost: of reading a process
 * @reads: of each process
 */
struct fake {
	__u64 now;
	__u64 cpu;
	__u64 cost;
	int reads[16];
};

static __u64 fake_now(void *arg)
{
	return ((struct fake *)arg)->now;
}

static __u64 fake_cpu(void *arg)
{
	return ((struct fake *)arg)->cpu;
}

static bool fake_armed(void *arg)
{
	return ((struct fake *)arg)->now;
}

static int fake_next(void *arg, struct cowi_event *e)
{
	(void)arg;
	(void)e;
	return 0;
}

static int fake_read(void *arg, pid_t pid, struct cowi_vmas *vmas)
{
	struct fake *f = arg;

	(void)vmas;
	f->cpu += f->cost;
	f->now += f->cost;
	f->reads[pid - 10]++;
	/* It has exited, which we have not heard of yet. */
	return pid == 12 ? -COWI_EEXITED : 0;
}

static void fake_title(void *arg, pid_t pid, const char *comm, char *buf,
		       size_t size)
{
	(void)arg;
	(void)comm;
	snprintf(buf, size, "title %d", pid);
}

/* For 100 rounds of a second; returns what reading has used, the first one apart. */
static __u64 run(struct fake *f, struct top *t)
{
	struct top_source source = {
		.arg = f, .now = fake_now, .cpu = fake_cpu, .next = fake_next,
		.read = fake_read, .title = fake_title, .armed = fake_armed,
	};
	int i;

	*t = (struct top){ .source = &source, .delay = SECOND, .budget = 100 };
	t->model = family();
	assert_int_equal(0, top_begin(t));
	for (i = 0; i < 1000; i++) {
		f->now += SECOND / 10;
		assert_int_equal(0, top_step(t));
		if (top_is_due(t))
			top_end_round(t);
	}
	return t->read_cpu - t->free_cpu;
}

static void reading_keeps_to_its_share(void **state)
{
	struct fake f = { .now = 1, .cost = SECOND / 5 };
	__u64 used;
	struct top t;

	(void)state;
	/* A hundredth of 100 s, and what the last one took too much. */
	used = run(&f, &t);
	assert_true(used > 4 * f.cost && used <= 6 * f.cost);
	assert_int_equal(3 * f.cost, t.free_cpu);
	/* In turn, also where it fails. */
	assert_in_range(f.reads[0], 2, 3);
	assert_in_range(f.reads[1], 2, 3);
	assert_in_range(f.reads[2], 2, 3);
	assert_true(model_find(&t.model, 11)->size.known);
	assert_false(model_find(&t.model, 12)->size.known);
	assert_false(t.unarmed);
	assert_string_equal("title 11", model_name(model_find(&t.model, 11)));
	model_release(&t.model);
}

static void reads_once_in_a_round(void **state)
{
	struct fake f = { .now = 1, .cost = 1000 };
	struct top t;

	(void)state;
	run(&f, &t);
	assert_in_range(f.reads[0], 99, 102);
	assert_int_equal(f.reads[0], f.reads[1]);
	model_release(&t.model);
}

/* ---- lines ---- */

/**
 * struct page - the lines that were drawn
 * @rows: of the terminal
 * @columns: see @rows
 * @line: each
 * @style: see @line
 */
struct page {
	unsigned int rows;
	unsigned int columns;
	char line[100][1024];
	enum view_style style[100];
};

static unsigned int width_of(const char *text)
{
	wchar_t wide[1024];
	size_t n = mbstowcs(wide, text, ARRAY_SIZE(wide));

	assert_true(n < ARRAY_SIZE(wide));
	return wcswidth(wide, n);
}

static void put(void *arg, unsigned int row, const char *text,
		enum view_style style)
{
	struct page *page = arg;

	assert_true(row < page->rows);
	assert_true(width_of(text) <= page->columns);
	snprintf(page->line[row], sizeof(page->line[row]), "%s", text);
	page->style[row] = style;
}

static void draw(struct view *v, struct model *m, struct page *page)
{
	struct view_frame f = {
		.rows = page->rows, .columns = page->columns, .utf8 = true,
		.now = 100 * SECOND, .began = SECOND, .delay = 2 * SECOND,
		.cpu = 123, .reading = 45, .put = put, .arg = page,
	};

	memset(page->line, 0, sizeof(page->line));
	assert_int_equal(0, view_update(v, m));
	assert_int_equal(0, view_draw(v, m, &f));
}

static const char *const usual[] = {
	"cowinspect top: 3 processes, 0 exited; by copies/s, every 2s",
	"1234 copies/s, 4.8M/s; 2476 copies, 9.7M in 99s",
	"own and shared: not read yet; this program: 1.23% of a CPU, 0.45% to read",
	"    PID COPIES/S  BYTES/S  COPIED     OWN  SHARED GRAPH    NAME                 ",
	"     11     1234     4.8M    9.7M       -       -       ▁█ worker               ",
	"     10        0        0       0       -       -          master               ",
};

static void usual_page(void **state)
{
	struct page page = { .rows = 24, .columns = 80 };
	struct model m = family();
	struct view v = { 0 };
	size_t i;

	(void)state;
	copy(&m, 11, 8);
	model_round(&m, 2 * SECOND);
	copy(&m, 11, 2468);
	model_round(&m, 2 * SECOND);
	draw(&v, &m, &page);
	for (i = 0; i < ARRAY_SIZE(usual); i++)
		assert_string_equal(usual[i], page.line[i]);
	assert_int_equal(VIEW_SELECTED, page.style[4]);
	assert_int_equal(VIEW_PLAIN, page.style[5]);
	view_release(&v);
	model_release(&m);
}

static struct model odd_names(void)
{
	struct model m;

	model_init(&m, 4096);
	model_add(&m, 4194303, 1, "\033[41m\xc2\x9b\n");
	model_add(&m, 7, 4194303, "日本語日本語");
	model_add(&m, 8, 0, "");
	copy(&m, 7, 3);
	copy(&m, 4194303, 1);
	m.total.all.copies = 1ull << 62;
	m.total.all.bytes = 1ull << 63;
	m.lost = 1ull << 62;
	model_find(&m, 7)->all = m.total.all;
	model_round(&m, 1);
	return m;
}

/* At any width, whatever is shown. */
static void nothing_is_too_wide(void **state)
{
	static const char *const keys[] = { "", "g", "gg", "/x", "h", "f ", "O" };
	struct model m = odd_names();
	struct view v;
	struct page page;
	size_t i;
	const char *key;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		v = (struct view){ 0 };
		assert_int_equal(0, view_update(&v, &m));
		for (key = keys[i]; *key; key++)
			view_key(&v, *key == 'O' ? (int)VIEW_ENTER : *key);
		for (page.columns = 1; page.columns < 200; page.columns++) {
			page.rows = 1 + page.columns % 30;
			draw(&v, &m, &page);
		}
		view_release(&v);
	}
	model_release(&m);
}

static void keys_move_and_open(void **state)
{
	struct page page = { .rows = 7, .columns = 80 };
	struct model m = family();
	struct view v = { 0 };
	struct cowi_event e = {
		.kind = COWI_EVENT_FAULT, .pid = 12, .addr = 0x1800,
		.outcome = COWI_DID_COPIED,
	};
	struct cowi_vma *vma = calloc(1, sizeof(*vma));
	struct cowi_vmas vmas = { .nr = 1, .vma = vma };

	(void)state;
	/* Two rows: the cursor takes the page along. */
	draw(&v, &m, &page);
	view_key(&v, VIEW_END);
	draw(&v, &m, &page);
	assert_non_null(strstr(page.line[5], "     12 "));
	assert_int_equal(VIEW_SELECTED, page.style[5]);
	/* It stays at the process, which copies and so moves up. */
	view_key(&v, 'f');
	copy(&m, 12, 1);
	model_round(&m, SECOND);
	draw(&v, &m, &page);
	assert_non_null(strstr(page.line[4], "     12 "));
	assert_int_equal(VIEW_SELECTED, page.style[4]);
	view_key(&v, VIEW_ENTER);
	assert_int_equal(12, v.opened);
	*vma = (struct cowi_vma){ .start = 0x1000, .end = 0x3000,
				  .perms = "rw-p", .name = strdup("[heap]") };
	assert_int_equal(0, view_places(&v, &vmas, SECOND));
	view_fault(&v, &e);
	e.addr = 0x3000;
	view_fault(&v, &e);
	draw(&v, &m, &page);
	assert_non_null(strstr(page.line[4], "        1000 rw-p       1       0 "));
	assert_non_null(strstr(page.line[4], " 0 [heap] "));
	take(&m, COWI_EVENT_EXIT, 12, 0, "worker");
	draw(&v, &m, &page);
	assert_non_null(strstr(page.line[0], "mappings of 12, which has exited"));
	view_key(&v, VIEW_ESCAPE);
	assert_int_equal(0, v.opened);
	view_key(&v, 'q');
	assert_true(v.quit);
	view_release(&v);
	model_release(&m);
}

static void keys_filter(void **state)
{
	struct page page = { .rows = 24, .columns = 80 };
	struct model m = family();
	struct view v = { 0 };

	(void)state;
	draw(&v, &m, &page);
	view_key(&v, '/');
	view_key(&v, 'q');
	view_key(&v, VIEW_ERASE);
	view_key(&v, '1');
	view_key(&v, '1');
	draw(&v, &m, &page);
	assert_int_equal(1, v.nr);
	assert_string_equal("only: 11_   (Enter, Escape)", page.line[23]);
	view_key(&v, VIEW_ENTER);
	view_key(&v, VIEW_ESCAPE);
	draw(&v, &m, &page);
	assert_int_equal(3, v.nr);
	/* Of a command, its processes. */
	view_key(&v, 'g');
	draw(&v, &m, &page);
	view_key(&v, VIEW_END);
	view_key(&v, VIEW_ENTER);
	draw(&v, &m, &page);
	assert_int_equal(2, v.nr);
	assert_int_equal(MODEL_PROCESSES, v.by);
	view_release(&v);
	model_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_round),
		cmocka_unit_test(counts_copies_only),
		cmocka_unit_test(exits_are_shown_once),
		cmocka_unit_test(many_come_and_go),
		cmocka_unit_test(names_change),
		cmocka_unit_test(who_comes_later_is_there),
		cmocka_unit_test(filters_and_sorts),
		cmocka_unit_test(adds_up_sizes),
		cmocka_unit_test(reading_keeps_to_its_share),
		cmocka_unit_test(reads_once_in_a_round),
		cmocka_unit_test(usual_page),
		cmocka_unit_test(nothing_is_too_wide),
		cmocka_unit_test(keys_move_and_open),
		cmocka_unit_test(keys_filter),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}

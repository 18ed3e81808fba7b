// SPDX-License-Identifier: GPL-2.0
/* The stream of faults, on made-up rings and records of the kernel. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "records.h"

/* ---- tracepoints ---- */

static void format(void **state)
{
	const char *const wanted[] = { "pid", "addr", "comm", "id" };
	struct cowi_field field[4];
	static const char raw[] = "abcdefgh";
	unsigned int id = 0;
	__u32 expected;

	(void)state;
	assert_int_equal(0, cowi_tracepoint_parse(FORMAT, wanted, 4, field, &id));
	assert_int_equal(1234, id);
	assert_int_equal(32, field[0].offset);
	assert_int_equal(4, field[0].size);
	assert_int_equal(8, field[1].offset);
	assert_int_equal(0, field[2].size);
	assert_int_equal(0, field[3].size);
	assert_int_equal(-COWI_EFORMAT,
			 cowi_tracepoint_parse("nonsense\n", wanted, 4, field,
					       &id));
	/* What is not in the record is 0. */
	field[0] = (struct cowi_field){ .offset = 4, .size = 4 };
	memcpy(&expected, raw + 4, 4);
	assert_int_equal(expected, cowi_field_get(&field[0], raw, 8));
	assert_int_equal(0, cowi_field_get(&field[0], raw, 7));
	field[0].offset = SIZE_MAX;
	assert_int_equal(0, cowi_field_get(&field[0], raw, 8));
}

/* ---- rings ---- */

#define RING	1024

/* A ring as the kernel has it. */
struct made_ring {
	struct perf_event_mmap_page page;
	char data[RING];
};

static void write_ring(struct made_ring *ring, const struct built *b)
{
	size_t i;

	for (i = 0; i < b->size; i++)
		ring->data[(ring->page.data_head + i) % RING] = b->bytes[i];
	ring->page.data_head += b->size;
	assert_true(ring->page.data_head - ring->page.data_tail <= RING);
}

struct made_rings {
	struct made_ring made[3];
	struct cowi_ring ring[3];
	struct cowi_rings rings;
};

static int setup_rings(void **state)
{
	struct made_rings *m = calloc(1, sizeof(*m));
	int i;

	if (!m)
		return -1;
	/* The second CPU is not online. */
	for (i = 0; i < 3; i += 2) {
		m->ring[i].page = &m->made[i].page;
		m->ring[i].data = m->made[i].data;
		m->ring[i].size = RING;
	}
	m->rings.nr = 3;
	m->rings.ring = m->ring;
	*state = m;
	return 0;
}

static int teardown_rings(void **state)
{
	struct made_rings *m = *state;

	cowi_rings_release(&m->rings);
	free(m);
	return 0;
}

static void add(struct made_rings *m, int ring, __u64 time)
{
	struct built b = fault(1, 0, 0, 0, 0, time);

	write_ring(&m->made[ring], &b);
}

/* The time of the next record, or 0 if there is none. */
static __u64 next(struct made_rings *m, __u64 now)
{
	const struct perf_event_header *record;
	int ret = cowi_rings_next(&m->rings, now, &record);

	assert_true(ret >= 0);
	return ret ? ((const struct cowi_sample_id *)(record + 1))->time : 0;
}

static void in_order(void **state)
{
	struct made_rings *m = *state;

	assert_int_equal(0, next(m, 100));
	add(m, 0, 10);
	add(m, 0, 30);
	add(m, 2, 20);
	add(m, 2, 40);
	assert_int_equal(10, next(m, 35));
	/* All was copied at once, so that the kernel has room. */
	assert_int_equal(m->made[0].page.data_head, m->made[0].page.data_tail);
	assert_int_equal(20, next(m, 35));
	assert_int_equal(30, next(m, 35));
	/* What is younger than the clock may be overtaken. */
	assert_int_equal(0, next(m, 36));
	add(m, 0, 38);
	assert_int_equal(38, next(m, 50));
	assert_int_equal(40, next(m, 50));
	assert_int_equal(0, next(m, 50));
	assert_int_equal(0, m->rings.nr_queued - m->rings.next);
}

/* A clock that goes back does not change the order of a ring. */
static void clock_back(void **state)
{
	struct made_rings *m = *state;

	add(m, 0, 30);
	add(m, 0, 29);
	add(m, 2, 31);
	assert_int_equal(30, next(m, 100));
	assert_int_equal(29, next(m, 100));
	assert_int_equal(31, next(m, 100));
}

static void wraps(void **state)
{
	struct made_rings *m = *state;
	__u64 time;

	/* 80 bytes each: they end at every place there is. */
	for (time = 1; time < 500; time++) {
		add(m, time % 2 * 2, time);
		if (time % 7)
			continue;
		while (next(m, time))
			;
	}
	assert_int_equal(498, next(m, UINT64_MAX));
	assert_int_equal(499, next(m, UINT64_MAX));
	assert_int_equal(0, next(m, UINT64_MAX));
}

static void bad_record(void **state)
{
	struct made_rings *m = *state;
	struct built b = fault(1, 0, 0, 0, 0, 1);
	const struct perf_event_header *record;

	b.header.size = 4;
	write_ring(&m->made[0], &b);
	assert_int_equal(-COWI_EFORMAT,
			 cowi_rings_next(&m->rings, 100, &record));
	m->made[0].page.data_tail = m->made[0].page.data_head;
	b.header.size = b.size;
	/* More of a tracepoint's record than there is. */
	b.bytes[24] = 100;
	write_ring(&m->made[0], &b);
	assert_int_equal(-COWI_EFORMAT,
			 cowi_rings_next(&m->rings, 100, &record));
	m->made[0].page.data_tail = m->made[0].page.data_head;
	/* Longer than what was written. */
	b.header.size = b.size + 64;
	write_ring(&m->made[0], &b);
	assert_int_equal(-COWI_EFORMAT,
			 cowi_rings_next(&m->rings, 100, &record));
}

/* ---- processes ---- */

static void is_mapped(struct cowi_stream *s, pid_t pid, __u64 addr,
		      const char *name)
{
	struct cowi_event e;
	unsigned int flags = COWI_E_WRITE | COWI_E_USER;
	unsigned int vma = name && name[0] == '/' ? COWI_VMA_FILE :
						    COWI_VMA_ANON;

	assert_int_equal(1, translate(s, fault(pid, addr, flags, 0, vma, 5),
				      &e));
	assert_int_equal(pid, e.pid);
	if (!name)
		assert_null(e.mapping);
	else
		assert_string_equal(name, e.mapping->name);
}

static void one_fault(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	assert_int_equal(1, translate(s, fault(100, 0x5000, COWI_E_USER,
					       COWI_DID_COPIED, COWI_VMA_ANON,
					       77), &e));
	assert_int_equal(COWI_EVENT_FAULT, e.kind);
	assert_int_equal(77, e.time);
	assert_int_equal(100, e.pid);
	assert_int_equal(1100, e.tid);
	assert_int_equal(0x5000, e.addr);
	assert_int_equal(4096, e.bytes);
	assert_int_equal(10, e.cost);
	assert_int_equal(COWI_E_USER, e.flags);
	assert_int_equal(COWI_DID_COPIED, e.outcome);
	assert_int_equal(COWI_NEXT_COPY, e.predicted);
	assert_int_equal(COWI_CONF_SURE, e.confidence);
	/* Somebody else's, and an outcome that is not wanted. */
	assert_int_equal(0, translate(s, fault(200, 0x5000, 0, 0, 0, 1), &e));
	s->outcomes = 1 << COWI_DID_REUSED;
	assert_int_equal(0, translate(s, fault(100, 0x5000, 0, COWI_DID_COPIED,
					       0, 1), &e));
	assert_int_equal(1, translate(s, fault(100, 0x5000, 0, COWI_DID_REUSED,
					       0, 1), &e));
	assert_int_equal(4, s->samples);
}

static void mappings(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	is_mapped(s, 100, 0x10000, NULL);
	assert_int_equal(0, translate(s, mapped(100, 0x10000, 0x10000, "/lib/x",
						MAP_PRIVATE), &e));
	is_mapped(s, 100, 0x10000, "/lib/x");
	is_mapped(s, 100, 0x1f000, "/lib/x");
	is_mapped(s, 100, 0x20000, NULL);
	/* In the middle of it. */
	translate(s, mapped(100, 0x14000, 0x1000, "//anon", MAP_PRIVATE), &e);
	is_mapped(s, 100, 0x13000, "/lib/x");
	is_mapped(s, 100, 0x14000, "");
	is_mapped(s, 100, 0x15000, "/lib/x");
	/* Over the end of one, all of another, and the start of a third. */
	translate(s, mapped(100, 0x30000, 0x2000, "/lib/y", MAP_PRIVATE), &e);
	translate(s, mapped(100, 0x16000, 0x1b000, "[heap]", MAP_PRIVATE), &e);
	is_mapped(s, 100, 0x15000, "/lib/x");
	is_mapped(s, 100, 0x16000, "[heap]");
	is_mapped(s, 100, 0x30000, "[heap]");
	assert_int_equal(1, translate(s, fault(100, 0x31000, 0, 0,
					       COWI_VMA_FILE, 1), &e));
	assert_string_equal("/lib/y", e.mapping->name);
	assert_int_equal(0x31000, e.mapping->start);
	assert_int_equal(0x32000, e.mapping->end);
	/* Anonymous memory is none of a file, nor is a shared one private. */
	assert_int_equal(1, translate(s, fault(100, 0x31000, 0, 0,
					       COWI_VMA_ANON, 1), &e));
	assert_null(e.mapping);
	translate(s, mapped(100, 0x50000, 0x1000, "/x", MAP_SHARED), &e);
	is_mapped(s, 100, 0x50000, NULL);
	assert_int_equal(1, translate(s, fault(100, 0x50000, COWI_E_SHARED, 0,
					       COWI_VMA_FILE, 1), &e));
	assert_string_equal("rw-s", e.mapping->perms);
	assert_int_equal(0x50000, e.mapping->start);
	assert_int_equal(0x51000, e.mapping->end);
}

/* A process that begins, calls exec and ends, all before anybody looks. */
static void short_life(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	translate(s, comm(100, "sh", false, 1), &e);
	translate(s, mapped(100, 0x10000, 0x2000, "[heap]", MAP_PRIVATE), &e);
	assert_int_equal(1, translate(s, task(PERF_RECORD_FORK, 101, 100, 101,
					      2), &e));
	assert_int_equal(COWI_EVENT_BORN, e.kind);
	assert_int_equal(101, e.pid);
	assert_int_equal(100, e.parent);
	assert_string_equal("sh", e.comm);
	assert_int_equal(2, cowi_stream_running(s));
	/* What the one maps from now on, the other has not. */
	is_mapped(s, 101, 0x10000, "[heap]");
	translate(s, mapped(101, 0x11000, 0x1000, "/lib/x", MAP_PRIVATE), &e);
	is_mapped(s, 101, 0x11000, "/lib/x");
	is_mapped(s, 100, 0x11000, "[heap]");
	/* exec writes its arguments first, above all that is mapped. */
	assert_int_equal(1, translate(s, fault(101, 0x7fff0000,
					       COWI_E_WRITE | COWI_E_GUP,
					       COWI_DID_ZEROFILLED,
					       COWI_VMA_ANON, 3), &e));
	assert_string_equal("(arguments of exec)", e.mapping->name);
	assert_int_equal(1, translate(s, comm(101, "true", true, 3), &e));
	assert_int_equal(COWI_EVENT_EXEC, e.kind);
	assert_string_equal("true", e.comm);
	is_mapped(s, 101, 0x10000, NULL);
	translate(s, mapped(101, 0x70000, 0x1000, "[stack]", MAP_PRIVATE), &e);
	is_mapped(s, 101, 0x70000, "[stack]");
	is_mapped(s, 100, 0x10000, "[heap]");
	assert_int_equal(1, translate(s, task(PERF_RECORD_EXIT, 101, 100, 101,
					      4), &e));
	assert_int_equal(COWI_EVENT_EXIT, e.kind);
	assert_int_equal(1, cowi_stream_running(s));
	/* The kernel's last words to those who wait for it. */
	is_mapped(s, 101, 0x70000, "[stack]");
	assert_int_equal(0, translate(s, task(PERF_RECORD_EXIT, 101, 100, 101,
					      4), &e));
}

static void threads(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;
	struct built named = comm(100, "thread", false, 1);

	assert_int_equal(0, translate(s, task(PERF_RECORD_FORK, 100, 100, 105,
					      1), &e));
	/* The name of a thread is none of the process. */
	memcpy(named.bytes + 12, &(__u32){ 105 }, 4);
	assert_int_equal(0, translate(s, named, &e));
	is_mapped(s, 100, 0x1000, NULL);
	assert_int_equal(0, translate(s, task(PERF_RECORD_EXIT, 100, 1, 105, 2),
				      &e));
	assert_int_equal(1, cowi_stream_running(s));
}

static void strangers(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	assert_int_equal(0, translate(s, task(PERF_RECORD_FORK, 300, 200, 300,
					      1), &e));
	assert_int_equal(0, translate(s, comm(300, "x", true, 1), &e));
	assert_int_equal(0, translate(s, mapped(300, 0, 4096, "/x", 0), &e));
	assert_int_equal(0, translate(s, fault(300, 0, 0, 0, 0, 1), &e));
	assert_int_equal(0, translate(s, task(PERF_RECORD_EXIT, 300, 200, 300,
					      1), &e));
	/* Somebody gets the number of a process that has exited. */
	translate(s, task(PERF_RECORD_EXIT, 100, 1, 100, 2), &e);
	assert_int_equal(0, cowi_stream_running(s));
	assert_int_equal(1, translate(s, fault(100, 0, 0, 0, 0, 2), &e));
	assert_int_equal(0, translate(s, task(PERF_RECORD_FORK, 100, 200, 100,
					      3), &e));
	assert_int_equal(0, translate(s, fault(100, 0, 0, 0, 0, 4), &e));
	assert_int_equal(0, cowi_stream_running(s));
}

static void without_follow(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	s->follow = false;
	assert_int_equal(0, translate(s, task(PERF_RECORD_FORK, 101, 100, 101,
					      1), &e));
	assert_int_equal(0, translate(s, fault(101, 0, 0, 0, 0, 1), &e));
}

/* More processes than are kept begin and end. */
static void many(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;
	int i;

	for (i = 0; i < 3 * COWI_PROC_DEAD; i++) {
		__u32 pid = 1000 + i % (2 * COWI_PROC_DEAD);

		assert_int_equal(1, translate(s, task(PERF_RECORD_FORK, pid,
						      100, pid, i), &e));
		assert_int_equal(1, translate(s, task(PERF_RECORD_EXIT, pid,
						      100, pid, i), &e));
	}
	assert_int_equal(1, cowi_stream_running(s));
	/* One of the last is known, one of the first is not. */
	assert_non_null(cowi_procs_find(&s->procs, 1000 + COWI_PROC_DEAD - 1));
	assert_null(cowi_procs_find(&s->procs, 1000 + COWI_PROC_DEAD));
}

static void by_name(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	s->follow = false;
	s->has_name = true;
	assert_int_equal(0, regcomp(&s->name, "^php", REG_EXTENDED | REG_NOSUB));
	assert_int_equal(0, translate(s, comm(200, "bash", true, 1), &e));
	assert_int_equal(1, translate(s, comm(200, "php-fpm", true, 1), &e));
	assert_string_equal("php-fpm", e.comm);
	assert_int_equal(1, translate(s, fault(200, 0, 0, 0, 0, 2), &e));
	/* Its children have that name, too. */
	assert_int_equal(1, translate(s, task(PERF_RECORD_FORK, 201, 200, 201,
					      3), &e));
	regfree(&s->name);
}

static void is_lost(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_stream_lost sum;
	struct cowi_event e;

	assert_int_equal(1, translate(s, lost(42, 9), &e));
	assert_int_equal(COWI_EVENT_LOST, e.kind);
	assert_int_equal(42, e.count);
	assert_int_equal(9, e.time);
	cowi_stream_lost(s, &sum);
	assert_int_equal(42, sum.records);
	assert_int_equal(0, sum.faults);
}

/* In another pid namespace than the initial one, numbers differ. */
static void namespaces(void **state)
{
	struct cowi_stream *s = *state;
	struct built own = fault(100, 0x1000, 0, 0, 0, 1);
	struct built remote = fault(100, 0x1000, COWI_E_REMOTE, 0, 0, 1);
	const __u32 global = 5100, other = 102;
	struct cowi_event e;

	s->initial_ns = false;
	memcpy(own.bytes + 28 + 32, &global, 4);
	memcpy(remote.bytes + 28 + 32, &global, 4);
	memcpy(remote.bytes + 8, &other, 4);
	assert_int_equal(0, translate(s, remote, &e));
	assert_int_equal(1, translate(s, own, &e));
	assert_int_equal(100, e.pid);
	assert_int_equal(1, translate(s, remote, &e));
	assert_int_equal(100, e.pid);
}

/* Records that end too early, and texts without an end. */
static void too_short(void **state)
{
	static const __u32 types[] = {
		PERF_RECORD_MMAP2, PERF_RECORD_COMM, PERF_RECORD_FORK,
		PERF_RECORD_EXIT, PERF_RECORD_LOST,
	};
	struct cowi_stream *s = *state;
	struct cowi_event e;
	struct built b;
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (size = 24; size < 96; size += 8) {
			memset(&b, 'x', sizeof(b));
			b.header.type = types[i];
			b.header.size = size;
			assert_true(translate(s, b, &e) >= 0);
		}
	}
	assert_int_equal(1, cowi_stream_running(s));
}

#define RINGS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, setup_rings, teardown_rings)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format),
		RINGS_TEST(in_order),
		RINGS_TEST(clock_back),
		RINGS_TEST(wraps),
		RINGS_TEST(bad_record),
		STREAM_TEST(one_fault),
		STREAM_TEST(mappings),
		STREAM_TEST(short_life),
		STREAM_TEST(threads),
		STREAM_TEST(strangers),
		STREAM_TEST(without_follow),
		STREAM_TEST(many),
		STREAM_TEST(by_name),
		STREAM_TEST(is_lost),
		STREAM_TEST(namespaces),
		STREAM_TEST(too_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

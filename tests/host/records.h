/* SPDX-License-Identifier: GPL-2.0 */
/* Records of the kernel, made up, and a stream that takes them. */
#ifndef TESTS_HOST_RECORDS_H
#define TESTS_HOST_RECORDS_H

#include <sys/mman.h>

#include "stream.h"

/* One of them, built from its beginning to its end. */
struct built {
	size_t size;
	union {
		struct perf_event_header header;
		char bytes[512];
	};
};

static inline void put(struct built *b, const void *data, size_t size)
{
	assert_true(b->size + size <= sizeof(b->bytes));
	memcpy(b->bytes + b->size, data, size);
	b->size += size;
}

static inline void put32(struct built *b, __u32 number)
{
	put(b, &number, sizeof(number));
}

static inline void put64(struct built *b, __u64 number)
{
	put(b, &number, sizeof(number));
}

/* The kernel fills up with zeroes. */
static inline void put_text(struct built *b, const char *text)
{
	put(b, text, strlen(text) + 1);
	while (b->size % 8)
		put(b, "", 1);
}

static inline void start(struct built *b, __u32 type, __u16 misc)
{
	memset(b, 0, sizeof(*b));
	b->header.type = type;
	b->header.misc = misc;
	b->size = sizeof(b->header);
}

static inline void end(struct built *b, __u32 pid, __u32 tid, __u64 time)
{
	put32(b, pid);
	put32(b, tid);
	put64(b, time);
	b->header.size = b->size;
}

static inline struct built task(__u32 type, __u32 pid, __u32 parent, __u32 tid,
				__u64 time)
{
	struct built b;

	start(&b, type, 0);
	put32(&b, pid);
	put32(&b, parent);
	put32(&b, tid);
	put32(&b, parent);
	put64(&b, time);
	end(&b, parent, parent, time);
	return b;
}

static inline struct built comm(__u32 pid, const char *name, bool exec, __u64 time)
{
	struct built b;

	start(&b, PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	put32(&b, pid);
	put32(&b, pid);
	put_text(&b, name);
	end(&b, pid, pid, time);
	return b;
}

static inline struct built mapped(__u32 pid, __u64 addr, __u64 len, const char *name,
				  __u32 flags)
{
	struct built b;

	start(&b, PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_DATA);
	put32(&b, pid);
	put32(&b, pid);
	put64(&b, addr);
	put64(&b, len);
	put64(&b, 0);
	put64(&b, 0);
	put64(&b, 0);
	put64(&b, 0);
	put32(&b, PROT_READ | PROT_WRITE);
	put32(&b, flags);
	put_text(&b, name);
	end(&b, pid, pid, 1);
	return b;
}

static inline struct built lost(__u64 count, __u64 time)
{
	struct built b;

	start(&b, PERF_RECORD_LOST, 0);
	put64(&b, 7);
	put64(&b, count);
	end(&b, 0, 0, time);
	return b;
}

/* A tracepoint's record as FORMAT below describes it. */
static inline struct built fault(__u32 pid, __u64 addr, __u32 flags, __u8 outcome,
				 __u8 vma, __u64 time)
{
	__u8 small[8] = { outcome, COWI_KIND_ANON, COWI_KIND_ANON, 0, 0, vma,
			  COWI_NEXT_COPY, COWI_CONF_SURE };
	struct built b;

	start(&b, PERF_RECORD_SAMPLE, 0);
	put32(&b, pid);
	put32(&b, pid + 1000);
	put64(&b, time);
	put32(&b, 52);
	put32(&b, 1234);
	put32(&b, pid + 1000);
	put64(&b, addr);
	put64(&b, 4096);
	put64(&b, 10);
	put32(&b, pid);
	put32(&b, flags);
	put(&b, small, sizeof(small));
	put32(&b, 0);
	b.header.size = b.size;
	return b;
}

#define FORMAT \
	"name: cow_fault\nID: 1234\nformat:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n" \
	"\tfield:u64 addr;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 bytes;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 cost;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:u32 pid;\toffset:32;\tsize:4;\tsigned:0;\n" \
	"\tfield:u32 flags;\toffset:36;\tsize:4;\tsigned:0;\n" \
	"\tfield:u8 outcome;\toffset:40;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 old_kind;\toffset:41;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 new_kind;\toffset:42;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 old_order;\toffset:43;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 new_order;\toffset:44;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 vma;\toffset:45;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 predicted;\toffset:46;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 confidence;\toffset:47;\tsize:1;\tsigned:0;\n\n" \
	"print fmt: \"field:u8 nonsense;\"\n"

static const char *const field_names[FAULT_NR] = {
	"addr", "bytes", "cost", "pid", "flags", "outcome", "old_kind",
	"new_kind", "old_order", "new_order", "vma", "predicted", "confidence",
};

/* Listens to process 100, and follows. Nothing is asked of /proc. */
static inline int setup_stream(void **state)
{
	struct cowi_stream *s = calloc(1, sizeof(*s));
	struct cowi_proc *proc;

	if (!s || cowi_tracepoint_parse(FORMAT, field_names, FAULT_NR, s->fault,
					&s->fault_id))
		return -1;
	s->cgroup = -1;
	s->follow = true;
	s->initial_ns = true;
	*state = s;
	return cowi_stream_adopt(s, 100, &proc);
}

static inline int teardown_stream(void **state)
{
	struct cowi_stream *s = *state;

	cowi_procs_release(&s->procs);
	free(s->pending);
	free(s);
	return 0;
}

static inline int translate(struct cowi_stream *s, struct built b, struct cowi_event *e)
{
	return cowi_stream_translate(s, &b.header, e);
}

#define STREAM_TEST(f) \
	cmocka_unit_test_setup_teardown(f, setup_stream, teardown_stream)

#endif /* TESTS_HOST_RECORDS_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Predictions against writes. The member makes the writes and notes what it
 * sees: the module's record and pagemap's entry before and after, and how many
 * faults it took. The driver judges, by pagemap and kpageflags rather than by
 * the records.
 */
#include <setjmp.h>
#include <sys/resource.h>

#include "truth.h"

/* ---- in the member ---- */

struct eyes {
	int pages, pagemap, flags;
};

static sigjmp_buf refused;

static void on_refused(int sig)
{
	siglongjmp(refused, sig);
}

static void read_at(int fd, void *to, size_t size, uint64_t at)
{
	if (pread(fd, to, size, at) != (ssize_t)size)
		bail("member: cannot read at %" PRIx64, at);
}

static int faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static bool is_ours_to_spoil(uint64_t addr)
{
	return addr >= ARENA && addr < ARENA + MAX_REGIONS * SLOT;
}

/*
 * One write. Regions are written without a read before, which would be a fault
 * of its own where nothing is present; elsewhere all is present, and this
 * program's own memory must keep its contents.
 */
static void write_once(struct attempt *a)
{
	volatile char *at = (volatile char *)a->addr;

	a->sig = sigsetjmp(refused, 1);
	if (!a->sig) {
		a->faults = -faults_so_far();
		if (is_ours_to_spoil(a->addr))
			*at = 0x77;
		else
			*at = *at;
	}
	a->faults += faults_so_far();
}

static void look(const struct eyes *eyes, uint64_t addr,
		 struct cowinspect_page *record, uint64_t *entry)
{
	memset(record, 0, sizeof(*record));
	read_at(eyes->pages, record, sizeof(*record), addr & ~(PAGE - 1));
	/* None at this address: the next one was returned. */
	if (record->addr > addr)
		record->kind = COWI_NR_KINDS;
	read_at(eyes->pagemap, entry, sizeof(*entry), addr / PAGE * 8);
}

static void attempt(const struct eyes *eyes, struct attempt *a)
{
	look(eyes, a->addr, &a->before, &a->map_before);
	a->frame_flags = 0;
	if (a->map_before & PAGEMAP_PRESENT)
		read_at(eyes->flags, &a->frame_flags, 8,
			PAGEMAP_PFN(a->map_before) * 8);
	write_once(a);
	look(eyes, a->addr, &a->after, &a->map_after);
}

/**
 * member_try_writes - make each of the attempts of the shared memory
 */
void member_try_writes(void)
{
	struct sigaction action = { .sa_handler = on_refused };
	struct eyes eyes = {
		.pages = must_open(getpid(), "pages"),
		.pagemap = open("/proc/self/pagemap", O_RDONLY),
		.flags = open("/proc/kpageflags", O_RDONLY),
	};
	int i;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	/* What each attempt writes to beside its page is written to before. */
	sigsetjmp(refused, 1);
	for (i = 0; i < shared->nr_attempts; i++) {
		shared->attempt = i;
		attempt(&eyes, &shared->attempts[i]);
	}
	close(eyes.flags);
	close(eyes.pagemap);
	close(eyes.pages);
}

/* ---- in the driver ---- */

static const char * const outcome_names[COWI_NR_OUTCOMES] = {
	[COWI_NEXT_NOFAULT] = "no fault",
	[COWI_NEXT_REUSE] = "reuse",
	[COWI_NEXT_COPY] = "copy",
	[COWI_NEXT_ZEROFILL] = "zero-fill",
	[COWI_NEXT_SHARED] = "shared write",
	[COWI_NEXT_USERFAULTFD] = "userfaultfd",
	[COWI_NEXT_SWAPIN] = "swap-in",
	[COWI_NEXT_REFUSED] = "refused",
	[COWI_NEXT_UNKNOWN] = "unknown",
	[COWI_NEXT_MARK] = "mark",
};

/* Kinds of page, as the report has them. */
#define CLASSES(X) \
	X(ANON, "anonymous") \
	X(ANON_PART, "anonymous, part of a large folio") \
	X(ANON_HUGE, "anonymous, huge mapping") \
	X(ANON_SWAPCACHE, "anonymous, in the swap cache") \
	X(ANON_PINNED, "anonymous, maybe pinned") \
	X(KSM, "merged by KSM") \
	X(ZERO, "zero page") \
	X(HUGE_ZERO, "huge zero page") \
	X(FILE, "page cache, private mapping") \
	X(SHMEM, "shared memory, private mapping") \
	X(HUGETLB, "hugetlb, private mapping") \
	X(SHARED, "any page of a shared mapping") \
	X(SWAP, "swapped out") \
	X(MARKER, "marker") \
	X(OTHER, "device memory, kernel pages") \
	X(READONLY, "any page of a read-only mapping")

enum class {
#define X(id, text) CLASS_##id,
	CLASSES(X)
#undef X
	NR_CLASSES
};

static const char * const class_names[NR_CLASSES] = {
#define X(id, text) text,
	CLASSES(X)
#undef X
};

static enum class class_of_anon(const struct cowinspect_page *r)
{
	if (r->flags & COWI_F_MAYBE_PINNED)
		return CLASS_ANON_PINNED;
	if (r->flags & COWI_F_SWAPCACHE)
		return CLASS_ANON_SWAPCACHE;
	if (r->map_order)
		return CLASS_ANON_HUGE;
	return r->folio_order ? CLASS_ANON_PART : CLASS_ANON;
}

static enum class class_of(const struct cowinspect_page *r)
{
	if (!(r->flags & COWI_F_VMA_WRITE))
		return CLASS_READONLY;
	if (r->flags & COWI_F_VMA_SHARED)
		return CLASS_SHARED;
	if (r->flags & COWI_F_HUGETLB)
		return CLASS_HUGETLB;
	switch (r->kind) {
	case COWI_KIND_ANON:
		return class_of_anon(r);
	case COWI_KIND_KSM:
		return CLASS_KSM;
	case COWI_KIND_ZERO:
		return r->map_order ? CLASS_HUGE_ZERO : CLASS_ZERO;
	case COWI_KIND_FILE:
		return CLASS_FILE;
	case COWI_KIND_SHMEM:
		return CLASS_SHMEM;
	case COWI_KIND_SWAP:
		return CLASS_SWAP;
	case COWI_KIND_MARKER_UFFD_WP:
	case COWI_KIND_MARKER_GUARD:
	case COWI_KIND_MARKER_POISON:
		return CLASS_MARKER;
	default:
		return CLASS_OTHER;
	}
}

static struct {
	uint64_t hits, total;
} tally[NR_CLASSES][COWI_NR_OUTCOMES][COWI_CONF_SURE + 1];

#define KPF_ZERO_PAGE	24

static bool was_present(const struct attempt *a)
{
	return a->before.flags & COWI_F_PRESENT;
}

/* Pagemap's word; where it sees nothing (see is_unseen()), the record's. */
static uint64_t frame(const struct attempt *a,
		      const struct cowinspect_page *r, uint64_t entry)
{
	if (entry & PAGEMAP_PRESENT)
		return PAGEMAP_PFN(entry);
	return r->pfn + (a->addr - r->addr) / PAGE;
}

/* A userfaultfd is asked: here, each is told to answer with SIGBUS. */
static bool is_uffd_protected(const struct cowinspect_page *r)
{
	return r->flags & COWI_F_UFFD_WP &&
	       (r->flags & COWI_F_VMA_UFFD_WP ||
		(r->flags & COWI_F_VMA_UFFD_RWP &&
		 (r->flags & COWI_F_PROTNONE ||
		  !(r->flags & COWI_F_PRESENT))));
}

/**
 * what_happened - what a write did, without a look at what was predicted
 * @a: the write
 *
 * Return: enum cowinspect_outcome
 */
int what_happened(const struct attempt *a)
{
	const struct cowinspect_page *r = &a->before;

	bool same;

	if (a->sig)
		return a->sig == SIGBUS && is_uffd_protected(r) ?
		       COWI_NEXT_USERFAULTFD : COWI_NEXT_REFUSED;
	if (!a->faults)
		return COWI_NEXT_NOFAULT;
	/* Behind a marker there was nothing, and what comes depends on the VMA. */
	if (!was_present(a))
		return r->kind == COWI_KIND_MARKER_UFFD_WP ? COWI_NEXT_UNKNOWN :
							     COWI_NEXT_SWAPIN;
	if (a->frame_flags & (1ULL << KPF_ZERO_PAGE))
		return COWI_NEXT_ZEROFILL;
	same = frame(a, &a->before, a->map_before) ==
	       frame(a, &a->after, a->map_after);
	/* It was writable: there was nothing to do but to set its marks. */
	if (same && r->flags & COWI_F_WRITE && !(r->flags & COWI_F_PROTNONE))
		return COWI_NEXT_MARK;
	if (r->flags & COWI_F_VMA_SHARED)
		return COWI_NEXT_SHARED;
	return same ? COWI_NEXT_REUSE : COWI_NEXT_COPY;
}

/*
 * What must be so after the write, whatever was predicted; the frame, the
 * ownership, the size of the mapping. Returns what is wrong, or NULL.
 */
static const char *what_is_wrong(const struct attempt *a, int happened)
{
	const struct cowinspect_page *r = &a->after;
	bool copied = happened == COWI_NEXT_COPY ||
		      happened == COWI_NEXT_ZEROFILL;

	if (a->sig || happened == COWI_NEXT_UNKNOWN)
		return NULL;
	if (!(r->flags & COWI_F_PRESENT))
		return "it is not present after the write";
	if (!(r->flags & COWI_F_WRITE))
		return "it is not writable after the write";
	if (happened == COWI_NEXT_NOFAULT && a->map_before != a->map_after)
		return "no fault, yet pagemap changed";
	if (copied && r->kind != COWI_KIND_ANON)
		return "the copy is not anonymous";
	if (copied && r->mapcount != 1)
		return "the copy is not mapped once";
	if (copied && machine.has_exclusive && !(r->flags & COWI_F_EXCLUSIVE))
		return "the copy is not exclusive";
	return NULL;
}

/* A huge mapping is split if and only if that was predicted. */
static bool split_agrees(const struct attempt *a, int happened)
{
	bool split = a->after.map_order < a->before.map_order;

	if (!a->before.map_order || happened != a->before.outcome ||
	    !was_present(a))
		return true;
	return split == !!(a->before.flags & COWI_F_SPLIT);
}

static void say_differs(const struct attempt *a, int happened, const char *why)
{
	const struct cowinspect_page *r = &a->before;
	char cost[96];

	snprintf(cost, sizeof(cost),
		 "faults %d signal %d pagemap %" PRIx64 " -> %" PRIx64,
		 a->faults, a->sig, a->map_before, a->map_after);
	differs("%" PRIx64 ": predicted %s (%s), happened %s%s%s; %s; %s",
		a->addr, outcome_names[r->outcome],
		r->confidence == COWI_CONF_SURE ? "sure" : "likely",
		outcome_names[happened], why ? ": " : "", why ? why : "",
		record_text(r), cost);
}

static void judge(const struct attempt *a)
{
	const struct cowinspect_page *r = &a->before;
	int happened = what_happened(a);
	const char *why = what_is_wrong(a, happened);
	bool hit = happened == r->outcome;

	if (!split_agrees(a, happened))
		why = a->before.flags & COWI_F_SPLIT ? "not split" : "split";
	if (why || (!hit && r->confidence == COWI_CONF_SURE))
		say_differs(a, happened, why);
	else if (!hit && r->confidence == COWI_CONF_LIKELY)
		diag("likely, but no: %s predicted %s, happened %s; %s",
		     class_names[class_of(r)], outcome_names[r->outcome],
		     outcome_names[happened], record_text(r));
	tally[class_of(r)][r->outcome][r->confidence].total++;
	tally[class_of(r)][r->outcome][r->confidence].hits += hit;
}

/**
 * check_predictions - judge the attempts that a member has just made
 */
void check_predictions(void)
{
	int i;

	for (i = 0; i < shared->nr_attempts; i++) {
		/* Gone since the choice: by an exit or an earlier write. */
		if (shared->attempts[i].before.kind != COWI_NR_KINDS)
			judge(&shared->attempts[i]);
	}
}

static const char * const confidence_names[] = { "none", "likely", "sure" };

/**
 * report_predictions - print the rates, and test them
 */
void report_predictions(void)
{
	uint64_t hits[COWI_CONF_SURE + 1] = { 0 };
	uint64_t total[COWI_CONF_SURE + 1] = { 0 };
	int c, o, f;

	for (c = 0; c < NR_CLASSES; c++) {
		for (o = 0; o < COWI_NR_OUTCOMES; o++) {
			for (f = 0; f <= COWI_CONF_SURE; f++) {
				if (!tally[c][o][f].total)
					continue;
				hits[f] += tally[c][o][f].hits;
				total[f] += tally[c][o][f].total;
				diag("prediction|%s|%s|%s|%" PRIu64 "|%" PRIu64,
				     class_names[c], outcome_names[o],
				     confidence_names[f], tally[c][o][f].hits,
				     tally[c][o][f].total);
			}
		}
	}
	diag("%" PRIu64 " writes had no prediction", total[COWI_CONF_NONE]);
	ok(total[COWI_CONF_SURE] &&
	   hits[COWI_CONF_SURE] == total[COWI_CONF_SURE],
	   "sure predictions that came true: %" PRIu64 " of %" PRIu64,
	   hits[COWI_CONF_SURE], total[COWI_CONF_SURE]);
	ok(hits[COWI_CONF_LIKELY] * 100 >= total[COWI_CONF_LIKELY] * 99,
	   "likely predictions that came true, at least 99 of 100: %" PRIu64
	   " of %" PRIu64, hits[COWI_CONF_LIKELY], total[COWI_CONF_LIKELY]);
}

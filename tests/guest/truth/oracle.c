// SPDX-License-Identifier: GPL-2.0
/*
 * Each record against pagemap, kpagecount, kpageflags and PAGEMAP_SCAN, page by
 * page; and no page in pagemap without a record.
 *
 * Where the kernel's files follow another definition than the records, the
 * comparison has it, with the function that says so (read in 5.10, 6.1, 6.12
 * and 7.2; fs/proc/task_mmu.c and fs/proc/page.c).
 */
#include <sys/ioctl.h>

#include "truth.h"

/* Bits of /proc/kpageflags, some of which are not in the uapi header. */
#define KPF_LOCKED		0
#define KPF_REFERENCED		2
#define KPF_DIRTY		4
#define KPF_LRU			5
#define KPF_WRITEBACK		8
#define KPF_ANON		12
#define KPF_SWAPCACHE		13
#define KPF_SWAPBACKED		14
#define KPF_COMPOUND_HEAD	15
#define KPF_COMPOUND_TAIL	16
#define KPF_HUGE		17
#define KPF_KSM			21
#define KPF_ZERO_PAGE		24
#define KPF_MLOCKED		33
#define KPF_OWNER_2		34	/* AnonExclusive, for anonymous pages */

/* PAGEMAP_SCAN came in 6.7, after the headers that this may be built with. */
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL		_IOWR('f', 16, struct scan_arg)
#define SCAN_FILE		(1 << 2)
#define SCAN_PRESENT		(1 << 3)
#define SCAN_SWAPPED		(1 << 4)
#define SCAN_PFNZERO		(1 << 5)
#define SCAN_HUGE		(1 << 6)
#define SCAN_SOFT_DIRTY		(1 << 7)
#define SCAN_GUARD		(1 << 8)

struct view view;
uint64_t compared_entries, compared_pages;

#define MAX_PAGES	(1 << 19)
#define MAX_RUN		8192

#define MAX_SCANNED	4096
#define MAX_ENTRIES	4096

static uint64_t *page_flags, *page_counts, *entries;
static struct scan_region *scanned;

/**
 * not_inherited - memory for the driver
 * @size: in bytes
 *
 * Members shall have nothing of the driver's but the program.
 *
 * Return: memory that a fork leaves out.
 */
void *not_inherited(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || madvise(at, size, MADV_DONTFORK))
		bail("no memory");
	return at;
}

/**
 * views_alloc - make room for the view, once
 */
void views_alloc(void)
{
	view.records = not_inherited(MAX_RECORDS * sizeof(*view.records));
	view.counts = not_inherited(MAX_RECORDS * sizeof(*view.counts));
	view.page_counts = not_inherited(MAX_PAGES * sizeof(*view.page_counts));
	page_flags = not_inherited(MAX_RUN * sizeof(*page_flags));
	page_counts = not_inherited(MAX_RUN * sizeof(*page_counts));
	entries = not_inherited(MAX_ENTRIES * sizeof(*entries));
	scanned = not_inherited(MAX_SCANNED * sizeof(*scanned));
}

static void read_all(const char *path, void *to, size_t n, uint64_t first)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || pread(fd, to, n * 8, first * 8) != (ssize_t)n * 8)
		bail("cannot read %zu of %s at %" PRIx64, n, path, first);
	close(fd);
}

/* How many records from @i on map one run of frames that fits the buffers. */
static int run_of(int i, unsigned long *pages)
{
	const struct cowinspect_page *r = view.records;
	int j = i + 1;

	*pages = pages_of(&r[i]);
	while (j < view.nr && is_counted(&r[j]) &&
	       r[j].pfn == r[i].pfn + *pages &&
	       *pages + pages_of(&r[j]) <= MAX_RUN)
		*pages += pages_of(&r[j++]);
	return j - i;
}

static void read_page_counts(void)
{
	unsigned long pages, at = 0, k;
	int i, n;

	for (i = 0; i < view.nr; i += n) {
		n = 1;
		view.counts[i] = at;
		if (!is_counted(&view.records[i]))
			continue;
		n = run_of(i, &pages);
		if (at + pages > MAX_PAGES)
			bail("more pages than there is room for");
		read_all("/proc/kpagecount", page_counts, pages,
			 view.records[i].pfn);
		for (k = 0; k < pages; k++)
			view.page_counts[at + k] = page_counts[k];
		for (k = 0; k < (unsigned long)n; k++) {
			view.counts[i + k] = at;
			at += pages_of(&view.records[i + k]);
		}
	}
}

/*
 * VMAs that map frames by number, which pagemap passes over, with all that is
 * in them (walk_page_test() in mm/pagewalk.c), and so do the smaps of older
 * kernels: there only the module says what there is.
 */
static struct {
	uint64_t start, end;
} unseen[64];

static int nr_unseen;

static void note_unseen(void)
{
	char *smaps = slurp_proc(view.pid, "smaps"), *line = smaps, *eol;
	uint64_t start = 0, end = 0, from, to;

	nr_unseen = 0;
	for (; (eol = strchr(line, '\n')); line = eol + 1) {
		*eol = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2) {
			start = from;
			end = to;
		}
		if (strncmp(line, "VmFlags:", 8) || !strstr(line, " pf"))
			continue;
		if (nr_unseen == sizeof(unseen) / sizeof(unseen[0]))
			bail("too many VMAs of device memory");
		unseen[nr_unseen].start = start;
		unseen[nr_unseen++].end = end;
	}
	free(smaps);
}

bool is_unseen(uint64_t addr)
{
	int i;

	for (i = 0; i < nr_unseen; i++) {
		if (addr >= unseen[i].start && addr < unseen[i].end)
			return true;
	}
	return false;
}

/**
 * view_member - get all records of a member, and kpagecount of its pages
 * @pid: the member, attached and asleep
 */
void view_member(pid_t pid)
{
	int fd = must_open(pid, "pages");

	view.pid = pid;
	view.nr = read_records(fd, 0, ~0UL, view.records, MAX_RECORDS);
	close(fd);
	if (view.nr == MAX_RECORDS)
		bail("more records than there is room for");
	read_page_counts();
	note_unseen();
}

/* ---- pagemap ---- */

static const struct cowinspect_page *cursor;

/* The record that maps @addr, or NULL; addresses come in ascending order. */
static const struct cowinspect_page *record_of(uint64_t addr)
{
	const struct cowinspect_page *end = view.records + view.nr;

	while (cursor < end && cursor->addr + pages_of(cursor) * PAGE <= addr)
		cursor++;
	return cursor < end && cursor->addr <= addr ? cursor : NULL;
}

static uint32_t count_at(const struct cowinspect_page *r, unsigned long nth)
{
	return view.page_counts[view.counts[r - view.records] + nth];
}

/*
 * Whether the kernel's files may wrongly call a hugetlb page shared: they ask
 * for the share count of its table, which is only initialised in tables of
 * PMDs, and this entry stands in one of PTEs, or of PUDs (hugetlb_pmd_shared(),
 * ptdesc_pmd_pts_init(); read in 7.2, and seen there).
 */
bool is_share_count_wrong(const struct cowinspect_page *r)
{
	bool in_pmd_table = r->map_order >= HUGE_ORDER &&
			    r->map_order < 2 * HUGE_ORDER;

	return r->flags & COWI_F_HUGETLB && !in_pmd_table && kernel_since(6, 12);
}

/*
 * Bit 56: the page is mapped once. Of a huge mapping most kernels say what holds
 * for its first page (pagemap_pmd_range(), since 6.19 pagemap_pmd_range_thp(): from
 * some version after 6.12 on, at the latest 6.17, its loop passes the first page
 * where 6.12's passed each).
 */
static bool once_agrees(const struct cowinspect_page *r, unsigned long nth,
			uint64_t entry)
{
	if (!is_counted(r) || is_share_count_wrong(r))
		return true;
	if (!machine.each_page_once)
		nth = 0;
	return !!(entry & PAGEMAP_ONCE) == (count_at(r, nth) == 1);
}

/*
 * Bit 61: not anonymous. The huge zero page has a struct page for
 * pagemap_pmd_range(), which calls it a file page; the small one has none.
 */
static bool file_agrees(const struct cowinspect_page *r, uint64_t entry)
{
	bool file = r->kind == COWI_KIND_FILE || r->kind == COWI_KIND_SHMEM ||
		    r->kind == COWI_KIND_KERNEL;

	if (r->kind == COWI_KIND_ZERO && r->map_order)
		return true;
	return !!(entry & PAGEMAP_FILE) == file;
}

static bool present_agrees(const struct cowinspect_page *r, unsigned long nth,
			   uint64_t entry)
{
	return entry & PAGEMAP_PRESENT && !(entry & PAGEMAP_SWAPPED) &&
	       PAGEMAP_PFN(entry) == r->pfn + nth &&
	       once_agrees(r, nth, entry) && file_agrees(r, entry);
}

/*
 * The frame field of a swap entry: five bits of type, then the offset. Of
 * hugetlb entries pagemap shows none that is not present, beyond its uffd bit
 * (pagemap_hugetlb_range()).
 */
static bool nonpresent_agrees(const struct cowinspect_page *r, uint64_t entry)
{
	if (r->flags & COWI_F_HUGETLB)
		return !(entry & (PAGEMAP_SWAPPED | PAGEMAP_PRESENT));
	if (!(entry & PAGEMAP_SWAPPED) || entry & PAGEMAP_PRESENT)
		return false;
	return r->kind != COWI_KIND_SWAP ||
	       PAGEMAP_PFN(entry) == (r->swap_type | r->pfn << 5);
}

/* Before 5.14 or so pagemap did not show it (not in 5.10, so in 6.1). */
static bool uffd_agrees(const struct cowinspect_page *r, uint64_t entry)
{
	return !kernel_since(6, 1) ||
	       !!(r->flags & COWI_F_UFFD_WP) == !!(entry & PAGEMAP_UFFD_WP);
}

static void compare_pagemap(uint64_t addr, uint64_t entry)
{
	const struct cowinspect_page *r = record_of(addr);
	unsigned long nth;

	compared_pages++;
	if (!r) {
		if (entry & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED))
			differs("%" PRIx64 ": pagemap %" PRIx64
				", but there is no record", addr, entry);
		return;
	}
	nth = (addr - r->addr) / PAGE;
	if ((r->flags & COWI_F_PRESENT ? present_agrees(r, nth, entry) :
					 nonpresent_agrees(r, entry)) &&
	    !!(r->flags & COWI_F_SOFT_DIRTY) ==
	    !!(entry & PAGEMAP_SOFT_DIRTY) && uffd_agrees(r, entry))
		return;
	differs("%" PRIx64 ": pagemap %" PRIx64 ", kpagecount %u, record: %s",
		addr, entry, is_counted(r) ? count_at(r, nth) : 0,
		record_text(r));
}

/* ---- PAGEMAP_SCAN ---- */

static uint64_t expected_categories(const struct cowinspect_page *r)
{
	uint64_t c = 0;

	if (r->map_order)
		c |= SCAN_HUGE;
	if (!(r->flags & COWI_F_PRESENT))
		return c | SCAN_SWAPPED |
		       (r->kind == COWI_KIND_MARKER_GUARD ? SCAN_GUARD : 0);
	c |= SCAN_PRESENT;
	if (r->kind == COWI_KIND_ZERO)
		c |= SCAN_PFNZERO;
	if (r->kind == COWI_KIND_FILE || r->kind == COWI_KIND_SHMEM ||
	    r->kind == COWI_KIND_KERNEL)
		c |= SCAN_FILE;
	return c;
}

/*
 * What is compared: not soft-dirty, which leaves out that of the VMA and is
 * pagemap's anyway; nor huge where the entry is a group of PTEs (hugetlb of
 * arm64 is called huge, whatever its size).
 */
static void compare_scan(uint64_t addr, uint64_t categories)
{
	const struct cowinspect_page *r = record_of(addr);
	uint64_t mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED |
			SCAN_PFNZERO | SCAN_HUGE;

	if (!r) {
		if (categories & (SCAN_PRESENT | SCAN_SWAPPED))
			differs("%" PRIx64 ": PAGEMAP_SCAN %" PRIx64
				", but there is no record", addr, categories);
		return;
	}
	if (machine.has_scan_guard)
		mask |= SCAN_GUARD;
	if ((categories & mask) != (expected_categories(r) & mask))
		differs("%" PRIx64 ": PAGEMAP_SCAN %" PRIx64
			", record: %s", addr, categories & mask,
			record_text(r));
}

static long scan(int fd, struct scan_arg *arg)
{
	arg->size = sizeof(*arg);
	arg->vec = (uintptr_t)scanned;
	arg->vec_len = MAX_SCANNED;
	arg->return_mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED |
			   SCAN_PFNZERO | SCAN_HUGE;
	if (machine.has_scan_guard)
		arg->return_mask |= SCAN_GUARD;
	return ioctl(fd, SCAN_IOCTL, arg);
}

static void scan_vma(int fd, uint64_t start, uint64_t end)
{
	struct scan_arg arg = { .start = start, .end = end };
	long n, i;
	uint64_t at;

	while (arg.start < end) {
		n = scan(fd, &arg);
		if (n < 0)
			bail("PAGEMAP_SCAN");
		for (i = 0; i < n; i++) {
			for (at = scanned[i].start; at < scanned[i].end;
			     at += PAGE)
				compare_scan(at, scanned[i].categories);
		}
		arg.start = arg.walk_end;
	}
}

static void probe_scan(void)
{
	static bool probed;
	char here = 0;
	struct scan_arg arg = { .start = (uintptr_t)&here & ~(PAGE - 1) };
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (!probed) {
		arg.end = arg.start + PAGE;
		machine.has_scan = scan(fd, &arg) >= 0;
		machine.has_scan_guard = true;
		if (scan(fd, &arg) < 0)
			machine.has_scan_guard = false;
		diag("judges: pagemap, kpagecount, kpageflags, smaps%s%s",
		     machine.has_scan ? ", PAGEMAP_SCAN" : "",
		     machine.has_scan_guard ? " (with guard regions)" : "");
		probed = true;
	}
	close(fd);
}

/* ---- each VMA ---- */

/*
 * The ranges of maps that pagemap can see, without the page at the top that no
 * process has.
 */
static void each_vma(void (*see)(int fd, uint64_t start, uint64_t end), int fd)
{
	char *maps = slurp_proc(view.pid, "maps"), *line;
	unsigned long start, end;

	cursor = view.records;
	for (line = maps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    start < 1UL << 62 && !is_unseen(start))
			see(fd, start, end);
	}
	free(maps);
}

static void pagemap_vma(int fd, uint64_t start, uint64_t end)
{
	ssize_t got;
	int i;

	while (start < end) {
		uint64_t n = (end - start) / PAGE;

		if (n > MAX_ENTRIES)
			n = MAX_ENTRIES;
		got = pread(fd, entries, n * 8, start / PAGE * 8);
		if (got <= 0)
			bail("cannot read pagemap");
		for (i = 0; i < got / 8; i++)
			compare_pagemap(start + i * PAGE, entries[i]);
		start += got / 8 * PAGE;
	}
}

/* ---- kpagecount ---- */

static void compare_counts(const struct cowinspect_page *r)
{
	unsigned long i, n = pages_of(r);
	uint64_t sum = 0, mean;
	bool alike = true;

	for (i = 0; i < n; i++) {
		sum += count_at(r, i);
		alike &= count_at(r, i) == r->mapcount;
	}
	mean = (sum + n / 2) / n;
	if (r->counts == COWI_COUNT_AVERAGE ?
	    r->mapcount == (mean ? mean : 1) : alike)
		return;
	differs("%llx: kpagecount %u (mean of %lu: %" PRIu64 "), record: %s",
		r->addr, count_at(r, 0), n, mean, record_text(r));
}

/* ---- kpageflags ---- */

static const struct {
	int bit;
	uint64_t flag;
} flag_pairs[] = {
	{ KPF_LOCKED, COWI_F_LOCKED },
	{ KPF_REFERENCED, COWI_F_REFERENCED },
	{ KPF_DIRTY, COWI_F_PAGE_DIRTY },
	{ KPF_LRU, COWI_F_LRU },
	{ KPF_WRITEBACK, COWI_F_WRITEBACK },
	{ KPF_SWAPCACHE, COWI_F_SWAPCACHE },
	{ KPF_SWAPBACKED, COWI_F_SWAPBACKED },
	{ KPF_MLOCKED, COWI_F_MLOCKED },
	{ KPF_HUGE, COWI_F_HUGETLB },
};

#define NR_PAIRS ((int)(sizeof(flag_pairs) / sizeof(flag_pairs[0])))

static bool kind_agrees(const struct cowinspect_page *r, uint64_t k)
{
	bool anon = r->kind == COWI_KIND_ANON || r->kind == COWI_KIND_KSM;

	if (!!(k & (1ULL << KPF_ANON)) != anon)
		return false;
	return machine.ksm_flag_wrong ||
	       !!(k & (1ULL << KPF_KSM)) == (r->kind == COWI_KIND_KSM);
}

/*
 * Up to 6.9 the file shows the flags word of the very page, which for pages of
 * a large folio but the first means nothing; from then on the folio's. Of these
 * pages only what is per page is compared, with the older ones, and nothing.
 */
static bool flags_agree(const struct cowinspect_page *r, uint64_t k)
{
	bool first = !r->folio_order || !(r->pfn & ((1UL << r->folio_order) - 1));
	uint64_t compound = (1ULL << KPF_COMPOUND_HEAD) |
			    (1ULL << KPF_COMPOUND_TAIL);
	int i;

	if (!kind_agrees(r, k) || !!(k & compound) != !!r->folio_order)
		return false;
	if (!first)
		return true;
	for (i = 0; i < NR_PAIRS; i++) {
		if (!!(k & (1ULL << flag_pairs[i].bit)) !=
		    !!(r->flags & flag_pairs[i].flag))
			return false;
	}
	return r->kind != COWI_KIND_ANON || !machine.has_exclusive ||
	       !!(k & (1ULL << KPF_OWNER_2)) == !!(r->flags & COWI_F_EXCLUSIVE);
}

static void compare_flags(void)
{
	const struct cowinspect_page *r;
	unsigned long pages, at;
	int i, j, n;

	for (i = 0; i < view.nr; i += n) {
		n = 1;
		if (!is_counted(&view.records[i]))
			continue;
		n = run_of(i, &pages);
		read_all("/proc/kpageflags", page_flags, pages,
			 view.records[i].pfn);
		for (at = 0, j = i; j < i + n; j++, at += pages_of(r)) {
			r = &view.records[j];
			compare_counts(r);
			if (!flags_agree(r, page_flags[at]))
				differs("%llx: kpageflags %" PRIx64
					", record: %s", r->addr, page_flags[at],
					record_text(r));
		}
	}
}

static void compare_zero_pages(void)
{
	const struct cowinspect_page *r = view.records;

	for (; r < view.records + view.nr; r++) {
		uint64_t k;

		if (r->kind != COWI_KIND_ZERO)
			continue;
		k = u64_at("/proc/kpageflags", r->pfn);
		if (!(k & (1ULL << KPF_ZERO_PAGE)))
			differs("%llx: kpageflags %" PRIx64
				" is no zero page, the record says so",
				r->addr, k);
	}
}

/* ---- what there is ---- */

static bool in_arena(const struct cowinspect_page *r)
{
	return r->addr >= ARENA && r->addr < ARENA + MAX_REGIONS * SLOT;
}

static void note_anon(const struct cowinspect_page *r)
{
	bool *seen = shared->seen;

	seen[ING_ANON] = true;
	if (r->flags & COWI_F_HUGETLB)
		return;
	seen[ING_HUGE_ANON] |= r->map_order;
	seen[ING_HUGE_PART] |= r->folio_order >= HUGE_ORDER && !r->map_order;
	seen[ING_MTHP] |= r->folio_order && r->folio_order < HUGE_ORDER;
	seen[ING_LAZY_FREE] |= !(r->flags & COWI_F_SWAPBACKED);
}

static enum ingredient ingredient_of_uffd(const struct cowinspect_page *r)
{
	if (r->flags & COWI_F_VMA_UFFD_RWP)
		return ING_UFFD_RWP;
	return r->flags & COWI_F_VMA_UFFD_ASYNC ? ING_UFFD_ASYNC : ING_UFFD_WP;
}

/* The ingredients that a record shows. */
static void note_seen(const struct cowinspect_page *r)
{
	bool *seen = shared->seen;

	if (r->kind == COWI_KIND_ANON)
		note_anon(r);
	if (r->kind == COWI_KIND_SHMEM)
		seen[ING_HUGE_SHMEM] |= r->map_order;
	if (r->kind == COWI_KIND_ZERO)
		seen[r->map_order ? ING_HUGE_ZERO : ING_ZERO] = true;
	seen[ING_VVAR] |= r->addr == machine.vvar;
	seen[ING_VDSO] |= r->addr == machine.vdso;
	seen[ING_KSM] |= r->kind == COWI_KIND_KSM;
	seen[ING_SWAPPED] |= r->kind == COWI_KIND_SWAP;
	seen[ING_GUARD] |= r->kind == COWI_KIND_MARKER_GUARD;
	if (r->flags & COWI_F_UFFD_WP)
		seen[ingredient_of_uffd(r)] = true;
	seen[ING_MLOCKED] |= !!(r->flags & COWI_F_MLOCKED) && in_arena(r);
	seen[ING_PINNED] |= !!(r->flags & COWI_F_MAYBE_PINNED);
	seen[ING_HUGE_MIXED] |= r->counts == COWI_COUNT_AVERAGE;
}

/**
 * check_entries - compare the viewed member's records with the kernel's files
 */
void check_entries(void)
{
	char path[64];
	int fd, i;

	probe_scan();
	snprintf(path, sizeof(path), "/proc/%d/pagemap", view.pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		bail("cannot open %s", path);
	each_vma(pagemap_vma, fd);
	if (machine.has_scan)
		each_vma(scan_vma, fd);
	close(fd);
	compare_flags();
	compare_zero_pages();
	for (i = 0; i < view.nr; i++)
		note_seen(&view.records[i]);
	compared_entries += view.nr;
}

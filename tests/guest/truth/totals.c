// SPDX-License-Identifier: GPL-2.0
/*
 * The vmas and summary files against smaps and smaps_rollup, and both against
 * sums over the records.
 *
 * Some quantities are defined in more than one way, and compared with each:
 * hugetlb pages are in our pss and not in the kernel's Rss, Pss, Anonymous
 * (smaps_hugetlb_range() keeps them apart); pages without a struct page are
 * present and not in Rss; what is swapped out of a shared object is in smaps'
 * Swap though no entry says so (shmem_partial_swap_usage()), so that for shmem
 * smaps' Swap may only be the greater; and of VMAs that map frames by number
 * the smaps of older kernels say nothing at all (see is_unseen()).
 */
#include "truth.h"

#define PSS_SHIFT	12

uint64_t compared_totals;

enum total {
	RSS, PSS, PSS_ANON, PSS_FILE, PSS_SHMEM, SHARED_CLEAN, SHARED_DIRTY,
	PRIVATE_CLEAN, PRIVATE_DIRTY, REFERENCED, ANONYMOUS, KSM, LAZY_FREE,
	ANON_HUGE, SHMEM_HUGE, FILE_HUGE, SHARED_HUGETLB, PRIVATE_HUGETLB,
	SWAP, NR_TOTALS
};

static const char * const names[NR_TOTALS] = {
	"Rss", "Pss", "Pss_Anon", "Pss_File", "Pss_Shmem", "Shared_Clean",
	"Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced",
	"Anonymous", "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped",
	"FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap",
};

/* In bytes, those of Pss shifted left by PSS_SHIFT as the kernel has it. */
struct sums {
	uint64_t total[NR_TOTALS];
	uint64_t our_pss;		/* with hugetlb */
	bool share_count_wrong;		/* of some hugetlb page */
};

static uint64_t kb(const struct sums *sums, int i)
{
	uint64_t value = sums->total[i];

	if (i >= PSS && i <= PSS_SHMEM)
		value >>= PSS_SHIFT;
	return value >> 10;
}

/* ---- sums over records ---- */

/* One page, mapped @mapcount times. */
static void add_page(struct sums *s, const struct cowinspect_page *r,
		     uint32_t mapcount)
{
	bool dirty = r->flags & (COWI_F_DIRTY | COWI_F_PAGE_DIRTY);
	bool anon = r->kind == COWI_KIND_ANON || r->kind == COWI_KIND_KSM;
	uint64_t pss = (PAGE << PSS_SHIFT) / (mapcount > 1 ? mapcount : 1);

	s->our_pss += pss;
	if (r->flags & COWI_F_HUGETLB) {
		s->total[mapcount > 1 ? SHARED_HUGETLB : PRIVATE_HUGETLB] += PAGE;
		s->share_count_wrong |= is_share_count_wrong(r);
		return;
	}
	s->total[RSS] += PAGE;
	s->total[PSS] += pss;
	s->total[anon ? PSS_ANON : r->flags & COWI_F_SWAPBACKED ? PSS_SHMEM :
		 PSS_FILE] += pss;
	if (mapcount > 1)
		s->total[dirty ? SHARED_DIRTY : SHARED_CLEAN] += PAGE;
	else
		s->total[dirty ? PRIVATE_DIRTY : PRIVATE_CLEAN] += PAGE;
	if (r->flags & (COWI_F_YOUNG | COWI_F_REFERENCED))
		s->total[REFERENCED] += PAGE;
	if (!anon)
		return;
	s->total[ANONYMOUS] += PAGE;
	if (r->kind == COWI_KIND_KSM)
		s->total[KSM] += PAGE;
	if (!dirty && !(r->flags & COWI_F_SWAPBACKED))
		s->total[LAZY_FREE] += PAGE;
}

static void add_huge(struct sums *s, const struct cowinspect_page *r)
{
	uint64_t size = pages_of(r) * PAGE;

	if (!r->map_order || r->flags & COWI_F_HUGETLB)
		return;
	if (r->kind == COWI_KIND_ANON)
		s->total[ANON_HUGE] += size;
	else if (r->flags & COWI_F_SWAPBACKED)
		s->total[SHMEM_HUGE] += size;
	else
		s->total[FILE_HUGE] += size;
}

/*
 * A page's mapcount is the record's; where the record has the mean of a huge
 * mapping, it is kpagecount's, page by page, as smaps_account() takes it.
 */
static void add_record(struct sums *s, const struct cowinspect_page *r)
{
	const uint32_t *counts = view.page_counts +
				 view.counts[r - view.records];
	unsigned long i;

	if (r->kind == COWI_KIND_SWAP)
		s->total[SWAP] += PAGE;
	if (!is_counted(r))
		return;
	for (i = 0; i < pages_of(r); i++)
		add_page(s, r, r->counts == COWI_COUNT_AVERAGE ? counts[i] :
			       r->mapcount);
	add_huge(s, r);
}

/* ---- our files ---- */

static char *vmas_at;
static int columns[6];
static const char * const column_names[] = {
	"present", "swapped", "zero", "pfn", "hugetlb", "pss",
};

enum column { PRESENT, SWAPPED, ZERO, PFN, HUGETLB, OUR_PSS };

#define NR_COLUMNS ((int)(sizeof(columns) / sizeof(columns[0])))

static int column_of(char *header, const char *name)
{
	char *word;
	int i = 0;

	for (word = strtok(header, " "); word; word = strtok(NULL, " ")) {
		if (!strcmp(word, name))
			return i;
		i++;
	}
	bail("vmas has no column %s", name);
}

/* The columns are the same each time. */
static void find_columns(const char *text)
{
	static bool found;
	char *header;
	int i;

	if (found)
		return;
	found = true;
	for (i = 0; i < NR_COLUMNS; i++) {
		header = strndup(text, strchr(text, '\n') - text);
		columns[i] = column_of(header, column_names[i]);
		free(header);
	}
}

/* The next line of vmas: its range, and the columns that are wanted. */
static bool next_line(uint64_t *start, uint64_t *end, uint64_t *values)
{
	char *word, *save, *eol = strchr(vmas_at, '\n');
	int i, n = 0;

	if (!eol)
		return false;
	*eol = 0;
	if (sscanf(vmas_at, "%" SCNx64 "-%" SCNx64, start, end) != 2)
		bail("a line of vmas is odd: %.60s", vmas_at);
	for (word = strtok_r(vmas_at, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), n++) {
		for (i = 0; i < NR_COLUMNS; i++) {
			if (columns[i] == n)
				values[i] = strtoull(word, NULL, 10);
		}
	}
	vmas_at = eol + 1;
	return true;
}

/* ---- the comparison ---- */

static void compare(const char *where, const char *name, uint64_t ours,
		    uint64_t theirs)
{
	compared_totals++;
	if (ours != theirs)
		differs("%s: %s %" PRIu64 ", the kernel's %" PRIu64, where,
			name, ours, theirs);
}

/* Each line of smaps that this kernel has. */
static void compare_smaps(const char *where, const struct sums *s,
			  const char *smaps, bool shmem)
{
	int i;

	for (i = 0; i < NR_TOTALS; i++) {
		long long value = number_of(smaps, names[i]);

		if (value < 0)
			continue;
		if (i == SWAP && shmem && kb(s, i) <= (uint64_t)value)
			continue;
		if (s->share_count_wrong && i == SHARED_HUGETLB) {
			compare(where, "Hugetlb", kb(s, i) + kb(s, i + 1),
				value + number_of(smaps, names[i + 1]));
			i++;
			continue;
		}
		/* In kB, each rounded down on its own. */
		compare(where, names[i], kb(s, i), value);
	}
}

static void compare_columns(const char *where, const struct sums *s,
			    const uint64_t *v)
{
	uint64_t counted = v[PRESENT] - v[ZERO] - v[PFN];

	compare(where, "present, counted, not hugetlb",
		(counted - v[HUGETLB]) * PAGE, s->total[RSS]);
	compare(where, "hugetlb", v[HUGETLB] * PAGE,
		s->total[SHARED_HUGETLB] + s->total[PRIVATE_HUGETLB]);
	compare(where, "swapped", v[SWAPPED] * PAGE, s->total[SWAP]);
	compare(where, "pss", v[OUR_PSS], s->our_pss >> PSS_SHIFT);
}

/* Of the memory that layouts are made of, by the first line of the block. */
static bool is_shmem(const char *block)
{
	static const char * const files[] = {
		"/memfd:", "/dev/zero", "/truth/tmpfs/",
	};
	size_t len = strcspn(block, "\n");
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (memmem(block, len, files[i], strlen(files[i])))
			return true;
	}
	return false;
}

/* The block of smaps that begins with the line of this range. */
static const char *smaps_block(char *smaps, uint64_t start, uint64_t end,
			       char **after)
{
	char range[64], *at, *next;

	snprintf(range, sizeof(range), "%08" PRIx64 "-%08" PRIx64 " ", start,
		 end);
	at = strstr(smaps, range);
	if (!at)
		bail("smaps has no %s", range);
	next = strstr(at, "\nVmFlags:");
	*after = next ? next + 1 : at + strlen(at);
	if (next)
		*next = 0;
	return at;
}

/*
 * Besides VMAs of frames: 6.1's smaps leave out huge pages without access, since
 * smaps_pmd_entry() asks follow_trans_huge_pmd(), which takes them for NUMA hints
 * (read in 6.1; neither 5.10 nor 6.12 does so).
 */
static bool smaps_sees(const struct cowinspect_page *r)
{
	if (is_unseen(r->addr) && !machine.smaps_sees_frames)
		return false;
	return !(machine.smaps_misses_no_access && r->flags & COWI_F_PROTNONE &&
		 r->map_order && !(r->flags & COWI_F_HUGETLB));
}

static void add_sums(struct sums *to, const struct sums *s)
{
	int i;

	for (i = 0; i < NR_TOTALS; i++)
		to->total[i] += s->total[i];
	to->our_pss += s->our_pss;
	to->share_count_wrong |= s->share_count_wrong;
}

static void compare_vma(int *first, uint64_t start, uint64_t end,
			const uint64_t *values, const char *block,
			struct sums *ours, struct sums *theirs)
{
	struct sums all = { 0 }, seen = { 0 };
	const struct cowinspect_page *r;
	char where[64];

	snprintf(where, sizeof(where), "%" PRIx64 "-%" PRIx64, start, end);
	for (; *first < view.nr && view.records[*first].addr < end; ++*first) {
		r = &view.records[*first];
		add_record(&all, r);
		if (smaps_sees(r))
			add_record(&seen, r);
	}
	compare_columns(where, &all, values);
	compare_smaps(where, &seen, block, is_shmem(block));
	add_sums(ours, &all);
	add_sums(theirs, &seen);
}

/**
 * check_totals - compare the viewed member's totals, per VMA and for the task
 */
void check_totals(void)
{
	char *smaps = slurp_proc(view.pid, "smaps"), *smaps_at = smaps;
	char *rollup = slurp_proc(view.pid, "smaps_rollup");
	char *summary = slurp_target(view.pid, "summary");
	char *vmas = slurp_target(view.pid, "vmas");
	uint64_t start, end, values[NR_COLUMNS];
	struct sums ours = { 0 }, theirs = { 0 };
	int first = 0, i;

	find_columns(vmas);
	vmas_at = strchr(vmas, '\n') + 1;
	while (next_line(&start, &end, values)) {
		const char *block = smaps_block(smaps_at, start, end, &smaps_at);

		compare_vma(&first, start, end, values, block, &ours, &theirs);
	}
	compare("the task", "records in no VMA", view.nr - first, 0);
	compare_smaps("the task", &theirs, rollup, true);
	for (i = 0; i < NR_COLUMNS; i++)
		values[i] = number_of(summary, column_names[i]);
	compare_columns("the task", &ours, values);
	free(vmas);
	free(summary);
	free(rollup);
	free(smaps);
}

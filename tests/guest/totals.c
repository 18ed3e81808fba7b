// SPDX-License-Identifier: GPL-2.0
/*
 * The summary and vmas files: sums that must hold, lines that must match
 * /proc/PID/maps, and totals against smaps_rollup, for a quiescent target.
 */
#include "have.h"

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct {
	const char *name;
	const char *unit;
} fields[] = {
#define COW_X(field, unit, meaning) { #field, unit },
	COWINSPECT_TOTALS(COW_X)
#undef COW_X
};

static int index_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_FIELDS; i++) {
		if (!strcmp(fields[i].name, name))
			return i;
	}
	bail("no field %s", name);
}

struct line {
	unsigned long start, end;
	char perms[8], kind[16], name[512];
	double value[NR_FIELDS];
};

static struct line lines[512];
static int nr_lines;

static void parse_line(char *text, struct line *line)
{
	unsigned int i;
	char *word;

	memset(line, 0, sizeof(*line));
	if (sscanf(text, "%lx-%lx %7s %15s", &line->start, &line->end,
		   line->perms, line->kind) != 4)
		bail("a line of vmas is odd: %.60s", text);
	for (i = 0, word = text; i < 3; i++)
		word = strchr(word, ' ') + 1;
	for (i = 0; i < NR_FIELDS; i++)
		line->value[i] = strtod(word, &word);
	if (*word != ' ')
		bail("a line of vmas has no name column: %.60s", text);
	snprintf(line->name, sizeof(line->name), "%s", word + 1);
}

static void read_vmas(pid_t pid)
{
	char *text = slurp_target(pid, "vmas");
	char *at, *end;

	nr_lines = 0;
	at = strchr(text, '\n') + 1;
	for (; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		parse_line(at, &lines[nr_lines++]);
	}
	free(text);
}

static void test_header(pid_t pid)
{
	char expected[4096] = "range perms kind";
	char *text = slurp_target(pid, "vmas");
	unsigned int i;

	for (i = 0; i < NR_FIELDS; i++) {
		strcat(expected, " ");
		strcat(expected, fields[i].name);
	}
	strcat(expected, " name\n");
	ok(!strncmp(text, expected, strlen(expected)),
	   "the header names the columns in their order");
	free(text);
}

/* maps pads before the name, and ends with the vsyscall page, which no process
 * really has.
 */
static void test_maps(pid_t pid)
{
	char *maps = slurp_proc(pid, "maps");
	char perms[8], *at, *end;
	unsigned long from, to;
	int i = 0, bad = 0, name;

	for (at = maps; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		name = 0;
		if (sscanf(at, "%lx-%lx %7s %*s %*s %*s %n", &from, &to, perms,
			   &name) != 3)
			bail("a line of maps is odd: %s", at);
		if (!strcmp(at + name, "[vsyscall]"))
			continue;
		if (i >= nr_lines || lines[i].start != from ||
		    lines[i].end != to || strcmp(lines[i].perms, perms) ||
		    strcmp(lines[i].name, name ? at + name : "")) {
			diag("maps: %s; vmas: %lx-%lx %s %s", at,
			     lines[i].start, lines[i].end, lines[i].perms,
			     lines[i].name);
			bad++;
		}
		i++;
	}
	ok(!bad && i == nr_lines && i > 10,
	   "the %d lines have the ranges, rights and names of maps", i);
	free(maps);
}

static double sum_of(const char *name)
{
	int i, field = index_of(name);
	double sum = 0;

	for (i = 0; i < nr_lines; i++)
		sum += lines[i].value[field];
	return sum;
}

static bool is_sum(const char *name)
{
	return strncmp(name, "map_m", 5) && strncmp(name, "ref_", 4);
}

static void test_sums(const char *summary)
{
	unsigned int i;
	int bad = 0;

	for (i = 0; i < NR_FIELDS; i++) {
		double sum = sum_of(fields[i].name);
		double total = number_of(summary, fields[i].name);

		/* Each line rounds its own Pss down to bytes. */
		if (!is_sum(fields[i].name) || sum == total ||
		    (!strcmp(fields[i].name, "pss") && total - sum >= 0 &&
		     total - sum < nr_lines))
			continue;
		diag("%s: lines %.0f, summary %.0f", fields[i].name, sum, total);
		bad++;
	}
	ok(!bad, "the lines add up to the summary");
	ok(number_of(summary, "vmas") == nr_lines, "the summary counts the lines");
}

struct equation {
	const char *what;
	const char *left[10];
	const char *right[12];
};

#define TOTAL(id, name, total, ...) #total,

static const struct equation equations[] = {
	{ "pages", { "pages" },
	  { "present", "swapped", "nonpresent", "absent" } },
	{ "present by kind", { "present" },
	  { COWINSPECT_PRESENT_KINDS(COWINSPECT_KIND, TOTAL) } },
	{ "by mapcount", { "present" },
	  { "zero", "pfn", "mapped_once", "mapped_more" } },
	{ "the histogram", { "mapped_once", "mapped_more" },
	  { "map_1", "map_2", "map_3", "map_4", "map_8", "map_16", "map_32",
	    "map_64" } },
	{ "by ownership", { "anon", "ksm" }, { "exclusive", "maybe_shared" } },
	{ "non-present kinds", { "nonpresent" },
	  { COWINSPECT_NONPRESENT_KINDS(COWINSPECT_KIND, TOTAL, TOTAL) } },
	{ "outcomes", { "present", "swapped", "nonpresent" },
	  { "next_nofault", "next_mark", "next_reuse", "next_copy",
	    "next_zerofill", "next_shared", "next_userfaultfd", "next_swapin",
	    "next_refused", "next_unknown" } },
	{ "confidence", { "present", "swapped", "nonpresent" },
	  { "next_sure", "next_likely", "next_unknown" } },
};

#define NR_EQUATIONS ((int)(sizeof(equations) / sizeof(equations[0])))

static double side(const struct line *line, const char *const *names)
{
	double sum = 0;

	for (; *names; names++)
		sum += line->value[index_of(*names)];
	return sum;
}

static void test_equations(void)
{
	int i, e, bad;

	for (e = 0; e < NR_EQUATIONS; e++) {
		for (bad = 0, i = 0; i < nr_lines; i++)
			bad += side(&lines[i], equations[e].left) !=
			       side(&lines[i], equations[e].right);
		ok(!bad, "in each line: %s add up", equations[e].what);
	}
}

static void kb_is(const char *rollup, const char *name, double pages,
		  const char *ours)
{
	const double ours_kb = pages * (PAGE >> 10);
	long long kb = number_of(rollup, name);

	if (!ok(kb == (long long)ours_kb, "%s is smaps_rollup's %s", ours, name))
		diag("ours %.0f kB, the kernel's %lld kB", ours_kb, kb);
}

static void test_rollup(const char *rollup, const char *summary)
{
	long long pss = number_of(summary, "pss");

	kb_is(rollup, "Rss", number_of(summary, "mapped_once") +
	      number_of(summary, "mapped_more"), "mapped_once + mapped_more");
	kb_is(rollup, "Anonymous", number_of(summary, "anon"), "anon");
	/* It rounds to kB. */
	ok(pss / 1024 == number_of(rollup, "Pss"), "pss is smaps_rollup's Pss");
	if (pss / 1024 != number_of(rollup, "Pss"))
		diag("ours %lld, the kernel's %lld kB", pss,
		     number_of(rollup, "Pss"));
}

static const struct line *line_of(const void *addr)
{
	int i;

	for (i = 0; i < nr_lines; i++) {
		if (lines[i].start == (unsigned long)addr)
			return &lines[i];
	}
	bail("no line begins at %p", addr);
}

static void value_is(const struct line *line, const char *name, double expected)
{
	double got = line->value[index_of(name)];

	if (!ok(got == expected, "a region of known pages: %s is %g", name,
		expected))
		diag("it is %g", got);
}

/* 64 pages: 16 written before the fork, 8 only read, and two children. */
static void test_known(const char *region)
{
	const struct line *line = line_of(region);

	value_is(line, "pages", 64);
	value_is(line, "present", 24);
	value_is(line, "absent", 40);
	value_is(line, "anon", 16);
	value_is(line, "zero", 8);
	value_is(line, "mapped_once", 0);
	value_is(line, "mapped_more", 16);
	value_is(line, "map_3", 16);
	value_is(line, "map_min", 3);
	value_is(line, "map_mean", 3);
	value_is(line, "map_max", 3);
	value_is(line, "ref_mean", 3);
	value_is(line, "exclusive", 0);
	value_is(line, "maybe_shared", 16);
	value_is(line, "writable", 0);
	value_is(line, "cow_pending", 24);
	value_is(line, "pss", 16 * PAGE / 3);
	value_is(line, "next_copy", 16);
	value_is(line, "next_zerofill", 8);
	value_is(line, "next_sure", 24);
	ok(!strcmp(line->kind, "anon") && !strcmp(line->perms, "rw-p"),
	   "a region of known pages: kind and rights");
}

static void copy_each_third(void *region)
{
	size_t i;

	for (i = 0; i < HUGE_PAGES; i += 3)
		((char *)region)[i * PAGE] = 2;
	pause();
}

static uint64_t frame_of(const char *page)
{
	return PAGEMAP_PFN(pagemap_of(getpid(), page));
}

/* Small pages of one VMA, in frames of a huge page, where the kernel has those. */
static char *map_split_pages(void)
{
	char *around = map_pages(3 * HUGE_PAGES, MAP_PRIVATE);
	char *region = (char *)(((unsigned long)around + HUGE) & -HUGE);

	mprotect(around, region - around, PROT_READ);
	mprotect(region + HUGE, around + 2 * HUGE - region, PROT_READ);
	put_memory_together();
	madvise(region, HUGE, MADV_HUGEPAGE);
	memset(region, 1, HUGE);
	if (!lacks_thp()) {
		drain_lru();
		must_set_file("/sys/kernel/debug/split_huge_pages", "1");
		madvise(region, HUGE, MADV_NOHUGEPAGE);
	}
	return region;
}

static void test_frames(const char *region)
{
	size_t i, follow = 1;

	for (i = 1; i < HUGE_PAGES; i++)
		follow += frame_of(region + i * PAGE) ==
			  frame_of(region + (i - 1) * PAGE) + 1;
	if (have(lacks_thp(), 1))
		ok(follow == HUGE_PAGES, "frames that follow each other");
	diag("%zu of them", follow);
}

/* Neighbours that differ in nothing but their counts, in frames that follow each other. */
static void test_turns(void)
{
	char *region = map_split_pages();
	const int copied = (HUGE_PAGES + 2) / 3;
	const struct line *line;
	pid_t child;

	test_frames(region);
	child = spawn(copy_each_third, region);
	wait_asleep(child);
	attach(getpid());
	read_vmas(getpid());
	line = line_of(region);
	value_is(line, "present", HUGE_PAGES);
	value_is(line, "map_1", copied);
	value_is(line, "map_2", HUGE_PAGES - copied);
	value_is(line, "mapped_once", copied);
	value_is(line, "cow_pending", HUGE_PAGES);
	detach(getpid());
	reap(child);
}

int main(void)
{
	/* Read-only neighbours keep the VMA from merging with others. */
	char *around = map_pages(66, MAP_PRIVATE), *region = around + PAGE;
	char *summary, *rollup;
	pid_t pid, brother;
	int i;

	tap_plan(2 + 2 + NR_EQUATIONS + 3 + 21 + 6);
	mprotect(around, PAGE, PROT_READ);
	mprotect(around + 65 * PAGE, PAGE, PROT_READ);
	memset(region, 1, 16 * PAGE);
	for (i = 16; i < 24; i++)
		(void)*(volatile char *)(region + i * PAGE);
	drain_lru();
	pid = spawn(NULL, NULL);
	brother = spawn(NULL, NULL);
	part_from_child(around, 66 * PAGE);
	/* What one of them has, and how often, changes while either still runs. */
	wait_asleep(pid);
	wait_asleep(brother);

	attach(pid);
	read_vmas(pid);
	summary = slurp_target(pid, "summary");
	rollup = slurp_proc(pid, "smaps_rollup");
	test_header(pid);
	test_maps(pid);
	test_sums(summary);
	test_equations();
	test_rollup(rollup, summary);
	test_known(region);
	free(summary);
	free(rollup);

	detach(pid);
	reap(pid);
	reap(brother);
	test_turns();
	return tap_done();
}

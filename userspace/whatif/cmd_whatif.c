// SPDX-License-Identifier: GPL-2.0
/* cowinspect whatif: what a fork would cost now, without one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "grow.h"
#include "json.h"
#include "safe.h"
#include "table.h"
#include "title.h"
#include "whatif.h"

static const char doc[] =
	"What a fork of a process would cost now: page tables to be made,\n"
	"entries to be copied, pages to be copied at once, and the time.\n"
	"\vTables and entries are counted as the kernel's fork would: mappings\n"
	"without anonymous memory, which faults can fill again, are left out,\n"
	"and so is what MADV_DONTFORK and MADV_WIPEONFORK keep from a child.\n"
	"Two things cannot be seen: tables that are empty, which fork makes as\n"
	"well; and mappings that had anonymous memory once, and have none now.\n"
	"So these numbers can be too small by a few tables.\n"
	"\n"
	"AT ONCE is pinned memory (O_DIRECT, RDMA, io_uring), as far as its\n"
	"reference counts tell. AFTERWARDS is what the next writes of parent or\n"
	"child copy then, and would not copy now.\n"
	"\n"
	"The time is by forks of a process of our own, of two sizes, on this\n"
	"machine and right now; with --since, by those of the process itself,\n"
	"if it forks meanwhile. Other machines and other loads differ.\n"
	"\n"
	"--since SECONDS waits for so long, or until Ctrl-C, and says what the writes of that\n"
	"time would have copied, had there been a fork at its beginning. Without\n"
	"a fork, writes to writable pages make no faults: nobody hears of them.\n"
	"So it needs --clear-soft-dirty, which has the kernel write-protect all\n"
	"pages of the process: its first write to each is a fault then, about as\n"
	"after a fork, but without the copy. Who relies on soft-dirty bits of\n"
	"that process, as CRIU does between two dumps, loses what they said.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect whatif fork $(pidof -s redis-server)\n"
	"  sudo cowinspect whatif fork --since 10 --clear-soft-dirty 1234\n"
	"  sudo cowinspect whatif fork --json 1234 | jq .tables.bytes\n";

enum {
	OPT_SINCE = 0xc00,
	OPT_CLEAR,
};

static const struct argp_option options[] = {
	{ "since", OPT_SINCE, "SECONDS", 0,
	  "also what writes of that time would have copied", 0 },
	{ "clear-soft-dirty", OPT_CLEAR, NULL, 0,
	  "for --since: each page's first write is a fault then", 0 },
	{ "json", 'J', NULL, 0, "write JSON", 0 },
	{ 0 }
};

/**
 * struct arguments - the command line
 * @fork: its first word
 * @pid: the process
 * @since: seconds; 0 for none
 * @clear: --clear-soft-dirty
 * @json: JSON
 */
struct arguments {
	bool fork;
	pid_t pid;
	double since;
	bool clear;
	bool json;
};

static void take_argument(struct argp_state *state, const char *arg,
			  struct arguments *a)
{
	if (a->fork)
		take_pid(state, arg, &a->pid);
	else if (strcmp(arg, "fork"))
		argp_error(state, "'%s' is nothing that can be foretold: only fork is", arg);
	a->fork = true;
}

static void take_since(struct argp_state *state, const char *arg,
		       struct arguments *a)
{
	char *rest;

	a->since = strtod(arg, &rest);
	if (rest == arg || *rest || !(a->since > 0) || a->since > 1e6)
		argp_error(state, "--since: '%s' is no number of seconds", arg);
}

static void check(struct argp_state *state, const struct arguments *a)
{
	if (!a->pid)
		argp_error(state, "which process? whatif fork PID");
	if (a->since && !a->clear)
		argp_error(state,
			   "--since: writes make no faults without a fork: add --clear-soft-dirty, which write-protects all pages of the process (see --help)");
	if (a->clear && !a->since)
		argp_error(state, "--clear-soft-dirty: only with --since");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_SINCE:
		take_since(state, arg, a);
		return 0;
	case OPT_CLEAR:
		a->clear = true;
		return 0;
	case 'J':
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(state, arg, a);
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "fork PID",
	.doc = doc,
};

/* ---- looking at the process ---- */

/* "VmFlags: rd wr mr": whether one of them is that. */
static bool has_flag(const char *line, const char *flag)
{
	char wanted[8];

	snprintf(wanted, sizeof(wanted), " %s", flag);
	return strstr(line, wanted);
}

static void take_flags(struct fork_vma *vma, const char *line)
{
	vma->dontfork = has_flag(line, "dc");
	vma->wiped = has_flag(line, "wf");
	vma->special = has_flag(line, "pf") || has_flag(line, "mm");
	vma->hugetlb = has_flag(line, "ht");
}

/* "7f00-7f10 rw-p 00000000 00:00 0 name", which no other line looks like. */
static bool take_header(struct fork_vma *vma, const char *line)
{
	unsigned long inode;
	char perms[8];

	*vma = (struct fork_vma){ 0 };
	if (sscanf(line, "%llx-%llx %7s %*x %*x:%*x %lu", &vma->start, &vma->end,
		   perms, &inode) != 4)
		return false;
	vma->shared = perms[3] == 's';
	vma->anonymous = !inode;
	return true;
}

/* Only there are the flags of a mapping. */
static int read_smaps(pid_t pid, struct fork_scan *s)
{
	struct fork_vma vma, *grown;
	size_t size = 0;
	char path[32], *line = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -COWI_ENOPROC : -errno;
	while (getline(&line, &size, file) > 0) {
		if (!strncmp(line, "VmFlags:", 8) && s->nr_vmas)
			take_flags(&s->vma[s->nr_vmas - 1], line);
		if (!take_header(&vma, line))
			continue;
		grown = grow(s->vma, s->nr_vmas, sizeof(*grown));
		if (!grown)
			break;
		s->vma = grown;
		s->vma[s->nr_vmas++] = vma;
	}
	free(line);
	fclose(file);
	return s->nr_vmas ? 0 : -COWI_EEXITED;
}

static int read_records(struct cowi_target *t, struct fork_scan *s)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err;

	err = cowi_pages_open(t, 0, UINT64_MAX, &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0) {
		err = fork_scan_add(s, &rec);
		if (!err && interrupt_signal())
			err = -EINTR;
		if (err)
			break;
	}
	cowi_pages_close(pages);
	return err;
}

static int look(struct cowi *c, pid_t pid, struct fork_scan *s)
{
	const struct cowi_status *st = cowi_status(c);
	struct cowi_target *target;
	int err;

	s->page_size = st->page_size;
	/* Linux 6.0 leaves them out as well where nobody has written. */
	s->hugetlb_always = strtoul(st->kernel, NULL, 10) < 6;
	err = cowi_target_open(c, pid, &target);
	if (err)
		return err;
	err = read_smaps(pid, s);
	if (!err)
		err = fork_scan_begin(s);
	if (!err)
		err = read_records(target, s);
	cowi_target_close(target);
	return err;
}

/* ---- what is said ---- */

/**
 * struct answer - all of it
 * @pid: the process
 * @page_size: of base pages
 * @title: what it calls itself
 * @cost: of a fork
 * @time: of forks
 * @written: of writes
 */
struct answer {
	pid_t pid;
	__u64 page_size;
	char title[128];
	struct fork_cost cost;
	struct fork_time time;
	struct written written;
};

static __u64 all_tables(const struct fork_cost *c)
{
	return c->tables[0] + c->tables[1] + c->tables[2];
}

static __u64 time_of(const struct answer *a)
{
	return a->time.base +
	       a->cost.sums.entries * a->time.per_entry / 100;
}

static void print_size(const char *name, __u64 pages, const struct answer *a,
		       const char *more)
{
	char size[24];

	size_text(pages * a->page_size, size, sizeof(size));
	printf("  %-12s %8s  %s\n", name, size, more);
}

static void print_entries(const struct answer *a)
{
	const struct fork_sums *s = &a->cost.sums;
	char anon[24], file[24], shmem[24], swap[24];

	size_text(s->anon * a->page_size, anon, sizeof(anon));
	size_text(s->file * a->page_size, file, sizeof(file));
	size_text(s->shmem * a->page_size, shmem, sizeof(shmem));
	size_text(s->swap * a->page_size, swap, sizeof(swap));
	printf("  %-12s %8llu  anonymous %s, files %s, shmem %s, swap %s\n",
	       "ENTRIES", s->entries, anon, file, shmem, swap);
}

static void print_time(const struct answer *a)
{
	char time[24];

	time_text(time_of(a), time, sizeof(time));
	if (!a->time.forks)
		printf("  %-12s %8s  no fork could be timed on this kernel\n", "TIME",
		       "-");
	else
		printf("  %-12s %8s  %llu.%02lluns an entry, by %u forks of %s\n",
		       "TIME", time, a->time.per_entry / 100,
		       a->time.per_entry % 100, a->time.forks,
		       a->time.own ? "its own" : "ours");
}

static void print_written(const struct answer *a)
{
	const struct written *w = &a->written;
	char elapsed[24], size[24], huge[24];

	time_text(w->elapsed, elapsed, sizeof(elapsed));
	size_text(w->pages * a->page_size, size, sizeof(size));
	size_text(w->huge_pages * a->page_size, huge, sizeof(huge));
	printf("Writes of %s would have copied %llu pages (%s) after a fork at "
	       "the beginning.\n", elapsed, w->pages, size);
	if (w->huge)
		printf("They wrote to %llu huge pages as well: one page of each "
		       "at least, %s at most.\n", w->huge, huge);
	if (w->unarmed)
		puts("FAULTS ARE NOT OBSERVED: 'cowinspect status' says more.");
	if (w->lost)
		printf("%llu EVENTS LOST: these numbers are too small.\n", w->lost);
}

static void print(const struct answer *a)
{
	const struct fork_cost *c = &a->cost;
	char text[80];

	printf("A fork of ");
	put_safe(stdout, a->title);
	printf(" (%d) now:\n", a->pid);
	snprintf(text, sizeof(text), "%llu of entries, %llu and %llu above them",
		 c->tables[0], c->tables[1], c->tables[2]);
	if (c->tables_known)
		print_size("TABLES", all_tables(c), a, text);
	else
		printf("  %-12s %8s  not known for pages of this size\n",
		       "TABLES", "-");
	print_entries(a);
	print_size("AT ONCE", c->sums.pinned, a, "copied, being pinned");
	print_size("AFTERWARDS", c->sums.then, a, "copied by writes, at most");
	if (c->left_out)
		print_size("LEFT OUT", c->left_out, a,
			   "MADV_DONTFORK, MADV_WIPEONFORK");
	print_time(a);
	if (a->written.measured)
		print_written(a);
}

static void json_tables(const struct fork_cost *c, __u64 page_size,
			struct json *j)
{
	if (!c->tables_known) {
		json_null(j, "tables");
		return;
	}
	json_object(j, "tables");
	json_number(j, "bytes", all_tables(c) * page_size);
	json_number(j, "pte", c->tables[0]);
	json_number(j, "pmd", c->tables[1]);
	json_number(j, "pud", c->tables[2]);
	json_end_object(j);
}

static void json_time(const struct answer *a, struct json *j)
{
	if (!a->time.forks) {
		json_null(j, "time");
		return;
	}
	json_object(j, "time");
	json_number(j, "estimate_ns", time_of(a));
	json_hundredths(j, "entry_ns", a->time.per_entry);
	json_number(j, "base_ns", a->time.base);
	json_number(j, "forks", a->time.forks);
	json_string(j, "of", a->time.own ? "process" : "calibration");
	json_end_object(j);
}

static void json_written(const struct answer *a, struct json *j)
{
	const struct written *w = &a->written;

	if (!w->measured) {
		json_null(j, "written");
		return;
	}
	json_object(j, "written");
	json_number(j, "elapsed_ns", w->elapsed);
	json_number(j, "pages", w->pages);
	json_number(j, "huge_entries", w->huge);
	json_number(j, "huge_pages", w->huge_pages);
	json_number(j, "lost", w->lost);
	json_bool(j, "observed", !w->unarmed);
	json_end_object(j);
}

static void write_json(const struct answer *a)
{
	const struct fork_sums *s = &a->cost.sums;
	struct json j = { .out = stdout };

	json_document(&j, "cowinspect-whatif");
	json_number(&j, "page_size", a->page_size);
	json_number(&j, "pid", a->pid);
	json_string(&j, "name", a->title);
	json_tables(&a->cost, a->page_size, &j);
	json_number(&j, "entries", s->entries);
	json_number(&j, "huge_entries", s->huge);
	json_number(&j, "anon", s->anon * a->page_size);
	json_number(&j, "file", s->file * a->page_size);
	json_number(&j, "shmem", s->shmem * a->page_size);
	json_number(&j, "swap", s->swap * a->page_size);
	json_number(&j, "at_once", s->pinned * a->page_size);
	json_number(&j, "afterwards", s->then * a->page_size);
	json_number(&j, "left_out", a->cost.left_out * a->page_size);
	json_time(a, &j);
	json_written(a, &j);
	json_end_object(&j);
}

/* ---- the command ---- */

static int measure(struct cowi *c, const struct arguments *args,
		   const struct fork_scan *s, struct answer *a)
{
	if (!args->since)
		return 0;
	return watch_writes(c, s, args->pid, args->since, &a->written, &a->time);
}

static int run(struct cowi *c, const struct arguments *args)
{
	struct target target = { .pid = args->pid, .name = "?" };
	struct answer a = { .pid = args->pid };
	struct fork_scan scan = { 0 };
	int err;

	title_read(&target, a.title, sizeof(a.title));
	/* First, while we are small: what we have is copied as well. */
	err = calibrate(&a.time);
	if (!err)
		err = look(c, args->pid, &scan);
	if (!err)
		fork_scan_cost(&scan, &a.cost);
	a.page_size = scan.page_size;
	if (!err)
		err = measure(c, args, &scan, &a);
	fork_scan_release(&scan);
	if (args->since)
		interrupt_was_meant();
	if (err)
		return report("whatif", err);
	if (args->json)
		write_json(&a);
	else
		print(&a);
	return EXIT_OK;
}

int cmd_whatif(int argc, char **argv, struct globals *g)
{
	struct arguments args = { 0 };
	int status = EXIT_USAGE;
	struct cowi *c;

	parse_command(&argp, argc, argv, 0, &args, g);
	if (g->debugfs) {
		fputs("cowinspect: a copy of the module's files is no process that could fork\n",
		      stderr);
		return status;
	}
	if (session_open(g, &c))
		return EXIT_FAILED;
	if (args.since && cowi_status(c)->soft_dirty == COWI_COUNT_ABSENT) {
		fputs("cowinspect: --since: this kernel has no soft-dirty bits\n",
		      stderr);
		status = EXIT_FAILED;
	} else {
		status = run(c, &args);
	}
	cowi_close(c);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/* cowinspect lab: run an experiment, or mark answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands.h"
#include "grade.h"
#include "html.h"
#include "invoker.h"
#include "lab.h"

static const char doc[] =
	"Run an experiment with real processes: it asks a question, shows\n"
	"the page tables at each step, and checks each prediction against\n"
	"what happened.\n"
	"\vExit status: 0 all checks held, 1 a check failed or the run broke\n"
	"off, 2 wrong usage, 77 the lab cannot run here (it prints SKIP and\n"
	"what is missing).\n"
	"\n"
	"Examples:\n"
	"  cowinspect lab --list\n"
	"  sudo cowinspect lab fork\n"
	"  sudo cowinspect lab fork --step\n"
	"  sudo cowinspect lab heap --size 1M --seed 7     (or: lab A1)\n"
	"  sudo cowinspect lab fork --html fork.html\n"
	"  sudo cowinspect lab generations --answers anna.txt\n"
	"  cowinspect lab --grade anna.txt ben.txt\n"
	"  sudo cowinspect lab fork --json | jq '.steps[].checks'\n";

enum {
	OPT_GRADE = 0x100,
	OPT_ANSWERS,
	OPT_EVIDENCE,
};

static const struct argp_option options[] = {
	{ "list", 'l', NULL, 0, "list the labs", 0 },
	{ "size", 's', "BYTES", 0,
	  "size of the region; K, M and G are understood", 0 },
	{ "step", 'S', NULL, 0, "wait for Enter after each step", 0 },
	{ "seed", 'e', "NAME", 0,
	  "choose the pages, and the questions of some labs, by this number or name instead of taking the first ones",
	  0 },
	{ "quiz", 'q', NULL, 0,
	  "ask before each write what it will do, and keep score", 0 },
	{ "answers", OPT_ANSWERS, "FILE", 0,
	  "as --quiz, and add the answers to FILE, to be graded", 0 },
	{ "grade", OPT_GRADE, NULL, 0,
	  "mark files of answers, one line \"A1.1: copy\" for each; with --json those of one hand-in, as Gradescope's results.json",
	  0 },
	{ "evidence", OPT_EVIDENCE, "FILE", 0,
	  "also write what was claimed, predicted, seen and checked, and the limits of it, as JSON",
	  0 },
	{ "json", 'J', NULL, 0, "write the complete data of all steps as JSON",
	  0 },
	{ "html", 'H', "FILE", 0,
	  "also write the lab as a page for a browser", 0 },
	{ 0 }
};

/**
 * struct arguments - the command line
 * @options: for the lab
 * @name: of the lab
 * @html: where to write a page, or NULL
 * @answers: where answers go, or NULL
 * @evidence: where evidence goes, or NULL
 * @papers: with --grade, the files; there are @nr_papers of them
 * @nr_papers: how many
 * @list: --list
 * @grade: --grade
 */
struct arguments {
	struct lab_options options;
	const char *name;
	const char *html;
	const char *answers;
	const char *evidence;
	char **papers;
	int nr_papers;
	bool list;
	bool grade;
};

static void check_arguments(const struct arguments *a, struct argp_state *state)
{
	if (a->list)
		return;
	if (!a->nr_papers)
		argp_error(state, a->grade ? "--grade: which files?" :
			   "which lab? --list shows them");
	if (!a->grade && a->nr_papers > 1)
		argp_error(state, "one lab at a time");
	if (a->options.quiz && a->options.json)
		argp_error(state, "--json asks no questions");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'l':
		a->list = true;
		return 0;
	case 's':
		if (parse_size(arg, &a->options.bytes) || !a->options.bytes)
			argp_error(state, "--size: '%s' is no size", arg);
		return 0;
	case 'S':
		a->options.step = true;
		return 0;
	case OPT_ANSWERS:
		a->answers = arg;
		a->options.quiz = true;
		return 0;
	case 'q':
		a->options.quiz = true;
		return 0;
	case OPT_GRADE:
		a->grade = true;
		return 0;
	case 'e':
		/* It is a line of the file of answers. */
		if (!*arg || strlen(arg) > SEED_MAX || strpbrk(arg, "#\r\n"))
			argp_error(state,
				   "--seed: a number, or a name of up to %d bytes without #",
				   SEED_MAX);
		a->options.seed = lab_seed(arg);
		a->options.seed_text = arg;
		return 0;
	case OPT_EVIDENCE:
		a->evidence = arg;
		return 0;
	case 'J':
		a->options.json = true;
		return 0;
	case 'H':
		a->html = arg;
		return 0;
	case ARGP_KEY_ARGS:
		a->papers = state->argv + state->next;
		a->nr_papers = state->argc - state->next;
		a->name = a->papers[0];
		return 0;
	case ARGP_KEY_END:
		check_arguments(a, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "NAME\n--list\n--grade FILE...",
	.doc = doc,
};

static int list_labs(void)
{
	const struct lab *const *l;

	for (l = all_labs; *l; l++)
		printf("%-12s %-4s %s\n", (*l)->name, (*l)->id,
		       (*l)->question);
	return EXIT_OK;
}

static int grade(const struct arguments *a)
{
	int i, err, status = EXIT_OK;
	const char *failed;

	if (a->options.json) {
		err = grade_results(a->papers, a->options.seed_text, &failed);
		return err ? report(failed, err) : EXIT_OK;
	}
	for (i = 0; i < a->nr_papers; i++) {
		err = grade_text(a->papers[i], a->options.seed_text);
		if (err)
			status = report(a->papers[i], err);
	}
	return status;
}

static int check_size(const struct lab *lab, __u64 bytes, __u64 page_size)
{
	__u64 unit = page_size * (lab->align ? lab->align : 1);

	if (!bytes)
		return EXIT_OK;
	if (!lab->pages)
		fprintf(stderr, "cowinspect: --size: lab %s has one size\n",
			lab->name);
	else if (bytes % unit || bytes / page_size < lab->min_pages)
		fprintf(stderr,
			"cowinspect: --size: lab %s needs a multiple of %llu, at least %llu\n",
			lab->name, unit, lab->min_pages * page_size);
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

static void exec_again(char **argv, const struct globals *g)
{
	char *new[16] = { "cowinspect", "--color" };
	int nr = 2;

	new[nr++] = colour_wanted(g->colour, stdout) ? "always" : "never";
	if (g->debugfs) {
		new[nr++] = "--debugfs";
		new[nr++] = (char *)g->debugfs;
	}
	new[nr++] = "lab";
	while (*++argv && nr < 15)
		new[nr++] = *argv;
	execv("/proc/self/exe", new);
}

/*
 * How much room the kernel leaves below the stack is decided at exec, by the
 * limit: as "ulimit -s" in the shell before.
 */
static int make_room_for_stack(__u64 bytes, char **argv,
			       const struct globals *g)
{
	const rlim_t spare = 64 << 20;
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) ||
	    limit.rlim_cur >= bytes + spare || bytes <= spare)
		return 0;
	limit.rlim_cur = bytes + spare;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_STACK, &limit))
		return -errno;
	exec_again(argv, g);
	return -errno;
}

static int run(const struct lab *lab, const struct lab_options *options,
	       struct cowi *c)
{
	if (check_size(lab, options->bytes, cowi_status(c)->page_size))
		return EXIT_USAGE;
	switch (lab_run(lab, c, options)) {
	case LAB_HELD:
		return EXIT_OK;
	case LAB_SKIPPED:
		return EXIT_SKIPPED;
	default:
		return EXIT_FAILED;
	}
}

static int run_with_html(const struct lab *lab, struct arguments *a,
			 struct cowi *c)
{
	struct html_about about = {
		.text = lab->help,
		.status = cowi_status(c),
	};
	char title[160];
	int err, status;

	snprintf(title, sizeof(title), "%s: %s", lab->name, lab->question);
	about.title = title;
	err = html_open(a->html, &about, &a->options.html);
	if (err)
		return report(a->html, err);
	status = run(lab, &a->options, c);
	err = html_close(a->options.html);
	return err ? report(a->html, err) : status;
}

static int open_answers(struct arguments *a)
{
	if (!a->answers)
		return EXIT_OK;
	a->options.answers = invoker_file(a->answers, true);
	if (!a->options.answers)
		return report(a->answers, -errno);
	if (a->options.seed_text)
		fprintf(a->options.answers, "seed: %s\n", a->options.seed_text);
	return EXIT_OK;
}

static int open_evidence(struct arguments *a)
{
	if (!a->evidence)
		return EXIT_OK;
	a->options.evidence = invoker_file(a->evidence, false);
	return a->options.evidence ? EXIT_OK : report(a->evidence, -errno);
}

static int close_file(FILE *f, const char *name, int status)
{
	return f && fclose(f) ? report(name, -errno) : status;
}

/* The command line as it was given, as text. */
static void join(char **argv, char *buf, size_t size)
{
	size_t used = snprintf(buf, size, "cowinspect lab");

	while (*++argv && used < size)
		used += snprintf(buf + used, size - used, " %s", *argv);
}

/* A lab without the module is not wrong: it only cannot run here. */
static int cannot_open(int err)
{
	printf("SKIP: %s\n", cowi_strerror(err));
	return EXIT_SKIPPED;
}

int cmd_lab(int argc, char **argv, struct globals *g)
{
	struct arguments a = { 0 };
	const struct lab *lab;
	char command[512];
	struct cowi *c;
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	if (a.list)
		return list_labs();
	if (a.grade)
		return grade(&a);
	lab = lab_find(a.name);
	if (!lab) {
		fprintf(stderr,
			"cowinspect: '%s' is no lab: 'cowinspect lab --list' shows them\n",
			a.name);
		return EXIT_USAGE;
	}
	status = lab->stack ? make_room_for_stack(a.options.bytes, argv, g) :
			      0;
	if (status)
		return report("room for the stack", status);
	status = cowi_open(g->debugfs, &c);
	if (status == -COWI_EABI || status == -COWI_EFORMAT)
		return report("lab", status);
	if (status)
		return cannot_open(status);
	a.options.colour = colour_wanted(g->colour, stdout);
	a.options.interrupted = interrupt_signal;
	join(argv, command, sizeof(command));
	a.options.command = command;
	status = open_answers(&a);
	if (!status)
		status = open_evidence(&a);
	if (!status && a.html)
		status = run_with_html(lab, &a, c);
	else if (!status)
		status = run(lab, &a.options, c);
	status = close_file(a.options.answers, a.answers, status);
	status = close_file(a.options.evidence, a.evidence, status);
	cowi_close(c);
	return status;
}

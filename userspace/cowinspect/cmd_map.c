// SPDX-License-Identifier: GPL-2.0
/* cowinspect map: a picture of an address space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "picture.h"
#include "table.h"
#include "targets.h"

/* Lines that one VMA may fill before its cells become groups of pages. */
#define LINES_PER_VMA	8

static const char doc[] =
	"Draw the address space of processes: for each mapping one letter\n"
	"per page, or per group of pages where the mapping is large. The\n"
	"letters are explained below the picture.\n"
	"\vA capital letter stands for pages that are all alike; a small one\n"
	"for a group where most mapped pages are of that kind. Mappings of\n"
	"which nothing is present are left out; --all shows them.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect map $$\n"
	"  sudo cowinspect map $$ --range 7ffd4000-7ffd8000\n"
	"  sudo cowinspect map $$ --width 128\n"
	"  sudo cowinspect map $$ --html map.html\n"
	"  sudo cowinspect map -f $(pidof -s postgres) --html family.html\n";

static const struct argp_option options[] = {
	{ "follow", 'f', NULL, 0, "also children, and theirs", 0 },
	{ "range", 'R', "START-END", 0,
	  "only these addresses, hexadecimal; also START+SIZE, or one address",
	  0 },
	{ "width", 'w', "N", 0, "letters per line (default: what fits)", 0 },
	{ "all", 'a', NULL, 0, "also mappings of which nothing is present", 0 },
	{ "html", 'H', "FILE", 0, "also write the picture for a browser", 0 },
	{ 0 }
};

struct arguments {
	struct target_names names;
	const char *range;
	const char *html;
	unsigned int width;
	bool all;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	__u64 n;

	switch (key) {
	case 'f':
		a->names.follow = true;
		return 0;
	case 'R':
		a->range = arg;
		return 0;
	case 'H':
		a->html = arg;
		return 0;
	case 'w':
		if (parse_size(arg, &n) || !n || n > 4096)
			argp_error(state, "--width: '%s' is not 1 to 4096", arg);
		a->width = n;
		return 0;
	case 'a':
		a->all = true;
		return 0;
	case ARGP_KEY_ARG:
		target_names_add(state, arg, &a->names);
		return 0;
	case ARGP_KEY_END:
		target_names_check(state, &a->names);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PID...",
	.doc = doc,
};

/* The greatest power of two that fits, so that lines begin at round numbers. */
static unsigned int line_width(void)
{
	unsigned int columns = 80, width = 16;
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col)
		columns = ws.ws_col;
	while (width * 2 + 2 <= columns)
		width *= 2;
	return width;
}

static int count_pages(struct cowi_target *t, struct strip *s)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err;

	err = cowi_pages_open(t, s->start, s->end, &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0) {
		strip_add(s, &rec);
		if (interrupt_signal()) {
			err = -EINTR;
			break;
		}
	}
	cowi_pages_close(pages);
	return err;
}

static void caption(const struct cowi_vma *vma, const struct strip *s)
{
	char bytes[24], cell[24];

	size_text(s->end - s->start, bytes, sizeof(bytes));
	printf("%llx-%llx %s %s %s", s->start, s->end,
	       vma->perms, bytes, vma->name);
	if (s->pages_per_cell > 1) {
		size_text(s->pages_per_cell * s->page_size, cell, sizeof(cell));
		printf(" (a letter is %s)", cell);
	}
	putchar('\n');
}

static int draw_vma(struct cowi_target *t, const struct cowi_vma *vma,
		    const struct range *range, unsigned int width,
		    struct picture *picture)
{
	__u64 page_size = cowi_status(cowi_target_session(t))->page_size;
	__u64 start = vma->start > range->start ? vma->start : range->start;
	__u64 end = vma->end < range->end ? vma->end : range->end;
	struct strip strip;
	int err;

	err = strip_init(&strip, start, end, page_size, width * LINES_PER_VMA);
	if (err)
		return err;
	err = count_pages(t, &strip);
	if (!err) {
		caption(vma, &strip);
		picture_strip(picture, &strip, width, 2);
	}
	strip_release(&strip);
	return err;
}

static bool is_empty(const struct cowi_vma *vma)
{
	return !vma->totals.value[COWI_TOTAL_present] &&
	       !vma->totals.value[COWI_TOTAL_swapped] &&
	       !vma->totals.value[COWI_TOTAL_nonpresent];
}

static int draw(struct cowi_target *t, const struct arguments *a,
		const struct range *range, struct picture *picture)
{
	unsigned int width = a->width ? a->width : line_width();
	struct cowi_vmas vmas;
	size_t i;
	int err;

	err = cowi_vmas(t, &vmas);
	for (i = 0; i < vmas.nr && !err && !ferror(stdout); i++) {
		const struct cowi_vma *vma = &vmas.vma[i];

		if (vma->end <= range->start || vma->start >= range->end ||
		    (is_empty(vma) && !a->all))
			continue;
		err = draw_vma(t, vma, range, width, picture);
	}
	cowi_vmas_free(&vmas);
	return err;
}

/* All of them with one legend. */
static int draw_all(const struct targets *ts, const struct arguments *a,
		    const struct range *range, bool colour)
{
	struct picture picture = { .out = stdout, .colour = colour };
	bool several = target_names_several(&a->names);
	int status = EXIT_OK, err;
	char what[48];
	size_t i;

	for (i = 0; i < ts->nr && !interrupt_signal(); i++) {
		target_text(&ts->target[i], what, sizeof(what));
		if (several)
			printf("%s%s:\n", i ? "\n" : "", what);
		err = draw(ts->target[i].t, a, range, &picture);
		if (err)
			status = report(several ? what : "map", err);
	}
	if (!status) {
		putchar('\n');
		picture_legend(&picture);
	}
	return status;
}

int cmd_map(int argc, char **argv, const struct globals *g)
{
	struct range range = { 0, UINT64_MAX };
	struct arguments a = { 0 };
	struct targets ts;
	int status, drawn;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = targets_open(&ts, g, &a.names);
	if (!status && a.range &&
	    parse_range(a.range, cowi_status(ts.c)->page_size, &range)) {
		fprintf(stderr, "cowinspect: --range: '%s' is not START-END\n",
			a.range);
		status = EXIT_USAGE;
	}
	if (!status) {
		drawn = draw_all(&ts, &a, &range,
				 colour_wanted(g->colour, stdout));
		if (a.html)
			status = html_targets(a.html, &ts, &range);
		status = drawn ? drawn : status;
	}
	targets_close(&ts);
	free(a.names.pid);
	return status;
}

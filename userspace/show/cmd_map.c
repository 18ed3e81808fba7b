// SPDX-License-Identifier: GPL-2.0
/* cowinspect map: a picture of an address space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "picture.h"
#include "safe.h"
#include "show.h"

/* Lines that one VMA may fill before its cells become groups of pages. */
#define LINES_PER_VMA	8

static const char doc[] =
	"Draw the address space of processes: for each mapping one letter\n"
	"per page, or per group of pages where the mapping is large. The\n"
	"letters are explained below the picture.\n"
	"\vA capital letter stands for pages that are all alike; a small one\n"
	"for a group where most mapped pages are of that kind. Mappings of\n"
	"which nothing is present are left out; --all-rows shows them.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect map $$\n"
	"  sudo cowinspect map $$ --range 7ffd4000-7ffd8000\n"
	"  sudo cowinspect map $$ --width 128\n"
	"  sudo cowinspect map $$ --html map.html\n"
	"  sudo cowinspect map -f $(pidof -s postgres) --html family.html\n";

enum {
	OPT_ALL_ROWS = 0x600,
};

static const struct argp_option options[] = {
	{ "width", 'w', "N", 0, "letters per line (default: what fits)", 0 },
	{ "all-rows", OPT_ALL_ROWS, NULL, 0,
	  "also mappings of which nothing is present", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &memory_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct target_names names;
	unsigned int width;
	bool all;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	__u64 n;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->names;
		return 0;
	case 'w':
		if (parse_size(arg, &n) || !n || n > 4096)
			argp_error(state, "--width: '%s' is not 1 to 4096", arg);
		a->width = n;
		return 0;
	case OPT_ALL_ROWS:
		a->all = true;
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
	.args_doc = "[PID...]\n"
		    "FILE [PID...]",
	.doc = doc,
	.children = children,
};

/* The greatest power of two that fits, so that lines begin at round numbers. */
static unsigned int line_width(void)
{
	unsigned int columns = layout_terminal(stdout), width = 16;

	if (!columns)
		columns = 80;
	while (width * 2 + 2 <= columns)
		width *= 2;
	return width;
}

/**
 * struct drawing - what is drawn, and how
 * @picture: of all processes, which have one legend
 * @range: only what lies in it
 * @width: letters per line
 * @all: also mappings of which nothing is present
 * @several: each process has a heading
 * @drawn: something has been drawn
 */
struct drawing {
	struct picture picture;
	struct range range;
	unsigned int width;
	bool all;
	bool several;
	bool drawn;
};

/**
 * struct reader - the pages of a process, once through
 * @pages: where they come from
 * @rec: the next one, unless @more is 0
 * @more: as of cowi_pages_next()
 */
struct reader {
	struct cowi_pages *pages;
	struct cowinspect_page rec;
	int more;
};

static void next(struct reader *r)
{
	r->more = interrupt_signal() ? -EINTR :
				       cowi_pages_next(r->pages, &r->rec);
}

static int count_pages(struct reader *r, struct strip *s)
{
	while (r->more > 0 && r->rec.addr < s->end) {
		strip_add(s, &r->rec);
		/* The rest of it may lie in the next mapping. */
		if (r->rec.addr + (s->page_size << r->rec.map_order) > s->end)
			break;
		next(r);
	}
	return r->more < 0 ? r->more : 0;
}

static void caption(const struct cowi_vma *vma, const struct strip *s)
{
	char bytes[24], cell[24], scale[48] = "", *name = NULL;
	unsigned int columns = layout_terminal(stdout), used;

	size_text(s->end - s->start, bytes, sizeof(bytes));
	used = printf("%llx-%llx ", s->start, s->end);
	used += put_safe(stdout, vma->perms);
	used += printf(" %s ", bytes);
	if (s->pages_per_cell > 1) {
		size_text(s->pages_per_cell * s->page_size, cell, sizeof(cell));
		snprintf(scale, sizeof(scale), " (a letter is %s)", cell);
	}
	used += strlen(scale);
	if (columns > used)
		name = safe_shorten(vma->name, columns - used);
	put_safe(stdout, name ? name : vma->name);
	puts(scale);
	free(name);
}

static int draw_vma(struct drawing *d, const struct target *target,
		    struct reader *r, const struct cowi_vma *vma, bool first)
{
	__u64 page_size = cowi_status(cowi_target_session(target->t))->page_size;
	__u64 start = vma->start > d->range.start ? vma->start : d->range.start;
	__u64 end = vma->end < d->range.end ? vma->end : d->range.end;
	struct strip strip;
	int err;

	err = strip_init(&strip, start, end, page_size,
			 d->width * LINES_PER_VMA);
	if (err)
		return err;
	err = count_pages(r, &strip);
	if (!err) {
		if (first && d->several)
			target_heading(target, !d->drawn);
		d->drawn = true;
		caption(vma, &strip);
		picture_strip(&d->picture, &strip, d->width, 2);
	}
	strip_release(&strip);
	return err;
}

static int draw_vmas(struct drawing *d, const struct target *target,
		     const struct cowi_vmas *vmas)
{
	struct reader r = { 0 };
	size_t i, nr = 0;
	int err;

	err = cowi_pages_open(target->t, d->range.start, d->range.end,
			      &r.pages);
	if (err)
		return err;
	next(&r);
	for (i = 0; i < vmas->nr && !err && !ferror(stdout); i++) {
		const struct cowi_vma *vma = &vmas->vma[i];

		if (vma->end > d->range.start && vma->start < d->range.end &&
		    (d->all || !show_is_empty(vma)))
			err = draw_vma(d, target, &r, vma, !nr++);
	}
	cowi_pages_close(r.pages);
	if (err || nr || ferror(stdout))
		return err;
	return target_has_no(target, d->all ? "mapping" : "mapped page",
			     &d->range);
}

static int draw(const struct target *target, void *arg)
{
	struct cowi_vmas vmas;
	int err = cowi_vmas(target->t, &vmas);

	if (!err)
		err = draw_vmas(arg, target, &vmas);
	cowi_vmas_free(&vmas);
	return err;
}

static int draw_all(struct targets *ts, const struct arguments *a, bool colour)
{
	struct drawing d = {
		.picture = { .out = stdout, .colour = colour },
		.range = ts->range,
		.width = a->width ? a->width : line_width(),
		.all = a->all,
		.several = ts->several,
	};
	int status = targets_each(ts, draw, &d);

	if (d.drawn) {
		putchar('\n');
		picture_legend(&d.picture);
	}
	return status;
}

int cmd_map(int argc, char **argv, struct globals *g)
{
	struct arguments a = { 0 };
	struct targets ts;
	int status, drawn = EXIT_OK;

	parse_command(&argp, argc, argv, 0, &a, g);
	status = targets_open(&ts, g, &a.names);
	if (!status) {
		drawn = draw_all(&ts, &a, colour_wanted(g->colour, stdout));
		status = html_targets(a.names.html, &ts);
		targets_close(&ts);
	}
	free(a.names.choice.pid);
	return drawn ? drawn : status;
}

// SPDX-License-Identifier: GPL-2.0
/* The lines that top shows on a terminal. None is wider than it. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "safe.h"
#include "table.h"
#include "view.h"

/* Above the items: three lines and headings; below them, one of keys. */
#define LINES_ABOVE	4
#define LINES_BELOW	1

/* Columns of a name that are not given up for other columns. */
#define NAME_LEAST	20

static const char *const sort_names[MODEL_NR_SORTS] = {
	[MODEL_COPIES] = "copies/s",
	[MODEL_BYTES] = "bytes/s",
	[MODEL_COPIED] = "copied",
	[MODEL_OWN] = "own",
	[MODEL_SHARED] = "shared",
	[MODEL_PID] = "pid",
	[MODEL_NAME] = "name",
};

/**
 * struct line - a line that is being written
 * @out: into memory
 * @text: of it
 * @size: bytes of it
 * @room: columns that are left
 */
struct line {
	FILE *out;
	char *text;
	size_t size;
	unsigned int room;
};

static int begin(struct line *l, const struct view_frame *f)
{
	*l = (struct line){ .room = f->columns };
	l->out = open_memstream(&l->text, &l->size);
	return l->out ? 0 : -ENOMEM;
}

/* Somebody else has chosen it. It gets @width columns, or all that are left. */
static void add_name(struct line *l, const char *name, unsigned int width)
{
	unsigned int used;

	if (width > l->room)
		width = l->room;
	used = put_safe_cell(l->out, name, false, width);
	fprintf(l->out, "%*s", (int)(width - used), "");
	l->room -= width;
}

/* Ours: one column for each byte. */
__attribute__((format(printf, 2, 3)))
static void add(struct line *l, const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((unsigned int)len > l->room)
		len = l->room;
	fprintf(l->out, "%.*s", len, text);
	l->room -= len;
}

static int end(struct line *l, const struct view_frame *f, unsigned int row,
	       enum view_style style)
{
	int err = fclose(l->out) ? -ENOMEM : 0;

	if (!err && row < f->rows)
		f->put(f->arg, row, l->text, style);
	free(l->text);
	return err;
}

static int put_text(const struct view_frame *f, unsigned int row,
		    const char *text, enum view_style style)
{
	struct line l;

	if (begin(&l, f))
		return -ENOMEM;
	add(&l, "%s", text);
	return end(&l, f, row, style);
}

/* ---- numbers ---- */

static __u64 per_second(const struct model *m, __u64 n)
{
	return m->elapsed ? n * 1e9 / m->elapsed : 0;
}

/* Counts that have no room become thousands: "123456", "1234k". */
static void count_text(__u64 n, char *buf, size_t size)
{
	if (n < 1000000)
		snprintf(buf, size, "%llu", n);
	else if (n < 1000000000)
		snprintf(buf, size, "%lluk", n / 1000);
	else
		snprintf(buf, size, "%lluM", n / 1000000);
}

static void age_text(__u64 now, __u64 then, char *buf, size_t size)
{
	__u64 seconds = now > then ? (now - then) / 1000000000 : 0;

	if (seconds < 600)
		snprintf(buf, size, "%llus", seconds);
	else
		snprintf(buf, size, "%llum", seconds / 60);
}

/* ---- the graph ---- */

static const char *const bars[2][8] = {
	{ "_", ".", ":", "-", "=", "+", "*", "#" },
	{ "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587",
	  "\u2588" },
};

/* Of each round a bar, the last one to the right; the highest one is the most. */
static void add_graph(struct line *l, const struct view_frame *f,
		      const struct model *m, const struct model_item *item,
		      unsigned int width)
{
	__u32 n, most = 1;
	unsigned int i;

	if (width > l->room)
		width = l->room;
	for (i = 1; i <= width && i <= m->rounds; i++) {
		n = item->history[(m->rounds - i) % MODEL_HISTORY];
		most = n > most ? n : most;
	}
	for (i = width; i; i--) {
		n = i <= m->rounds ?
		    item->history[(m->rounds - i) % MODEL_HISTORY] : 0;
		/* From 1 up, so that whoever copied once is seen to have. */
		fputs(n ? bars[f->utf8][(n * 8ull + most - 1) / most - 1] : " ",
		      l->out);
	}
	l->room -= width;
}

/* ---- items ---- */

enum field {
	FIELD_PID,
	FIELD_COPIES,
	FIELD_BYTES,
	FIELD_COPIED,
	FIELD_OWN,
	FIELD_SHARED,
	FIELD_GRAPH,
	NR_FIELDS
};

/* What is left out first where there is no room has the highest number. */
static const struct {
	const char *heading;
	unsigned int width;
	unsigned int drop;
} fields[NR_FIELDS] = {
	[FIELD_PID] = { "PID", 7, 1 },
	[FIELD_COPIES] = { "COPIES/S", 8, 0 },
	[FIELD_BYTES] = { "BYTES/S", 8, 2 },
	[FIELD_COPIED] = { "COPIED", 7, 5 },
	[FIELD_OWN] = { "OWN", 7, 3 },
	[FIELD_SHARED] = { "SHARED", 7, 4 },
	[FIELD_GRAPH] = { "GRAPH", 8, 6 },
};

/* Which of them there is room for, beside a name. Returns the columns they take. */
static unsigned int choose_fields(unsigned int columns, bool *has)
{
	unsigned int used = 0, drop = NR_FIELDS;
	int i;

	for (i = 0; i < NR_FIELDS; i++) {
		has[i] = true;
		used += fields[i].width + 1;
	}
	for (; drop && used + NAME_LEAST > columns; drop--) {
		for (i = 0; i < NR_FIELDS; i++) {
			if (fields[i].drop == drop) {
				has[i] = false;
				used -= fields[i].width + 1;
			}
		}
	}
	return used;
}

/* On a wide terminal, a third of what a name does not need. */
static unsigned int graph_width(unsigned int columns, unsigned int used)
{
	unsigned int more = columns > used + NAME_LEAST ?
			    (columns - used - NAME_LEAST) / 3 : 0;

	more += fields[FIELD_GRAPH].width;
	return more < MODEL_HISTORY ? more : MODEL_HISTORY;
}

static void field_text(const struct model *m, const struct model_item *item,
		       enum field field, char *buf, size_t size)
{
	switch (field) {
	case FIELD_PID:
		if (item->by == MODEL_PROCESSES)
			snprintf(buf, size, "%d", item->pid);
		else
			snprintf(buf, size, "%zu", item->running);
		break;
	case FIELD_COPIES:
		count_text(per_second(m, item->round.copies), buf, size);
		break;
	case FIELD_BYTES:
		size_text(per_second(m, item->round.bytes), buf, size);
		break;
	case FIELD_COPIED:
		size_text(item->before.bytes, buf, size);
		break;
	default:
		size_text(field == FIELD_OWN ? item->size.own :
			  item->size.shared, buf, size);
		if (!item->size.known)
			snprintf(buf, size, "-");
		break;
	}
}

static void add_label(struct line *l, const struct model_item *item)
{
	const char *name = model_name(item);

	if (item->by == MODEL_PARENTS)
		add(l, "of ");
	if (item->exited)
		add(l, "(exited) ");
	if (name[0])
		add_name(l, name, l->room);
	else if (item->pid)
		add(l, "process %d", item->pid);
	else
		add(l, "unknown");
	/* A selected line is marked from one side to the other. */
	add_name(l, "", l->room);
}

static int put_item(const struct view *v, const struct model *m,
		    const struct view_frame *f, size_t i, unsigned int row)
{
	const struct model_item *item = v->items[i];
	unsigned int used;
	bool has[NR_FIELDS];
	struct line l;
	char text[32];
	int k;

	if (begin(&l, f))
		return -ENOMEM;
	used = choose_fields(f->columns, has);
	for (k = 0; k < NR_FIELDS; k++) {
		if (!has[k])
			continue;
		if (k == FIELD_GRAPH) {
			add_graph(&l, f, m, item, graph_width(f->columns, used));
			add(&l, " ");
			continue;
		}
		field_text(m, item, k, text, sizeof(text));
		add(&l, "%*s ", fields[k].width, text);
	}
	add_label(&l, item);
	return end(&l, f, row, i == v->at ? VIEW_SELECTED :
		   item->round.copies ? VIEW_BUSY : VIEW_PLAIN);
}

static int put_headings(const struct view *v, const struct view_frame *f,
			unsigned int row)
{
	unsigned int used;
	bool has[NR_FIELDS];
	struct line l;
	int k;

	if (begin(&l, f))
		return -ENOMEM;
	used = choose_fields(f->columns, has);
	for (k = 0; k < NR_FIELDS; k++) {
		const char *heading = fields[k].heading;

		if (!has[k])
			continue;
		if (k == FIELD_PID && v->by != MODEL_PROCESSES)
			heading = "PROCS";
		if (k == FIELD_GRAPH)
			add(&l, "%-*s ", (int)graph_width(f->columns, used),
			    heading);
		else
			add(&l, "%*s ", fields[k].width, heading);
	}
	add(&l, v->by == MODEL_COMMANDS ? "COMMAND" :
		v->by == MODEL_PARENTS ? "CHILDREN" : "NAME");
	add_name(&l, "", l.room);
	return end(&l, f, row, VIEW_HEADING);
}

/* The one at the cursor is among them. */
static void scroll(struct view *v, size_t lines)
{
	v->lines = lines;
	if (v->at < v->top)
		v->top = v->at;
	if (lines && v->at >= v->top + lines)
		v->top = v->at - lines + 1;
	if (v->top + lines > v->nr)
		v->top = v->nr > lines ? v->nr - lines : 0;
}

static int put_items(struct view *v, const struct model *m,
		     const struct view_frame *f, size_t lines)
{
	size_t i;
	int err;

	scroll(v, lines);
	err = put_headings(v, f, LINES_ABOVE - 1);
	for (i = 0; i < lines && !err; i++) {
		if (v->top + i < v->nr)
			err = put_item(v, m, f, v->top + i, LINES_ABOVE + i);
		else
			err = put_text(f, LINES_ABOVE + i, "", VIEW_PLAIN);
	}
	return err;
}

/* ---- the mappings of a process ---- */

static int put_place(const struct view_place *p, const struct model *m,
		     const struct view_frame *f, unsigned int row)
{
	const __u64 *value = p->vma.totals.value;
	char count[24], present[24], own[24], next[24];
	struct line l;

	if (begin(&l, f))
		return -ENOMEM;
	count_text(p->copies, count, sizeof(count));
	size_text(value[COWI_TOTAL_present] * m->page_size, present,
		  sizeof(present));
	size_text(p->vma.perms[3] == 'p' ?
		  value[COWI_TOTAL_mapped_once] * m->page_size : 0, own,
		  sizeof(own));
	size_text(value[COWI_TOTAL_next_copy] * m->page_size, next,
		  sizeof(next));
	add(&l, "%12llx %-4.4s %7s %7s %7s %7s ", p->vma.start, p->vma.perms,
	    count, present, own, next);
	add_name(&l, p->vma.name ? p->vma.name : "", l.room);
	return end(&l, f, row, p->copies ? VIEW_BUSY : VIEW_PLAIN);
}

static int put_places(struct view *v, const struct model *m,
		      const struct view_frame *f, size_t lines)
{
	size_t i;
	int err;

	v->lines = lines;
	if (v->top + lines > v->nr_places)
		v->top = v->nr_places > lines ? v->nr_places - lines : 0;
	err = put_text(f, LINES_ABOVE - 1,
		       "       START PERM  COPIES PRESENT     OWN    COPY NAME",
		       VIEW_HEADING);
	for (i = 0; i < lines && !err; i++) {
		if (v->top + i < v->nr_places)
			err = put_place(&v->place[v->top + i], m, f,
					LINES_ABOVE + i);
		else
			err = put_text(f, LINES_ABOVE + i, "", VIEW_PLAIN);
	}
	return err;
}

/* ---- help ---- */

static const char *const help[] = {
	"Copies are heard of as they happen. OWN is private memory that nobody else",
	"has mapped, SHARED the rest; they are read one process after the other, as",
	"often as the share of a CPU allows that --budget gives.",
	"",
	"s, S          sort by the next column, or the one before",
	"g             processes, commands, or children by their parents",
	"/             only those with this in their name or id; Escape: all",
	"f             follow: the cursor stays at the process, not at the line",
	"Enter         open: mappings of a process, processes of a command",
	"Escape        back",
	"Space         pause: the numbers stay, copies are counted on",
	"arrows, Page Up, Page Down, Home, End",
	"              move",
	"q             quit",
	"",
	"Of mappings: COPIES since they are shown, COPY what the next writes copy.",
	"The graph has a bar for each round; the highest is that row's most.",
};

static int put_help(const struct view_frame *f, size_t lines)
{
	size_t i;
	int err;

	err = put_text(f, LINES_ABOVE - 1, "KEYS", VIEW_HEADING);
	for (i = 0; i < lines && !err; i++)
		err = put_text(f, LINES_ABOVE + i,
			       i < ARRAY_SIZE(help) ? help[i] : "", VIEW_PLAIN);
	return err;
}

/* ---- above and below ---- */

static int put_title(const struct view *v, const struct model *m,
		     const struct view_frame *f)
{
	char delay[24];
	struct line l;

	if (begin(&l, f))
		return -ENOMEM;
	time_text(f->delay, delay, sizeof(delay));
	add(&l, "cowinspect top: ");
	if (v->opened) {
		const struct model_item *p = model_find(m, v->opened);

		add(&l, "mappings of %d", v->opened);
		if (!p)
			add(&l, ", which has exited");
	} else {
		add(&l, "%zu processes, %llu exited; by %s", m->total.running,
		    m->exits, sort_names[v->sort]);
	}
	add(&l, ", every %s", delay);
	if (v->filter[0])
		add(&l, ", only %s", v->filter);
	if (v->follow)
		add(&l, ", following");
	if (v->paused)
		add(&l, ", PAUSED");
	return end(&l, f, 0, VIEW_TITLE);
}

static int put_totals(const struct model *m, const struct view_frame *f)
{
	char rate[24], bytes[24], all[24], size[24], age[24];
	struct line l;

	if (begin(&l, f))
		return -ENOMEM;
	count_text(per_second(m, m->total.round.copies), rate, sizeof(rate));
	size_text(per_second(m, m->total.round.bytes), bytes, sizeof(bytes));
	count_text(m->total.before.copies, all, sizeof(all));
	size_text(m->total.before.bytes, size, sizeof(size));
	age_text(f->now, f->began, age, sizeof(age));
	add(&l, "%s copies/s, %s/s; %s copies, %s in %s", rate, bytes, all, size,
	    age);
	if (f->unarmed)
		add(&l, "; FAULTS ARE NOT OBSERVED");
	if (m->lost)
		add(&l, "; %llu EVENTS LOST", m->lost);
	return end(&l, f, 1, m->lost || f->unarmed ? VIEW_WARNING : VIEW_PLAIN);
}

static int put_cost(const struct view *v, const struct model *m,
		    const struct view_frame *f)
{
	__u64 read = v->opened ? v->place_read : m->total.size.read;
	struct line l;
	char age[24];

	if (begin(&l, f))
		return -ENOMEM;
	age_text(f->now, read, age, sizeof(age));
	if (read)
		add(&l, "own and shared are up to %s old", age);
	else
		add(&l, "own and shared: not read yet");
	if (f->about)
		add(&l, " (~ averages)");
	add(&l, "; this program: %u.%02u%% of a CPU, %u.%02u%% to read",
	    f->cpu / 100, f->cpu % 100, f->reading / 100, f->reading % 100);
	return end(&l, f, 2, VIEW_PLAIN);
}

static int put_keys(const struct view *v, const struct view_frame *f)
{
	struct line l;

	if (begin(&l, f))
		return -ENOMEM;
	if (v->typing)
		add(&l, "only: %s_   (Enter, Escape)", v->filter);
	else if (v->help)
		add(&l, "any key: back");
	else if (v->opened)
		add(&l, "Esc back  Space pause  h help  q quit");
	else
		add(&l, "h help  s sort  g group  / filter  f follow  "
			"Enter open  Space pause  q quit");
	return end(&l, f, f->rows - 1, VIEW_TITLE);
}

int view_draw(struct view *v, const struct model *m, const struct view_frame *f)
{
	size_t lines = f->rows > LINES_ABOVE + LINES_BELOW ?
		       f->rows - LINES_ABOVE - LINES_BELOW : 0;
	int err;

	err = put_title(v, m, f);
	if (!err)
		err = put_totals(m, f);
	if (!err)
		err = put_cost(v, m, f);
	if (!err && v->help)
		err = put_help(f, lines);
	else if (!err && v->opened)
		err = put_places(v, m, f, lines);
	else if (!err)
		err = put_items(v, m, f, lines);
	/* One line is better used for the title. */
	return err || f->rows < 2 ? err : put_keys(v, f);
}

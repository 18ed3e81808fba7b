// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for a browser: see html.h for what is in them. All of the format is written
 * here, by parts that share one struct html, which is why this file is long.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "html.h"
#include "json.h"
#include "picture.h"
#include "shell.h"

/**
 * struct form - what many entries have in common
 * @rec: such an entry, without address and frame
 * @id: place in the list of forms
 */
struct form {
	struct cowinspect_page rec;
	__u32 id;
};

/**
 * struct pte - an entry of a page table
 * @page: its address in base pages
 * @pfn: frame, or COWINSPECT_NO_PFN
 * @form: the rest; NULL: no entry begins here any more
 */
struct pte {
	__u64 page;
	__u64 pfn;
	const struct form *form;
};

/**
 * struct entries - a page table
 * @nr: entries
 * @room: entries that fit
 * @entry: ascending
 */
struct entries {
	size_t nr;
	size_t room;
	struct pte *entry;
};

/**
 * struct process - a process of the page
 * @pid: 0: nobody has this id
 * @parent: pid of the parent, or 0
 * @name: for people
 * @look: the last look that it had a table in, 0 for none
 * @ended: it had exited at the end of this step
 * @vmas: of that table, as JSON
 * @entries: of that table
 */
struct process {
	pid_t pid;
	pid_t parent;
	char *name;
	unsigned int look;
	bool ended;
	char *vmas;
	struct entries entries;
};

/* What is open in a step, in the order of its members. */
enum place {
	IN_HEAD,
	IN_NOTES,
	IN_WRITES,
	IN_CHOICES,
	IN_BYTES,
	IN_HELD,
	IN_TABLES,
	IN_NO_STEP,
};

static const char *const lists[] = {
	[IN_NOTES] = "notes",
	[IN_WRITES] = "writes",
	[IN_CHOICES] = "choices",
	[IN_BYTES] = "bytes",
	[IN_HELD] = "held",
	[IN_TABLES] = "tables",
};

/**
 * struct html - a page being written
 * @shell: what stands around it, and where its data goes
 * @err: first error
 * @page_size: base page, in bytes
 * @nr: of @process
 * @process: indexed by id
 * @nr_forms: of @form
 * @form: in the order of their ids
 * @tree: the same for tsearch()
 * @looks: steps so far of which page tables were read
 * @place: what is open
 * @concluded: the list of steps is closed
 * @current: whose table is being filled, or NULL
 * @vmas: where its VMAs go
 * @vmas_json: the writer of it
 * @vmas_text: what was written there
 * @vmas_size: bytes of it
 * @entries: of the table being filled
 */
struct html {
	struct shell shell;
	int err;
	__u64 page_size;
	size_t nr;
	struct process *process;
	size_t nr_forms;
	struct form **form;
	void *tree;
	unsigned int looks;
	enum place place;
	bool concluded;
	struct process *current;
	FILE *vmas;
	struct json vmas_json;
	char *vmas_text;
	size_t vmas_size;
	struct entries entries;
};

static void fail(struct html *h, int err)
{
	if (err && !h->err)
		h->err = err;
}

static void put_words(struct json *j, const char *key,
		      const char *(*name)(unsigned int i), unsigned int nr)
{
	unsigned int i;

	json_array(j, key);
	for (i = 0; i < nr; i++)
		json_string(j, NULL, name(i));
	json_end_array(j);
}

static void put_states(struct json *j)
{
	enum page_state st;

	json_array(j, "states");
	for (st = 0; st < NR_STATES; st++) {
		json_array(j, NULL);
		shell_colour(j, picture_letter(st), st);
		json_string(j, NULL, picture_meaning(st));
		json_end_array(j);
	}
	json_end_array(j);
	json_string(j, "mixed", picture_mixed());
}

static void put_flags(struct json *j)
{
	const char *name;
	unsigned int i;
	__u64 mask;

	json_array(j, "flags");
	for (i = 0; (name = cowi_flag_name(i, &mask)); i++)
		json_string(j, NULL, name);
	json_end_array(j);
}

static void put_about(struct html *h, const struct html_about *about)
{
	struct json *j = &h->shell.json;

	json_object(j, NULL);
	shell_about(&h->shell, about, 2);
	json_string(j, "exclusive", cowi_counts_name(about->status->exclusive));
	put_states(j);
	put_words(j, "kinds", cowi_kind_name, COWI_NR_KINDS);
	put_words(j, "outcomes", cowi_outcome_name, COWI_NR_OUTCOMES);
	put_words(j, "confidences", cowi_confidence_name, COWI_CONF_SURE + 1);
	put_words(j, "counts", cowi_counts_name, COWI_COUNT_ABSENT + 1);
	put_flags(j);
	json_array(j, "steps");
}

int html_open(const char *path, const struct html_about *about,
	      struct html **out)
{
	struct html *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	err = shell_open(&h->shell, path, tables_html, tables_js);
	if (err) {
		free(h);
		return err;
	}
	h->page_size = about->status->page_size;
	h->place = IN_NO_STEP;
	put_about(h, about);
	*out = h;
	return 0;
}

/* Processes. */

static void put_processes(struct html *h)
{
	struct json *j = &h->shell.json;
	size_t i;

	json_array(j, "processes");
	for (i = 0; i < h->nr; i++) {
		const struct process *p = &h->process[i];

		if (!p->pid)
			continue;
		json_array(j, NULL);
		json_number(j, NULL, i);
		json_number(j, NULL, p->pid);
		json_number(j, NULL, p->parent);
		json_string(j, NULL, p->name);
		json_end_array(j);
	}
	json_end_array(j);
}

/* Forms. */

static int compare_forms(const void *a, const void *b)
{
	const struct form *fa = a, *fb = b;

	return memcmp(&fa->rec, &fb->rec, sizeof(fa->rec));
}

static int keep_form(struct html *h, struct form *f)
{
	struct form **list = grow(h->form, h->nr_forms, sizeof(*list));

	if (!list)
		return -ENOMEM;
	h->form = list;
	f->id = h->nr_forms;
	if (!tsearch(f, &h->tree, compare_forms))
		return -ENOMEM;
	h->form[h->nr_forms++] = f;
	return 0;
}

static const struct form *find_form(struct html *h,
				    const struct cowinspect_page *rec)
{
	struct form key = { .rec = *rec }, *f;
	struct form **found;

	key.rec.addr = 0;
	key.rec.pfn = 0;
	found = tfind(&key, &h->tree, compare_forms);
	if (found)
		return *found;
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	*f = key;
	if (keep_form(h, f)) {
		free(f);
		return NULL;
	}
	return f;
}

static __u64 flag_bits(__u64 flags)
{
	__u64 mask, bits = 0;
	unsigned int i;

	for (i = 0; cowi_flag_name(i, &mask); i++)
		bits |= (__u64)!!(flags & mask) << i;
	return bits;
}

static void put_forms(struct html *h)
{
	struct json *j = &h->shell.json;
	size_t i, k;

	json_array(j, "forms");
	for (i = 0; i < h->nr_forms; i++) {
		const struct cowinspect_page *rec = &h->form[i]->rec;
		const __u64 row[] = {
			picture_state(rec), rec->kind, rec->map_order,
			rec->folio_order, rec->mapcount, rec->counts,
			rec->refcount, rec->folio_mapcount, rec->outcome,
			rec->confidence, rec->swap_type,
			flag_bits(rec->flags),
		};

		json_array(j, NULL);
		for (k = 0; k < sizeof(row) / sizeof(row[0]); k++)
			json_number(j, NULL, row[k]);
		if (picture_holder(rec))
			json_string(j, NULL, picture_holder(rec));
		else
			json_null(j, NULL);
		json_end_array(j);
	}
	json_end_array(j);
}

/* Entries. */

static void add_entry(struct html *h, struct entries *list,
		      const struct pte *e)
{
	if (list->nr == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct pte *more = realloc(list->entry, room * sizeof(*more));

		if (!more)
			return fail(h, -ENOMEM);
		list->entry = more;
		list->room = room;
	}
	list->entry[list->nr++] = *e;
}

/* What must be done to @old to make it @new. */
static void find_changes(struct html *h, const struct entries *old,
			 const struct entries *new, struct entries *changes)
{
	size_t i = 0, k = 0;

	while ((i < old->nr || k < new->nr) && !h->err) {
		const struct pte *was = i < old->nr ? &old->entry[i] : NULL;
		const struct pte *is = k < new->nr ? &new->entry[k] : NULL;

		if (!is || (was && was->page < is->page)) {
			struct pte gone = {
				.page = was->page,
				.pfn = COWINSPECT_NO_PFN,
			};

			add_entry(h, changes, &gone);
			i++;
			continue;
		}
		if (!was || was->page > is->page) {
			add_entry(h, changes, is);
			k++;
			continue;
		}
		if (was->pfn != is->pfn || was->form != is->form)
			add_entry(h, changes, is);
		i++;
		k++;
	}
}

/* Whether @b goes on where @a ends, in pages and frames. */
static bool goes_on(const struct pte *a, const struct pte *b)
{
	__u64 size = a->form ? 1ull << a->form->rec.map_order : 1;

	if (b->form != a->form || b->page != a->page + size)
		return false;
	if (a->pfn == COWINSPECT_NO_PFN)
		return b->pfn == COWINSPECT_NO_PFN;
	return b->pfn == a->pfn + size;
}

static void put_changes(struct json *j, const struct entries *changes)
{
	const struct pte *e = changes->entry;
	const struct pte *end = e + changes->nr;
	__u64 next = 0;

	json_array(j, "changes");
	while (e < end) {
		const struct pte *first = e++;

		while (e < end && goes_on(e - 1, e))
			e++;
		json_number(j, NULL, first->page - next);
		json_number(j, NULL, e - first);
		if (first->pfn == COWINSPECT_NO_PFN)
			json_null(j, NULL);
		else
			json_number(j, NULL, first->pfn);
		if (first->form)
			json_number(j, NULL, first->form->id);
		else
			json_null(j, NULL);
		next = e[-1].page + 1;
	}
	json_end_array(j);
}

/* Tables. */

static bool open_vmas(struct html *h)
{
	h->vmas_text = NULL;
	h->vmas = open_memstream(&h->vmas_text, &h->vmas_size);
	h->vmas_json = (struct json){ .out = h->vmas, .in_page = true };
	if (h->vmas)
		json_array(&h->vmas_json, NULL);
	return h->vmas;
}

/* Return: the VMAs as JSON, or NULL. */
static char *close_vmas(struct html *h)
{
	json_end_array(&h->vmas_json);
	if (!fclose(h->vmas))
		return h->vmas_text;
	free(h->vmas_text);
	return NULL;
}

static void put_table(struct html *h, struct process *p, const char *vmas,
		      bool follows)
{
	struct entries changes = { 0 };
	struct json *j = &h->shell.json;

	find_changes(h, &p->entries, &h->entries, &changes);
	json_object(j, NULL);
	json_number(j, "process", p - h->process);
	if (!follows || strcmp(vmas, p->vmas))
		json_verbatim(j, "vmas", vmas);
	put_changes(j, &changes);
	json_end_object(j);
	free(changes.entry);
}

static void end_table(struct html *h)
{
	struct process *p = h->current;
	struct entries empty;
	bool follows;
	char *vmas;

	if (!p)
		return;
	h->current = NULL;
	vmas = close_vmas(h);
	if (!vmas)
		return fail(h, -ENOMEM);
	follows = p->look && p->look + 1 == h->looks;
	if (!follows)
		p->entries.nr = 0;
	put_table(h, p, vmas, follows);
	free(p->vmas);
	p->vmas = vmas;
	p->look = h->looks;
	/* The old entries make room for those of the next table. */
	empty = p->entries;
	empty.nr = 0;
	p->entries = h->entries;
	h->entries = empty;
}

void html_process(struct html *h, unsigned int id, pid_t pid, pid_t parent,
		  const char *name)
{
	struct process *p;

	/* The list may move: nothing may point into it. */
	end_table(h);
	if (h->err)
		return;
	if (id >= h->nr) {
		p = realloc(h->process, (id + 1) * sizeof(*p));
		if (!p)
			return fail(h, -ENOMEM);
		memset(p + h->nr, 0, (id + 1 - h->nr) * sizeof(*p));
		h->process = p;
		h->nr = id + 1;
	}
	p = &h->process[id];
	if (p->pid)
		return;
	p->name = strdup(name);
	if (!p->name)
		return fail(h, -ENOMEM);
	p->pid = pid;
	p->parent = parent;
}

static void put_end(struct html *h)
{
	struct json *j = &h->shell.json;
	size_t i;

	json_array(j, "ended");
	for (i = 0; i < h->nr; i++) {
		if (h->process[i].ended)
			json_number(j, NULL, i);
	}
	json_end_array(j);
	json_end_object(j);
}

/* Each list of a step is there; no tables at all means that none was read. */
static void enter(struct html *h, enum place place)
{
	struct json *j = &h->shell.json;

	end_table(h);
	while (h->place != place) {
		if (h->place != IN_HEAD)
			json_end_array(j);
		h->place++;
		if (h->place == IN_TABLES && place == IN_NO_STEP) {
			json_null(j, lists[IN_TABLES]);
			h->place = IN_NO_STEP;
		}
		if (h->place == IN_NO_STEP)
			put_end(h);
		else
			json_array(j, lists[h->place]);
	}
}

void html_step(struct html *h, const char *title, const char *text)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_NO_STEP);
	json_object(j, NULL);
	json_string(j, "title", title);
	json_string(j, "text", text);
	h->place = IN_HEAD;
}

void html_summary(struct html *h, const char *summary, const char *totals)
{
	if (h->err)
		return;
	json_string(&h->shell.json, "summary", summary);
	json_string(&h->shell.json, "totals", totals);
}

void html_note(struct html *h, const char *mark, const char *text)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_NOTES);
	json_array(j, NULL);
	json_string(j, NULL, mark);
	json_string(j, NULL, text);
	json_end_array(j);
}

void html_write(struct html *h, const struct html_write *w)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_WRITES);
	json_object(j, NULL);
	json_number(j, "process", w->process);
	json_number(j, "page", w->addr / h->page_size);
	json_number(j, "question", w->question);
	json_string(j, "right", w->right);
	json_string(j, "why", w->why);
	json_string(j, "predicted", w->predicted);
	json_string(j, "happened", w->happened);
	json_bool(j, "inferred", w->inferred);
	json_end_object(j);
}

void html_choice(struct html *h, const struct html_choice *c)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_CHOICES);
	json_object(j, NULL);
	json_number(j, "question", c->question);
	json_string(j, "text", c->text);
	json_number(j, "first", c->first);
	json_number(j, "last", c->last);
	json_number(j, "right", c->right);
	json_string(j, "why", c->why);
	json_end_object(j);
}

void html_bytes(struct html *h, unsigned int id, __u64 addr,
		const unsigned char *bytes, size_t nr)
{
	struct json *j = &h->shell.json;
	size_t i;

	if (h->err)
		return;
	enter(h, IN_BYTES);
	json_array(j, NULL);
	json_number(j, NULL, id);
	json_number(j, NULL, addr / h->page_size);
	json_number(j, NULL, addr % h->page_size);
	for (i = 0; i < nr; i++)
		json_number(j, NULL, bytes[i]);
	json_end_array(j);
}

void html_held(struct html *h, const char *who, __u64 addr, __u64 pfn)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_HELD);
	json_array(j, NULL);
	json_string(j, NULL, who);
	json_number(j, NULL, addr / h->page_size);
	json_number(j, NULL, pfn);
	json_end_array(j);
}

void html_tables(struct html *h)
{
	if (h->err || h->place == IN_TABLES)
		return;
	enter(h, IN_TABLES);
	h->looks++;
}

void html_ended(struct html *h, unsigned int id)
{
	end_table(h);
	if (id < h->nr)
		h->process[id].ended = true;
}

void html_table(struct html *h, unsigned int id)
{
	if (h->err)
		return;
	end_table(h);
	html_tables(h);
	if (open_vmas(h))
		h->current = &h->process[id];
	else
		fail(h, -ENOMEM);
}

static void begin_vma(struct html *h, __u64 start, __u64 end,
		      const char *perms, const char *name)
{
	struct json *j = &h->vmas_json;

	json_array(j, NULL);
	json_number(j, NULL, start / h->page_size);
	json_number(j, NULL, (end - start) / h->page_size);
	json_string(j, NULL, perms);
	json_string(j, NULL, name);
}

void html_vma(struct html *h, __u64 start, __u64 end, const char *perms,
	      const char *name)
{
	if (h->err)
		return;
	begin_vma(h, start, end, perms, name);
	json_end_array(&h->vmas_json);
}

void html_region(struct html *h, __u64 start, __u64 end, const char *name,
		 __u64 first)
{
	if (h->err)
		return;
	begin_vma(h, start, end, "", name);
	json_number(&h->vmas_json, NULL, first);
	json_end_array(&h->vmas_json);
}

void html_page(struct html *h, const struct cowinspect_page *rec)
{
	struct pte e = { .page = rec->addr / h->page_size, .pfn = rec->pfn };

	if (h->err)
		return;
	e.form = find_form(h, rec);
	if (e.form)
		add_entry(h, &h->entries, &e);
	else
		fail(h, -ENOMEM);
}

/* The end. */

void html_conclusion(struct html *h, const char *verdict, const char *answer,
		     const char *alike)
{
	struct json *j = &h->shell.json;

	if (h->err)
		return;
	enter(h, IN_NO_STEP);
	json_end_array(j);
	h->concluded = true;
	json_string(j, "verdict", verdict);
	json_string(j, "answer", answer);
	json_string(j, "alike", alike);
}

static void release(struct html *h)
{
	size_t i;

	for (i = 0; i < h->nr_forms; i++) {
		tdelete(h->form[i], &h->tree, compare_forms);
		free(h->form[i]);
	}
	free(h->form);
	for (i = 0; i < h->nr; i++) {
		free(h->process[i].name);
		free(h->process[i].vmas);
		free(h->process[i].entries.entry);
	}
	free(h->process);
	free(h->entries.entry);
	free(h);
}

int html_close(struct html *h)
{
	struct json *j;
	int err;

	if (!h)
		return 0;
	j = &h->shell.json;
	enter(h, IN_NO_STEP);
	if (!h->concluded)
		json_end_array(j);
	put_forms(h);
	put_processes(h);
	json_end_object(j);
	fail(h, shell_close(&h->shell));
	err = h->err;
	release(h);
	return err;
}

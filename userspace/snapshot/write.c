// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says of processes, into a tar file, one after the other. The size of
 * a file stands before it, so the records of a process, which come as they are read,
 * go to a file without a name first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "internal.h"
#include "pack.h"
#include "procfs.h"
#include "spool.h"
#include "title.h"
#include "write.h"

#define BUFFER_SIZE	(64 << 10)

/**
 * struct writing - a snapshot that is being written
 * @c: where from
 * @how: how
 * @ids: how they are made, if ids or names are wanted
 * @make_ids: frame numbers become ids: they are not yet
 * @hide: names are to be left out: they are not yet
 * @pack: where to
 * @spool: for the records of a process
 * @buffer: of these, @used bytes of BUFFER_SIZE
 * @used: of @buffer
 * @size: bytes in @spool
 * @manifest: of all processes so far
 * @about: for the manifest
 * @said: for the caller
 * @err: why it cannot be written, which is no process's doing
 */
struct writing {
	struct cowi *c;
	const struct snapshot_how *how;
	struct ids *ids;
	bool make_ids;
	bool hide;
	struct pack *pack;
	int spool;
	char *buffer;
	size_t used;
	__u64 size;
	struct manifest manifest;
	struct cowi_snapshot about;
	struct snapshot_said *said;
	int err;
};

/* ---- records ---- */

static int flush(struct writing *w)
{
	int err = write_all(w->spool, w->buffer, w->used);

	w->size += w->used;
	w->used = 0;
	return err;
}

/* As it was read, but for the number: it is longer than we know, perhaps. */
static int put_record(struct writing *w, const void *raw,
		      const struct cowinspect_page *rec)
{
	size_t size = cowi_status(w->c)->record_size;
	__u64 id;
	int err = 0;

	if (w->used + size > BUFFER_SIZE)
		err = flush(w);
	memcpy(w->buffer + w->used, raw, size);
	if (w->make_ids && rec->pfn != COWINSPECT_NO_PFN) {
		id = rec->kind == COWI_KIND_SWAP ?
		     ids_place(w->ids, rec->pfn) : ids_frame(w->ids, rec->pfn);
		memcpy(w->buffer + w->used +
		       offsetof(struct cowinspect_page, pfn), &id, sizeof(id));
	}
	w->used += size;
	return err;
}

static int read_records(struct writing *w, struct cowi_target *t)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int ret;

	w->size = 0;
	if (ftruncate(w->spool, 0) || lseek(w->spool, 0, SEEK_SET)) {
		w->err = -errno;
		return 0;
	}
	ret = cowi_pages_open(t, 0, UINT64_MAX, &pages);
	if (ret)
		return ret;
	while ((ret = cowi_pages_next(pages, &rec)) > 0 && !w->err) {
		w->err = put_record(w, cowi_pages_record(pages), &rec);
		if (interrupt_signal())
			w->err = -EINTR;
	}
	cowi_pages_close(pages);
	if (!w->err)
		w->err = flush(w);
	return ret < 0 ? ret : 0;
}

/* ---- one process ---- */

/**
 * struct texts - what the module says of a process in words; NULL for nothing
 * @summary: of it
 * @vmas: of it
 * @faults: of it
 */
struct texts {
	char *summary;
	char *vmas;
	char *faults;
};

static void free_texts(struct texts *t)
{
	free(t->summary);
	free(t->vmas);
	free(t->faults);
}

static int read_texts(struct writing *w, struct cowi_target *t,
		      struct texts *texts)
{
	char *hidden;
	int err;

	err = cowi_target_text(t, "summary", &texts->summary);
	if (!err)
		err = cowi_target_text(t, "vmas", &texts->vmas);
	if (!err && w->hide) {
		hidden = hide_names(texts->vmas, w->ids);
		free(texts->vmas);
		texts->vmas = hidden;
		w->err = hidden ? w->err : -ENOMEM;
	}
	/* Not every kernel has faults observed, and not every copy has these. */
	if (!err && cowi_target_text(t, "faults", &texts->faults))
		texts->faults = NULL;
	return err;
}

static int pack_named(struct writing *w, pid_t pid, const char *name,
		      const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return text ? pack_text(w->pack, path, text) :
		      pack_file(w->pack, path, w->spool, w->size);
}

static int pack_process(struct writing *w, pid_t pid, const struct texts *texts)
{
	int err = pack_named(w, pid, "summary", texts->summary);

	if (!err)
		err = pack_named(w, pid, "vmas", texts->vmas);
	if (!err && texts->faults)
		err = pack_named(w, pid, "faults", texts->faults);
	return err ? err : pack_named(w, pid, "pages", NULL);
}

static const struct cowi_recorded *find_recorded(const struct cowi_snapshot *s,
						 pid_t pid)
{
	size_t i;

	for (i = 0; s && i < s->nr; i++) {
		if (s->process[i].pid == pid)
			return &s->process[i];
	}
	return NULL;
}

/* Who that is; an error if it has exited. */
static int identify(struct writing *w, const struct target *target, char *title)
{
	const struct cowi_recorded *known =
		find_recorded(cowi_snapshot(w->c), target->pid);
	struct cowi_recorded p = {
		.pid = target->pid,
		.parent = target->parent,
		.start = known ? known->start : 0,
		.title = title,
	};
	struct cowi_procstat st;

	title_read(target, title, READ_TITLE_MAX);
	memcpy(p.comm, target->name, sizeof(p.comm));
	if (!cowi_is_recorded(w->c)) {
		if (cowi_procstat(target->pid, &st))
			return -COWI_EEXITED;
		p.start = st.start;
	}
	if (w->how->anonymous) {
		p.comm[0] = '\0';
		title[0] = '\0';
	}
	manifest_process(&w->manifest, &p);
	return 0;
}

static int write_process(struct writing *w, const struct target *target)
{
	char title[READ_TITLE_MAX];
	struct texts texts = { 0 };
	int err;

	err = read_texts(w, target->t, &texts);
	if (!err)
		err = read_records(w, target->t);
	if (!err && !w->err)
		err = identify(w, target, title);
	if (!err && !w->err)
		w->err = pack_process(w, target->pid, &texts);
	w->said->processes += !err && !w->err;
	free_texts(&texts);
	return err;
}

static int look(const struct target *target, void *arg)
{
	struct writing *w = arg;
	int err = w->err ? 0 : write_process(w, target);

	if (err != -COWI_EEXITED && err != -ENOENT && err != -ESRCH)
		return err;
	w->said->exited++;
	return 0;
}

/* ---- all of them ---- */

static void read_boot(char *boot, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file && fgets(boot, size, file))
		boot[strcspn(boot, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* Of a snapshot that is written anew, what it says of itself stays true. */
static void describe(struct writing *w)
{
	const struct cowi_snapshot *from = cowi_snapshot(w->c);
	struct cowi_snapshot *s = &w->about;
	time_t now = time(NULL);

	if (from) {
		*s = *from;
	} else {
		strftime(s->taken, sizeof(s->taken), "%FT%TZ", gmtime(&now));
		s->taken_ns = clock_ns(CLOCK_REALTIME);
		if (!cowi_is_recorded(w->c))
			read_boot(s->boot, sizeof(s->boot));
	}
	w->make_ids = !w->how->frames && !s->has_ids;
	w->hide = w->how->anonymous && !s->anonymous;
	s->has_ids |= w->make_ids;
	s->anonymous |= w->how->anonymous;
}

static int refuse(const char *path, const char *why)
{
	fprintf(stderr, "cowinspect: %s: %s\n", path, why);
	return EXIT_FAILED;
}

/* Ids of two keys in one file would look like those of one. */
static int get_ids(struct writing *w, const char *path)
{
	struct cowi_snapshot *s = &w->about;
	int err;

	if (s->has_ids && w->how->frames)
		return refuse(path, "--frames: it has ids already");
	if (!w->make_ids && !w->hide)
		return EXIT_OK;
	w->ids = malloc(sizeof(*w->ids));
	if (!w->ids)
		return report("memory", -ENOMEM);
	err = ids_open(w->ids, cowi_status(w->c)->page_size);
	if (w->how->key && strcmp(w->how->key, w->ids->print))
		return refuse(path,
			      "its ids were made with another key, which is gone: a new one is made when the machine boots");
	if (s->key[0] && strcmp(s->key, w->ids->print))
		return refuse(path,
			      "its ids were made with another key: names cannot have ids of the same");
	if (err)
		fprintf(stderr,
			"cowinspect: %s: %s: its ids are comparable with no other's\n",
			IDS_KEY_PATH, strerror(-err));
	strcpy(s->key, w->ids->print);
	return EXIT_OK;
}

static int write_status(struct writing *w)
{
	char *text;
	int err = cowi_status_text(w->c, &text);

	if (err)
		return err;
	err = pack_text(w->pack, "status", text);
	free(text);
	return err;
}

static int write_manifest(struct writing *w)
{
	char *text = manifest_text(&w->manifest, &w->about,
				   w->how->anonymous ? NULL : w->how->command);
	int err;

	if (!text)
		return -ENOMEM;
	err = pack_text(w->pack, "manifest", text);
	free(text);
	return err ? err : pack_end(w->pack);
}

static int write_all_of(struct writing *w, struct targets *ts,
			const struct reading_names *names)
{
	__u64 began = clock_ns(CLOCK_MONOTONIC);
	int status;

	w->err = write_status(w);
	status = reading_each(ts, names, look, w);
	if (!cowi_snapshot(w->c))
		w->about.read_ns = clock_ns(CLOCK_MONOTONIC) - began;
	w->about.exited += w->said->exited;
	if (!w->err && w->said->processes)
		w->err = write_manifest(w);
	return status;
}

static int prepare(struct writing *w, int fd)
{
	w->buffer = malloc(BUFFER_SIZE + cowi_status(w->c)->record_size);
	if (!w->buffer)
		return -ENOMEM;
	w->spool = spool_open();
	if (w->spool < 0)
		return w->spool;
	return pack_open(fd, w->how->compress, &w->pack);
}

static void release(struct writing *w)
{
	if (w->manifest.out)
		fclose(w->manifest.out);
	free(w->manifest.text);
	if (w->spool >= 0)
		close(w->spool);
	pack_close(w->pack);
	free(w->buffer);
	free(w->ids);
}

int snapshot_write(int fd, const char *path, const struct globals *g,
		   const struct reading_names *names,
		   const struct snapshot_how *how, struct snapshot_said *said)
{
	struct writing w = { .how = how, .said = said, .spool = -1 };
	struct targets ts;
	int status;

	*said = (struct snapshot_said){ 0 };
	status = targets_open(&ts, g, &names->names);
	if (status)
		return status;
	w.c = ts.c;
	describe(&w);
	status = get_ids(&w, names->names.file ? names->names.file : path);
	if (!status) {
		w.err = prepare(&w, fd);
		if (!w.err)
			status = write_all_of(&w, &ts, names);
		if (w.err) {
			said->processes = 0;
			status = report(path, w.err);
		} else if (!said->processes && !status) {
			status = refuse(path, "all of them have exited");
		}
	}
	release(&w);
	targets_close(&ts);
	return interrupt_signal() ? EXIT_FAILED : status;
}

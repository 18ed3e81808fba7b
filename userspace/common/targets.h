/* SPDX-License-Identifier: GPL-2.0 */
/* The processes that a subcommand looks at. */
#ifndef COMMON_TARGETS_H
#define COMMON_TARGETS_H

#include "choice.h"
#include "commands.h"

struct cowi_stream_options;

/**
 * struct target_names - which processes, and what of them, by the command line
 * @choice: which processes
 * @file: a snapshot that they are in, or NULL
 * @limit: no more than so many; 0 for no limit
 * @range: only these addresses of them, for parse_range(), or NULL
 * @html: the page for a browser to be written, or NULL
 */
struct target_names {
	struct choice choice;
	const char *file;
	__u64 limit;
	const char *range;
	const char *html;
};

/* PID..., FILE, and what else says which processes, into a struct target_names. */
extern const struct argp targets_argp;

/* The same, and the options of commands that show memory. */
extern const struct argp memory_argp;

/**
 * struct targets - all of them
 * @c: session
 * @list: who; of a recording without a manifest nobody knows names and parents
 * @range: what is to be looked at
 * @several: one process is not all that was asked for
 */
struct targets {
	struct cowi *c;
	struct chosen list;
	struct range range;
	bool several;
};

/**
 * target_names_check - at the end of the arguments
 * @state: of argp; without any process the program ends with a usage error
 * @names: all of them
 */
void target_names_check(struct argp_state *state,
			const struct target_names *names);

/**
 * targets_find - who they are in /proc, --limit of them, or say why nobody is
 * @names: which
 * @list: filled in; its @target is to be freed
 *
 * Return: EXIT_OK, EXIT_FAILED, or EXIT_USAGE: a word that means nothing.
 */
int targets_find(const struct target_names *names, struct chosen *list);

/**
 * targets_stream - the same for those who listen to them, or say why nobody is
 * @names: which
 * @found: who they are by targets_find(), or NULL: they are looked for where needed
 * @s: told whom to listen to; to be given to targets_stream_release(), also after an
 *	error
 *
 * All, a name and a cgroup alone have those to come, too; others are those of now.
 * Descendants are the stream's, and --limit does not count them. Where nobody is chosen,
 * somebody else is to be followed, or not.
 *
 * Return: EXIT_OK, EXIT_FAILED, or EXIT_USAGE: a word that means nothing.
 */
int targets_stream(const struct target_names *names, const struct chosen *found,
		   struct cowi_stream_options *s);

/** targets_stream_release - what was allocated for them */
void targets_stream_release(struct cowi_stream_options *s);

/**
 * targets_open - connect and find out who they are, or say why not
 * @ts: filled in; to be given to targets_close()
 * @g: options
 * @names: which
 *
 * Return: EXIT_OK, EXIT_FAILED, or EXIT_USAGE: a word that means nothing.
 */
int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names);
void targets_close(struct targets *ts);

/** targets_note_ids - say that what stands for frame numbers is not these */
void targets_note_ids(const struct targets *ts);

/**
 * targets_each - look at one after the other
 * @ts: processes; no more than two are attached at a time, and only one if there
 *	is no room for more: a family may be larger than the module's max_targets
 * @look: returns 0, a negative error, or an enum cowinspect_exit after a message
 * @arg: for @look
 *
 * What goes wrong is said with the name and the id of the process, and does not
 * keep the others away. A descendant that has exited before its turn is left
 * out.
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int targets_each(struct targets *ts,
		 int (*look)(const struct target *target, void *arg), void *arg);

/**
 * target_text - "redis-server (77)", or "process 77": for put_safe()
 * @target: process
 * @buf: result
 * @size: bytes of @buf
 *
 * Return: @buf.
 */
const char *target_text(const struct target *target, char *buf, size_t size);

/**
 * target_heading - what stands before the text of one of several processes
 * @target: process
 * @first: nothing stands before that
 */
void target_heading(const struct target *target, bool first);

/**
 * target_has_no - say that there is nothing to be shown
 * @target: process
 * @what: that it does not have
 * @range: where
 *
 * Return: EXIT_FAILED.
 */
int target_has_no(const struct target *target, const char *what,
		  const struct range *range);

/**
 * html_targets - write a page for a browser, or say why not
 * @path: file, or NULL: none is wanted
 * @ts: processes to look at
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int html_targets(const char *path, struct targets *ts);

#endif /* COMMON_TARGETS_H */

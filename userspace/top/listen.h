/* SPDX-License-Identifier: GPL-2.0 */
/* The source of top: the tracepoints, and the module's files. */
#ifndef TOP_LISTEN_H
#define TOP_LISTEN_H

#include "targets.h"
#include "top.h"

struct cowi_stream;

/**
 * struct listen - where top listens
 * @source: for struct top
 * @targets: whom to, as they were in the beginning
 * @stream: events
 * @waits: for those to come, when nobody runs
 */
struct listen {
	struct top_source source;
	struct targets targets;
	struct cowi_stream *stream;
	bool waits;
};

/**
 * listen_open - begin to listen, and put those who are there into a model, or say why not
 * @l: filled in; to be given to listen_close(), also after an error
 * @g: options
 * @names: who
 * @m: begun here
 *
 * Return: EXIT_OK, EXIT_FAILED or EXIT_USAGE.
 */
int listen_open(struct listen *l, const struct globals *g,
		const struct target_names *names, struct model *m);
void listen_close(struct listen *l);

#endif /* TOP_LISTEN_H */

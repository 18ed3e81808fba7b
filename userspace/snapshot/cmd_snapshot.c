// SPDX-License-Identifier: GPL-2.0
/* cowinspect snapshot: processes as they are now, in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "invoker.h"
#include "table.h"
#include "write.h"

static const char doc[] =
	"Write what is known of processes at this moment into a file. 'show',\n"
	"'map', 'ps' and 'share' read it in place of the processes, here or on\n"
	"another machine, and 'diff' says what has changed between two.\n"
	"\vIt has no contents of memory: mappings, and for each page what\n"
	"'show --pages' prints. In place of frame numbers it has ids, which are\n"
	"the same in all snapshots until the machine boots again, so that\n"
	"frames can be followed from one to another; where in memory they are\n"
	"is not told. --anonymous leaves out names of processes and files, and\n"
	"the command line: the file can go into a public report.\n"
	"\n"
	"The file appears when it is complete, readable by its owner only. Its\n"
	"format is described in cowinspect-snapshot(5). What is read from it\n"
	"takes room in /var/tmp, or $TMPDIR, as long as a command runs.\n"
	"\n"
	"A snapshot in place of processes is written anew: to make it\n"
	"anonymous, or to have fewer processes in it.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect snapshot -f $(pidof -s gunicorn) -o before.cow\n"
	"  cowinspect share before.cow\n"
	"  cowinspect show before.cow 1234 --pages\n"
	"  sudo cowinspect diff before.cow -f $(pidof -s gunicorn)\n"
	"  sudo cowinspect snapshot --all --stop --anonymous -o report.cow\n"
	"  tar --zstd -xOf before.cow manifest\n";

enum {
	OPT_FRAMES = 0xa00,
	OPT_ANONYMOUS,
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "where to (needed)", 0 },
	{ "frames", OPT_FRAMES, NULL, 0, "frame numbers, not ids", 0 },
	{ "anonymous", OPT_ANONYMOUS, NULL, 0,
	  "without names of processes and files", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &reading_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct reading_names who;
	struct snapshot_how how;
	const char *path;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->who;
		return 0;
	case 'o':
		a->path = arg;
		return 0;
	case OPT_FRAMES:
		a->how.frames = true;
		return 0;
	case OPT_ANONYMOUS:
		a->how.anonymous = true;
		return 0;
	case ARGP_KEY_END:
		target_names_check(state, &a->who.names);
		if (!a->path)
			argp_error(state, "where to? Give -o FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "-o FILE [PID...]",
	.doc = doc,
	.children = children,
};

/* As it was given, for the manifest. */
static char *join(int argc, char **argv)
{
	size_t size = 1;
	char *text, *to;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	for (i = 0, to = text; i < argc; i++)
		to += sprintf(to, "%s%s", i ? " " : "", argv[i]);
	return text;
}

static void say(const struct snapshot_said *said, off_t bytes)
{
	char size[24];

	size_text(bytes, size, sizeof(size));
	printf("%zu process%s in %s\n", said->processes,
	       said->processes == 1 ? "" : "es", size);
	if (said->exited)
		printf("%zu exited while they were read.\n", said->exited);
}

/* Whoever has called sudo shall be able to read it. */
static void give_to_invoker(int fd)
{
	uid_t uid;
	gid_t gid;

	if (invoker_ids(&uid, &gid) && fchown(fd, uid, gid))
		fprintf(stderr, "cowinspect: it belongs to root: %s\n",
			strerror(errno));
}

static int finish(int fd, const char *temporary, const char *path)
{
	return fsync(fd) || rename(temporary, path) ? -errno : 0;
}

/* Nobody sees half of it: it gets its name when it is whole. */
static int write_to(int fd, const char *temporary, const struct arguments *a,
		    const struct globals *g)
{
	struct snapshot_said said;
	struct stat st;
	int status, err;

	status = snapshot_write(fd, a->path, g, &a->who, &a->how, &said);
	if (!said.processes || interrupt_signal()) {
		unlink(temporary);
		return status;
	}
	err = fstat(fd, &st) ? -errno : finish(fd, temporary, a->path);
	if (err) {
		unlink(temporary);
		return report(a->path, err);
	}
	say(&said, st.st_size);
	return status;
}

static int run(const struct arguments *a, const struct globals *g)
{
	char *temporary;
	int fd, status;

	if (asprintf(&temporary, "%s.XXXXXX", a->path) < 0)
		return report("memory", -ENOMEM);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		status = report(a->path, -errno);
	} else {
		give_to_invoker(fd);
		status = write_to(fd, temporary, a, g);
		close(fd);
	}
	free(temporary);
	return status;
}

int cmd_snapshot(int argc, char **argv, struct globals *g)
{
	struct arguments a = { .how = { .compress = true } };
	char *command = join(argc, argv);
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	a.how.command = command;
	status = run(&a, g);
	free(command);
	free(a.who.names.choice.pid);
	return status;
}

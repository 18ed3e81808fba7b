/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the library share. */
#ifndef COWI_INTERNAL_H
#define COWI_INTERNAL_H

#include "libcowinspect.h"

/**
 * struct cowi - a session
 * @dirfd: the module's directory
 * @recorded: a directory with copies, not debugfs
 * @status: parsed once, at open
 */
struct cowi {
	int dirfd;
	bool recorded;
	struct cowi_status status;
};

/**
 * struct cowi_target - a process that is looked at
 * @c: session
 * @pid: its id
 * @ours: attached by cowi_target_open(), so to be detached at the end
 */
struct cowi_target {
	struct cowi *c;
	pid_t pid;
	bool ours;
};

/**
 * cowi_note_foreign_abi - have cowi_strerror() name it, in this thread
 * @abi: what the module speaks
 * @version: the module's, "" if it has not said
 */
void cowi_note_foreign_abi(unsigned int abi, const char *version);

/**
 * cowi_target_file - open a file of a target for reading
 * @t: target
 * @name: summary, vmas, pages or faults
 *
 * Return: a file descriptor, or a negative error.
 */
int cowi_target_file(struct cowi_target *t, const char *name);

/**
 * cowi_read_text - all of an open file
 * @fd: file
 * @text: set on success, to be freed
 *
 * Return: 0, -COWI_EFORMAT for what is no text, -ENOMEM or -errno.
 */
int cowi_read_text(int fd, char **text);

/** cowi_refused - the error for what the kernel forbids the caller */
int cowi_refused(void);

#endif /* COWI_INTERNAL_H */

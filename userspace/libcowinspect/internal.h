/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the library share. */
#ifndef COWI_INTERNAL_H
#define COWI_INTERNAL_H

#include "archive.h"
#include "libcowinspect.h"

/**
 * struct cowi - a session
 * @dirfd: the module's directory; -1 for a file with copies
 * @archive: that file; its descriptor is -1 for a directory
 * @recorded: copies, not debugfs
 * @is_snapshot: with a manifest
 * @status: parsed once, at open
 * @snapshot: the manifest
 */
struct cowi {
	int dirfd;
	struct cowi_archive archive;
	bool recorded;
	bool is_snapshot;
	struct cowi_status status;
	struct cowi_snapshot snapshot;
};

/**
 * struct cowi_file - a file of the module's, a copy of it, or a piece of a file
 * @fd: to be read from
 * @borrowed: @fd is the session's
 * @start: of a piece; 0 for others
 * @size: of copies, in bytes; UINT64_MAX for others
 */
struct cowi_file {
	int fd;
	bool borrowed;
	__u64 start;
	__u64 size;
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
 * @f: filled in; to be given to cowi_file_close() on success
 *
 * Return: 0 or a negative error.
 */
int cowi_target_file(struct cowi_target *t, const char *name,
		     struct cowi_file *f);
void cowi_file_close(struct cowi_file *f);

/**
 * cowi_target_text - all of a file of a target
 * @t: target
 * @name: summary, vmas or faults
 * @text: set on success, to be freed
 *
 * Return: 0 or a negative error.
 */
int cowi_target_text(struct cowi_target *t, const char *name, char **text);

/**
 * cowi_status_text - the status file, as it is now
 * @c: session
 * @text: set on success, to be freed
 *
 * Return: 0 or a negative error.
 */
int cowi_status_text(struct cowi *c, char **text);

/**
 * cowi_open_fd - as cowi_open(), of a tar file that is not compressed
 * @fd: of it, to be read anywhere; belongs to the session, also after an error
 * @out: set on success
 *
 * Return: as cowi_open().
 */
int cowi_open_fd(int fd, struct cowi **out);

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

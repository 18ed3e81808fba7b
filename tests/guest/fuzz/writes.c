// SPDX-License-Identifier: GPL-2.0
/* Writes: random text, and commands that have been tampered with. */
#include <sys/uio.h>

#include "fuzz.h"

#define TEXT_MAX	64

static size_t random_text(struct fuzzer *f, char *text)
{
	static const char often[] = "0123456789\n al-+x\t";
	size_t i, len = fuzz_below(f, 48);
	bool bytes = fuzz_chance(f, 4);

	for (i = 0; i < len; i++)
		text[i] = bytes ? (char)fuzz_random(f) :
				  often[fuzz_below(f, sizeof(often))];
	return len;
}

static size_t good_text(struct fuzzer *f, char *text)
{
	pid_t pid = fuzz_targets[fuzz_below(f, FUZZ_TARGETS)];

	return snprintf(text, TEXT_MAX, fuzz_chance(f, 2) ? "%d" : "%d\n", pid);
}

static size_t change(struct fuzzer *f, char *text, size_t len)
{
	size_t at = len ? fuzz_below(f, len) : 0;

	switch (fuzz_below(f, 5)) {
	case 0:
		text[at] = fuzz_random(f);
		return len ? len : 1;
	case 1:
		text[at] ^= 1 << fuzz_below(f, 8);
		return len ? len : 1;
	case 2:
		return at;
	case 3:
		memmove(text + at + 1, text + at, len - at);
		text[at] = "0123456789\n \0-+"[fuzz_below(f, 15)];
		return len + 1;
	default:
		if (len * 2 > TEXT_MAX - 8)
			return len;
		memcpy(text + len, text, len);
		return len * 2;
	}
}

static size_t make_text(struct fuzzer *f, char *text)
{
	size_t len;
	int i;

	memset(text, 0, TEXT_MAX);
	if (fuzz_chance(f, 3))
		return random_text(f, text);
	len = good_text(f, text);
	for (i = fuzz_below(f, 4); i; i--)
		len = change(f, text, len);
	return len;
}

static const int attach_errors[] = { EINVAL, ERANGE, ESRCH, EEXIST, ENOSPC,
				     ENOMEM, EFAULT, 0 };
static const int detach_errors[] = { EINVAL, ERANGE, ESRCH, EFAULT, 0 };
/* There is nothing to be written to the others. */
static const int other_errors[] = { EINVAL, EFAULT, ESPIPE, 0 };

/* For one who does not know what the file is. */
static const int any[] = { EINVAL, ERANGE, ESRCH, EEXIST, ENOSPC, ENOMEM,
			   EFAULT, ESPIPE, 0 };

static const int *errors_of(struct fuzzer *f, const struct fuzz_slot *s)
{
	if (f->race)
		return any;
	if (s->file == FUZZ_ATTACH)
		return attach_errors;
	return s->file == FUZZ_DETACH ? detach_errors : other_errors;
}

/* The lines that say what is attached. */
static char *targets_said(void)
{
	char *text = slurp(COW_DIR "/status"), *to = text, *line, *rest;
	size_t len;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "target: ", 8) &&
		    strncmp(line, "targets: ", 9))
			continue;
		len = strlen(line);
		memmove(to, line, len);
		to += len;
		*to++ = '\n';
	}
	if (to == text)
		bail("status has no targets");
	*to = 0;
	return text;
}

static void judge(struct fuzzer *f, const struct fuzz_slot *s, ssize_t ret,
		  size_t len, const char *before)
{
	int error = errno;
	char *after;

	fuzz_result(f, ret, errors_of(f, s));
	if (ret >= 0 && (size_t)ret != len)
		fuzz_wrong(f, "was written in part", ret, len);
	if (ret > 0 && s->file >= FUZZ_STATUS && !f->race)
		fuzz_wrong(f, "was written to a file for reading", ret, s->file);
	if (ret >= 0 || !before)
		return;
	after = targets_said();
	if (strcmp(before, after))
		fuzz_wrong(f, "refused, and yet something changed", error, len);
	free(after);
}

void fuzz_write(struct fuzzer *f)
{
	struct fuzz_slot *s = fuzz_slot(f);
	char *text = f->arena + FUZZ_ARENA - TEXT_MAX;
	size_t len = make_text(f, text);
	char *before = f->alone ? targets_said() : NULL;
	ssize_t ret;

	if (fuzz_chance(f, 4))
		ret = pwrite(s->fd, text, len, fuzz_offset(f));
	else
		ret = write(s->fd, text, len);
	judge(f, s, ret, len, before);
	free(before);
}

void fuzz_write_bad(struct fuzzer *f)
{
	struct fuzz_slot *s = fuzz_slot(f);
	size_t len = fuzz_size(f);
	char *before = f->alone ? targets_said() : NULL;

	/* Zeroes where the text is there: nobody is attached by accident. */
	memset(f->arena + FUZZ_ARENA - TEXT_MAX, 0, TEXT_MAX);
	judge(f, s, write(s->fd, fuzz_bad_pointer(f, len), len), len, before);
	free(before);
}

/* Each piece is a command of its own. */
void fuzz_writev(struct fuzzer *f)
{
	struct fuzz_slot *s = fuzz_slot(f);
	char text[2][TEXT_MAX];
	struct iovec io[2];
	int i;

	for (i = 0; i < 2; i++) {
		io[i].iov_base = text[i];
		io[i].iov_len = make_text(f, text[i]);
	}
	fuzz_result(f, writev(s->fd, io, 2), errors_of(f, s));
}

/* Only alone: what others do depends on it. */
void fuzz_parameter(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, ERANGE, 0 };
	static const char *const names[] = {
		"max_targets", "max_inflight"
	};
	char path[PATH_MAX], text[TEXT_MAX], *before;
	size_t len = make_text(f, text);
	int fd;

	snprintf(path, sizeof(path), "/sys/module/cowinspect/parameters/%s",
		 names[fuzz_below(f, 2)]);
	before = slurp(path);
	fd = open(path, O_WRONLY);
	fuzz_result(f, write(fd, text, len), allowed);
	if (write(fd, before, strlen(before)) != (ssize_t)strlen(before))
		fuzz_wrong(f, "cannot be set back", errno, 0);
	close(fd);
	free(before);
}

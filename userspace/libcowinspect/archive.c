// SPDX-License-Identifier: GPL-2.0
/* Whatever is in the file, what is found lies in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "grow.h"
#include "internal.h"
#include "span.h"
#include "ustar.h"

/* Octal digits, blanks before them and a blank or NUL behind them. */
static int parse_octal(const char *text, size_t len, __u64 *n)
{
	struct span s = { text, strnlen(text, len) };

	while (s.len && *s.p == ' ') {
		s.p++;
		s.len--;
	}
	while (s.len && s.p[s.len - 1] == ' ')
		s.len--;
	return span_number(s, 8, n);
}

static int parse_header(const struct ustar *h, struct cowi_piece *piece)
{
	__u64 sum;

	if (memcmp(h->magic, "ustar", 5) ||
	    parse_octal(h->sum, sizeof(h->sum), &sum) || sum != ustar_sum(h) ||
	    parse_octal(h->size, sizeof(h->size), &piece->size))
		return -COWI_ESNAPSHOT;
	memcpy(piece->name, h->name, sizeof(h->name));
	piece->name[sizeof(h->name)] = '\0';
	return 0;
}

static bool is_end(const struct ustar *h)
{
	static const struct ustar none;

	return !memcmp(h, &none, sizeof(none));
}

static int add_piece(struct cowi_archive *a, const struct cowi_piece *piece)
{
	struct cowi_piece *grown = grow(a->piece, a->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	a->piece = grown;
	grown[a->nr++] = *piece;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct cowi_piece *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_header(int fd, __u64 at, struct ustar *h)
{
	ssize_t n = pread(fd, h, sizeof(*h), at);

	if (n < 0)
		return -errno;
	if (n == sizeof(*h))
		return 0;
	/* Whether a file is missing, its name says; no need for the last two blocks. */
	memset(h, 0, sizeof(*h));
	if (at)
		return n ? -COWI_ETRUNCATED : 0;
	return -COWI_ESNAPSHOT;
}

int cowi_archive_open(int fd, struct cowi_archive *a)
{
	struct cowi_piece piece;
	struct stat st;
	struct ustar h;
	__u64 at = 0;
	int err;

	*a = (struct cowi_archive){ .fd = fd };
	if (fstat(fd, &st))
		return -errno;
	while (!(err = read_header(fd, at, &h)) && !is_end(&h)) {
		err = parse_header(&h, &piece);
		if (err)
			return err;
		piece.start = at + sizeof(h);
		if (piece.size > (__u64)st.st_size - piece.start)
			return -COWI_ETRUNCATED;
		/* Folders are of no use, whoever has put some in. */
		if (h.type == '0' || !h.type)
			err = add_piece(a, &piece);
		if (err)
			return err;
		at = piece.start + piece.size + ustar_padding(piece.size);
	}
	if (a->nr)
		qsort(a->piece, a->nr, sizeof(*a->piece), by_name);
	return err;
}

void cowi_archive_close(struct cowi_archive *a)
{
	if (a->fd >= 0)
		close(a->fd);
	free(a->piece);
}

const struct cowi_piece *cowi_archive_find(const struct cowi_archive *a,
					   const char *name)
{
	struct cowi_piece key = { 0 };

	if (!a->nr || strlen(name) >= sizeof(key.name))
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, a->piece, a->nr, sizeof(key), by_name);
}

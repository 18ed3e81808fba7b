/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small producer of TAP, the Test Anything Protocol, for the programs that
 * run inside a throwaway machine.
 *
 *	tap_plan(2);			how many tests follow
 *	ok(x == 1, "x is %d", x);	one test; prints file:line if it fails
 *	skip("no swap here");		one test that cannot be made, and why
 *	return tap_done();		what main() returns
 *
 * tap_skip_all("why") ends a program that has nothing to test here, bail("why")
 * one that cannot go on; diag() adds a line of explanation. ok() returns its
 * condition. Output is unbuffered, so that a program that dies leaves it all.
 */
#ifndef COWINSPECT_TAP_H
#define COWINSPECT_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Weak, since a program of several files has one count. */
__attribute__((weak)) int tap_planned, tap_run, tap_failed;

static inline void tap_plan(int tests)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	tap_planned = tests;
	printf("1..%d\n", tests);
}

__attribute__((format(printf, 1, 2)))
static inline void diag(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

__attribute__((format(printf, 4, 5)))
static inline bool tap_ok(bool good, const char *file, int line,
			  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++tap_run);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	if (!good) {
		tap_failed++;
		diag("failed at %s:%d", file, line);
	}
	return good;
}

#define ok(good, ...)	tap_ok(good, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 1, 2)))
static inline void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("ok %d # SKIP ", ++tap_run);
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

static inline void skip_some(int tests, const char *why)
{
	while (tests--)
		skip("%s", why);
}

__attribute__((format(printf, 1, 2), noreturn))
static inline void tap_skip_all(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("1..0 # SKIP ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(0);
}

#define bail(...)	tap_bail(__FILE__, __LINE__, __VA_ARGS__)

/* Not "Bail out!": that would end the tests of the other programs as well. */
__attribute__((format(printf, 3, 4), noreturn))
static inline void tap_bail(const char *file, int line, const char *format, ...)
{
	va_list args;
	int error = errno;

	va_start(args, format);
	printf("# cannot go on: ");
	vprintf(format, args);
	printf(" (errno: %s)\n", strerror(error));
	va_end(args);
	diag("at %s:%d", file, line);
	exit(1);
}

static inline int tap_done(void)
{
	if (tap_run != tap_planned)
		diag("%d tests planned, %d made", tap_planned, tap_run);
	return tap_failed || tap_run != tap_planned;
}

#endif /* COWINSPECT_TAP_H */

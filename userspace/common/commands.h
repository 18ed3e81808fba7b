/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands, and what all of them use. */
#ifndef COMMON_COMMANDS_H
#define COMMON_COMMANDS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "colour.h"
#include "libcowinspect.h"

/** enum cowinspect_exit - exit status of the tool */
enum cowinspect_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* could not do it; lab: a check failed */
	EXIT_USAGE = 2,
	EXIT_SKIPPED = 77,	/* lab: cannot run here; as automake has it */
};

/**
 * struct globals - options of all subcommands, before or behind their names
 * @debugfs: directory to read instead of debugfs; NULL for the real one
 * @colour: --color
 */
struct globals {
	const char *debugfs;
	enum colour_when colour;
};

/* Each gets its own name as argv[0] and returns an enum cowinspect_exit. */
int cmd_show(int argc, char **argv, struct globals *g);
int cmd_map(int argc, char **argv, struct globals *g);
int cmd_ps(int argc, char **argv, struct globals *g);
int cmd_share(int argc, char **argv, struct globals *g);
int cmd_snapshot(int argc, char **argv, struct globals *g);
int cmd_diff(int argc, char **argv, struct globals *g);
int cmd_status(int argc, char **argv, struct globals *g);
int cmd_detach(int argc, char **argv, struct globals *g);
int cmd_top(int argc, char **argv, struct globals *g);
int cmd_trace(int argc, char **argv, struct globals *g);
int cmd_whatif(int argc, char **argv, struct globals *g);
int cmd_lab(int argc, char **argv, struct globals *g);

/** globals_argp - parser of these options; its input is a struct globals */
extern const struct argp globals_argp;

/**
 * parse_command - the arguments of a subcommand
 * @argp: its own
 * @argc: of its function, like the next
 * @argv: see @argc
 * @flags: for argp_parse()
 * @input: for the parser of @argp
 * @g: options of all subcommands
 */
void parse_command(const struct argp *argp, int argc, char **argv,
		   unsigned int flags, void *input, struct globals *g);

/**
 * interrupt_init - end tidily on SIGINT, SIGTERM, SIGHUP and closed pipes
 *
 * System calls then fail with EINTR or EPIPE, so that loops end and what was
 * attached is detached. A signal that was ignored before stays ignored.
 */
void interrupt_init(void);

/** interrupt_signal - the signal that came, 0 for none */
int interrupt_signal(void);

/** interrupt_was_meant - take SIGINT for the end that was wanted, if it came */
void interrupt_was_meant(void);

/** interrupt_die - end as that signal would have ended the program */
void interrupt_die(void);

/**
 * report - print why something failed
 * @what: what was tried, e.g. "process 123"
 * @err: negative error of libcowinspect
 *
 * Return: EXIT_FAILED.
 */
int report(const char *what, int err);

/**
 * session_open - connect to the module, or say why not
 * @g: options
 * @c: set on success; to be given to cowi_close()
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int session_open(const struct globals *g, struct cowi **c);

/**
 * take_pid - the one argument of a subcommand that looks at a process
 * @state: of argp; a wrong argument ends the program with a usage error
 * @arg: the argument
 * @pid: set to it; 0 before the first argument
 */
void take_pid(struct argp_state *state, const char *arg, pid_t *pid);

/**
 * finish_output - the last word on the exit status
 * @status: so far
 *
 * Return: @status, or EXIT_FAILED if standard output could not be written.
 */
int finish_output(int status);

/**
 * parse_pid - a process id, in decimal
 * @text: from the command line
 * @pid: result
 *
 * Return: 0 or -EINVAL.
 */
int parse_pid(const char *text, pid_t *pid);

/**
 * struct range - addresses; all of them unless limited
 * @start: first address
 * @end: first address after it
 */
struct range {
	__u64 start;
	__u64 end;
};

/**
 * parse_range - START-END, START+SIZE or ADDR (the page that holds it)
 * @text: from the command line; numbers are hexadecimal, with or without 0x,
 *	SIZE is decimal and may end in K, M or G
 * @page_size: of the process, in bytes, a power of two
 * @r: result, rounded outwards to pages
 *
 * Return: 0 or -EINVAL.
 */
int parse_range(const char *text, __u64 page_size, struct range *r);

/**
 * parse_size - a decimal number of bytes, with K, M or G behind it or not
 * @text: from the command line
 * @bytes: result
 *
 * Return: 0 or -EINVAL.
 */
int parse_size(const char *text, __u64 *bytes);

#endif /* COMMON_COMMANDS_H */

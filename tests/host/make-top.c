// SPDX-License-Identifier: GPL-2.0
/*
 * The screen of top, over what is made up: time stands still until tests/host/top.py
 * writes a letter to descriptor 3.
 *
 *	make-top [ROUNDS]
 *
 * "r" is a round of two seconds in which 101 copies 200 pages, 102 two more in each
 * round than in the one before, and 103 none. "x" is the end of 102.
 */
#include <locale.h>
#include <poll.h>
#include <unistd.h>

#include "test.h"

#include "commands.h"
#include "top.h"

#define CONTROL		3
#define NR_OTHERS	40

/**
 * struct fake - a source
 * @now: its clock
 * @rounds: that were ordered
 * @copies: which are still to be told, of 101 and 102
 * @exits: 102 has exited, which is still to be told
 * @exited: it has
 */
struct fake {
	__u64 now;
	unsigned int rounds;
	unsigned int copies[2];
	bool exits;
	bool exited;
};

static __u64 now(void *arg)
{
	return ((struct fake *)arg)->now;
}

static __u64 cpu(void *arg)
{
	/* As if all that this does took a hundredth. */
	return ((struct fake *)arg)->now / 100;
}

static bool armed(void *arg)
{
	return ((struct fake *)arg)->now;
}

static int wait_for_order(void *arg, int milliseconds)
{
	struct pollfd fds[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = CONTROL, .events = POLLIN },
	};
	struct fake *f = arg;
	char order;

	if (poll(fds, 2, milliseconds) < 1 || !fds[1].revents ||
	    read(CONTROL, &order, 1) != 1)
		return 0;
	if (order == 'x') {
		f->exits = true;
		f->exited = true;
		return 0;
	}
	f->rounds++;
	f->now += 2000000000;
	f->copies[0] = 200;
	f->copies[1] = f->exited ? 0 : 2 * f->rounds;
	return 0;
}

static int next(void *arg, struct cowi_event *e)
{
	struct fake *f = arg;
	int who = f->copies[0] ? 0 : 1;

	*e = (struct cowi_event){
		.kind = COWI_EVENT_FAULT, .pid = 101 + who, .comm = "busy",
		.outcome = COWI_DID_COPIED, .bytes = 4096, .addr = 0x5000,
	};
	if (f->copies[who]) {
		f->copies[who]--;
		return 1;
	}
	e->kind = COWI_EVENT_EXIT;
	who = f->exits;
	f->exits = false;
	return who;
}

static int read_places(void *arg, pid_t pid, struct cowi_vmas *vmas)
{
	static const char *const names[] = { "/usr/bin/\033]0;title\a", "[heap]" };
	size_t i;

	(void)arg;
	vmas->nr = ARRAY_SIZE(names);
	vmas->vma = calloc(vmas->nr, sizeof(*vmas->vma));
	if (!vmas->vma)
		return -1;
	for (i = 0; i < vmas->nr; i++) {
		struct cowi_vma *vma = &vmas->vma[i];

		vma->start = (1 + 4 * i) << 12;
		vma->end = vma->start + 0x4000;
		strcpy(vma->perms, "rw-p");
		vma->name = strdup(names[i]);
		vma->totals.value[COWI_TOTAL_present] = pid;
		vma->totals.value[COWI_TOTAL_mapped_once] = pid - 100;
		vma->totals.value[COWI_TOTAL_mapped_more] = 100;
	}
	return 0;
}

static void title(void *arg, pid_t pid, const char *comm, char *buf, size_t size)
{
	(void)arg;
	snprintf(buf, size, "%s: of a title \033[2J that would go on for ever, no. %d",
		 comm, pid);
}

int main(int argc, char **argv)
{
	struct fake f = { .now = 1 };
	struct top_source source = {
		.arg = &f, .now = now, .wait = wait_for_order, .next = next,
		.read = read_places, .title = title, .cpu = cpu, .armed = armed,
	};
	struct top t = { .source = &source, .delay = 2000000000, .budget = 100 };
	int err, i;

	setlocale(LC_CTYPE, "");
	interrupt_init();
	t.rounds = argc > 1 ? atoi(argv[1]) : 0;
	model_init(&t.model, 4096);
	for (i = 0; i < NR_OTHERS; i++)
		model_add(&t.model, 101 + i, 100, i < 2 ? "busy" : "idle");
	err = top_begin(&t);
	if (!err)
		err = top_screen(&t, COLOUR_AUTO);
	model_release(&t.model);
	interrupt_die();
	printf("end %d\n", err);
	return err ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0
/* top on a terminal, with ncurses. */
#define NCURSES_WIDECHAR 1
#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array_size.h"
#include "commands.h"
#include "top.h"

/* Milliseconds to wait for events: a key waits no longer than that. */
#define PATIENCE	50

/* More items than that are not kept because somebody has paused. */
#define PAUSED_MAX	65536

/*
 * Of the 256 colours of a terminal: (0, 135, 95), whose contrast is 4.5:1 and more both
 * to white and to black (WCAG 2.1, 1.4.3). No colour of the first 16 has that.
 */
#define BUSY_COLOUR	29

static const struct {
	int curses;
	int key;
} keys[] = {
	{ KEY_UP, VIEW_UP },
	{ KEY_DOWN, VIEW_DOWN },
	{ KEY_PPAGE, VIEW_PAGE_UP },
	{ KEY_NPAGE, VIEW_PAGE_DOWN },
	{ KEY_HOME, VIEW_HOME },
	{ KEY_END, VIEW_END },
	{ KEY_ENTER, VIEW_ENTER },
	{ '\n', VIEW_ENTER },
	{ '\r', VIEW_ENTER },
	{ 033, VIEW_ESCAPE },
	{ KEY_BACKSPACE, VIEW_ERASE },
	{ 0177, VIEW_ERASE },
	{ '\b', VIEW_ERASE },
};

/* Of a row that copies. */
static attr_t busy = A_BOLD;

static int translate(int curses)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].curses == curses)
			return keys[i].key;
	}
	return curses;
}

/* ---- lines ---- */

static attr_t attribute(enum view_style style)
{
	switch (style) {
	case VIEW_TITLE:
	case VIEW_WARNING:
		return A_BOLD;
	case VIEW_HEADING:
	case VIEW_SELECTED:
		return A_REVERSE;
	case VIEW_BUSY:
		return busy;
	default:
		return A_NORMAL;
	}
}

static void put(void *arg, unsigned int row, const char *text,
		enum view_style style)
{
	(void)arg;
	attrset(attribute(style));
	move(row, 0);
	clrtoeol();
	/* It is as wide as the terminal at most: in the last line, too. */
	addstr(text);
	attrset(A_NORMAL);
}

static int draw(struct top *t)
{
	struct view_frame f = {
		.rows = LINES,
		.columns = COLS,
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.now = t->source->now(t->source->arg),
		.began = t->began,
		.delay = t->delay,
		.cpu = t->cpu,
		.reading = t->reading,
		.about = t->about,
		.unarmed = t->unarmed,
		.put = put,
	};
	int err = view_draw(&t->view, &t->model, &f);

	refresh();
	return err;
}

/* ---- the terminal ---- */

static SCREEN *open_screen(enum colour_when colour)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);
	struct sigaction ends;

	if (!screen)
		return NULL;
	/* What ends a program and can be caught goes the way of SIGTERM. */
	sigaction(SIGTERM, NULL, &ends);
	sigaction(SIGQUIT, &ends, NULL);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (colour_wanted(colour, stdout) && has_colors()) {
		start_color();
		use_default_colors();
		if (COLORS >= 256 && init_pair(1, BUSY_COLOUR, -1) == OK)
			busy |= COLOR_PAIR(1);
	}
	return screen;
}

static void close_screen(SCREEN *screen)
{
	endwin();
	delscreen(screen);
}

/* ---- the loop ---- */

static int take_keys(struct top *t, bool *changed)
{
	pid_t opened = t->view.opened;
	int key, err = 0;

	while ((key = getch()) != ERR) {
		*changed = true;
		if (key == KEY_RESIZE)
			clear();
		else
			view_key(&t->view, translate(key));
		/* What the next key does depends on what is there. */
		err = view_update(&t->view, &t->model);
		if (!err && t->view.opened && t->view.opened != opened)
			err = top_read_opened(t);
		opened = t->view.opened;
		if (err)
			break;
	}
	return err;
}

static int next_round(struct top *t)
{
	int err = 0;

	top_end_round(t);
	if (t->view.opened)
		err = top_read_opened(t);
	return err ? err : view_update(&t->view, &t->model);
}

static bool is_paused(struct top *t)
{
	if (t->model.nr > PAUSED_MAX)
		t->view.paused = false;
	return t->view.paused;
}

static int watch(struct top *t)
{
	const struct top_source *s = t->source;
	bool changed = true;
	int err;

	err = view_update(&t->view, &t->model);
	while (!err && !t->view.quit && !interrupt_signal()) {
		if (changed)
			err = draw(t);
		changed = false;
		/* The last round is shown as well. */
		if (t->rounds && t->model.rounds >= t->rounds)
			break;
		if (!err)
			err = s->wait(s->arg, PATIENCE);
		if (!err)
			err = top_step(t);
		if (!err && top_is_due(t) && !is_paused(t)) {
			err = next_round(t);
			changed = true;
		}
		if (!err)
			err = take_keys(t, &changed);
	}
	return err;
}

int top_screen(struct top *t, enum colour_when colour)
{
	SCREEN *screen;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	t->view.by = t->by;
	t->view.sort = t->sort;
	screen = open_screen(colour);
	if (!screen)
		return -ENOTTY;
	err = watch(t);
	close_screen(screen);
	view_release(&t->view);
	return err;
}

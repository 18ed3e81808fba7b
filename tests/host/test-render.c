// SPDX-License-Identifier: GPL-2.0
/* Tables, columns, JSON and colour, as text. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "colour.h"
#include "safe.h"
#include "table.h"

enum {
	COL_NAME,
	COL_ADDR,
	COL_COUNT,
	COL_MEAN,
	COL_SIZE,
	COL_OWN,
	NR_COLUMNS
};

static const struct column all[NR_COLUMNS] = {
	[COL_NAME] = { .name = "name", .by_default = true },
	[COL_ADDR] = { .name = "addr", .type = CELL_HEX },
	[COL_COUNT] = { .name = "mapcount", .heading = "map",
			.type = CELL_COUNT, .by_default = true },
	[COL_MEAN] = { .name = "mean", .type = CELL_MEAN },
	[COL_SIZE] = { .name = "size", .type = CELL_PAGES },
	[COL_OWN] = { .name = "own", .type = CELL_BOOL },
};

/* Writes two rows; @json stands in an object. The caller frees. */
static char *render(const char *list, struct table_style style)
{
	const struct cell rows[2][NR_COLUMNS] = {
		{ { .text = "a b" }, { .number = 0x1000 },
		  { .number = 3, .note = "~" }, { .number = 107 },
		  { .number = 512 }, { .number = 1 } },
		{ { .text = "\"x\"\n\xff" }, { .number = 0x7fff0000 },
		  { .absent = true }, { .number = 100 }, { .number = 0 },
		  { .number = 0 } },
	};
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	char *text = NULL, bad[32];
	size_t size, i;
	struct json json = { .out = open_memstream(&text, &size) };
	struct table *t;

	assert_int_equal(0, columns_select(&c, list, false, bad, sizeof(bad)));
	style.out = json.out;
	style.json = &json;
	style.page_size = 4096;
	if (style.form == TABLE_JSON)
		json_object(&json, NULL);
	t = table_open(&style, &c, "rows");
	assert_non_null(t);
	for (i = 0; i < 2; i++)
		assert_int_equal(0, table_row(t, rows[i]));
	assert_int_equal(0, table_close(t));
	if (style.form == TABLE_JSON)
		json_end_object(&json);
	fclose(json.out);
	free(c.shown);
	return text;
}

static void renders(const char *want, const char *list,
		    struct table_style style)
{
	char *text = render(list, style);

	assert_string_equal(want, text);
	free(text);
}

static void human(void **state)
{
	char *text = render("addr,mapcount,mean,size,own",
			    (struct table_style){ 0 });

	(void)state;
	assert_non_null(strstr(text, "ADDR"));
	assert_non_null(strstr(text, "MAP MEAN SIZE"));
	assert_non_null(strstr(text, "1000      ~3 1.07   2M yes"));
	assert_non_null(strstr(text, "7fff0000   - 1.00    0 no"));
	assert_null(strchr(text, '\033'));
	free(text);
}

static void raw(void **state)
{
	(void)state;
	renders("MAP SIZE\n3 512\n- 0\n", "mapcount,size",
		(struct table_style){ .form = TABLE_RAW });
	renders("3 2097152\n- 0\n", "MAP,SIZE",
		(struct table_style){ .form = TABLE_RAW, .bytes = true,
				      .noheadings = true });
}

static void json_rows(void **state)
{
	(void)state;
	renders("{\n  \"rows\": [\n"
		"    {\"name\": \"a b\", \"mapcount\": 3, \"addr\": \"0x1000\", \"mean\": 1.07, \"size\": 2097152, \"own\": true},\n"
		"    {\"name\": \"\\\"x\\\"\\u000a\\ufffd\", \"mapcount\": null, \"addr\": \"0x7fff0000\", \"mean\": 1.00, \"size\": 0, \"own\": false}\n"
		"  ]\n}\n", "+addr,mean,size,own",
		(struct table_style){ .form = TABLE_JSON });
}

static void streams(void **state)
{
	(void)state;
	/* Nothing but the heading makes room for what is too wide. */
	renders("ADDR MAP MEAN SIZE OWN\n"
		"1000  ~3 1.07   2M yes\n"
		"7fff0000 - 1.00  0 no\n", "addr,mapcount,mean,size,own",
		(struct table_style){ .stream = true });
	renders("NAME MAP\na b   ~3\n\"x\"\\x0a\\xff -\n", NULL,
		(struct table_style){ .stream = true });
	renders("a\\x20b 3\n\"x\"\\x0a\\xff -\n", NULL,
		(struct table_style){ .stream = true, .form = TABLE_RAW,
				      .noheadings = true });
}

static void streams_at_once(void **state)
{
	const struct cell row[NR_COLUMNS] = { { .text = "x" } };
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	char bad[32], *text = NULL;
	size_t size;
	struct table_style style = { .stream = true,
				     .out = open_memstream(&text, &size) };
	struct table *t;

	(void)state;
	assert_int_equal(0, columns_select(&c, NULL, false, bad, 32));
	t = table_open(&style, &c, NULL);
	fflush(style.out);
	/* Headings alone are no table. */
	assert_string_equal("", text);
	assert_int_equal(0, table_row(t, row));
	fflush(style.out);
	assert_string_equal("NAME MAP\nx      0\n", text);
	assert_int_equal(0, table_row(t, row));
	assert_int_equal(0, table_close(t));
	fclose(style.out);
	assert_string_equal("NAME MAP\nx      0\nx      0\n", text);
	free(text);
	free(c.shown);
}

/* A pseudo terminal is one, of 12 columns. */
static FILE *open_terminal(int *master)
{
	const struct winsize size = { .ws_row = 2, .ws_col = 12 };
	FILE *tty;

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	if (*master < 0 || grantpt(*master) || unlockpt(*master))
		skip();
	tty = fopen(ptsname(*master), "w");
	if (!tty)
		skip();
	assert_int_equal(0, ioctl(*master, TIOCSWINSZ, &size));
	return tty;
}

/* The last column may lose its end, unless it is a number; no other does. */
static void streams_on_terminal(void **state)
{
	const struct cell row[NR_COLUMNS] = { { .text = "a\033bcdef" },
					      { .number = 0x7fff0000 },
					      { .number = 1234567890 } };
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	struct table_style style = { .stream = true, .noheadings = true };
	char bad[32], line[64] = "";
	ssize_t got = 0, used = 0;
	struct table *t;
	int master;

	(void)state;
	style.out = open_terminal(&master);
	assert_int_equal(0, columns_select(&c, "addr,name", false, bad, 32));
	t = table_open(&style, &c, NULL);
	assert_int_equal(0, table_row(t, row));
	assert_int_equal(0, table_close(t));
	free(c.shown);
	assert_int_equal(0, columns_select(&c, "name,mapcount", false, bad, 32));
	t = table_open(&style, &c, NULL);
	assert_int_equal(0, table_row(t, row));
	assert_int_equal(0, table_close(t));
	free(c.shown);
	fclose(style.out);
	/* A terminal gives a line at a time, and an error behind the last. */
	do {
		used += got;
		got = read(master, line + used, sizeof(line) - 1 - used);
	} while (got > 0);
	assert_string_equal("7fff0000 a\r\na\\x1bbcdef 1234567890\r\n", line);
	close(master);
}

/* What goes to a file is whole, although there is a terminal. */
static void table_beside_terminal(void **state)
{
	char *want = render("addr,name", (struct table_style){ 0 }), *got;
	int master, saved = dup(STDOUT_FILENO);
	FILE *tty = open_terminal(&master);

	(void)state;
	fflush(stdout);
	assert_true(dup2(fileno(tty), STDOUT_FILENO) >= 0);
	got = render("addr,name", (struct table_style){ 0 });
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	fclose(tty);
	close(master);
	assert_string_equal(want, got);
	free(want);
	free(got);
}

static int select_error(const char *list, char *bad)
{
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	int err = columns_select(&c, list, false, bad, 32);

	free(c.shown);
	return err;
}

static void selections(void **state)
{
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	char bad[32];

	(void)state;
	assert_int_equal(0, columns_select(&c, NULL, false, bad, 32));
	assert_int_equal(2, c.nr_shown);
	free(c.shown);
	assert_int_equal(0, columns_select(&c, "+own,SIZE", false, bad, 32));
	assert_int_equal(4, c.nr_shown);
	assert_int_equal(COL_OWN, c.shown[2]);
	assert_int_equal(COL_SIZE, c.shown[3]);
	free(c.shown);
	assert_int_equal(0, columns_select(&c, "own,own,own,own,own,own,own,own",
					   false, bad, 32));
	assert_int_equal(8, c.nr_shown);
	free(c.shown);
	assert_int_equal(0, columns_select(&c, "own", true, bad, 32));
	assert_int_equal(NR_COLUMNS, c.nr_shown);
	free(c.shown);
	assert_int_equal(-EINVAL, select_error("own,nonsense,size", bad));
	assert_string_equal("nonsense", bad);
	assert_int_equal(-EINVAL, select_error("", bad));
	assert_int_equal(-EINVAL, select_error("own,", bad));
	assert_int_equal(-EINVAL, select_error("ow", bad));
}

static void put(const char *text, const char *want)
{
	char *out = NULL;
	size_t size;
	struct json j = { .out = open_memstream(&out, &size) };

	json_string(&j, NULL, text);
	fclose(j.out);
	assert_string_equal(want, out);
	free(out);
}

static void json_texts(void **state)
{
	(void)state;
	put("plain", "\"plain\"");
	put("\\ \" \t", "\"\\\\ \\\" \\u0009\"");
	put("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x84",
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x84\"");
	/* Overlong, surrogate, behind the end, cut off. */
	put("\xc0\x80", "\"\\ufffd\\ufffd\"");
	put("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	put("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	put("x\xe2\x82", "\"x\\ufffd\\ufffd\"");
	/* The other control characters. */
	put("\302\2331m\302\240", "\"\\u009b1m\302\240\"");
}

static void colours(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_false(colour_wanted(COLOUR_AUTO, file));
	assert_true(colour_wanted(COLOUR_ALWAYS, file));
	assert_false(colour_wanted(COLOUR_NEVER, file));
	fclose(file);
}

static void colours_terminal(void **state)
{
	FILE *tty;
	int master;

	(void)state;
	tty = open_terminal(&master);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(colour_wanted(COLOUR_AUTO, tty));
	setenv("NO_COLOR", "1", 1);
	assert_false(colour_wanted(COLOUR_AUTO, tty));
	assert_true(colour_wanted(COLOUR_ALWAYS, tty));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(colour_wanted(COLOUR_AUTO, tty));
	fclose(tty);
	close(master);
}

static void puts_safe(const char *want, const char *text, unsigned int columns)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	assert_int_equal(columns, put_safe(out, text));
	fclose(out);
	assert_string_equal(want, got);
	free(got);
}

static void safe_texts(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	puts_safe("redis-server", "redis-server", 12);
	puts_safe("\\x1b[41mX\\x0a\\x09\\x7f", "\033[41mX\n\t\177", 21);
	/* A control character of two bytes, and one that is cut off. */
	puts_safe("\\xc2\\x9b1m\\xc3", "\302\2331m\303", 14);
	puts_safe("\303\244\346\274\242", "\303\244\346\274\242", 3);
	/* Nobody can pretend that there was something else. */
	puts_safe("\\x5cx1b \\134", "\\x1b \\134", 12);
	setlocale(LC_CTYPE, "C");
	puts_safe("\\xc3\\x9b\\x9b", "\303\233\233", 12);
}

/* Any two bytes after each other, in any table. */
static void safe_tables(void **state)
{
	static const enum table_form form[] = { TABLE_HUMAN, TABLE_RAW };
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	char bad[32], name[3] = "", *text = NULL, *at;
	struct cell row[NR_COLUMNS] = { { .text = name } };
	struct table_style style = { 0 };
	unsigned int i, k;
	struct table *t;
	size_t size;

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_int_equal(0, columns_select(&c, "name,addr", false, bad, 32));
	for (i = 0; i < 4; i++) {
		style.out = open_memstream(&text, &size);
		style.form = form[i % 2];
		style.stream = i / 2;
		t = table_open(&style, &c, NULL);
		for (k = 0x101; k < 0x10000; k++) {
			name[0] = k >> 8;
			name[1] = k;
			assert_int_equal(0, table_row(t, row));
		}
		assert_int_equal(0, table_close(t));
		fclose(style.out);
		for (at = text; *at; at++) {
			assert_true(*at == '\n' ||
				    ((unsigned char)*at >= ' ' && *at != 0x7f));
			assert_false((unsigned char)at[0] == 0xc2 &&
				     (unsigned char)at[1] < 0xa0);
		}
		free(text);
	}
	free(c.shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(human),
		cmocka_unit_test(raw),
		cmocka_unit_test(json_rows),
		cmocka_unit_test(streams),
		cmocka_unit_test(streams_at_once),
		cmocka_unit_test(streams_on_terminal),
		cmocka_unit_test(table_beside_terminal),
		cmocka_unit_test(selections),
		cmocka_unit_test(json_texts),
		cmocka_unit_test(safe_texts),
		cmocka_unit_test(safe_tables),
		cmocka_unit_test(colours),
		cmocka_unit_test(colours_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* What is the same around all pages for a browser. */
#include <errno.h>
#include <string.h>

#include "invoker.h"
#include "shell.h"

extern const char page_html[], page_css[], page_js[];

/* What is to be replaced in the template, and by what. */
static void put(struct shell *s, const char *mark, const char *text)
{
	const char *end = strstr(s->rest, mark);

	fwrite(s->rest, 1, end - s->rest, s->out);
	fputs(text, s->out);
	s->rest = end + strlen(mark);
}

int shell_open(struct shell *s, const char *path, const char *body,
	       const char *script)
{
	s->out = invoker_file(path, false);
	if (!s->out)
		return -errno;
	s->json = (struct json){ .out = s->out, .in_page = true };
	s->script = script;
	s->rest = page_html;
	put(s, "@page.css@", page_css);
	put(s, "@body@", body);
	put(s, "@data@", "");
	return 0;
}

void shell_about(struct shell *s, const struct html_about *about,
		 unsigned int format)
{
	struct json *j = &s->json;

	json_number(j, "format", format);
	json_string(j, "title", about->title);
	json_string(j, "text", about->text);
	json_string(j, "kernel", about->status->kernel);
	json_string(j, "rules", about->status->rules);
	json_number(j, "page_size", about->status->page_size);
}

void shell_colour(struct json *j, char letter, enum page_state state)
{
	char text[8];

	snprintf(text, sizeof(text), "%c", letter);
	json_string(j, NULL, text);
	snprintf(text, sizeof(text), "#%06x", picture_rgb(state));
	json_string(j, NULL, text);
}

int shell_close(struct shell *s)
{
	int err = 0;

	put(s, "@page.js@", page_js);
	put(s, "@script@", s->script);
	fputs(s->rest, s->out);
	if (fflush(s->out) || ferror(s->out))
		err = errno ? -errno : -EIO;
	if (fclose(s->out) && !err)
		err = -errno;
	return err;
}

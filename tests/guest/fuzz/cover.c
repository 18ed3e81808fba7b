// SPDX-License-Identifier: GPL-2.0
/*
 * Which code of the module a thread has reached: kcov writes down the place of
 * each basic block that it enters in code compiled for that. On the debug kernels
 * this is the module alone.
 */
#include <linux/kcov.h>
#include <sys/ioctl.h>

#include "fuzz.h"

/* Places between two looks at them; what does not fit is not written down. */
#define PLACES	(256UL << 10)

static unsigned long module_start, module_size;

/* The first line of /proc/modules that is ours: name, size, ..., address. */
static bool find_module(void)
{
	char *modules = slurp("/proc/modules"), *line = modules;

	for (; line && !module_start; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "cowinspect %lu %*d %*s %*s %lx", &module_size,
			   &module_start) != 2)
			module_start = 0;
	}
	free(modules);
	return module_start;
}

size_t fuzz_cover_size(void)
{
	return module_size;
}

bool fuzz_cover_open(struct fuzz_cover *cover)
{
	cover->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (cover->fd < 0)
		return false;
	if (ioctl(cover->fd, KCOV_INIT_TRACE, PLACES))
		bail("kcov");
	cover->at = mmap(NULL, PLACES * sizeof(*cover->at),
			 PROT_READ | PROT_WRITE, MAP_SHARED, cover->fd, 0);
	if (cover->at == MAP_FAILED)
		bail("kcov");
	return true;
}

/* What the calling thread reaches from now on. */
bool fuzz_cover_start(struct fuzz_cover *cover)
{
	if (ioctl(cover->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return false;
	__atomic_store_n(&cover->at[0], 0, __ATOMIC_RELAXED);
	return true;
}

void fuzz_cover_stop(struct fuzz_cover *cover)
{
	ioctl(cover->fd, KCOV_DISABLE, 0);
}

/*
 * Note in @reached, if it is given, what was reached since the last time.
 * Returns how many places were not in there; without it, how many there are.
 */
unsigned int fuzz_cover_take(struct fuzz_cover *cover, uint8_t *reached)
{
	unsigned long i, place, n = __atomic_load_n(&cover->at[0],
						    __ATOMIC_RELAXED);
	unsigned int found = 0;

	for (i = 1; i <= n; i++) {
		place = cover->at[i] - module_start;
		if (place >= module_size || (reached && reached[place]))
			continue;
		if (reached)
			reached[place] = 1;
		found++;
	}
	__atomic_store_n(&cover->at[0], 0, __ATOMIC_RELAXED);
	return found;
}

/* Why there is no guidance, or NULL if there is. */
const char *fuzz_cover_lacks(void)
{
	struct fuzz_cover cover;
	unsigned int found;

	if (!fuzz_cover_open(&cover))
		return "this kernel has no kcov";
	if (!find_module())
		bail("the module is in no list");
	if (!fuzz_cover_start(&cover))
		bail("kcov");
	status_number("targets");
	found = fuzz_cover_take(&cover, NULL);
	fuzz_cover_stop(&cover);
	munmap(cover.at, PLACES * sizeof(*cover.at));
	close(cover.fd);
	return found ? NULL : "the module was not compiled for kcov";
}

struct function {
	unsigned long at;
	char name[64];
};

static int by_address(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Returns how many functions of the module there are, at most @max. */
static int read_functions(struct function *function, int max)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[256], type;
	int n = 0;

	while (symbols && n < max && fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, "[cowinspect]") ||
		    sscanf(line, "%lx %c %63s", &function[n].at, &type,
			   function[n].name) != 3)
			continue;
		/* Not what compilers add, nor what they set aside. */
		if ((type == 't' || type == 'T') && *function[n].name != '_' &&
		    !strstr(function[n].name, ".cold") &&
		    function[n].at - module_start < module_size)
			n++;
	}
	if (symbols)
		fclose(symbols);
	qsort(function, n, sizeof(*function), by_address);
	return n;
}

static bool any_reached(const uint8_t *reached, unsigned long from,
			unsigned long to)
{
	return memchr(reached + from, 1, to - from);
}

/* The functions that were not reached, several in a line. */
void fuzz_cover_print_rest(const uint8_t *reached)
{
	static struct function function[1024];
	int i, n = read_functions(function, 1023), missing = 0;
	char text[100];
	size_t len = 0;

	function[n].at = module_start + module_size;
	for (i = 0; i < n; i++) {
		if (any_reached(reached, function[i].at - module_start,
				function[i + 1].at - module_start))
			continue;
		missing++;
		if (len + strlen(function[i].name) > 72) {
			diag("not reached:%s", text);
			len = 0;
		}
		len += snprintf(text + len, sizeof(text) - len, " %s",
				function[i].name);
	}
	if (len)
		diag("not reached:%s", text);
	diag("%d of %d functions were reached", n - missing, n);
}

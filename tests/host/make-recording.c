// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a directory like one with copies of the module's files, for tool.t:
 *
 *	make-recording DIR PAGES
 *
 * Process 77 has PAGES shared pages on its heap, one of them written, and a
 * file mapping with a name that is hard to print. Process 79 shares all with it
 * but the page that was written. Process 80 has PAGES mappings of a page each,
 * and one of them has a name that a terminal would obey. Process 81 is about to
 * exit: its pages are gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "recording.h"

#define HEAP	0x10000000ull
#define LIB	0x7f0000000000ull

static struct cowinspect_page heap_page(__u64 i)
{
	struct cowinspect_page rec = {
		.addr = HEAP + i * 4096,
		.pfn = 0x1000 + i,
		.mapcount = 2,
		.refcount = 2,
		.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE | COWI_F_LRU,
		.kind = COWI_KIND_ANON,
		.outcome = COWI_NEXT_COPY,
		.confidence = COWI_CONF_SURE,
	};

	if (i == 1) {
		rec.mapcount = 1;
		rec.refcount = 1;
		rec.flags |= COWI_F_WRITE | COWI_F_EXCLUSIVE;
		rec.outcome = COWI_NEXT_NOFAULT;
	}
	return rec;
}

static struct cowinspect_page lib_page(void)
{
	struct cowinspect_page rec = {
		.addr = LIB,
		.pfn = 0x99,
		.mapcount = 30,
		.refcount = 31,
		.flags = COWI_F_PRESENT,
		.kind = COWI_KIND_FILE,
		.outcome = COWI_NEXT_REFUSED,
		.confidence = COWI_CONF_SURE,
		.counts = COWI_COUNT_ESTIMATE,
	};

	return rec;
}

static void write_texts(const char *dir, __u64 pages)
{
	FILE *f = recording_file(dir, "vmas");

	fprintf(f, "range perms kind pages present exclusive mapped_more ");
	fprintf(f, "cow_pending map_mean map_max next_copy next_reuse news name\n");
	fprintf(f, "%llx-%llx rw-p anon %llu %llu 1 %llu %llu 1.99 2 %llu 0 x [heap]\n",
		HEAP, HEAP + pages * 4096, pages,
		pages, pages - 1,
		pages - 1, pages - 1);
	fprintf(f, "%llx-%llx r-xp file 2 1 0 1 0 30.00 30 0 0 x ", LIB,
		LIB + 8192);
	fprintf(f, "/lib/\"od\\134d\" \303\244 name.so\n");
	fclose(f);
	f = recording_file(dir, "summary");
	fprintf(f, "vmas: 2\npages: %llu\npresent: %llu\nexclusive: 1\n"
		"mapped_more: %llu\ncow_pending: %llu\nmap_mean: 2.10\n",
		pages + 2, pages + 1,
		pages, pages - 1);
	fclose(f);
}

static int write_process(const char *root, int pid, __u64 pages)
{
	struct cowinspect_page rec;
	char dir[256];
	FILE *f;
	__u64 i;

	snprintf(dir, sizeof(dir), "%s/%d", root, pid);
	if (mkdir(dir, 0700))
		return 1;
	write_texts(dir, pages);
	f = recording_file(dir, "pages");
	for (i = 0; i < pages; i++) {
		rec = heap_page(i);
		rec.pfn += i == 1 && pid != 77 ? 0x100000 : 0;
		recording_page(f, 56, &rec);
	}
	rec = lib_page();
	recording_page(f, 56, &rec);
	return fclose(f) ? 1 : 0;
}

static int write_many(const char *root, __u64 nr)
{
	struct cowinspect_page rec;
	char dir[256];
	FILE *vmas, *pages;
	__u64 i;

	snprintf(dir, sizeof(dir), "%s/80", root);
	if (mkdir(dir, 0700))
		return 1;
	vmas = recording_file(dir, "vmas");
	pages = recording_file(dir, "pages");
	fputs("range perms kind present name\n", vmas);
	for (i = 0; i < nr; i++) {
		rec = heap_page(2 * i);
		recording_page(pages, 56, &rec);
		fprintf(vmas, "%llx-%llx rw-p anon 1 %s\n", rec.addr,
			rec.addr + 4096, i ? "" :
			"/tmp/\033[41m\r\177\302\2331m\2331m\\x1b</script>");
	}
	fclose(vmas);
	recording_text(dir, "summary", "present: 1\n");
	return fclose(pages) ? 1 : 0;
}

static int write_exiting(const char *root)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/81", root);
	if (mkdir(dir, 0700))
		return 1;
	write_texts(dir, 16);
	return 0;
}

int main(int argc, char **argv)
{
	__u64 pages;

	if (argc != 3)
		return 2;
	pages = strtoull(argv[2], NULL, 10);
	recording_status(argv[1], 56);
	return write_process(argv[1], 77, pages) ||
	       write_process(argv[1], 79, pages) ||
	       write_many(argv[1], pages) || write_exiting(argv[1]);
}

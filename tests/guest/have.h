/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kernel or a machine may lack that more than one program wants. Each lacks_X()
 * says so in the words that a skip gets, or is NULL: then it is there, and a test that
 * does not get it fails.
 */
#ifndef COWINSPECT_TEST_HAVE_H
#define COWINSPECT_TEST_HAVE_H

#include "setup.h"

#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define KSM		"/sys/kernel/mm/ksm/"

/* What only shows when it is tried, since there may be no memory in one piece. */
#define NO_HUGE_PAGE	"no transparent huge page to be had"
#define NO_HUGETLB	"no hugetlb pages to be had"

#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM	(1 << 12)
#endif

/* Whether nothing is lacking; else so many tests are skipped. */
static inline bool have(const char *lacking, int tests)
{
	if (lacking)
		skip_some(tests, lacking);
	return !lacking;
}

/* The same for all tests of a program. */
static inline void need(const char *lacking)
{
	if (lacking)
		tap_skip_all("%s", lacking);
}

static inline bool opens(int fd)
{
	return fd >= 0 && !close(fd);
}

/* Where there are no such bits, as on arm64, clearing them is still no error. */
static inline bool is_soft_dirty_marked(void)
{
	char *p = map_pages(1, MAP_PRIVATE);
	bool marked;

	*p = 1;
	marked = pagemap_of(getpid(), p) & PAGEMAP_SOFT_DIRTY;
	munmap(p, PAGE);
	return marked;
}

#define LACKING(name, there, words) \
	static inline const char *lacks_##name(void) \
	{ \
		return (there) ? NULL : (words); \
	}

LACKING(thp, !access(THP "enabled", F_OK),
	"this kernel has no transparent huge pages")
LACKING(collapse, !lacks_thp() && kernel_since(6, 1),
	"no MADV_COLLAPSE before 6.1, and without transparent huge pages")
LACKING(ksm, !access(KSM "run", F_OK), "this kernel has no KSM")
LACKING(zram, !access(ZRAM, F_OK), "no zram to swap to")
LACKING(user_namespaces, !access("/proc/self/ns/user", F_OK),
	"this kernel has no user namespaces")
LACKING(remote, !status_word("observer_remote", "absent"),
	"without CONFIG_MEMCG the kernel does not say whose memory it is")
LACKING(uffd, opens(open_uffd(0)), "this kernel has no userfaultfd")
LACKING(uffd_wp, opens(open_uffd_wp(UFFD_FEATURE_SIGBUS)),
	"no write protection by userfaultfd")
LACKING(uffd_wp_hugetlb, opens(open_uffd_wp(UFFD_FEATURE_WP_HUGETLBFS_SHMEM)),
	"no write protection of hugetlb by userfaultfd before 5.19")
LACKING(uffd_rwp, opens(open_uffd(UFFD_FEATURE_RWP)),
	"no protection from reads by userfaultfd before 7.3")
LACKING(soft_dirty, is_soft_dirty_marked(), "this kernel has no soft-dirty bits")

/* Mounts it if it is there. */
static inline const char *lacks_ext4_at(const char *where)
{
	return mount_ext4(where) ? NULL : "no ext4 to be mounted";
}

/* A mapping of hugetlb pages, private or shared, or NULL with errno. */
static inline char *get_hugetlb(size_t len, int sharing)
{
	char *p;

	if (!set_hugetlb(NR_HUGETLB, "4"))
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		 sharing | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p != MAP_FAILED)
		return p;
	set_file(NR_HUGETLB, "0");
	return NULL;
}

static inline void put_hugetlb(char *p, size_t len)
{
	munmap(p, len);
	set_file(NR_HUGETLB, "0");
}

/*
 * Later faults of ours would change mapcounts: have all pages of the program now. In
 * [vvar] some would be SIGBUS.
 */
static inline void have_own_pages(void)
{
	char *maps = slurp("/proc/self/maps"), *line, perms[8];
	unsigned long start, end;

	for (line = maps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) != 3 ||
		    perms[0] != 'r' || perms[3] == 's' ||
		    memchr(line, '[', strcspn(line, "\n")))
			continue;
		for (; start < end; start += PAGE)
			(void)*(volatile char *)start;
	}
	free(maps);
	part_from_child(NULL, 0);
}

/* Have KSM merge equal pages, of which @records are the records. */
static inline void merge_by_ksm(int records, char *p, size_t len)
{
	int i;

	must_set_file(KSM "run", "1");
	if (madvise(p, len, MADV_MERGEABLE))
		bail("MADV_MERGEABLE");
	for (i = 0; i < 600 && record_at(records, p).kind != COWI_KIND_KSM; i++)
		usleep(100 * 1000);
	if (i == 600)
		bail("KSM did not merge equal pages within a minute");
	must_set_file(KSM "run", "0");
}

#endif /* COWINSPECT_TEST_HAVE_H */

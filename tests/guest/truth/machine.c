// SPDX-License-Identifier: GPL-2.0
/*
 * What must be set up before layouts can be made, what this kernel cannot do,
 * and how to keep everything quiet that would change pages on its own.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "../have.h"
#include "truth.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

struct machine machine = { .device = -1 };

static void missing(enum ingredient what, const char *why)
{
	machine.missing[what] = why;
}

/* ---- what would change pages behind our back ---- */

static void keep_quiet(void)
{
	set_file("/proc/sys/kernel/numa_balancing", "0");
	set_file("/proc/sys/vm/compaction_proactiveness", "0");
	/* It samples all memory for accesses, clearing the accessed bits. */
	set_file("/sys/module/damon_stat/parameters/enabled", "N");
	/* Written back only when told to, by msync(). */
	must_set_file("/proc/sys/vm/dirty_writeback_centisecs", "0");
	must_set_file("/proc/sys/vm/dirty_expire_centisecs", "100000000");
	set_file(THP "khugepaged/scan_sleep_millisecs", "100000000");
	set_file(THP "khugepaged/alloc_sleep_millisecs", "100000000");
	set_file(KSM "run", "2");
	set_file(KSM "run", "0");
}

/* ---- KSM ---- */

static long long ksm_scans(void)
{
	char *text = slurp(KSM "full_scans");
	long long scans = atoll(text);

	free(text);
	return scans;
}

/**
 * machine_merge_pages - let KSM look at everything, then stop it
 *
 * A page is merged in the third scan at the latest: the first two find out
 * that it does not change.
 */
void machine_merge_pages(void)
{
	long long scans = ksm_scans();
	int i;

	must_set_file(KSM "run", "1");
	for (i = 0; ksm_scans() < scans + 4; i++) {
		if (i == 60000)
			bail("KSM did not scan within a minute");
		usleep(1000);
	}
	must_set_file(KSM "run", "0");
}

static void setup_ksm(void)
{
	char *p = map_pages(1, MAP_PRIVATE);

	missing(ING_KSM, lacks_ksm());
	if (lacks_ksm())
		return;
	/* Where nobody wants anything merged, no scan is ever complete. */
	if (madvise(p, PAGE, MADV_DONTFORK) || madvise(p, PAGE, MADV_MERGEABLE))
		bail("cannot ask KSM for anything");
	must_set_file(KSM "sleep_millisecs", "1");
	must_set_file(KSM "pages_to_scan", "5000");
	/* A kernel that adapts the number of pages would take it slowly. */
	set_file(KSM "advisor_mode", "none");
	set_file(KSM "smart_scan", "0");
}

/* ---- swap ---- */

static void setup_swap(void)
{
	const char *why = lacks_zram();

	swap_on_zram(128);
	missing(ING_SWAPPED, why);
	missing(ING_SWAPPED_IN, why);
	missing(ING_SWAP_SHARED, why);
}

/* ---- file systems ---- */

static void setup_tmpfs(void)
{
	mkdir("/truth", 0700);
	mkdir("/truth/tmpfs", 0700);
	mkdir("/truth/ext4", 0700);
	if (mount("truth", "/truth/tmpfs", "tmpfs", 0, ""))
		bail("cannot mount tmpfs");
}

static void setup_ext4(void)
{
	const char *why = lacks_ext4_at("/truth/ext4");

	if (why)
		diag("ext4: %s", strerror(errno));
	missing(ING_EXT4_PRIVATE, why);
	missing(ING_EXT4_SHARED, why);
}

/* ---- huge pages ---- */

#define HUGEPAGES	"/sys/kernel/mm/hugepages/"

static void setup_thp(void)
{
	static const int all[] = {
		ING_HUGE_ANON, ING_HUGE_SHMEM, ING_HUGE_PART, ING_HUGE_MIXED,
		ING_PARTLY_UNMAPPED, ING_HUGE_ZERO, ING_MTHP, ING_COLLAPSED,
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		missing(all[i], lacks_thp());
	if (lacks_thp())
		return;
	must_set_file(THP "enabled", "madvise");
	must_set_file(THP "shmem_enabled", "advise");
	if (!set_file(THP "hugepages-64kB/enabled", "madvise"))
		missing(ING_MTHP, "no anonymous folios of other sizes before 6.8");
	missing(ING_COLLAPSED, lacks_collapse());
}

static void setup_hugetlb(unsigned long size, unsigned long most, unsigned int least,
			  enum ingredient what)
{
	char path[128], pages[24];

	snprintf(path, sizeof(path), HUGEPAGES "hugepages-%lukB/nr_hugepages",
		 size >> 10);
	snprintf(pages, sizeof(pages), "%lu",
		 size && most / size > least ? most / size : least);
	if (!size || access(path, W_OK))
		missing(what, "no hugetlb pages of this size on this architecture");
	else
		must_set_file(path, pages);
}

/* What there is beside those that one PMD maps, and fits a slot. */
static void find_hugetlb_groups(void)
{
	DIR *dir = opendir(HUGEPAGES);
	struct dirent *entry;
	unsigned long size;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "hugepages-%lukB", &size) != 1)
			continue;
		size <<= 10;
		if (size < HUGE)
			machine.hugetlb_ptes = size;
		else if (size > HUGE && size <= SLOT / 2)
			machine.hugetlb_pmds = size;
	}
	if (dir)
		closedir(dir);
}

/* ---- single calls ---- */

static void probe_uffd(void)
{
	missing(ING_UFFD_WP, lacks_uffd_wp());
	missing(ING_UFFD_RWP, lacks_uffd_rwp());
	if (status_word("uffd_async", "absent"))
		missing(ING_UFFD_ASYNC, "the module cannot tell that mode before 6.9");
}

static void probe_guard(void)
{
	char *p = map_pages(1, MAP_PRIVATE);

	/* Locked memory, as all of ours is, cannot have any. */
	munlock(p, PAGE);
	if (madvise(p, PAGE, 102))
		missing(ING_GUARD, "no guard regions before 6.13");
	munmap(p, PAGE);
}

/* Memory of devices that may be read without effect, and has no driver. */
static void probe_device(void)
{
	static const off_t candidates[] = {
		0xf0000,		/* PC: the BIOS */
		0x4000000,		/* arm64 virt: the second flash bank */
		0x0,			/* and the first */
		0x20000000,		/* riscv64 virt: the first flash bank */
	};
	unsigned int i;
	char *p;

	machine.device = open("/dev/mem", O_RDWR | O_CLOEXEC);
	for (i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		machine.device_at = candidates[i];
		p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, machine.device,
			 candidates[i]);
		if (p == MAP_FAILED)
			continue;
		if (touch(p, false, NULL)) {
			munmap(p, PAGE);
			return;
		}
		munmap(p, PAGE);
	}
	missing(ING_DEVICE_SHARED, "no device memory that /dev/mem lets us map");
	missing(ING_DEVICE_PRIVATE, "no device memory that /dev/mem lets us map");
}

static void find_vdso(void)
{
	char *maps = slurp("/proc/self/maps"), *line;
	uint64_t start, end;
	char name[32];

	for (line = maps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %31s",
			   &start, &end, name) != 3)
			continue;
		if (!strcmp(name, "[vvar]"))
			machine.vvar = start;
		if (!strcmp(name, "[vdso]"))
			machine.vdso = start;
	}
	free(maps);
}

static void probe_kernel(void)
{
	machine.has_exclusive = status_word("exclusive", "exact");
	machine.ksm_flag_wrong = kpageflags_cry_ksm();
	/* Read in 6.12 on the one side, in 6.1, 6.17, 6.18, 6.19 and 7.1 on the other. */
	machine.each_page_once = kernel_since(6, 10) && !kernel_since(6, 17);
	/* walk_page_vma() in 6.1 and 6.12. */
	machine.smaps_sees_frames = kernel_since(6, 12);
	/* follow_trans_huge_pmd() in 5.10, 6.1 and 6.12. */
	machine.smaps_misses_no_access = kernel_since(6, 1) &&
					 !kernel_since(6, 12);
}

/**
 * machine_setup - prepare the machine; once
 */
void machine_setup(void)
{
	struct timespec now;

	/* What this program faults in later would change mapcounts of its file. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	signal(SIGCHLD, SIG_IGN);
	/* A look at the clock faults in vdso and vvar. */
	clock_gettime(CLOCK_MONOTONIC, &now);

	keep_quiet();
	setup_ksm();
	setup_swap();
	setup_tmpfs();
	setup_ext4();
	setup_thp();
	find_hugetlb_groups();
	setup_hugetlb(HUGE, 128UL << 20, 24, ING_HUGETLB_PRIVATE);
	machine.missing[ING_HUGETLB_SHARED] = machine.missing[ING_HUGETLB_PRIVATE];
	setup_hugetlb(machine.hugetlb_ptes, 16UL << 20, 96, ING_HUGETLB_PTES);
	setup_hugetlb(machine.hugetlb_pmds, 0, 12, ING_HUGETLB_PMDS);
	probe_uffd();
	probe_guard();
	missing(ING_SOFT_DIRTY_CLEARED, lacks_soft_dirty());
	missing(ING_SECRETMEM, opens(syscall(SYS_memfd_secret, 0)) ? NULL :
			       "no memfd_secret");
	probe_device();
	probe_kernel();
	find_vdso();
	if (access("/sys/devices/system/node/node1", F_OK))
		missing(ING_MIGRATED, "this machine has one node");
}

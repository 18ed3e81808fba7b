// SPDX-License-Identifier: GPL-2.0
/*
 * What must be set up before the torture, what this machine lacks, and what
 * happens to a machine as a whole: CPUs that go, memory that is compacted.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "../have.h"
#include "torture.h"

const char *missing[NR_NEEDS];

/* What was there before, to be put back. */
static struct {
	const char *path;
	char value[64];
} saved[] = {
	{ .path = THP "enabled" },
	{ .path = THP "shmem_enabled" },
	{ .path = "/proc/sys/vm/compact_unevictable_allowed" },
	{ .path = NR_HUGETLB },
	{ .path = KSM "run" },
	{ .path = KSM "sleep_millisecs" },
	{ .path = THP "khugepaged/scan_sleep_millisecs" },
};

/* Of "always [madvise] never" the word that holds. */
static void save(void)
{
	char *text, *at;
	size_t i;

	for (i = 0; i < sizeof(saved) / sizeof(saved[0]); i++) {
		if (access(saved[i].path, R_OK))
			continue;
		text = slurp(saved[i].path);
		at = strchr(text, '[') ? strchr(text, '[') + 1 : text;
		snprintf(saved[i].value, sizeof(saved[i].value), "%.*s",
			 (int)strcspn(at, "]\n"), at);
		free(text);
	}
}

static void put_back(void)
{
	size_t i;

	for (i = 0; i < sizeof(saved) / sizeof(saved[0]); i++) {
		if (*saved[i].value)
			set_file(saved[i].path, saved[i].value);
	}
}

/* ---- control groups ---- */

static void setup_cgroup(void)
{
	mkdir("/tmp/cgroup", 0700);
	if (mount("none", "/tmp/cgroup", "cgroup2", 0, NULL) ||
	    !set_file("/tmp/cgroup/cgroup.subtree_control", "+memory")) {
		missing[NEED_CGROUP] = "no memory controller";
		return;
	}
	mkdir("/tmp/cgroup/torture", 0700);
	/* Little, for it takes a fault of each page to use it up. */
	if (!set_file("/tmp/cgroup/torture/memory.max", "8M"))
		bail("cannot limit memory");
	set_file("/tmp/cgroup/torture/memory.swap.max", "0");
}

static void setup_huge(void)
{
	missing[NEED_THP] = lacks_thp();
	missing[NEED_COLLAPSE] = lacks_collapse();
	if (!missing[NEED_THP]) {
		set_file(THP "enabled", "madvise");
		set_file(THP "khugepaged/scan_sleep_millisecs", "100");
	}
	if (!set_file(THP "shmem_enabled", "advise"))
		missing[NEED_SHMEM_THP] = "no huge pages in shared memory";
	if (!set_hugetlb(NR_HUGETLB, "8") ||
	    u64_at("/proc/self/pagemap", 0) == ~0ULL)
		missing[NEED_HUGETLB] = "no hugetlb";
}

static void setup_ksm(void)
{
	missing[NEED_KSM] = lacks_ksm();
	if (missing[NEED_KSM])
		return;
	set_file(KSM "run", "1");
	set_file(KSM "sleep_millisecs", "20");
}

/* ---- turns given away ---- */

static void setup_yields(void)
{
	if (!has_yields()) {
		missing[NEED_YIELDS] = "only where x86-64 CPUs take turns";
		return;
	}
	if (unload_module() || load_yields() || load_module(""))
		bail("cannot load the module, with turns that are given away");
	diag("in %ld places a lock may be waited for", number_in(YIELDS "calls"));
}

static void teardown_yields(void)
{
	if (!missing[NEED_YIELDS] && unload_yields())
		bail("cannot unload what gives turns away");
}

/* From now on, before every so many locks; 0: no more. */
void give_turns(unsigned int every)
{
	char text[16];

	if (missing[NEED_YIELDS])
		return;
	snprintf(text, sizeof(text), "%u", every);
	must_set_file(YIELDS "every", text);
	count(OP_YIELD, number_in(YIELDS "given"));
}

/* ---- */

void machine_setup(void)
{
	save();
	setup_yields();
	missing[NEED_SWAP] = lacks_zram();
	swap_on_zram(256);
	setup_cgroup();
	setup_huge();
	setup_ksm();
	if (!set_other_probe(true) || !set_other_probe(false))
		missing[NEED_PROBE_EVENTS] = "no events of kretprobes";
	if (access("/sys/devices/system/node/node1", F_OK))
		missing[NEED_NODES] = "one node only";
	if (access(CPU1, W_OK))
		missing[NEED_HOTPLUG] = "no CPU that can be taken away";
	/* The known target tells its frames once: they are mlocked. */
	set_file("/proc/sys/vm/compact_unevictable_allowed", "0");
}

void machine_teardown(void)
{
	if (!missing[NEED_CGROUP]) {
		rmdir("/tmp/cgroup/torture");
		set_file("/tmp/cgroup/cgroup.subtree_control", "-memory");
	}
	umount("/tmp/cgroup");
	swap_off_zram();
	teardown_yields();
	put_back();
}

/* ---- what happens to all ---- */

static void toggle_cpu(void)
{
	static bool off;

	if (missing[NEED_HOTPLUG])
		return;
	if (off)
		count(OP_CPU_ON, set_file(CPU1, "1"));
	else
		count(OP_CPU_OFF, set_file(CPU1, "0"));
	off = !off;
}

/* In turn, so that chance leaves none out. */
void machine_changes(void)
{
	unsigned int turn;

	set_file(CPU1, "1");
	for (turn = rnd(4);; turn++) {
		switch (turn % 4) {
		case 0:
		case 2:
			toggle_cpu();
			break;
		case 1:
			count(OP_COMPACT, set_file("/proc/sys/vm/compact_memory", "1"));
			break;
		case 3:
			count(OP_DROP_CACHES, set_file("/proc/sys/vm/drop_caches", "3"));
			break;
		}
		/* The first time without a pause: all of it has been done then. */
		if (lacking(OP_CPU_OFF, OP_UNLOAD) == OP_UNLOAD)
			usleep((200 + rnd(1300)) * 1000);
	}
}

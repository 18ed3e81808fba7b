// SPDX-License-Identifier: GPL-2.0
/* Memory for transparent huge pages. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "huge.h"

int huge_map(const __u64 *arg, __u64 *result)
{
	__u64 size = arg[0], addr;
	char *p = mmap(NULL, (arg[1] + 2) * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	addr = (((uintptr_t)p + size - 1) & ~(size - 1)) + arg[2];
	*result = addr;
	return madvise((void *)(uintptr_t)addr, arg[1] * size,
		       MADV_HUGEPAGE) ? -errno : 0;
}

/* 0 if the kernel has none */
static __u64 huge_size(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
			"r");
	unsigned long long size = 0;

	if (f && fscanf(f, "%llu", &size) != 1)
		size = 0;
	if (f)
		fclose(f);
	return size;
}

void huge_run(struct lab_run *r, void (*acts)(struct lab_run *r, __u64 size))
{
	__u64 size = huge_size();

	if (size)
		acts(r, size);
	else
		lab_skip(r,
			 "no transparent huge pages: this kernel is built without CONFIG_TRANSPARENT_HUGEPAGE");
}

void huge_missing(struct lab_run *r)
{
	lab_skip(r,
		 "no transparent huge page to be had: look at /sys/kernel/mm/transparent_hugepage/enabled, and at free memory");
}

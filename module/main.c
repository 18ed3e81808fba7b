// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect: what copy-on-write does to the pages of a process.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "cow.h"

module_param_named(max_targets, cow_max_targets, uint, 0644);
MODULE_PARM_DESC(max_targets,
		 "Most processes that may be attached at once; attaching one more gives ENOSPC (default 256, may be changed at any time)");

module_param_named(max_inflight, cow_max_inflight, uint, 0644);
MODULE_PARM_DESC(max_inflight,
		 "Most page faults that can be observed at the same time, 64 to 65536; more are counted as lost (default 1024, taken when the first process is attached or listened to)");

static int __init cowinspect_init(void)
{
	int ret;

	cow_decode_init();
	cow_observe_init();
	ret = cow_target_init();
	if (ret)
		return ret;
	cow_want_open();
	ret = cow_files_init();
	if (ret) {
		cow_want_close();
		cow_target_exit();
	}
	return ret;
}

static void __exit cowinspect_exit(void)
{
	cow_files_exit();
	cow_want_close();
	cow_target_exit();
}

module_init(cowinspect_init);
module_exit(cowinspect_exit);

MODULE_DESCRIPTION("Shows what copy-on-write does to the pages of a process, in /sys/kernel/debug/cowinspect");
MODULE_AUTHOR("the cowinspect maintainers");
MODULE_VERSION(COW_VERSION);
#ifdef COW_FORCE_FALLBACKS
MODULE_INFO(fallbacks, "forced");
#endif
MODULE_LICENSE("GPL");

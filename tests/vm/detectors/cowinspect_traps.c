// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes made on purpose, one for each detector of the debug kernels: loading
 * this with trap=NAME makes one of them. For throwaway machines only. The name
 * begins with "cowinspect", so that reports are judged as the module's own are.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *trap = "none";
module_param(trap, charp, 0);
MODULE_PARM_DESC(trap, "the mistake to make");

/* Opaque to the compiler, which would see the mistakes otherwise. */
static volatile int *hidden(void *pointer)
{
	OPTIMIZER_HIDE_VAR(pointer);
	return pointer;
}

/* The control: what is right is not reported. */
static void none(void)
{
	kfree(kmalloc(100, GFP_KERNEL));
}

/* KASAN */
static void use_after_free(void)
{
	int *object = kzalloc(100, GFP_KERNEL);
	volatile int *alias = hidden(object);

	kfree(object);
	pr_info("read %d\n", *alias);
}

/* PROVE_LOCKING: no deadlock happens, but one could. */
static void lock_inversion(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

/* DEBUG_ATOMIC_SLEEP */
static void atomic_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	kfree(kmalloc(100, GFP_KERNEL));
	spin_unlock(&lock);
}

/* PROVE_RCU */
static void rcu_unlocked(void)
{
	static int __rcu *pointer;

	pr_info("read %p\n", rcu_dereference(pointer));
}

/* UBSAN */
static void undefined_shift(void)
{
	static int by = 40;

	pr_info("shifted %d\n", 1 << *hidden(&by));
}

/* DEBUG_VM: a page that is freed while it is still in use */
static void bad_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	page->mapping = (void *)0x100;
	__free_page(page);
}

/* kmemleak, in a scan later on */
static void leak(void)
{
	int i;

	for (i = 0; i < 10; i++)
		hidden(kmalloc(100, GFP_KERNEL));
}

/* KCSAN */
static unsigned int shared;

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *thread[2];
	int i;

	for (i = 0; i < ARRAY_SIZE(thread); i++)
		thread[i] = kthread_run(count, NULL, "cowinspect_trap");
	msleep(5000);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		if (!IS_ERR(thread[i]))
			kthread_stop(thread[i]);
}

static const struct {
	const char *name;
	void (*spring)(void);
} traps[] = {
	{ "none", none },
	{ "use_after_free", use_after_free },
	{ "lock_inversion", lock_inversion },
	{ "atomic_sleep", atomic_sleep },
	{ "rcu_unlocked", rcu_unlocked },
	{ "undefined_shift", undefined_shift },
	{ "bad_page", bad_page },
	{ "leak", leak },
	{ "race", race },
};

static int __init traps_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(traps); i++) {
		if (strcmp(trap, traps[i].name))
			continue;
		traps[i].spring();
		return 0;
	}
	return -EINVAL;
}

static void __exit traps_exit(void)
{
}

module_init(traps_init);
module_exit(traps_exit);

MODULE_DESCRIPTION("Mistakes for the detectors of a debug kernel to find");
MODULE_LICENSE("GPL");

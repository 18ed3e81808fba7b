// SPDX-License-Identifier: GPL-2.0
/*
 * The debugfs files: commands in, totals and records out. What they contain is
 * documented in Documentation/ABI/testing/debugfs-cowinspect.
 *
 * Every file has an owner, so an open file keeps the module loaded.
 *
 * The files of a target are of debugfs' "unsafe" kind, which makes a removal wait
 * for opens in progress, but not for reads: a read may take as long as its
 * reader's buffer does to be there, which is for ever with a userfaultfd or a
 * file system that does not answer; and detaching must not wait for that. So each
 * open file has references on all that it needs, and looks itself whether the
 * target has been detached.
 */
#include <linux/bitfield.h>
#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "cow.h"

/* Longest command, with its newline. */
#define COMMAND_MAX	32
/* Records converted at a time. */
#define BATCH		128U

static struct dentry *root;

/* Why forks and exits of attached processes cannot be seen, or 0. */
static int life_error;

/* Why faults of attached processes are not observed, or 0. */
static int observe_error(void)
{
	return READ_ONCE(life_error) ?: cow_want_error();
}

/*
 * Checked when a file is opened, as for /proc/PID/pagemap: frame numbers are
 * not for everybody, and a namespace's root is somebody. Returns 0 or -EPERM.
 */
static int check_opener(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* ---- status ---- */

static const char *counts_name(enum cowinspect_counts counts)
{
	switch (counts) {
	case COWI_COUNT_EXACT:
		return "exact";
	case COWI_COUNT_AVERAGE:
		return "average";
	case COWI_COUNT_ESTIMATE:
		return "estimate";
	default:
		return "absent";
	}
}

static const char *exact_or_absent(bool exact)
{
	return counts_name(exact ? COWI_COUNT_EXACT : COWI_COUNT_ABSENT);
}

static int status_show(struct seq_file *m, void *unused)
{
	int ret;

	seq_puts(m, "version: " COW_VERSION "\n");
	seq_printf(m, "abi: %u\n", COWINSPECT_ABI);
	seq_printf(m, "record_size: %zu\n", sizeof(struct cowinspect_page));
	seq_printf(m, "page_size: %lu\n", PAGE_SIZE);
	seq_printf(m, "kernel: %s\n", utsname()->release);
	seq_printf(m, "kernel_tested: %s\n", COW_KERNEL_TESTED ? "yes" : "no");
	seq_printf(m, "rules: %s\n", cow_kernel_rules.name);
	seq_printf(m, "rules_by: %s\n", COW_RULES_BY);
	seq_printf(m, "mapcount: %s\n", counts_name(COW_PAGE_MAPCOUNT));
	seq_printf(m, "refcount: %s\n", counts_name(COWI_COUNT_EXACT));
	seq_printf(m, "folio_mapcount: %s\n", counts_name(COW_FOLIO_MAPCOUNT));
	seq_printf(m, "exclusive: %s\n",
		   exact_or_absent(cow_kernel_rules.exclusive));
	seq_printf(m, "soft_dirty: %s\n",
		   exact_or_absent(cow_has_soft_dirty()));
	seq_printf(m, "uffd_wp: %s\n",
		   exact_or_absent(IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP) &&
				   IS_ENABLED(CONFIG_USERFAULTFD)));
	seq_printf(m, "uffd_async: %s\n",
		   exact_or_absent(COW_KNOWS_UFFD_ASYNC));
	seq_printf(m, "lock_hold_max: %llu\n", cow_hold_max(COW_LOCK_MMAP));
	cow_hold_print(m);
	seq_printf(m, "observer_error: %d\n", observe_error());
	cow_want_print(m);
	ret = cow_targets_lock();
	if (ret)
		return ret;
	cow_targets_print(m);
	cow_targets_unlock();
	return 0;
}

static int status_open(struct inode *inode, struct file *file)
{
	int ret = check_opener();

	return ret ? ret : single_open(file, status_show, NULL);
}

static const struct file_operations status_fops = {
	.owner = THIS_MODULE,
	.open = status_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* ---- what each open file of a target has ---- */

/**
 * struct cow_open - an open file of a target
 * @target: the target, referenced
 * @mm: its address space when the file was opened, mm_count held
 * @walk: the walk over it
 */
struct cow_open {
	struct cow_target *target;
	struct mm_struct *mm;
	struct cow_walk *walk;
};

static void close_target(struct cow_open *o)
{
	cow_walk_free(o->walk);
	mmdrop(o->mm);
	cow_target_put(o->target);
}

/* debugfs keeps the target's directory while an open is in progress. */
static int open_target(struct inode *inode, struct cow_open *o, bool totals)
{
	struct cow_target *target = inode->i_private;
	int ret = check_opener();

	if (ret)
		return ret;
	o->mm = cow_target_grab_mm(target);
	if (!o->mm)
		return -ESRCH;
	o->walk = cow_walk_alloc(o->mm, totals);
	if (!o->walk) {
		mmdrop(o->mm);
		return -ENOMEM;
	}
	cow_target_get(target);
	o->target = target;
	return 0;
}

/* Whether there is anything to read. Returns 0 or an error. */
static int check_target(struct cow_target *target)
{
	if (READ_ONCE(target->detached))
		return -EIO;
	return cow_target_alive(target) ? 0 : -ESRCH;
}

/*
 * seq_file may have text left from before a target was detached. The private
 * data of summary and vmas begin with what each open file has.
 */
static ssize_t read_text(struct file *file, char __user *ubuf, size_t count,
			 loff_t *ppos)
{
	const struct seq_file *m = file->private_data;
	const struct cow_open *o = m->private;

	if (READ_ONCE(o->target->detached))
		return -EIO;
	return seq_read(file, ubuf, count, ppos);
}

/*
 * cow_walk_next() for a reader: also ends when the target is detached, and
 * tells a target that has exited (-ESRCH) from one that has called exec (0, the
 * end).
 */
static int next_chunk(struct cow_open *o)
{
	int ret;

	if (READ_ONCE(o->target->detached))
		return -EIO;
	ret = cow_walk_next(o->walk);
	if (!ret && o->walk->gone && !cow_target_alive(o->target))
		return -ESRCH;
	return ret;
}

/* ---- summary ---- */

static int summary_show(struct seq_file *m, void *unused)
{
	struct cow_open *o = m->private;
	struct cow_tally tally = {};
	u64 vmas = 0;
	int ret = check_target(o->target);

	if (ret)
		return ret;
	cow_walk_from(o->walk, 0);
	while ((ret = next_chunk(o)) > 0) {
		vmas += o->walk->new_vma;
		cow_tally_chunk(&tally, o->walk);
	}
	if (ret)
		return ret;
	/* Half of an address space that has ended is nothing to show. */
	if (o->walk->gone)
		return 0;
	cow_tally_finish(&tally);
	seq_printf(m, "vmas: %llu\n", vmas);
	cow_tally_print_lines(m, &tally);
	return 0;
}

static int summary_open(struct inode *inode, struct file *file)
{
	struct cow_open *o = kzalloc(sizeof(*o), GFP_KERNEL);
	int ret;

	if (!o)
		return -ENOMEM;
	ret = open_target(inode, o, true);
	if (ret)
		goto free;
	ret = single_open(file, summary_show, o);
	if (ret)
		goto close;
	return 0;
close:
	close_target(o);
free:
	kfree(o);
	return ret;
}

static int summary_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct cow_open *o = m->private;

	close_target(o);
	kfree(o);
	return single_release(inode, file);
}

static const struct file_operations summary_fops = {
	.owner = THIS_MODULE,
	.open = summary_open,
	.read = read_text,
	.llseek = seq_lseek,
	.release = summary_release,
};

/* ---- vmas ---- */

/**
 * struct cow_lines - an open vmas file
 * @o: the target and the walk; first, for read_text()
 * @next_name: name of the walk's current VMA
 * @name: name of the current line
 * @vma: VMA of the current line
 * @start: where the current line's range starts
 * @end: where it ends
 * @pos: position of the current line in the file, 0 if there is none
 * @pending: the walk's current chunk is the start of the next line
 * @tally: totals of the current line
 *
 * A position in the file is an address plus one, the address being where a
 * line's range starts or a gap before it; position 0 is the header.
 */
struct cow_lines {
	struct cow_open o;
	struct cow_vma_name next_name;
	struct cow_vma_name name;
	struct cow_vma vma;
	unsigned long start;
	unsigned long end;
	loff_t pos;
	bool pending;
	struct cow_tally tally;
};

static void begin_line(struct cow_lines *l, loff_t pos)
{
	const struct cow_walk *walk = l->o.walk;

	cow_vma_name_put(&l->name);
	l->name = l->next_name;
	l->next_name.file = NULL;
	l->vma = walk->vma;
	l->start = walk->start;
	l->pos = pos;
	memset(&l->tally, 0, sizeof(l->tally));
}

/* Compute the line at @pos. Returns 1, 0 if there is none, or an error. */
static int load_line(struct cow_lines *l, loff_t pos)
{
	struct cow_walk *walk = l->o.walk;
	int ret;

	if (!l->pending || l->end + 1 != pos) {
		cow_walk_from(walk, pos - 1);
		ret = next_chunk(&l->o);
		if (ret <= 0)
			return ret;
	}
	begin_line(l, pos);
	l->pending = false;
	do {
		cow_tally_chunk(&l->tally, walk);
		l->end = walk->addr;
		ret = next_chunk(&l->o);
	} while (ret > 0 && !walk->new_vma);
	if (ret < 0 || walk->gone) {
		l->pos = 0;
		return ret;
	}
	l->pending = ret;
	cow_tally_finish(&l->tally);
	return 1;
}

static void *find_line(struct cow_lines *l, loff_t pos)
{
	int ret;

	/* seq_file asks twice for a line that did not fit its buffer. */
	if (l->pos == pos)
		return l;
	ret = load_line(l, pos);
	if (ret < 0)
		return ERR_PTR(ret);
	return ret ? l : NULL;
}

static void *vmas_start(struct seq_file *m, loff_t *pos)
{
	struct cow_lines *l = m->private;
	int ret = check_target(l->o.target);

	if (ret)
		return ERR_PTR(ret);
	return *pos ? find_line(l, *pos) : SEQ_START_TOKEN;
}

static void *vmas_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct cow_lines *l = m->private;

	*pos = v == SEQ_START_TOKEN ? 1 : l->end + 1;
	return find_line(l, *pos);
}

static void vmas_stop(struct seq_file *m, void *v)
{
}

static const struct {
	const char *name;
} vmas[COWI_NR_VMAS] = {
#define COW_X(id, name)	{ name },
	COWINSPECT_VMAS(COW_X, COW_X)
#undef COW_X
};

static int vmas_show(struct seq_file *m, void *v)
{
	struct cow_lines *l = m->private;
	unsigned long flags = l->vma.vm_flags;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "range perms kind");
		cow_tally_print_header(m);
		seq_puts(m, " name\n");
		return 0;
	}
	seq_printf(m, "%lx-%lx %c%c%c%c %s", l->start, l->end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		   flags & VM_EXEC ? 'x' : '-',
		   flags & VM_MAYSHARE ? 's' : 'p', vmas[l->vma.kind].name);
	cow_tally_print_row(m, &l->tally);
	seq_putc(m, ' ');
	if (l->name.file)
		seq_path(m, &l->name.file->f_path, "\n\\");
	else
		seq_escape(m, l->name.text, "\n\\");
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations vmas_ops = {
	.start = vmas_start,
	.next = vmas_next,
	.stop = vmas_stop,
	.show = vmas_show,
};

static int vmas_open(struct inode *inode, struct file *file)
{
	struct cow_lines *l = kzalloc(sizeof(*l), GFP_KERNEL);
	struct seq_file *m;
	int ret;

	if (!l)
		return -ENOMEM;
	ret = open_target(inode, &l->o, true);
	if (ret)
		goto free;
	ret = seq_open(file, &vmas_ops);
	if (ret)
		goto close;
	l->o.walk->name = &l->next_name;
	m = file->private_data;
	m->private = l;
	return 0;
close:
	close_target(&l->o);
free:
	kfree(l);
	return ret;
}

static int vmas_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct cow_lines *l = m->private;

	cow_vma_name_put(&l->name);
	cow_vma_name_put(&l->next_name);
	close_target(&l->o);
	kfree(l);
	return seq_release(inode, file);
}

static const struct file_operations vmas_fops = {
	.owner = THIS_MODULE,
	.open = vmas_open,
	.read = read_text,
	.llseek = seq_lseek,
	.release = vmas_release,
};

/* ---- pages ---- */

/**
 * struct cow_records - an open pages file
 * @o: the target and the walk
 * @lock: guards the walk and the batch: one reader at a time
 * @batch: records on their way to the reader
 */
struct cow_records {
	struct cow_open o;
	struct mutex lock;	/* one reader at a time */
	struct cowinspect_page batch[BATCH];
};

/* Hand what is in the batch to the reader. Returns 0 or an error. */
static int flush(struct cow_records *r, char __user **ubuf, unsigned int *nr)
{
	size_t size = *nr * sizeof(r->batch[0]);

	if (copy_to_user(*ubuf, r->batch, size))
		return -EFAULT;
	*ubuf += size;
	*nr = 0;
	return 0;
}

/* Records of entries that are alike, which are at @place and behind it. */
static void fill(struct cowinspect_page *page, unsigned int nr,
		 const struct cowinspect_page *like, const struct cow_place *place)
{
	/* Of others it is not the entry's frame, if it is any. */
	const bool framed = like->flags & COWI_F_PRESENT;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		page[i] = *like;
		page[i].addr = place[i].addr;
		if (framed)
			page[i].pfn = place[i].pfn;
	}
}

/* Hand the entries of the current chunk to the reader. Returns 0 or an error. */
static int copy_chunk(struct cow_records *r, char __user *ubuf)
{
	const struct cow_walk *walk = r->o.walk;
	const struct cow_alike *alike = walk->alike, *end = alike + walk->nr;
	const struct cow_place *place = walk->places;
	unsigned int filled = 0, left, n;
	struct cowinspect_page like;
	int ret;

	for (; alike < end; alike++) {
		cow_decode(&alike->raw, &walk->vma, &like);
		cow_predict(&alike->raw, &like);
		for (left = alike->n; left; left -= n) {
			n = min(left, BATCH - filled);
			fill(r->batch + filled, n, &like, place);
			place += n;
			filled += n;
			ret = filled == BATCH ? flush(r, &ubuf, &filled) : 0;
			if (ret)
				return ret;
		}
	}
	return flush(r, &ubuf, &filled);
}

/* Address behind the last entry of a chunk that has entries. */
static u64 chunk_end(const struct cow_walk *walk)
{
	const struct cow_raw *last = &walk->alike[walk->nr - 1].raw;

	return walk->places[walk->entries - 1].addr +
	       (PAGE_SIZE << FIELD_GET(COW_A_MAP_ORDER, last->attr));
}

static ssize_t read_records(struct cow_records *r, char __user *ubuf,
			    size_t room, loff_t *pos)
{
	struct cow_walk *walk = r->o.walk;
	size_t done = 0;
	int ret = 0;

	cow_walk_from(walk, *pos & PAGE_MASK);
	while (done < room) {
		walk->max = min_t(size_t, room - done, COW_CHUNK_ENTRIES);
		ret = next_chunk(&r->o);
		if (ret <= 0)
			break;
		if (!walk->entries)
			continue;
		ret = copy_chunk(r, ubuf + done * sizeof(r->batch[0]));
		if (ret)
			break;
		done += walk->entries;
		*pos = chunk_end(walk);
	}
	return done ? done * sizeof(r->batch[0]) : ret;
}

static ssize_t pages_read(struct file *file, char __user *ubuf, size_t count,
			  loff_t *ppos)
{
	struct cow_records *r = file->private_data;
	size_t room = count / sizeof(r->batch[0]);
	ssize_t ret = check_target(r->o.target);

	if (ret)
		return ret;
	if (!room || *ppos < 0)
		return -EINVAL;
	if (*ppos >= TASK_SIZE_MAX)
		return 0;
	/* What fits into one read's return value. */
	room = min_t(size_t, room, MAX_RW_COUNT / sizeof(r->batch[0]));
	if (mutex_lock_interruptible(&r->lock))
		return -ERESTARTSYS;
	ret = read_records(r, ubuf, room, ppos);
	mutex_unlock(&r->lock);
	return ret;
}

static loff_t pages_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, TASK_SIZE_MAX);
}

static int pages_open(struct inode *inode, struct file *file)
{
	struct cow_records *r = kzalloc(sizeof(*r), GFP_KERNEL);
	int ret;

	if (!r)
		return -ENOMEM;
	ret = open_target(inode, &r->o, false);
	if (ret) {
		kfree(r);
		return ret;
	}
	mutex_init(&r->lock);
	file->private_data = r;
	return 0;
}

static int pages_release(struct inode *inode, struct file *file)
{
	struct cow_records *r = file->private_data;

	close_target(&r->o);
	kfree(r);
	return 0;
}

static const struct file_operations pages_fops = {
	.owner = THIS_MODULE,
	.open = pages_open,
	.read = pages_read,
	.llseek = pages_llseek,
	.release = pages_release,
};

/* ---- faults ---- */

static int faults_show(struct seq_file *m, void *unused)
{
	struct cow_target *target = m->private;

	if (READ_ONCE(target->detached))
		return -EIO;
	cow_counters_print(m, target);
	return 0;
}

static ssize_t faults_read(struct file *file, char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	const struct seq_file *m = file->private_data;
	const struct cow_target *target = m->private;

	if (READ_ONCE(target->detached))
		return -EIO;
	return seq_read(file, ubuf, count, ppos);
}

static int faults_open(struct inode *inode, struct file *file)
{
	struct cow_target *target = inode->i_private;
	int ret = check_opener();

	if (!ret && observe_error())
		ret = -EOPNOTSUPP;
	if (!ret)
		ret = single_open(file, faults_show, target);
	if (!ret)
		cow_target_get(target);
	return ret;
}

static int faults_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	cow_target_put(m->private);
	return single_release(inode, file);
}

static const struct file_operations faults_fops = {
	.owner = THIS_MODULE,
	.open = faults_open,
	.read = faults_read,
	.llseek = seq_lseek,
	.release = faults_release,
};

/* ---- the directory of a target ---- */

/* Returns the directory, or an error pointer; then nothing is left behind. */
static struct dentry *make_dir(struct cow_target *target)
{
	static const struct {
		const char *name;
		const struct file_operations *fops;
	} files[] = {
		{ "summary", &summary_fops },
		{ "vmas", &vmas_fops },
		{ "pages", &pages_fops },
		{ "faults", &faults_fops },
	};
	struct dentry *dir, *file;
	char name[16];
	int i;

	snprintf(name, sizeof(name), "%u", target->nr);
	dir = debugfs_create_dir(name, root);
	if (IS_ERR(dir))
		return dir;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		file = debugfs_create_file_unsafe(files[i].name, 0400, dir,
						  target, files[i].fops);
		if (IS_ERR(file)) {
			debugfs_remove(dir);
			return file;
		}
	}
	return dir;
}

/* ---- attach, detach: all with targets_lock held ---- */

/* The first process is being attached. Without a hook, all but faults works. */
static void begin_to_observe(void)
{
	int ret = cow_fork_attached();

	if (!ret) {
		ret = cow_counters_attached();
		if (ret)
			cow_fork_detached();
	}
	WRITE_ONCE(life_error, ret);
	if (!ret)
		cow_want_attached();
}

static void end_to_observe(void)
{
	if (life_error)
		return;
	cow_want_detached();
	cow_counters_detached();
	cow_fork_detached();
}

/* Waits for opens of the files to end. */
static void remove_target(struct cow_target *target)
{
	cow_target_remove(target);
	debugfs_remove(target->dir);
	if (!cow_target_any())
		end_to_observe();
	cow_target_drop(target);
}

static void remove_all(void)
{
	struct cow_target *target;

	while ((target = cow_target_any()))
		remove_target(target);
}

/* Takes over @target. Returns 0 or an error. */
static int add_target(struct cow_target *target)
{
	int ret;

	if (!cow_target_any())
		begin_to_observe();
	cow_target_add(target);
	cow_counters_begin(target);
	/* Last: who reads counters reads them from the beginning on. */
	target->dir = make_dir(target);
	ret = PTR_ERR_OR_ZERO(target->dir);
	if (ret)
		remove_target(target);
	return ret;
}

/* Takes over @target. Returns 0, also if it was attached before, or an error. */
static int attach_locked(struct cow_target *target)
{
	struct cow_target *known = cow_target_of_nr(target->nr);
	int ret = 0;

	if (known && known->pid == target->pid)
		goto discard;
	ret = -EEXIST;
	if (known && cow_target_alive(known))
		goto discard;
	/* The process that had the number before has exited. */
	if (known)
		remove_target(known);
	ret = -ENOSPC;
	if (cow_targets_full())
		goto discard;
	return add_target(target);
discard:
	cow_target_discard(target);
	return ret;
}

static int attach(unsigned int nr)
{
	struct cow_target *target = cow_target_create(nr);
	int ret;

	if (IS_ERR(target))
		return PTR_ERR(target);
	ret = cow_targets_lock();
	if (ret) {
		cow_target_discard(target);
		return ret;
	}
	ret = attach_locked(target);
	cow_targets_unlock();
	return ret;
}

/* 0 stands for all. */
static int detach(unsigned int nr)
{
	struct cow_target *target;
	int ret = cow_targets_lock();

	if (ret)
		return ret;
	target = cow_target_of_nr(nr);
	if (!nr)
		remove_all();
	else if (target)
		remove_target(target);
	else
		ret = -ESRCH;
	cow_targets_unlock();
	return ret;
}

static int command_open(struct inode *inode, struct file *file)
{
	return check_opener();
}

/* Get what was written into @text, of COMMAND_MAX bytes. Returns 0 or an error. */
static int get_command(const char __user *ubuf, size_t count, char *text)
{
	if (!count || count >= COMMAND_MAX)
		return -EINVAL;
	if (copy_from_user(text, ubuf, count))
		return -EFAULT;
	text[count] = '\0';
	/* What follows a NUL would not be seen. */
	return strlen(text) == count ? 0 : -EINVAL;
}

/* Parse one decimal process id. Returns 0 or an error. */
static int parse_nr(const char *text, unsigned int *nr)
{
	int ret;

	/* kstrtouint() takes a sign, too, which is no part of an id. */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	ret = kstrtouint(text, 10, nr);
	return ret || *nr ? ret : -EINVAL;
}

static ssize_t attach_write(struct file *file, const char __user *ubuf,
			    size_t count, loff_t *ppos)
{
	char text[COMMAND_MAX];
	unsigned int nr;
	int ret = get_command(ubuf, count, text);

	if (!ret)
		ret = parse_nr(text, &nr);
	if (!ret)
		ret = attach(nr);
	return ret ? ret : count;
}

static ssize_t detach_write(struct file *file, const char __user *ubuf,
			    size_t count, loff_t *ppos)
{
	char text[COMMAND_MAX];
	unsigned int nr = 0;
	int ret = get_command(ubuf, count, text);

	/* With or without a newline. */
	if (!ret && !sysfs_streq(text, "all"))
		ret = parse_nr(text, &nr);
	if (!ret)
		ret = detach(nr);
	return ret ? ret : count;
}

static const struct file_operations attach_fops = {
	.owner = THIS_MODULE,
	.open = command_open,
	.write = attach_write,
	.llseek = noop_llseek,
};

static const struct file_operations detach_fops = {
	.owner = THIS_MODULE,
	.open = command_open,
	.write = detach_write,
	.llseek = noop_llseek,
};

/**
 * cow_files_init - make /sys/kernel/debug/cowinspect
 *
 * Return: 0 or an error; then nothing is left behind.
 */
int cow_files_init(void)
{
	static const struct {
		const char *name;
		umode_t mode;
		const struct file_operations *fops;
	} files[] = {
		{ "attach", 0200, &attach_fops },
		{ "detach", 0200, &detach_fops },
		{ "status", 0400, &status_fops },
	};
	struct dentry *file;
	int i;

	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
	if (IS_ERR(root))
		return PTR_ERR(root);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		file = debugfs_create_file(files[i].name, files[i].mode, root,
					   NULL, files[i].fops);
		if (IS_ERR(file)) {
			debugfs_remove(root);
			return PTR_ERR(file);
		}
	}
	return 0;
}

/**
 * cow_files_exit - detach everything and remove all files
 *
 * For unload. No file is open: each has the module as its owner.
 */
void cow_files_exit(void)
{
	cow_targets_lock_always();
	remove_all();
	cow_targets_unlock();
	debugfs_remove(root);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a throwaway machine: prepares it, runs one command,
 * tells the host how that went and powers off.
 *
 * It reads /run.conf, lines of "KEY VALUE" that tests/vm/run writes:
 *
 *	insmod FILE [PARAMS]	load a module before all else, in this order
 *	missing NAMES		modules that were wanted but the kernel lacks: they
 *				go into the command's environment
 *	module FILE [PARAMS]	the module under test: loaded just before the
 *				command, unloaded after it
 *	arg WORD		one word of the command, in order
 *	shell			the command talks to the serial console
 *	second NAME		there is a shell on /dev/NAME, too, as often as it ends
 *
 * and speaks to the host over virtio-serial ports, so that the console carries
 * nothing but the kernel's messages:
 *
 *	cowinspect.output	the command's output, as it comes
 *	cowinspect.status	one line for each step; the last one is "end"
 *	cowinspect.files	a tar archive of /out, when the command is done
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS	512

static struct {
	char *module;			/* NULL: none to load */
	char *module_params;
	char *argv[MAX_ARGS + 1];
	int argc;
	int shell;
	char *second;			/* console; NULL: none */
} conf;

static int status_fd = -1;

/* Before the port is open, and in case it never is, the console has it too. */
static void report(const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (status_fd >= 0 && write(status_fd, line, len) == len)
		return;
	line[len] = 0;
	fprintf(stderr, "init: %s", line);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void mount_or_report(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) && errno != ENODEV && errno != EBUSY)
		report("error mount %s: %s", where, strerror(errno));
}

static void mount_all(void)
{
	mount_or_report("devtmpfs", "/dev", NULL);
	mount_or_report("proc", "/proc", NULL);
	mount_or_report("sysfs", "/sys", NULL);
	mount_or_report("debugfs", "/sys/kernel/debug", NULL);
	mount_or_report("tracefs", "/sys/kernel/tracing", NULL);
	mount_or_report("tmpfs", "/tmp", "mode=1777");
	mount_or_report("tmpfs", "/dev/shm", "mode=1777");
	mount_or_report("hugetlbfs", "/dev/hugepages", NULL);
}

/* The initramfs gives no console if /dev/console is not in it. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);
	int i;

	for (i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static int load_module(const char *file, const char *params)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0) {
		report("error open %s: %s", file, strerror(errno));
		return -1;
	}
	ret = syscall(SYS_finit_module, fd, params ? params : "", 0);
	if (ret)
		report("error insmod %s: %s", file, strerror(errno));
	close(fd);
	return ret;
}

/* /cow-inspect.ko -> cow_inspect: what the kernel calls the module */
static int unload_module(const char *file)
{
	char name[64];
	char *p;
	int ret;

	snprintf(name, sizeof(name), "%s", strrchr(file, '/') + 1);
	name[strcspn(name, ".")] = 0;
	for (p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	ret = syscall(SYS_delete_module, name, O_NONBLOCK);
	/* A command may have unloaded it itself. */
	if (ret && errno == ENOENT)
		return 0;
	if (ret)
		report("error rmmod %s: %s", name, strerror(errno));
	return ret;
}

static void read_conf_line(char *line)
{
	char *value = line + strcspn(line, " ");

	if (*value)
		*value++ = 0;
	if (!strcmp(line, "shell")) {
		conf.shell = 1;
	} else if (!strcmp(line, "second")) {
		conf.second = strdup(value);
	} else if (!strcmp(line, "missing")) {
		setenv("MISSING_MODULES", value, 1);
	} else if (!strcmp(line, "arg")) {
		if (conf.argc < MAX_ARGS)
			conf.argv[conf.argc++] = strdup(value);
	} else if (!strcmp(line, "insmod") || !strcmp(line, "module")) {
		char *params = value + strcspn(value, " ");

		if (*params)
			*params++ = 0;
		if (*line == 'i') {
			load_module(value, params);
		} else {
			conf.module = strdup(value);
			conf.module_params = strdup(params);
		}
	}
}

/* Words of the command may hold newlines: they come as the byte 1. */
static void read_conf(void)
{
	FILE *file = fopen("/run.conf", "re");
	char *line = NULL, *p;
	size_t size = 0;
	ssize_t len;

	if (!file) {
		report("error /run.conf: %s", strerror(errno));
		power_off();
	}
	while ((len = getline(&line, &size, file)) > 0) {
		line[len - 1] = 0;
		for (p = line; *p; p++)
			if (*p == 1)
				*p = '\n';
		read_conf_line(line);
	}
	free(line);
	fclose(file);
}

static int port_has_name(const char *port, const char *name)
{
	char path[PATH_MAX], found[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(found, sizeof(found), file))
		found[0] = 0;
	fclose(file);
	found[strcspn(found, "\n")] = 0;
	return !strcmp(found, name);
}

static int try_open_port(const char *name)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	char path[PATH_MAX];
	int fd = -1;

	if (!dir)
		return -1;
	while (fd < 0 && (entry = readdir(dir)))
		if (port_has_name(entry->d_name, name)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
	closedir(dir);
	return fd;
}

/* The ports come up some time after their driver is loaded. */
static int open_port(const char *name)
{
	int fd = -1, tries;

	for (tries = 0; fd < 0 && tries < 3000; tries++) {
		fd = try_open_port(name);
		if (fd < 0)
			usleep(10000);
	}
	if (fd < 0)
		report("error port %s did not appear within 30 s", name);
	return fd;
}

static void child_exec(char **argv, int out_fd)
{
	setsid();
	if (conf.shell) {
		ioctl(0, TIOCSCTTY, 1);
	} else {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(out_fd, 1);
		dup2(out_fd, 2);
	}
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Run @argv and wait for it, reaping the orphans that end meanwhile. */
static int run(char **argv, int out_fd)
{
	pid_t child = fork(), pid;
	int status = 0;

	if (child < 0) {
		report("error fork: %s", strerror(errno));
		return 126;
	}
	if (!child)
		child_exec(argv, out_fd);
	do {
		pid = wait(&status);
	} while (pid != child && (pid > 0 || errno == EINTR));
	if (WIFSIGNALED(status)) {
		report("signal %d %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status);
}

/* As often as it ends: whoever leaves it may come back. */
static void serve_console(void)
{
	char path[PATH_MAX];
	pid_t child;
	int fd, i;

	snprintf(path, sizeof(path), "/dev/%s", conf.second);
	for (;;) {
		fd = open(path, O_RDWR | O_NOCTTY);
		child = fd < 0 ? -1 : fork();
		if (!child) {
			setsid();
			ioctl(fd, TIOCSCTTY, 1);
			for (i = 0; i < 3; i++)
				dup2(fd, i);
			close(fd);
			execl("/bin/sh", "sh", "-i", NULL);
			_exit(127);
		}
		close(fd);
		/* Its driver may still be on its way. */
		if (child < 0 || waitpid(child, NULL, 0) < 0)
			usleep(100000);
	}
}

static void start_console(void)
{
	pid_t child = conf.second ? fork() : 1;

	if (child < 0)
		report("error fork: %s", strerror(errno));
	else if (!child)
		serve_console();
}

/* What the command left running must not keep the module busy. */
static void kill_rest(void)
{
	int status;

	kill(-1, SIGKILL);
	while (wait(&status) > 0 || errno == EINTR)
		;
}

static void send_files(int fd)
{
	char *argv[] = { "/bin/busybox", "tar", "-C", "/out", "-cf", "-", ".", NULL };

	conf.shell = 0;
	if (fd >= 0 && run(argv, fd))
		report("error tar of /out failed");
}

static void run_command(int out_fd)
{
	int code;

	if (conf.module && load_module(conf.module, conf.module_params))
		return;
	report("started %s", conf.argv[0]);
	start_console();
	code = run(conf.argv, out_fd);
	report("exit %d", code);
	kill_rest();
	if (conf.module && !unload_module(conf.module))
		report("unloaded %s", conf.module);
}

int main(void)
{
	int out_fd, files_fd;

	mount_all();
	open_console();
	mkdir("/out", 0755);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "linux", 1);
	if (!access("/cowinspect.ko", F_OK))
		setenv("COWINSPECT_KO", "/cowinspect.ko", 1);
	read_conf();
	status_fd = open_port("cowinspect.status");
	out_fd = open_port("cowinspect.output");
	files_fd = open_port("cowinspect.files");
	report("booted");
	if (status_fd >= 0 && out_fd >= 0 && conf.argc)
		run_command(out_fd);
	send_files(files_fd);
	report("end");
	power_off();
}

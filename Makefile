# SPDX-License-Identifier: GPL-2.0
#
# "make help" lists what there is to make. The module's own rules are in Kbuild,
# those of the tool in userspace/Makefile; what boots machines is in tests/vm.

# The kernel to build the module for, as with any out-of-tree module.
KDIR ?= /lib/modules/$(shell uname -r)/build
HAVE_KDIR := $(wildcard $(KDIR)/Makefile)

PREFIX ?= /usr/local
DESTDIR ?=
export PREFIX DESTDIR

# Only asked for where it is used.
RELEASE = cowinspect-$(shell $(MAKE) -s --no-print-directory -C userspace \
	print-version)

# The kernels to test on; by default all of tests/vm/kernels that need not be named.
KERNELS ?= $(shell sed 's/\#.*//' tests/vm/kernels | awk 'NF && !/named/ { print $$1 }')
DEBUG_KERNELS := $(shell sed 's/\#.*//' tests/vm/kernels | awk '/built/ { print $$1 }')
# The first for machines like this one.
HOST_ARCH = $(or $(COWINSPECT_HOST_ARCH),$(shell dpkg --print-architecture 2>/dev/null))
DEFAULT_KERNEL = $(shell sed 's/\#.*//' tests/vm/kernels | awk -v arch=$(HOST_ARCH) \
	'!NF { next } !first { first = $$1 } $$2 == arch && !found { found = $$1 } \
	END { print found ? found : first }')
VM_KERNEL ?= $(DEFAULT_KERNEL)

.PHONY: all
all: module tool	## module (if kernel headers are there) and tool

.PHONY: help
help:			## this list
	@echo "usage: make [TARGET]"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo
	@echo 'kernels to test on (make test KERNELS="..."):' $(KERNELS)

.PHONY: module
ifneq ($(HAVE_KDIR),)
module:			## cowinspect.ko for KDIR (default: the running kernel)
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
else
module:
	@echo "no kernel headers in $(KDIR): not building the module"
endif

.PHONY: tool
tool:			## the cowinspect command
	@tests/deps build
	$(MAKE) -C userspace

.PHONY: demo
demo:			## see copy-on-write happen, in a throwaway machine
	@tests/demo

.PHONY: gallery
gallery:		## the page of every lab, with an index, in build/gallery
	@tests/gallery

.PHONY: vm
vm:			## a shell in a throwaway machine (VM_KERNEL=NAME)
	@tests/vm/shell $(VM_KERNEL)

.PHONY: image
image:			## one archive for a class: machines for QEMU, no network needed
	@tests/vm/image

.PHONY: fetch
fetch:			## what needs a network, as one file (WHAT="demo image programs"; FROM=FILE)
	@tests/fetch $(if $(FROM),--from $(FROM),$(WHAT))

.PHONY: test
test:			## every test, on all kernels (KERNELS="..." narrows; KERNEL=/boot/vmlinuz-...)
ifdef KERNEL
	@name=$$(tests/vm/installed-kernel "$(KERNEL)") && tests/run --quick "$$name"
else
	@tests/run $(KERNELS)
endif

.PHONY: test-long
test-long:		## the same in depth, as a release needs it: hours
	@BEGAN= DEPTH=long TIMEOUT=10800 tests/run $(KERNELS)

.PHONY: test-debug
test-debug:		## only those on kernels built to find mistakes, however long it takes
	@BEGAN= tests/run --quick $(DEBUG_KERNELS)

.PHONY: check
check:			## the quick loop: unit tests, then the default kernel
	@tests/run --quick $(DEFAULT_KERNEL)

.PHONY: fuzz
fuzz:			## the tool's parsers under libFuzzer (MINUTES=10 each)
	@tests/fuzz/run $(or $(MINUTES),10) $(SEED)

.PHONY: bench
bench:			## what reading costs, in instructions per page
	@tests/bench/run $(if $(filter file,$(origin VM_KERNEL)),,$(VM_KERNEL))

.PHONY: bench-native
bench-native:		## what it costs in time, as ratios (User Mode Linux, or where the module is loaded)
	@tests/bench/native $(ROUNDS)

.PHONY: bench-tool
bench-tool:		## what the tool costs, beside pmap, page-types, smem and perf
	@tests/bench/tool $(ROWS)

.PHONY: torture
torture:		## the torture test for MINUTES (default 60; VM_KERNEL=NAME)
	@tests/torture $(VM_KERNEL) $(or $(MINUTES),60) $(SEED)

# git's part is the same for the same commit, and gzip -n keeps no date.
.PHONY: dist
dist:			## release tarball of the last commit, in build
	@[ -e .git ] || { echo "make dist needs a git checkout" >&2; exit 1; }
	@[ -z "$$(git status --porcelain)" ] || \
		echo "uncommitted changes are not in the tarball" >&2
	@mkdir -p build
	git -c tar.umask=0022 archive --prefix=$(RELEASE)/ \
		-o build/$(RELEASE).tar HEAD
	gzip -9nf build/$(RELEASE).tar

# In a copy: dpkg-buildpackage leaves its results beside the source.
.PHONY: deb
deb:			## Debian packages, in build/deb
	@tests/deps deb
	rm -rf build/deb
	mkdir -p build/deb/$(RELEASE)
	tar -c --exclude=./build --exclude=./.git . | \
		tar -x -C build/deb/$(RELEASE)
	cd build/deb/$(RELEASE) && dpkg-buildpackage -us -uc -b
	rm -rf build/deb/$(RELEASE)
	@ls build/deb/*.deb

.PHONY: install
install: tool		## tool, library, documents; module if headers are there
	$(MAKE) -C userspace install
	install -D -m 644 Documentation/ABI/testing/debugfs-cowinspect \
		$(DESTDIR)$(PREFIX)/share/doc/cowinspect/debugfs-cowinspect
ifneq ($(HAVE_KDIR),)
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates DEPMOD=true modules_install
	[ -n "$(DESTDIR)" ] || depmod "$$($(MAKE) -s -C $(KDIR) kernelrelease)"
endif

# The module goes from every kernel that it was installed for, as install may
# have run several times; one that DKMS manages is in another directory.
.PHONY: uninstall
uninstall:		## what install put there
	$(MAKE) -C userspace uninstall
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/cowinspect
	for dir in $(DESTDIR)/lib/modules/*/updates; do \
		set -- "$$dir"/cowinspect.ko*; \
		[ -e "$$1" ] || continue; \
		rm -f "$$@"; \
		rmdir --ignore-fail-on-non-empty "$$dir"; \
		dir=$${dir%/updates}; \
		[ -n "$(DESTDIR)" ] || depmod "$${dir##*/}"; \
	done

.PHONY: clean
clean:			## everything built (downloaded kernels stay cached)
ifneq ($(HAVE_KDIR),)
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
endif
	$(MAKE) -C userspace clean
	rm -rf build

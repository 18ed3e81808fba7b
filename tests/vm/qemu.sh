# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# What differs between the emulated machines. Source it after kernels.sh and
# kernel_lookup.

# machine_for_arch: sets QEMU, MACHINE, CPU and CONSOLE, for an emulated CPU
machine_for_arch()
{
	case $K_ARCH in
	amd64)
		QEMU=qemu-system-x86_64
		MACHINE=q35
		# With these, kernels clear and copy byte by byte; QEMU emulates
		# each by itself, and slowly where there was code before. A page
		# takes up to 0.1 s then, and a huge one has the kernel complain.
		CPU=max,-erms,-fsrm
		# With 5 levels of page tables, KASAN asks a flag of the CPU
		# where its shadow begins. 7.3 clears it for a moment, with
		# interrupts on (identify_cpu()): an access to good memory is
		# then reported, and after one report KASAN and lockdep are off.
		! kernel_has_option KASAN || CPU+=,-la57
		CONSOLE=ttyS0
		;;
	arm64)
		QEMU=qemu-system-aarch64
		MACHINE=virt
		# The architected way to sign pointers is slow to emulate.
		CPU=max,pauth-impdef=on
		CONSOLE=ttyAMA0
		;;
	riscv64)
		QEMU=qemu-system-riscv64
		MACHINE=virt
		CPU=rv64
		CONSOLE=ttyS0
		;;
	*)
		die "no machine is known for architecture $K_ARCH"
		;;
	esac
	CPU=${K_CPU:-$CPU}
}

# machine_for_kvm: the same where KVM is tried. An arm64 CPU is then the host's, since
# there is no other, and the interrupt controller has to be one that it can be used with.
machine_for_kvm()
{
	machine_for_arch
	[ "$K_ARCH" != arm64 ] || MACHINE=virt,gic-version=host CPU=host
}

kvm_probe()
{
	machine_for_kvm
	"$ROOT/tests/vm/kvm-works" "$K_CACHE/vmlinuz" "$CONSOLE" \
		"$QEMU" -machine "$MACHINE" -cpu "$CPU"
}

# accelerate: sets ACCEL, and the machine with it: KVM where it works, the guest is of
# the host's kind, and may have the host's CPU. Emulated CPUs take turns in one thread:
# with a thread each, QEMU 7.2 seems to lose its way when one x86 CPU patches code that
# another one runs. Hooking a busy function again and again ended in a NULL pointer jump
# or "Oops: int3" on 5.10, 6.1 and 6.12 within seconds; ftrace alone, without our
# module, hung 6.1.
# COWINSPECT_TCG_THREADS=multi is faster where nothing is hooked. KCSAN, which waits
# for another CPU to come along, waits in delay_tsc(), and that gives the turn away.
accelerate()
{
	if [ "$K_ARCH" = "$(host_arch)" ] && [ -z "$K_CPU" ] && kvm_probe; then
		ACCEL=kvm
		machine_for_kvm
	else
		ACCEL=tcg,thread=${COWINSPECT_TCG_THREADS:-single}
		machine_for_arch
	fi
}

# The recipe that makes QEMU count instructions and makes runs repeatable: one
# virtual nanosecond is one instruction, and rdtsc reads instructions. The CPU
# model is fixed, since "max" emulates string instructions at another price.
ICOUNT_CPU=qemu64,-rdrand,-rdseed
# shellcheck disable=SC2054 # the commas are QEMU's
ICOUNT_ARGS=(-accel tcg,thread=single -icount shift=0,sleep=off
	-rtc "base=2024-01-01T00:00:00,clock=vm" -seed 1)
# Requests are carried out by the CPU that makes them, not by another thread
# some time later.
ICOUNT_VIRTIO=,ioeventfd=off
ICOUNT_APPEND="nokaslr random.trust_cpu=off"

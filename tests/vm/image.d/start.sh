#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Starts the machine on Linux or macOS; README.txt says what is in it.
#
#	./start.sh [amd64|arm64]
#
# COWINSPECT_PORT is where the second console listens on this computer (default 4445).
# COWINSPECT_ACCEL=tcg does without virtualisation.
set -eu
cd "$(dirname "$0")"

case ${1:-$(uname -m)} in
amd64|x86_64) arch=amd64 qemu=qemu-system-x86_64 machine=q35 console=ttyS0
	# Kernels clear and copy byte by byte with these, which is slow to emulate.
	emulated=max,-erms,-fsrm ;;
arm64|aarch64) arch=arm64 qemu=qemu-system-aarch64 machine=virt console=ttyAMA0
	# The architected way to sign pointers is slow to emulate.
	emulated=max,pauth-impdef=on ;;
*)
	echo "start.sh: there is no machine for ${1:-$(uname -m)}: amd64 or arm64" >&2
	exit 2 ;;
esac
command -v $qemu >/dev/null || {
	echo "start.sh: $qemu is missing: README.txt says how to install QEMU" >&2
	exit 1
}
[ -e $arch/kernel ] || {
	echo "start.sh: this archive has no machine for $arch" >&2
	exit 1
}

# Only a machine of the computer's own kind can do without emulation.
native() {
	case $(uname -m) in
	x86_64) [ $arch = amd64 ] ;;
	arm64|aarch64) [ $arch = arm64 ] ;;
	*) false ;;
	esac
}
accel=${COWINSPECT_ACCEL:-}
if [ -z "$accel" ]; then
	accel=tcg
	if native && [ "$(uname -s)" = Darwin ]; then
		accel=hvf
	elif native && [ -w /dev/kvm ]; then
		accel=kvm
	fi
fi
if [ "$accel" = tcg ]; then
	# A thread for each CPU makes QEMU 7.2 lose its way where code is patched.
	accel=tcg,thread=single cpu=$emulated
else
	cpu=host
fi

port=${COWINSPECT_PORT:-4445}
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
status=0
$qemu -nodefaults -no-user-config -display none -no-reboot \
	-machine $machine -accel "$accel" -cpu $cpu -m 1G -smp 2 \
	-kernel $arch/kernel -initrd $arch/initramfs.gz \
	-append "console=$console quiet panic=-1 no_timer_check rcupdate.rcu_cpu_stall_timeout=300" \
	-chardev stdio,id=console,mux=on,signal=off -serial chardev:console \
	-mon chardev=console -device virtio-serial-pci \
	-chardev socket,id=second,host=127.0.0.1,port="$port",server=on,wait=off,telnet=on \
	-device virtconsole,chardev=second \
	-chardev file,id=output,path="$state/output" \
	-device virtserialport,chardev=output,name=cowinspect.output \
	-chardev file,id=status,path="$state/status" \
	-device virtserialport,chardev=status,name=cowinspect.status \
	-chardev file,id=files,path="$state/files" \
	-device virtserialport,chardev=files,name=cowinspect.files || status=$?
if grep -q '^end' "$state/status" 2>/dev/null; then
	tar -C out -xf "$state/files"
	echo "What was in /out is in $PWD/out."
else
	echo "start.sh: the machine was not left with \"exit\": nothing came out of it" >&2
	[ $status != 0 ] || status=1
fi
exit $status

@echo off
rem SPDX-License-Identifier: GPL-2.0
rem Starts the machine on Windows; README.txt says what is in it. Not tested.
rem
rem	start.bat [amd64 or arm64]
setlocal
cd /d "%~dp0"
set "PATH=%PATH%;%ProgramFiles%\qemu"
set ARCH=%1
if "%ARCH%"=="" if /i "%PROCESSOR_ARCHITECTURE%"=="ARM64" (set ARCH=arm64) else (set ARCH=amd64)
if "%ARCH%"=="arm64" (
	set QEMU=qemu-system-aarch64
	set MACHINE=virt
	set CONSOLE=ttyAMA0
	set CPU=max,pauth-impdef=on
) else (
	set QEMU=qemu-system-x86_64
	set MACHINE=q35
	set CONSOLE=ttyS0
	set CPU=max,-erms,-fsrm
)
where %QEMU% >nul 2>nul || (
	echo start.bat: %QEMU% is missing: README.txt says how to install QEMU
	exit /b 1
)
if "%COWINSPECT_PORT%"=="" set COWINSPECT_PORT=4445
if exist state rmdir /s /q state
mkdir state
%QEMU% -nodefaults -no-user-config -display none -no-reboot ^
	-machine %MACHINE% -accel tcg,thread=single -cpu %CPU% -m 1G -smp 2 ^
	-kernel %ARCH%/kernel -initrd %ARCH%/initramfs.gz ^
	-append "console=%CONSOLE% quiet panic=-1 no_timer_check rcupdate.rcu_cpu_stall_timeout=300" ^
	-chardev stdio,id=console,mux=on,signal=off -serial chardev:console ^
	-mon chardev=console -device virtio-serial-pci ^
	-chardev socket,id=second,host=127.0.0.1,port=%COWINSPECT_PORT%,server=on,wait=off,telnet=on ^
	-device virtconsole,chardev=second ^
	-chardev file,id=output,path=state/output ^
	-device virtserialport,chardev=output,name=cowinspect.output ^
	-chardev file,id=status,path=state/status ^
	-device virtserialport,chardev=status,name=cowinspect.status ^
	-chardev file,id=files,path=state/files ^
	-device virtserialport,chardev=files,name=cowinspect.files
findstr /b end state\status >nul 2>nul && (
	tar -C out -xf state/files
	echo What was in /out is in %CD%\out.
) || (
	echo start.bat: the machine was not left with "exit": nothing came out of it
)
rmdir /s /q state

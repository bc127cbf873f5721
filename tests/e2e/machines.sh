# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Machines that lack something are refused in one sentence, with exit status; small and slow ones work.
. tests/e2e/lib.sh
plan 15

# The output of a machine that works.
session='attach skbcount; work net 100; detach all; audit'

# lacks NAME WHAT ARGS: refused with this sentence, and nothing else.
lacks() {
	fivebyte --exec "$session" --qemu "$3"
	[ "$(wc -l <"$out")" = 1 ] || { fail "$1" 'not one line'; return; }
	wanted "$1" 1 "^fivebyte needs $2\.$"
}
lacks machine_of_32_bits 'a 64-bit CPU' '-cpu qemu32'
lacks machine_of_an_old_cpu 'a 64-bit CPU' '-cpu 486'
lacks machine_without_long_mode 'a 64-bit CPU' '-cpu max,-lm'
lacks machine_without_no_execute 'a CPU with no-execute pages' '-cpu max,-nx'
lacks machine_without_tsc 'a CPU with a time-stamp counter' '-cpu max,-tsc'
lacks machine_without_apic 'a CPU with a local APIC' '-cpu max,-apic'

works() {
	fivebyte "${@:2}" --exec "$session"
	wanted "$1" 0 '^100 packets sent' '^audit clean: .* 0 changed by live links$'
}
works machine_of_the_plainest_64_bits --qemu '-cpu qemu64'

# With 2 MB not even the image fits, with 8 it says what is missing; from there follows the least that does.
fivebyte --mem 2 --exec "$session"
wanted machine_without_place_for_the_image 1 '^fivebyte needs more memory than this machine has\.$'
few='^fivebyte needs [0-9]+ KiB of memory behind its image for'
fivebyte --mem 8 --exec "$session"
wanted machine_of_too_little_memory 1 "$few 1 CPU; here are [0-9]+ KiB\.$"
least=$(awk '/ KiB of memory/ { print 8 + int(($3 - $(NF - 1) + 1023) / 1024) }' "$out")
fivebyte --mem $((least - 1)) --exec "$session"
wanted machine_of_nearly_enough_memory 1 "$few 1 CPU; here are [0-9]+ KiB\.$"
works machine_of_just_enough_memory --mem "$least"
fivebyte --mem "$least" --smp 32 --exec "$session"
wanted machine_of_too_little_memory_for_32_cpus 1 "$few 32 CPUs; here are [0-9]+ KiB\.$"
works machine_of_16_mb_from_grub --mem 16 --smp 4 --iso

# 4 million instructions a second; the TSC counts nanoseconds.
works machine_of_4_mips --icount --qemu '-icount shift=8,sleep=off'

# In Bochs the TSC counts instructions: here 5 million a second. It wants a terminal.
name=machine_with_a_clock_of_5_mhz
bochs_runs() {
	command -v bochs && script -qec true "$work/typescript" </dev/null
}
if bochs_runs >"$out" 2>&1; then
	tools/make-iso "$work/image.iso" "${KERNEL:-build/fivebyte.elf}" "exec=$(printf %s "$session" | sed 's/;/%3b/g; s/ /%20/g')"
	cat >"$work/bochsrc" <<-END
		megs: 64
		romimage: file=/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
		ata0-master: type=cdrom, path=$work/image.iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=$out
		cpu: count=1, ips=5000000
		clock: sync=none
		log: $work/bochs.log
		display_library: term
	END
	echo c >"$work/go"
	TERM=xterm timeout 200 script -qec "bochs -q -f $work/bochsrc -rc $work/go" "$work/typescript" </dev/null >/dev/null 2>&1
	# Bochs passes on no exit status.
	status=0
	sed -i 's/\r//g' "$out"
	wanted $name 0 '^100 packets sent' '^audit clean: .* 0 changed by live links$'
else
	skip $name 'no bochs, or no terminal'
fi

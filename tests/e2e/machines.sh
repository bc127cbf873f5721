# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Machines that lack something are refused in one sentence, with a verdict; small ones do.
. tests/e2e/lib.sh
plan 13

# What shows that a machine works.
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

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Every way to attach and every helper of frames, from one libbpf object. With one CPU all counts are exact:
# of 64 frames 56 are IP (one with a bad checksum), 4 ARP (0x806) and 4 IPv6 (0x86dd); one UDP checksum is
# bad.
. tests/e2e/lib.sh
plan 16

compile tests/progs/ways.bpf.c "$work/ways.bpf.o" || { fail kinds_compile 'clang failed'; exit 0; }

# counted NAME COUNT...: the counts of the n-th dump of ways.bss, n in $dump.
counted() {
	local name=$1 want line
	shift
	line=$(grep -F '{ .arguments_right' "$out" | sed -n "${dump}p")
	for want; do
		case $line in
		*" .${want% *} = ${want#* },"* | *" .${want% *} = ${want#* } }"*) ;;
		*) fail "$name" "not $want in: $line"; return ;;
		esac
	done
	pass "$name"
}

# lines NAME TEXT...: what programs printed, in this order and nothing else.
lines() {
	local name=$1 got
	shift
	got=$(sed -n 's/^.*\[[0-9]*\] [^ ]* *[0-9]*\.[0-9]*: //p' "$out")
	[ "$got" = "$(printf '%s\n' "$@")" ] && pass "$name" || fail "$name" "programs printed: $got"
}

fivebyte --load "$work/ways.bpf.o" --exec 'attach ways cookie 77; audit; work net 64; map dump ways.bss; work net 65; map dump ways.bss; detach all'
wanted kinds_failed_frame_ends_the_work 1 '^session_of_many: fsession of 2 functions like skb_pu' \
	'^probe_inside: kprobe of ip_local_deliver\+0x5' '^audit clean' '^error ENOMEM: work net sent 64 of 65 packets; then send_frame failed$'
dump=1
counted kinds_trampolines_count 'sum_of_numbers 2016' 'protocols 261004' 'void_results 64' 'frames_failed 0' 'results_seen 64'
counted kinds_helpers_of_the_frame_are_right 'arguments_right 111' 'none_there 111'
counted kinds_sessions_keep_their_cookie 'sessions_begun 64' 'sessions_right 64' 'many 341' 'many_sessions 341'
counted kinds_sleepers_sleep 'slept_before 65' 'slept_behind 65'
counted kinds_programs_on_programs 'bodies 64' 'results_of_programs 64'
counted kinds_tracepoints 'received 64' 'bytes_received 5664' 'freed_with_reason 64' 'switches_to_self 0'
counted kinds_probes 'hits 55' 'hits_inside 55' 'returns 55' 'unlocks_of_nothing 0'
dump=2
counted kinds_modified_return_ends_the_work 'frames_failed 1' 'results_seen 129' 'sum_of_numbers 4096' 'received 128'

fivebyte --load "$work/ways.bpf.o" --exec 'attach session cookie 77; attach by_value; work net 1; stats on; entry call; work net 1; stats; detach all; stats off; entry jmp; trace 30; audit'
wanted kinds_statistics_count_runs 0 '^session +fsession +2 ' '^audit clean'
lines kinds_lines_are_in_order 'session: session begins with 0' 'session: session ends with 0' \
	'by_value: by_jmp 1 stats 1' 'by_value: by_jmp 0 stats 1' \
	'session: session begins with 0' 'session: session ends with 0'

# The same with other CPUs at work: nothing is exact, but nothing is wrong either.
fivebyte --smp 4 --load "$work/ways.bpf.o" --exec 'attach ways cookie 77; work net 64; detach ways; attach ways; work load 50; detach all; links; audit'
wanted kinds_under_load 0 '^nothing is attached' '^audit clean.* 0 changed by live links'

fivebyte --exec 'kretprobe kfree+5'
wanted kinds_shell_has_no_offset_of_returns 1 'error EINVAL: kfree\+5 has an offset; a return is of the whole function$'
fivebyte --exec 'attach count_kretprobe kfree_skb+5'
wanted kinds_return_program_has_no_offset 1 'error EINVAL: kfree_skb\+5 has an offset; a return is of the whole function$'

# On four CPUs, the counts that a lock keeps together stay together.
compile tests/progs/lock.bpf.c "$work/lock.bpf.o" || { fail locks_compile 'clang failed'; exit 0; }
fivebyte --smp 4 --load "$work/lock.bpf.o" --exec 'attach lock_count; work load 300; detach all; map dump hash; map dump array; map dump lock.bss'
wanted locks_on_four_cpus 0 '^lock_count: fentry of send_frame' '^  \{ \.torn = 0 \}'
counts=$(sed -nE 's/^  2: \{ \.count = ([0-9]+), \.lock = \{ \.val = 0 \}, \.same = ([0-9]+) \}$/\1 \2/p' "$out" | tr ' ' '\n' | sort -u)
[ "$(wc -w <<<"$counts")" = 1 ] && [ "$counts" -gt 1000 ] && pass locks_keep_counts_together || fail locks_keep_counts_together "counts: $counts"

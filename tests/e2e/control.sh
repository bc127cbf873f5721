# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What stops a command that runs: byte 3 of the input, from a pipe as from a terminal.
. tests/e2e/lib.sh
plan 13

# keys (REGEX TEXT)...: each text, a moment after the machine has printed the regex.
keys() {
	local i
	sleep 1 # what the last machine printed is gone
	while [ $# -gt 0 ]; do
		for ((i = 0; i < 400; i++)); do
			grep -Eq -- "$1" "$out" && break
			sleep 0.1
		done
		sleep 0.7
		printf %b "$2"
		shift 2
	done
}

piped --smp 4 < <(keys started 'work load 100000; mem\nhelp\n' 'work load' '\003work net 10000000\n' 'work net' '\003\003ab\003links\n')
wanted control_byte_3_stops_what_runs 0 '^stopped at [0-9]+ of 100000$' '^stopped at [0-9]+ of 10000000$' '^nothing is attached$'
grep -Eq 'Several on one line|^pages|Ctrl-C stops it|error' "$out" && fail control_byte_3_drops_what_was_typed_before 'more was run or shown' ||
	pass control_byte_3_drops_what_was_typed_before

# The trace buffer keeps what it has shown.
fivebyte --smp 4 --exec 'attach wakeup; work wake 50; detach wakeup; trace 3; trace 3; trace clear; trace'
wanted control_trace_keeps_its_lines 0 '^3 lines, [0-9]+ older ones left out$' '^0 lines$'
[ "$(grep "We are waking" "$out" | head -n 3)" = "$(grep "We are waking" "$out" | tail -n +4)" ] &&
	pass control_trace_shows_the_same_again || fail control_trace_shows_the_same_again 'other lines'
fivebyte --smp 4 --exec 'attach wakeup; work wake 6000; detach wakeup; trace 1'
wanted control_trace_says_what_it_lost 0 '^1 line, 4095 older ones left out; [0-9]+ lost, because 4096 are kept$'

piped --smp 4 < <(keys started 'attach wakeup\ntrace follow\n' 'We are waking' '\003detach all\nlinks\n')
wanted control_trace_follows_until_byte_3 0 'my_wake_up: We are waking up' '^stopped: [0-9]+ lines$' '^nothing is attached$'

piped --smp 4 < <(keys started "attach skbcount\nwatch 'work net 10; map dump freed_per_cpu'\n" '--- 2: .* ---' '\003detach all; links\n')
wanted control_watch_repeats_until_byte_3 0 '^--- 1: work net 10; map dump freed_per_cpu ---$' '^--- 2: work net 10' '10$' '20$' \
	'^stopped$' '^nothing is attached$'
fivebyte --exec "watch 3600 detach skbcount"
wanted control_watch_ends_with_an_error 1 '^--- 1: detach skbcount ---$' '^error ENOENT: count_skb is not attached$'
[ "$(grep -c ' skbcount ---$' "$out")" = 1 ] && pass control_watch_does_not_repeat_an_error || fail control_watch_does_not_repeat_an_error 'it does'

# One sentence for all that does not run.
fivebyte --exec 'detach count_skb; ftrace off; graph off; kprobe off; hijack off; share off; stats off'
grep '^error' "$out" >"$work/errors"
wanted control_off_has_one_sentence 1 '^error ENOENT: count_skb is not attached$' '^error ENOENT: graph is not on$'
[ "$(grep -Ec '^error ENOENT: [a-z]+ is not on$' "$work/errors")" = 6 ] && pass control_off_is_the_same_everywhere ||
	fail control_off_is_the_same_everywhere "$(cat "$work/errors")"

# Without an IOAPIC the input is polled; under --icount time counts instructions.
piped --qemu '-machine pc,acpi=off' < <(keys started 'work load 100000\n' 'work load' '\003')
wanted control_byte_3_where_input_is_polled 0 'going on with one CPU' '^stopped at [0-9]+ of 100000$'
piped --icount < <(keys started 'work load 1000000\n' 'work load' '\003')
wanted control_byte_3_under_icount 0 '^stopped at [0-9]+ of 1000000$'

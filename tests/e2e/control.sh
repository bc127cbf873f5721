# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What stops a command that runs: byte 3 of the input, from a pipe as from a terminal.
. tests/e2e/lib.sh
plan 2

# keys PAUSE TEXT...: a pause before each text.
keys() {
	local pause=$1
	shift
	for text; do
		sleep "$pause"
		printf %b "$text"
	done
}
piped() {
	tools/fivebyte ${KERNEL:+--kernel "$KERNEL"} --timeout 60 "$@" >"$out" 2>&1
	status=$?
	sed -i 's/\r//g' "$out"
}

piped --smp 4 < <(keys 1.5 'work load 100000; mem\nhelp\n' '\003work net 10000000\n' '\003\003ab\003links\n')
wanted control_byte_3_stops_what_runs 0 '^stopped at [0-9]+ of 100000$' '^stopped at [0-9]+ of 10000000$' '^nothing is attached$'
grep -Eq 'Several on one line|^pages|Ctrl-C stops it|error' "$out" && fail control_byte_3_drops_what_was_typed_before 'more was run or shown' ||
	pass control_byte_3_drops_what_was_typed_before

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The demo without a terminal: all of it, by itself, from the CD image.
. tests/e2e/lib.sh

fivebyte --smp 4 --iso --demo
wanted demo_runs_through 0 '^--- 1 of 13' '^--- 13 of 13' '0f 1f 44 00 00   nop' 'call bpf_trampoline_kfree_skb' \
	'push rbp +save the frame pointer' 'sum 1000$' '^kfree_skb: .* for count_skb, receive_begins$' \
	'my_wake_up: We are waking up [^ ]+:[0-9]+$' '^That was the demo'
# The mail's lines are what they are.
wide=$(awk 'length > 80' "$out" | grep -vc 'my_wake_up: ')
[ "$wide" = 0 ] && pass demo_fits_80_columns || fail demo_fits_80_columns "$wide lines are wider: $(awk 'length > 80' "$out")"
# How many slots of the histogram are used is the machine's affair.
tall=$(awk '/^  [0-9]+: [0-9]+$/ { next } /^--- / { if (n > most) most = n; n = 0 } { n++ } END { print most }' "$out")
[ "$tall" -le 24 ] && pass demo_fits_24_lines || fail demo_fits_24_lines "$tall lines"

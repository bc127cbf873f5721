# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The demo without a terminal: all of it, by itself, from the CD image.
. tests/e2e/lib.sh
plan 3

fivebyte --smp 4 --iso --demo
wanted demo_runs_through 0 '^--- 1 of 17' '^--- 13 of 17' '0f 1f 44 00 00   nop' 'call bpf_trampoline_kfree_skb' \
	'push rbp +save the frame pointer' 'sum 1000$' '^kfree_skb: .* for count_skb, receive_begins$' \
	'jmp bpf_trampoline_netif_receive_skb$' '^ffffffff[0-9a-f]+ +alloc_skb\+0x0 +kprobe +ftrace +[0-9]+ +0 ' \
	'my_wake_up: We are waking up [^ ]+:[0-9]+$' 'my_wake_up_process: We are waking up [^ ]+:[0-9]+$' \
	'^audit clean: .* 0 changed by live links$' '^That was the demo'
# The lines of the mail have a fixed form.
wide=$(awk 'length > 80' "$out" | grep -Evc 'my_wake_up(_process)?: ')
[ "$wide" = 0 ] && pass demo_fits_80_columns || fail demo_fits_80_columns "$wide lines are wider: $(awk 'length > 80' "$out")"
# How many slots of the histogram are used depends on the machine.
tall=$(awk '/^  [0-9]+: [0-9]+$/ { next } /^--- / { if (n > most) most = n; n = 0 } { n++ } END { print most }' "$out")
[ "$tall" -le 24 ] && pass demo_fits_24_lines || fail demo_fits_24_lines "$tall lines"

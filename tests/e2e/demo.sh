# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The demo without a terminal: all of it, by itself, from the CD image.
. tests/e2e/lib.sh
plan 7

fivebyte --smp 4 --iso --demo
wanted demo_runs_through 0 '^The demo: .*' '23 steps; about 10 minutes' '^--- 1 of 23' '^--- 23 of 23' '^SEC\("fentry/kfree_skb"\)$' '0f 1f 44 00 00   nop' 'call bpf_trampoline_kfree_skb' \
	'push rbp +save the frame pointer' 'sum 1000$' '^error EINVAL: my_wake_up reads argument 1' '^4 tail, sync  cc ' '^error ENOMEM: work net' '^function graph ' '^kfree_skb: .* for count_skb, receive_begins$' \
	'jmp bpf_trampoline_netif_receive_skb$' '^ffffffff[0-9a-f]+ +alloc_skb\+0x0 +kprobe +ftrace +[0-9]+ +0 ' \
	'my_wake_up: We are waking up [^ ]+:[0-9]+$' 'my_wake_up_process: We are waking up [^ ]+:[0-9]+$' \
	'^audit clean: .* 0 changed by live links$' '^That was the demo'
# Without a terminal no refusal is broken; the lines of the mail are what they are; and how many rows a histogram has
# and how many digits the ticks of compare, depends on the machine. The row of compare that is left stands for all.
sed -E '/^way +x1/,/^kprobe, int3/d; /^  [0-9]+: [0-9]+$/d' "$out" >"$work/screens"
wide=$(awk 'length > 80' "$work/screens" | grep -Ev 'my_wake_up(_process)?: |^error |^kretprobe ')
[ -z "$wide" ] && pass demo_fits_80_columns || fail demo_fits_80_columns "wider: $wide"
tall=$(awk '/^kretprobe / { n += 13 } /^--- / { if (n > most) most = n; n = 0 } { n++ } END { print most }' "$work/screens")
[ "$tall" -le 24 ] && pass demo_fits_24_lines || fail demo_fits_24_lines "$tall lines"

# first WORD: what the line with its first appearance is; "said" if that is the text of a step.
first() {
	awk -v word="$1" '/^--- / { what = "said"; next } /^fivebyte> / { what = "printed by " $0 } $0 ~ "(^|[^a-z_])" word "s?($|[^a-z_])" { print what; exit }' "$out"
}
early=
for word in site BTF SEC xlated link missed poke trap hook trampoline image slot map fexit fmod_ret kprobe; do
	[ "$(first "$word")" = said ] || early="$early $word ($(first "$word"))"
done
[ -z "$early" ] && pass demo_says_a_word_before_it_is_printed || fail demo_says_a_word_before_it_is_printed "$early"
shown=$(sed -n '/^SEC.*)$/,/^}/p' "$out")
[ "$shown" = "$(sed -n '/^SEC("fentry/,/^}/p' progs/skbcount.bpf.c | expand -t 4)" ] && pass demo_shows_the_source || fail demo_shows_the_source "$shown"

fivebyte --smp 2 --exec 'demo 13; demo 15; links; audit'
wanted demo_begins_at_any_step 0 '^To begin at step 13:$' '^receive_ends +fexit +netif_receive_skb' '^--- 15 of 23' '^fivebyte> links$' \
	'^audit clean: .* 0 changed by live links$'
fivebyte --exec 'demo 0; demo 24; demo x'
wanted demo_refuses_other_steps 1 'EINVAL: 0 is not a step of the demo: say 1 to 23$' ': 24 is not a step' ': x is not a step'

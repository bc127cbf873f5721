# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What tracing costs, as compare and cost print it, and what loading costs: exact under --icount.
. tests/e2e/lib.sh
plan 21

ways='fentry|fexit, by jmp|fexit, by call|fmod_ret|fsession|raw tracepoint|ftrace, plain|ftrace, regs|function graph|kprobe, ftrace|kprobe, jump|kprobe, int3|kretprobe'

# row WAY: its cells in $work/table, one space between two: x1 x2 x4 x8 x16 x32 each-more stack regs code.
row() {
	grep -E "^$1  " "$work/table" | sed "s/^$1 *//" | tr -s ' '
}

# cell WAY N
cell() {
	row "$1" | cut -d ' ' -f "$2"
}

# every_way NAME: each has six figures, but fsession, of which 32 do not fit one function, five.
every_way() {
	local name=$1 way wanted
	while read -r way; do
		wanted='^([0-9]+ ){6}[0-9]+\.[0-9]( [0-9]+){3}$'
		[ "$way" = fsession ] && wanted='^([0-9]+ ){5}- [0-9]+\.[0-9]( [0-9]+){3}$'
		row "$way" | grep -Eq "$wanted" || { fail "$name" "no row like '$wanted' for $way"; return; }
	done < <(tr '|' '\n' <<<"$ways")
	[ "$(grep -Ec "^($ways)  " "$work/table")" = "$(tr '|' '\n' <<<"$ways" | wc -l)" ] ||
		{ fail "$name" 'not one row for each way'; return; }
	pass "$name"
}

# A user more costs the same from 8 to 16 as from 16 to 32. Each figure is rounded to a whole instruction.
constant() {
	local name=$1 way
	shift
	for way; do
		row "$way" | awk '{ bend = 2 * ($5 - $4) - ($6 - $5); exit !($7 > 0 && $7 <= 12 && bend >= -3 && bend <= 3) }' ||
			{ fail "$name" "$way: $(row "$way")"; return; }
	done
	pass "$name"
}

# rising NAME FIGURE...: each is less than the next.
rising() {
	local name=$1
	shift
	local IFS=' '
	awk -v all="$*" -v count=$# 'BEGIN {
		n = split(all, f, " ")
		for (i = 1; i < n; i++)
			if (f[i] + 0 >= f[i + 1] + 0)
				exit 1
		exit n != count
	}' && pass "$name" || fail "$name" "$*"
}

# costs NAME TICKS COMMANDS: each attach and each detach that cost printed, of one function or for each of
# many, took at most so many ticks, and three syncs.
costs() {
	awk -v most="$2" -v commands="$3" '
		/^(attach|detach) +[0-9]+ ticks/ {
			ticks = /for each of/ ? $4 : $2
			if (ticks > most || !/, 3 syncs of all CPUs$/) exit
			n[$1]++
		}
		END { exit n["attach"] != commands || n["detach"] != commands }' "$out" && pass "$1" || fail "$1" "$(grep 'ticks' "$out")"
}

one='cost count_fentry kfree_skb; cost count_fexit kfree_skb; cost count_fmod_ret alloc_skb; cost my_wake_up'
all='cost count_fentry "*"; cost count_fexit "*"'

# exact FILE: also copies the output to FILE.
exact() {
	fivebyte --smp 1 --icount --exec "$one; $all; compare kfree_skb; audit"
	cp "$out" "$1"
}

exact "$work/table"
wanted figures_count_instructions 0 '^Instructions that tracing adds to a call of kfree_skb' \
	'^Hidden in QEMU: a lock takes 7 ns, .* return 10, .* exception 1000\.$' '^Linux calls enter and exit .* here detach pays for it\.$' \
	'^attach .*, [0-9]+ for each of [0-9]{3,4} functions, 3 syncs' '^audit clean: .* 0 changed by live links$'
costs figures_attach_and_detach_take_50000_and_3_syncs 50000 6
every_way figures_of_every_way
constant figures_each_more_is_a_constant fentry 'fexit, by jmp' 'fexit, by call'
rising figures_fentry_then_ftrace_then_int3 "$(cell fentry 1)" "$(cell 'ftrace, plain' 1)" "$(cell 'ftrace, regs' 1)" "$(cell 'kprobe, int3' 1)"
rising figures_of_lists_grow_faster "$(cell fentry 7)" "$(cell 'ftrace, plain' 7)" "$(cell 'kprobe, ftrace' 7)" "$(cell kretprobe 7)"
wide=$(sed -n '/^fivebyte> compare/,/^fivebyte> audit/p' "$out" | awk 'length > 80')
[ -z "$wide" ] && pass figures_fit_80_columns || fail figures_fit_80_columns "wider: $wide"

# call N: what the Nth `cost` printed for a call.
call() {
	grep -E '^call +[0-9]+ instructions more$' "$out" | sed -n "$1p" | tr -dc 0-9
}

[ "$(call 1)" = "$(cell fentry 1)" ] && pass figures_of_cost_are_those_of_compare || fail figures_of_cost_are_those_of_compare "$(call 1)"

exact "$work/again"
cmp -s "$work/again" "$work/table" && pass figures_repeat || fail figures_repeat "differs: $(diff "$work/table" "$work/again")"

# 65 rounds of N and of 2 N calls, each with one more at its end: no round is measured twice.
fivebyte --smp 1 --exec 'cost count_fentry kfree_skb; map dump count.bss'
wanted figures_measure_each_round_once 0 '\{ \.counts = \[6370\] \}'

# What maps cost: by task, by task and twice a call, by CPU and by protocol.
fivebyte --smp 1 --icount --exec 'cost count_pid kfree_skb; cost latency kfree_skb; cost count_skb'
within() {
	[ "$2" ] && [ "$2" -ge 30 ] && [ "$2" -le "$3" ] && pass "$1" || fail "$1" "$2 instructions, not 30 to $3"
}
within figures_of_a_count_by_pid "$(call 1)" 90
within figures_of_a_latency_by_pid "$(call 2)" 430
within figures_of_two_counts_in_maps "$(call 3)" 370

# What a load costs, of a program that does nothing. The second time everything is as before the first.
compile docs/book/empty.bpf.c "$work/empty.bpf.o" || fail figures_compile_an_empty_program 'clang failed'
both='mem; cost load empty'
fivebyte --smp 1 --icount --load "$work/empty.bpf.o" --exec "$both; $both; prog list; cost load skbcount; cost load count_skb; cost load; audit"
wanted figures_of_a_load 1 '^load +[0-9]+ instructions, of which$' '^audit clean: ' '^error EINVAL: usage: cost PROG' \
	'^error ENOENT: no object is called count_skb; prog list names them$'
part() {
	sed -n "s/^$1 *\([0-9]*\) .*/\1/p" "$out" | sed -n "$2p"
}
load=$(part load 1) walk=$(part walk 1) compile=$(part compile 1)
[ "${load:-0}" -gt 10000 ] && [ "$load" -lt 150000 ] && pass figures_of_an_empty_load_are_below_150000 ||
	fail figures_of_an_empty_load_are_below_150000 "$load"
[ "${walk:-0}" -gt 100 ] && [ "${compile:-0}" -gt 100 ] && [ "$((walk + compile))" -lt "$load" ] && pass figures_of_its_parts ||
	fail figures_of_its_parts "$walk and $compile of $load"
[ "$(part load 2) $(part walk 2) $(part compile 2)" = "$load $walk $compile" ] && pass figures_of_a_load_repeat ||
	fail figures_of_a_load_repeat "not the second time: $(part load 2)"
[ "$(part load 3)" -gt "$load" ] && [ "$(part walk 3)" -gt "$((2 * walk))" ] && pass figures_of_a_longer_program_are_larger ||
	fail figures_of_a_longer_program_are_larger "$(part load 3), $(part walk 3)"
[ "$(grep -o '^pages.*\|^heap .* in use' "$out" | sort -u | wc -l) $(grep -c ' empty ' "$out")" = '2 1' ] &&
	pass figures_of_a_load_leave_nothing || fail figures_of_a_load_leave_nothing 'memory, or an object'

# Ticks of other machines mean little, but the table must be whole.
fivebyte --smp 8 --exec 'compare kfree_skb; audit'
cp "$out" "$work/table"
wanted figures_on_8_cpus_are_ticks 0 '^Ticks that tracing adds' '^audit clean: .* 0 changed by live links$'
every_way figures_of_every_way_on_8_cpus

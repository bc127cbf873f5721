# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a terminal sees: its width, and colours. Without pseudo-terminals those tests are skipped.
. tests/e2e/lib.sh
plan 16

# on_terminal COLUMNS COMMANDS: as `fivebyte --exec` on a terminal of that width.
on_terminal() {
	export COMMANDS=$2
	TERM=${terminal:-vt100} expect -c "
		set stty_init {rows 24 columns $1}
		set timeout 60
		spawn -noecho tools/fivebyte ${KERNEL:+--kernel $KERNEL} --smp 2 --exec \$env(COMMANDS)
		expect eof
		exit [lindex [wait] 3]" >"$out" 2>&1
	status=$?
	sed -i 's/\r*$//; s/.*\r//' "$out" # of a line that is written again and again, the last
}

escape=$(printf '\033')
tables='attach skbcount; attach skblat; ftrace wake_up_process; kprobe alloc_skb+5; links; prog list; map list; funcs *skb*; tracepoints; kprobe list; ftrace list; tramp kfree_skb; site kfree_skb; map dump latency_log2; prog show count_skb; prog dump count_skb; prog dump count_skb jited; mem; share; site a_name_that_no_function_of_this_kernel_has; help'

# not_wider COLUMNS: no line is wider, and all the words are those of the widest terminal.
not_wider() {
	local name=looks_fit_$1_columns wide words
	NO_COLOR=1 on_terminal "$1" "$tables; ps; cpus; stats on; work net 10; stats; poke kfree_skb; ftrace off; kprobe off; detach all; compare kfree_skb"
	wide=$(awk -v most="$1" '!/^spawn / && length > most' "$out")
	[ "$status" = 1 ] || { fail "$name" "exit status $status, not 1"; return; }
	[ -z "$wide" ] || { fail "$name" "wider: $wide"; return; }
	# The mark that an instruction belongs to the step above it stands as often as there are rows.
	words=$(sed '1d; /^fivebyte> mem/,/^fivebyte> share/d; /^fivebyte> ps$/,$d' "$out" | tr -s ' \n' '\n\n' | grep -v '^"$' | sort)
	[ "${all_words=$words}" = "$words" ] && pass "$name" ||
		fail "$name" "other words than on the widest: $(diff <(echo "$all_words") <(echo "$words") | head -n 5)"
}

coloured() {
	grep -q "$escape" "$out"
}

# plain NAME: `ps` has printed its table, and nothing has a colour.
plain() {
	! coloured && grep -q kthreadd "$out" && pass "$1" || fail "$1" 'an escape sequence, or no table'
}

if expect -c 'spawn -noecho true; expect eof' >/dev/null 2>&1; then
	for columns in 140 80 60; do
		not_wider $columns
	done
	on_terminal 80 'attach skbcount; links; site nonsense; ps; site kfree_skb; poke-test kfree; poke-test kfree; poke alloc_skb'
	wanted looks_names_have_a_colour 1 "^$escape\[36mcount_skb$escape\[0m  fentry"
	wanted looks_headings_have_none 1 '^program    type '
	wanted looks_reasons_have_a_colour 1 "^$escape\[31merror ENOENT: .*nonsense$escape\[0m"
	wanted looks_coloured_last_column 1 "  ${escape}\[36mkthreadd$escape\[0m$"
	wanted looks_changed_bytes_of_a_site 1 "^$escape\[36mkfree_skb$escape\[0m at " \
		"^  $escape\[1;35me8$escape\[0m ($escape\[1;35m..$escape\[0m ?){4}   call bpf_trampoline" \
		"^  0f 1f 44 00 $escape\[1;35m08$escape\[0m   $escape\[31mNOT what belongs here"
	wanted looks_changed_bytes_of_a_poke 1 "^3 int3, sync  $escape\[1;35mcc$escape\[0m 1f 44 00 00  1  "
	# The table has 56 columns with two spaces behind each.
	on_terminal 54 'attach skbcount; links'
	wanted looks_numbers_stand_closer 0 '^program    type    attached to cookie missed mistakes'
	# As make run does.
	TERM=vt100 expect -c "
		set stty_init {rows 24 columns 60}
		set timeout 60
		spawn -noecho tools/fivebyte ${KERNEL:+--kernel $KERNEL} --iso --demo
		expect {any key}
		send q
		expect {fivebyte> }
		send {exit}
		expect {exit}" >"$out" 2>&1
	wide=$(tr '\r' '\n' <"$out" | sed -E "s/$escape\[[0-9;]*[a-zA-Z]//g" | awk '/^The demo/ { on = 1 } on && length > 60')
	coloured && grep -q '^The demo' "$out" && [ -z "$wide" ] && pass looks_demo_through_grub ||
		fail looks_demo_through_grub "no colours, or wider: $wide"
	NO_COLOR=1 on_terminal 80 'links; site nonsense; ps'
	plain looks_no_color
	terminal=dumb on_terminal 80 'links; site nonsense; ps'
	plain looks_dumb_terminal
	TERM=vt100 expect -c 'set timeout 60; set stty_init {columns 60}; spawn -noecho sh -c "tools/fivebyte --exec ps | cat"; expect eof' >"$out" 2>&1
	plain looks_no_colours_in_a_pipe
else
	for name in fit_140_columns fit_80_columns fit_60_columns names_have_a_colour headings_have_none \
		reasons_have_a_colour coloured_last_column changed_bytes_of_a_site changed_bytes_of_a_poke numbers_stand_closer \
		demo_through_grub no_color dumb_terminal no_colours_in_a_pipe; do
		skip "looks_$name" 'no pseudo-terminal'
	done
fi

fivebyte --exec 'attach skbcount; links; site nonsense; ps'
plain looks_no_colours_in_a_file
wanted looks_rows_in_a_file 1 '^count_skb  fentry  kfree_skb ' '^error ENOENT: '

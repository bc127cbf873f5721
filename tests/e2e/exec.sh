# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --exec on machines of every kind: wake-ups as in the mail that brought trampolines to Linux, then the nop
# again.
. tests/e2e/lib.sh
plan 29

line='^ *[^ ].*-[0-9]+ +\[[0-9]{3}\] [d.][N.][Hhs.][0-9.] +[0-9]+\.[0-9]{6}: my_wake_up: We are waking up [^ :]+:[0-9]+$'

watch_wakeups() {
	name=$1
	shift
	fivebyte "$@" --exec 'attach wakeup; work wake 1000; trace 5; map list; detach all; site wake_up_process'
	wanted "exec_wakeups_$name" 0 "$line" '^wakeup\.rodata ' '^  0f 1f 44 00 00   nop'
	[ "$(grep -Ec "$line" "$out")" = 5 ] && pass "exec_five_lines_$name" || fail "exec_five_lines_$name" 'not five lines'
}

watch_wakeups 1_cpu --smp 1
watch_wakeups 4_cpus --smp 4
watch_wakeups 16_cpus --smp 16
watch_wakeups iso --smp 4 --iso
watch_wakeups icount --smp 4 --icount

fivebyte --smp 4 --exec 'attach skbcount; work net 640; map dump freed_per_cpu; map dump freed_per_proto; detach all'
wanted exec_counts_every_packet 0 'sum 640$' '^  2048 ETH_P_IP: 560$' '^  2054 ETH_P_ARP: 40$' '^  34525 ETH_P_IPV6: 40$'
[ "$(grep -Eo '^  [0-9]+ ETH' "$out" | tr -d '\nETH')" = '  2048   2054   34525 ' ] && pass exec_maps_are_sorted || fail exec_maps_are_sorted 'another order'

fivebyte --smp 4 --exec 'attach skblat; work net 500; map dump latency_log2; tramp netif_receive_skb; detach all; links'
wanted exec_measures_the_packet_path 0 'call netif_receive_skb\+0x5' 'keep the return value' '^nothing is attached$'
total=$(awk '/^latency_log2/ { on = 1; next } /^ +[0-9]+: [0-9]+ +>= +[0-9]+ [|]#*$/ && on { n += $2 } /^fivebyte/ { on = 0 } END { print n + 0 }' "$out")
awk '/  >= / { n = gsub(/#/, ""); if (n > most) most = n; if ($2 != 0 && n == 0) bad = 1; if (length($0) + n > 80) bad = 1 } END { exit bad || most < 40 }' "$out" &&
	pass exec_histogram_has_bars || fail exec_histogram_has_bars 'bars are wrong'
[ "$total" = 500 ] && pass exec_histogram_adds_up || fail exec_histogram_adds_up "$total packets of 500"

fivebyte --exec 'attach skbcount; tramp kfree_skb; detach all; tramp kfree_skb; site kfree_skb'
wanted exec_one_argument_takes_16_bytes 0 '^stack: 16 of 16 bytes for saved registers \(frame pointer, 1 argument\)$' \
	'push rbp' 'mov \[rbp-8\], rdi' 'there is no trampoline'
saved=$(grep -cE 'push |mov \[rbp' "$out")
[ "$saved" = 2 ] && pass exec_nothing_else_is_saved || fail exec_nothing_else_is_saved "$saved stores to the stack"

# Under --icount the numbers are the same each time.
fivebyte --icount --exec 'work wake 100; work net 100'
cp "$out" "$work/first"
fivebyte --icount --exec 'work wake 100; work net 100'
cmp -s "$out" "$work/first" && pass exec_icount_repeats || fail exec_icount_repeats "differs from $(cat "$work/first")"

fivebyte --smp 4 --exec 'funcs; funcs wake_up; prog list; prog show count_skb; prog dump count_skb xlated; prog dump count_skb jited; links; map list; ps; cpus; mem; trace; help; help attach'
wanted exec_every_command_that_only_shows 0 'int wake_up_process\(struct task_struct \* p\)' '^count_skb +skbcount +fentry +kfree_skb' \
	'; count = bpf_map_lookup_elem' 'call bpf_map_update_elem#2' 'push rbp' 'kthreadd' 'rcu_preempt' 'kworker/0:1' 'attach PROG'

fivebyte --exec 'site kfree_skb' --exec 'links'
wanted exec_several_times 0 '^kfree_skb at ' '^nothing is attached'

fivebyte --smp 4 --exec 'audit; attach skbcount; attach wakeup; work net 100; audit; detach all; audit'
wanted exec_audit_is_clean_with_and_without_links 0 '^audit clean: [0-9]+ bytes of text, [0-9]+ sites, 0 changed by live links$' \
	'^audit clean: .* 2 changed by live links$'

# What a terminal of 80 columns shows; names that users choose may be longer.
fivebyte --exec 'help; tracepoints; prog list; attach count_fsession kfree_skb cookie 77; tramp kfree_skb; attach skblat; tramp netif_receive_skb; links; ftrace alloc_skb; ftrace list; kprobe schedule; kprobe list; audit'
wanted exec_long_lines_are_broken_between_words 0 'context\[-1\]: count_fsession$' '^ {47}at the call$' '^ {15}dev, unsigned int skb_len\)$'
wide=$(awk 'length > 80 && !/^fivebyte> /' "$out")
[ -z "$wide" ] && pass exec_fits_80_columns || fail exec_fits_80_columns "wider: $wide"

fivebyte --exec 'attach count_fsession kfree_skb; site kfree_skb; attach count_fsession wake_up_process'
wanted exec_session_is_one_program 0 '^  as expected: 1 program attached$'
[ "$(grep -c '^count_fsession: fsession of kfree_skb$' "$out")" = 1 ] && pass exec_attach_names_new_links ||
	fail exec_attach_names_new_links 'kfree_skb is named again'

# --quiet: the same without the lines of the machine and of the shell; refusals and the status stay.
commands='attach skbcount; work net 640; map dump freed_per_proto; site nonsense; audit'
quiet_equals() {
	local name=$1 want=$2
	shift 2
	fivebyte "$@"
	sed -E '/^fivebyte[:>]/d; s/ in [0-9.]+ ms//' "$out" >"$work/without"
	fivebyte --quiet "$@"
	sed -E -i 's/ in [0-9.]+ ms//' "$out"
	[ "$status" = "$want" ] && cmp -s "$out" "$work/without" && pass "$name" ||
		fail "$name" "status $status; $(diff "$out" "$work/without" | head -n 4)"
}
quiet_equals exec_quiet_prints_what_commands_print 1 --smp 4 --exec "$commands"
quiet_equals exec_quiet_through_grub 0 --iso --exec 'cpus; links'
fivebyte --quiet --exec ''
[ "$status" = 0 ] && [ ! -s "$out" ] && pass exec_quiet_says_nothing_itself || fail exec_quiet_says_nothing_itself "status $status"
piped --quiet < <(printf 'links\nlinks\n')
[ "$status" = 0 ] && [ "$(sort -u "$out")" = 'nothing is attached' ] && pass exec_quiet_on_standard_input || fail exec_quiet_on_standard_input "status $status, or something else"

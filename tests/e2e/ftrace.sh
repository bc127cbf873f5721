# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The old ways from the shell: counting callbacks, the function graph, a function replaced, sites with owners.
. tests/e2e/lib.sh
plan 8

line='^ *[^ ].*-[0-9]+ +\[[0-9]{3}\] [d.][N.][Hhs.][0-9.] +[0-9]+\.[0-9]{6}: my_wake_up_process: We are waking up [^ :]+:[0-9]+$'

fivebyte --smp 4 --exec 'hijack on; site wake_up_process; work wake 100; trace 5; hijack off; site wake_up_process; audit'
wanted ftrace_hijack_prints_the_mails_line 0 "$line" 'call ftrace_trampoline_hijack' 'wake_up_process is itself' \
	'^  0f 1f 44 00 00   nop' '^audit clean'
[ "$(grep -Ec "$line" "$out")" = 5 ] && pass ftrace_hijack_prints_every_wake_up || fail ftrace_hijack_prints_every_wake_up 'not five lines'

fivebyte --smp 4 --exec 'ftrace kfree_skb; ftrace kfree_skb regs; ftrace alloc_*; work net 640; ftrace list; ftrace off; ftrace list; site kfree_skb'
wanted ftrace_counts_every_call 0 '^kfree_skb +ftrace_regs_caller +count1, count2$' '^count1 +arguments +1 +640 +0$' \
	'^count2 +all +1 +640 +0$' '^count2: 640 calls$' 'ftrace has no callbacks' '^  0f 1f 44 00 00   nop'

fivebyte --smp 4 --exec 'graph netif_receive_skb; graph kfree_skb; work net 10; trace 20; graph off; audit'
wanted ftrace_graph_shows_entries_and_returns 0 'graph: +\|  netif_receive_skb\(\) \{$' \
	'graph: +[0-9]+\.[0-9]{3} us \|  \} /\* netif_receive_skb \*/$' 'graph: +\|  kfree_skb\(\) \{$'

fivebyte --exec 'attach skbcount; ftrace kfree_skb'
wanted ftrace_bpf_is_named_as_owner 1 'error EBUSY: kfree_skb belongs to BPF \(program count_skb\)'
fivebyte --exec 'hijack maybe'
wanted ftrace_hijack_knows_on_and_off 1 'usage: hijack \[on|off\]'
fivebyte --exec 'ftrace kfree_skb; attach skbcount'
wanted ftrace_owner_is_named_to_bpf 1 'error EBUSY: .*kfree_skb belongs to ftrace \(ops count1\); share on lets both live there'

fivebyte --smp 4 --exec 'share on; ftrace kfree_skb; attach skbcount; work net 640; ftrace list; map dump freed_per_cpu; detach all; ftrace off; share off; site kfree_skb; audit'
wanted ftrace_and_bpf_share_a_site 0 '^kfree_skb +ftrace_regs_caller +count1, BPF$' 'sum 640$' '^count1: 640 calls$' '^  0f 1f 44 00 00   nop'

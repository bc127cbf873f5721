# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs that access bad addresses, and the messages about it.
. tests/e2e/lib.sh
plan 4

KERNEL=build/fivebyte-test.elf fivebyte --test panic_triple_fault_without_an_idt
wanted mistakes_triple_fault_has_a_status_of_its_own 3 '^fivebyte: triple fault: .*so the machine reset itself\.$'

KERNEL=build/fivebyte-test.elf fivebyte --test panic_names_the_programs_at_its_functions
wanted mistakes_of_ours_name_the_programs_attached_to_the_backtrace 1 '^panic: trap: ' '^  #[0-9]+ kfree_skb\+' \
	'^  programs attached to these functions: count_skb of kfree_skb$'

compile tests/progs/mistakes.bpf.c "$work/mistakes.bpf.o"
fivebyte --load "$work/mistakes.bpf.o" \
	--exec 'attach wrong; attach asks; work net 10; trace 20; prog show wrong; prog show asks; links; detach all'
wanted mistakes_are_counted_and_shown_with_their_line 0 \
	': wrong: bad address, load read as 0: insn [0-9]+ \(mistakes\.bpf\.c:1[78]\); more of it is only counted$' \
	'^  mistakes   30 loads read as 0; first at insn [0-9]+ \(mistakes\.bpf\.c:1[78]\)$' \
	'^wrong +fentry +kfree_skb +0 +30$' '^asks +fentry +kfree_skb +0 +0$'
told=$(grep -c 'bad address' "$out")
shown=$(grep -c '^  mistakes' "$out")
[ "$told $shown" = "1 1" ] && pass mistakes_are_told_once_and_answers_are_none ||
	fail mistakes_are_told_once_and_answers_are_none "$told lines of trace, $shown of prog show"

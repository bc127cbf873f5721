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

cat >"$work/wrong.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

long seen;

SEC("fentry/kfree_skb")
int BPF_PROG(wrong, struct sk_buff *skb)
{
	volatile long address = 16;

	*(volatile int *)address = 1;
	seen += *(volatile int *)(address + 4);
	return 0;
}

/* An error is an answer. */
SEC("fentry/kfree_skb")
int BPF_PROG(asks, struct sk_buff *skb)
{
	long value;

	if (bpf_probe_read_kernel(&value, sizeof(value), (void *)16))
		seen++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
END
compile "$work/wrong.bpf.c" "$work/wrong.bpf.o"
fivebyte --load "$work/wrong.bpf.o" \
	--exec 'attach wrong; attach asks; work net 10; trace 20; prog show wrong; prog show asks; links; detach all'
wanted mistakes_are_counted_and_shown_with_their_line 0 \
	': wrong: bad address, store dropped: insn [0-9]+ \(wrong\.bpf\.c:12\); more of it is only counted$' \
	'^  mistakes   10 stores dropped, 10 loads read as 0; first at insn [0-9]+ \(wrong\.bpf\.c:12\)$' \
	'^wrong +fentry +kfree_skb +0 +20$' '^asks +fentry +kfree_skb +0 +0$'
told=$(grep -c 'bad address' "$out")
shown=$(grep -c '^  mistakes' "$out")
[ "$told $shown" = "1 1" ] && pass mistakes_are_told_once_and_answers_are_none ||
	fail mistakes_are_told_once_and_answers_are_none "$told lines of trace, $shown of prog show"

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs that do not end are refused. Of those that take too long: with interrupts off the machine panics and names them, with interrupts on it goes
# on.
. tests/e2e/lib.sh
plan 13

# hang NAME: an endless program, on CPU 1, at a function, from standard input behind the usual head.
hang() {
	{
		printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n'
		printf 'char LICENSE[] SEC("license") = "GPL";\n'
		cat
	} >"$work/$1.bpf.c"
	compile "$work/$1.bpf.c" "$work/$1.bpf.o" || fail "hangs_${1}_compiles" "clang"
}

hang endless <<'END'
SEC("fentry/sched_tick") int BPF_PROG(in_tick)
{
	volatile int x = 1;

	if (bpf_get_smp_processor_id() == 1)
		while (x)
			;
	return 0;
}
END

# Two loops of 2^23 rounds in each other: too long for anybody, and accepted. In a tick, interrupts are off; where a
# sender begins, they are on.
loops() {
	printf 'static long inner(u64 i, void *ctx)\n{\n\treturn 0;\n}\n'
	printf 'static long outer(u64 i, void *ctx)\n{\n\tbpf_loop(1 << 23, inner, ctx, 0);\n\treturn 0;\n}\n'
	printf 'SEC("fentry/%s") int BPF_PROG(%s)\n{\n' "$1" "$2"
	printf '\tif (bpf_get_smp_processor_id() == 1)\n\t\tbpf_loop(1 << 23, outer, 0, 0);\n\treturn 0;\n}\n'
}
loops sched_tick in_tick | hang tick
loops udp_send_thread at_sender | hang nested

# Some seconds only.
hang while <<'END'
static long is_over(u64 i, void *end)
{
	return bpf_ktime_get_ns() >= *(u64 *)end;
}

static long wait(u64 i, void *end)
{
	bpf_loop(1 << 23, is_over, end, 0);
	return bpf_ktime_get_ns() >= *(u64 *)end;
}

SEC("fentry/udp_send_thread") int BPF_PROG(for_a_while)
{
	u64 end = bpf_ktime_get_ns() + 3000000000;

	if (bpf_get_smp_processor_id() == 1)
		bpf_loop(1 << 23, wait, &end, 0);
	return 0;
}
END

fivebyte --load "$work/endless.bpf.o" --exec 'attach in_tick'
wanted hangs_without_an_end_are_refused 1 \
	'^error EINVAL: endless is not loaded: program in_tick: endless\.bpf\.c:10: insn [0-9]+: this loop does not end: it comes back to this line and nothing has changed'

fivebyte --smp 2 --load "$work/tick.bpf.o" --exec 'attach in_tick; work load 1000; detach all; cpus'
wanted hangs_with_interrupts_off_panics_and_names_cpu_program_and_line 1 \
	'^panic: .* for 10 s: CPU 1 is in in_tick \(tick\.bpf\.c:[0-9]+\)$' '^CPU 1, .*, interrupts off:$' \
	'^   ip ffffffff' '^  #[0-9]+ bpf_prog_[0-9a-f]+_in_tick\+0x' '^  #[0-9]+ sched_tick\+0x' \
	'^  programs that CPU 1 runs: in_tick \(tick\.bpf\.c:[0-9]+\)$'

fivebyte --smp 2 --load "$work/nested.bpf.o" \
	--exec 'attach at_sender; work load 100; links; detach all; site udp_send_thread; audit; cpus'
wanted hangs_with_interrupts_on_is_told_once_and_the_shell_lives_on 1 \
	'^CPU 1 has been in at_sender \(nested\.bpf\.c:(7|11)\) for [5-9] s$' \
	'^error ETIMEDOUT: what work load used is not freed after ten seconds$' '^at_sender +fentry ' '^  as expected: nothing is attached$' \
	'^at_sender is detached, but it still runs( on CPU 1)?: its memory is freed when it has ended$' \
	'^audit clean: .* 0 changed by live links$' '^ +1 +1 +udp_send/1:'
told=$(grep -c 'has been in' "$out")
[ "$told" = 1 ] && pass hangs_is_told_once || fail hangs_is_told_once "$told times"

# It is detached while `work load` waits for it: then there is nothing to report.
fivebyte --smp 2 --load "$work/while.bpf.o" --exec 'attach for_a_while; work load 100; detach all; links'
wanted hangs_that_end_leave_nothing_behind 0 '^100 ms of senders' '^nothing is attached$'
grep -q 'still runs\|has been in' "$out" && fail hangs_below_five_seconds_are_not_told "told" ||
	pass hangs_below_five_seconds_are_not_told

# panics TEST REGEX...: in the machine, where a program can be interpreted and a CPU do what it should not.
panics() {
	name=$1
	shift
	KERNEL=build/fivebyte-test.elf fivebyte --smp "${CPUS:-2}" --test "panic_$name"
	wanted "hangs_$name" 1 "$@"
}
panics names_a_compiled_program_that_does_not_end '^panic: .* for 10 s: CPU [01] is in nested \(insn 1[0-9]\)$'
panics names_an_interpreted_program_that_does_not_end '^panic: .* for 10 s: CPU [01] is in nested \(insn 1[0-9]\)$'
panics spin_lock_that_is_not_released '^panic: a spin lock has not been released for 10 s' '^  #[0-9] spin_lock\+'
CPUS=4 panics spin_lock_that_another_cpu_holds '^panic: a spin lock has not been released for 10 s: CPU [0-3] is at ndelay' '^CPU [0-3], stay, interrupts on:$'
grep -q '^CPU [0-3], idle' "$out" && fail hangs_idle_cpus_are_not_shown "$(grep '^CPU' "$out")" || pass hangs_idle_cpus_are_not_shown
panics rcu_barrier_that_a_cpu_holds_up '^panic: rcu: .* for 10 s: CPU [01] is at ndelay' '^CPU [01], stay, interrupts on:$'
panics cpu_that_takes_no_interrupt '^panic: a CPU has taken no interrupt for 10 s: CPU [01] is at ndelay'

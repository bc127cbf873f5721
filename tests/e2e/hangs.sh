# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs that do not end: with interrupts off the machine panics and names them.
. tests/e2e/lib.sh
plan 6

# hang NAME: an endless program, on CPU 1, at a function, from standard input behind the usual head.
hang() {
	{
		printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n'
		printf 'char LICENSE[] SEC("license") = "GPL";\n'
		cat
	} >"$work/$1.bpf.c"
	compile "$work/$1.bpf.c" "$work/$1.bpf.o" || fail "hangs_${1}_compiles" "clang"
}

hang tick <<'END'
SEC("fentry/sched_tick") int BPF_PROG(in_tick)
{
	volatile int x = 1;

	if (bpf_get_smp_processor_id() == 1)
		while (x)
			;
	return 0;
}
END

fivebyte --smp 2 --load "$work/tick.bpf.o" --exec 'attach in_tick; work load 1000; detach all; cpus'
wanted hangs_with_interrupts_off_panics_and_names_cpu_program_and_line 1 \
	'^panic: .* for 10 s: CPU 1 is in in_tick \(tick\.bpf\.c:10\)$' '^CPU 1, .*, interrupts off:$' \
	'^   ip ffffffff' '^  #0 bpf_prog_[0-9a-f]+_in_tick\+0x' '^  #[0-9]+ sched_tick\+0x' \
	'^  programs that CPU 1 runs: in_tick \(tick\.bpf\.c:10\)$'

# panics TEST REGEX...: in the machine, where a program can be interpreted and a CPU do what it should not.
panics() {
	name=$1
	shift
	KERNEL=build/fivebyte-test.elf fivebyte --smp 2 --test "panic_$name"
	wanted "hangs_$name" 1 "$@"
}
panics names_a_compiled_program_that_does_not_end '^panic: .* for 10 s: CPU [01] is in nested \(insn 1[0-9]\)$'
panics names_an_interpreted_program_that_does_not_end '^panic: .* for 10 s: CPU [01] is in nested \(insn 1[0-9]\)$'
panics spin_lock_that_is_not_released '^panic: a spin lock has not been released for 10 s' '^  #[0-9] spin_lock\+'
panics rcu_barrier_that_a_cpu_holds_up '^panic: rcu: .* for 10 s: CPU [01] is at ndelay' '^CPU [01], stay, interrupts on:$'
panics cpu_that_takes_no_interrupt '^panic: a CPU has taken no interrupt for 10 s: CPU [01] is at ndelay'

// SPDX-License-Identifier: MIT
// The code that the JIT writes in place of a call returns what the helper's function returns; on the host and
// in the machine.
#include "kernel/lib/mem.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/compile.h"
#include "vm/run/helper.h"

/* What a call of the helper returns. */
static u64 result_of(i32 id, enum prog_mode mode)
{
	const struct insn insns[] = { { OPCODE_CALL, .imm = id }, { .op = OPCODE_EXIT } };
	struct prog *p = vm_load(NULL, insns, array_len(insns), mode);
	u64 r0 = p ? vm_call(p, NULL, 0) : 0;
	prog_free(p);
	return r0;
}

TEST(inline_time_is_the_time)
{
	static const i32 ids[] = { BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns };
	helper_add_table(NULL, 0);
	for (u32 i = 0; i < 200; i++) {
		u64 before = ktime_get_ns();
		u64 time = result_of(ids[i % 2], PROG_JIT);
		u64 between = result_of(ids[i % 2], PROG_INTERPRET);
		u64 again = result_of(ids[i % 2], PROG_JIT);
		if (!check(before <= time && time <= between && between <= again && again <= ktime_get_ns()))
			break;
	}
}

TEST(inline_task_is_the_one_that_runs)
{
	static const i32 ids[] = { BPF_FUNC_get_current_task, BPF_FUNC_get_current_task_btf };
	helper_add_table(NULL, 0);
	for (u32 i = 0; i < array_len(ids); i++) {
		check_eq((uptr)current, result_of(ids[i], PROG_JIT));
		check_eq((uptr)current, result_of(ids[i], PROG_INTERPRET));
	}
	u64 want = (u64)(u32)current->tgid << 32 | (u32)current->pid;
	check_eq(want, result_of(BPF_FUNC_get_current_pid_tgid, PROG_JIT));
	check_eq(want, result_of(BPF_FUNC_get_current_pid_tgid, PROG_INTERPRET));
}

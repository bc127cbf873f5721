// SPDX-License-Identifier: MIT
// Puts instructions into programs and takes them out.
#include <sys/wait.h>
#include <unistd.h>
#include "kernel/lib/mem.h"
#include "tests/fuzz/fuzz.h"

/* Where an instruction keeps how far it leads: 0 nowhere, 1 in off, 2 in imm. */
static u32 leads_by(const struct insn *in)
{
	if (insn_is_jump(in))
		return in->op == OPCODE_JA32 ? 2 : 1;
	return insn_names_func(in) ? 2 : 0;
}

/* A place gets n slots more (n < 0: less). */
static void move_targets(struct insn *p, u32 count, u32 at, i32 n)
{
	for (u32 i = 0; i < count; i++) {
		struct insn *in = &p[i];
		u32 by = leads_by(in);
		i64 target = (i64)i + 1 + (by == 2 ? in->imm : in->off);
		i32 more = !by ? 0 : i < at && target > (i64)at ? n : i >= at && target <= (i64)at ? -n : 0;
		if (by == 2)
			in->imm = (i32)((u32)in->imm + (u32)more);
		else
			in->off = (i16)(in->off + more);
		if (insn_is_wide(in))
			i++;
	}
}

u32 fuzz_put_in(struct insn *p, u32 count, u32 at, struct insn in)
{
	move_targets(p, count, at, 1);
	memmove(p + at + 1, p + at, (count - at) * sizeof(*p));
	p[at] = in;
	return count + 1;
}

u32 fuzz_take_out(struct insn *p, u32 count, u32 at)
{
	memmove(p + at, p + at + 1, (count - at - 1) * sizeof(*p));
	move_targets(p, count - 1, at, -1);
	return count - 1;
}

bool fuzz_try(const struct insn *p, u32 count, bool (*is_found)(const struct insn *p, u32 count))
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		alarm(1);
		_exit(is_found(p, count) ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

u32 fuzz_shrink(struct insn *p, u32 count, bool (*is_found)(const struct insn *p, u32 count))
{
	static struct insn q[4096];
	u32 before;
	if (count > array_len(q) || !fuzz_try(p, count, is_found))
		return count;
	do {
		before = count;
		for (u32 i = count; i-- > 0;) {
			bool wide = i > 0 && insn_is_wide(&p[i - 1]);
			memcpy(q, p, count * sizeof(*p));
			u32 left = fuzz_take_out(q, count, i);
			if (wide)
				left = fuzz_take_out(q, left, --i);
			if (!fuzz_try(q, left, is_found))
				continue;
			count = left;
			memcpy(p, q, count * sizeof(*p));
		}
	} while (count < before);
	return count;
}

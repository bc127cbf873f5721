// SPDX-License-Identifier: MIT
// One pass over a program marks targets and starts. One pass over a function finds what it needs.
#include "vm/flow.h"
#include "kernel/mem/heap.h"

static void mark(const struct prog *p, u8 *marks, i64 idx, u8 bit)
{
	if (idx >= 0 && idx < p->insn_count)
		marks[idx] |= bit;
}

u8 *flow_marks(const struct prog *p)
{
	u8 *marks = kzalloc(p->insn_count);
	if (!marks)
		return NULL;
	mark(p, marks, 0, MARK_START);
	for (u32 i = 0; i < p->insn_count; i++) {
		const struct insn *in = &p->insns[i];
		if (insn_is_jump(in))
			mark(p, marks, i + 1 + insn_jump(in), MARK_TARGET);
		else if (insn_names_func(in))
			mark(p, marks, (i64)i + 1 + in->imm, MARK_START);
		if (insn_is_wide(in))
			mark(p, marks, ++i, MARK_TAIL);
	}
	return marks;
}

const struct insn *flow_constant(const struct prog *p, const u8 *marks, u32 idx, u32 reg)
{
	while (idx > 0 && !(marks[idx] & (MARK_TARGET | MARK_START))) {
		const struct insn *in = &p->insns[--idx];
		if (marks[idx] & MARK_TAIL)
			continue;
		if (insn_writes(in) & 1u << reg)
			return insn_is_wide(in) ? in : NULL;
		if (!insn_falls_through(in))
			return NULL;
	}
	return NULL;
}

/* Whether the instruction reads R10 as a number and not only as the base of an access. */
static bool takes_fp(const struct insn *in)
{
	if (in->src == BPF_FP && insn_class(in) != CLASS_LDX)
		return insn_uses(insn_kind(in)) & USES_SRC;
	return in->dst == BPF_FP && !insn_is_access(in) && (insn_uses(insn_kind(in)) & USES_DST);
}

/* Returns n if the two instructions are rX = r10; rX += -n, with which clang computes the address of a
 * local variable; else 0. If a jump leads to the second one, or a function starts there, they are no pair. */
static u32 local_address(const struct insn *in, const u8 *marks)
{
	bool pair = insn_kind(in) == INSN_MOV64_X && insn_kind(&in[1]) == INSN_ADD64_K &&
		    in[1].dst == in->dst && !(marks[1] & (MARK_TARGET | MARK_START));
	return pair && in[1].imm < 0 && in[1].imm >= -PROG_STACK ? (u32)-in[1].imm : 0;
}

/* Whether the instruction may lower a pointer. If one does, the address of a local variable does not say
 * how deep the stack is used. */
static bool lowers(const struct insn *in)
{
	enum insn_kind kind = insn_kind(in);
	if (insn_is_access(in))
		return insn_base(in) != BPF_FP && in->off < 0;
	return (kind == INSN_ADD64_K && in->imm < 0) || kind == INSN_ADD64_X || kind == INSN_SUB64_K ||
	       kind == INSN_SUB64_X || insn_names_func(in) || kind == INSN_CALLX;
}

static void note_stack(struct flow_func *f, u32 depth)
{
	f->stack = max(f->stack, depth);
}

void flow_function(struct flow_func *f, const struct prog *p, const u8 *marks, u32 start)
{
	bool taken = false, lowered = false;
	*f = (struct flow_func){ .start = start, .end = start };
	do {
		const struct insn *in = &p->insns[f->end];
		f->writes |= insn_writes(in);
		f->calls |= insn_is_call(in);
		if (insn_is_access(in) && insn_base(in) == BPF_FP) {
			f->uses_fp = true;
			note_stack(f, (u32)-in->off);
		}
		if (takes_fp(in)) {
			u32 depth = f->end + 1 < p->insn_count ? local_address(in, &marks[f->end]) : 0;
			f->uses_fp = taken = true;
			note_stack(f, depth ? depth : PROG_STACK);
			f->end += depth ? 1 : 0;
		} else {
			lowered |= lowers(in);
		}
		f->end += insn_is_wide(in) ? 2 : 1;
	} while (f->end < p->insn_count && !(marks[f->end] & MARK_START));
	if (taken && lowered)
		note_stack(f, PROG_STACK);
}

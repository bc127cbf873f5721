// SPDX-License-Identifier: MIT
// Follows the context's address through the registers of the main function, along all paths at once:
// what a register may hold before an instruction is joined from all the ways there, again and again
// until nothing changes. Slots that are read through what may be that address are read.
#include "vm/verify/context.h"
#include "kernel/mem/heap.h"
#include "vm/flow.h"
#include "vm/run/frame.h"
#include "vm/run/kfunc.h"

#define INSNS_MAX  4096 /* for longer programs nothing is known */
#define ROUNDS_MAX 16   /* most need two: one that finds, one that sees that no more is found */
#define OFFSET_MAX (1 << 20)
#define ALL_SLOTS  (~0ull)
#define SLOTS      64

/* What a register may hold; each level includes those above it. */
enum level {
	NOTHING, /* no way that leads here has been seen yet */
	OTHER,   /* anything but the context's address */
	CONTEXT, /* the context's address + n, too */
	ANYTHING,
};

struct value {
	enum level level;
	i32 n;
};

struct regs {
	struct value r[BPF_REGS];
};

struct walk {
	const struct prog *p;
	const u8 *marks;
	struct regs *before; /* each instruction */
	struct regs now;
	u64 reads;
	bool changed;
};

static const struct value other = { OTHER, 0 }, anything = { ANYTHING, 0 };

static struct value join(struct value a, struct value b)
{
	if (a.level != b.level)
		return a.level > b.level ? a : b;
	return a.n == b.n ? a : anything;
}

/* The registers as they are now are one possibility before that instruction. */
static void flow_to(struct walk *w, u32 idx)
{
	struct value *at = w->before[idx].r;
	for (u32 r = 0; r < BPF_REGS; r++) {
		struct value v = join(at[r], w->now.r[r]);
		w->changed |= v.level != at[r].level || v.n != at[r].n;
		at[r] = v;
	}
}

static bool may_be_context(struct value v)
{
	return v.level >= CONTEXT;
}

/* size bytes at offset from the context's address. */
static void note_read(struct walk *w, struct value base, i32 offset, u32 size)
{
	i32 first = base.n + offset, last = first + (i32)size - 1;
	if (!may_be_context(base))
		return;
	if (base.level == ANYTHING || first < 0 || last >= 8 * SLOTS) {
		w->reads = ALL_SLOTS;
		return;
	}
	w->reads |= 1ull << first / 8 | 1ull << last / 8;
}

/* The address goes where it is not followed. */
static void note_escape(struct walk *w, struct value v)
{
	if (may_be_context(v))
		w->reads = ALL_SLOTS;
}

static void step_access(struct walk *w, const struct insn *in)
{
	note_read(w, w->now.r[insn_base(in)], in->off, insn_size(in));
	if (insn_class(in) == CLASS_STX)
		note_escape(w, w->now.r[in->src]);
}

static struct value add(struct value v, i64 n)
{
	i64 sum = v.n + n;
	bool fits = sum > -OFFSET_MAX && sum < OFFSET_MAX;
	return fits ? (struct value){ CONTEXT, (i32)sum } : anything;
}

static struct value alu_result(const struct walk *w, const struct insn *in)
{
	struct value d = w->now.r[in->dst], s = w->now.r[in->src];
	enum insn_kind kind = insn_kind(in);
	switch (kind) {
	case INSN_MOV32_K:
	case INSN_MOV64_K: return other;
	case INSN_MOV64_X: return s;
	case INSN_ADD64_K:
	case INSN_SUB64_K:
		if (d.level == CONTEXT)
			return add(d, kind == INSN_ADD64_K ? in->imm : -(i64)in->imm);
		break;
	default: break;
	}
	bool uses_src = insn_uses(kind) & USES_SRC;
	return may_be_context(d) || (uses_src && may_be_context(s)) ? anything : other;
}

/* What is given the context itself looks by its header what is there. */
static void step_row_call(struct walk *w, const struct helper *h)
{
	for (u32 i = 0; i < array_len(h->args); i++) {
		struct value v = w->now.r[BPF_R1 + i];
		bool is_frame = h->args[i] == ARG_CTX && v.level == CONTEXT && v.n == 0;
		if (h->args[i] != ARG_NONE && !is_frame)
			note_escape(w, v);
	}
}

static void step_call(struct walk *w, const struct insn *in)
{
	const struct helper *h = insn_kind(in) == INSN_CALL ? helper_find((u32)in->imm) : NULL;
	if (h && !(h->flags & HELPER_TAIL_CALL))
		step_row_call(w, h);
	else if (insn_kind(in) == INSN_CALL_KFUNC)
		step_row_call(w, kfunc_find((u32)in->imm));
	else
		for (u32 r = BPF_R1; r <= BPF_R5; r++)
			note_escape(w, w->now.r[r]);
}

static void step(struct walk *w, const struct insn *in)
{
	u32 class = insn_class(in), writes = insn_writes(in);
	bool is_alu = class == CLASS_ALU32 || class == CLASS_ALU64;
	struct value result = is_alu ? alu_result(w, in) : other;

	if (insn_is_access(in))
		step_access(w, in);
	else if (insn_is_call(in))
		step_call(w, in);
	for (u32 r = 0; r < BPF_REGS; r++)
		if (writes & 1u << r)
			w->now.r[r] = result;
}

static void walk_once(struct walk *w, const struct flow_func *f)
{
	w->changed = false;
	for (u32 idx = f->start; idx < f->end; idx++) {
		const struct insn *in = &w->p->insns[idx];
		if (w->marks[idx] & MARK_TAIL || w->before[idx].r[BPF_R0].level == NOTHING)
			continue;
		w->now = w->before[idx];
		step(w, in);
		if (insn_is_jump(in))
			flow_to(w, idx + 1 + (u32)insn_jump(in));
		if (insn_falls_through(in))
			flow_to(w, idx + (insn_is_wide(in) ? 2 : 1));
	}
}

static u64 walk_main(struct walk *w, const struct flow_func *f)
{
	for (u32 r = 0; r < BPF_REGS; r++)
		w->before[0].r[r] = other;
	w->before[0].r[BPF_R1] = (struct value){ CONTEXT, 0 };
	for (u32 round = 0; round < ROUNDS_MAX && w->reads != ALL_SLOTS; round++) {
		walk_once(w, f);
		if (!w->changed)
			return w->reads;
	}
	return ALL_SLOTS;
}

enum err context_find_reads(struct prog *p, const u8 *marks)
{
	struct walk w = { .p = p, .marks = marks };
	struct flow_func f;

	p->facts.reads = ALL_SLOTS;
	flow_function(&f, p, marks, 0);
	if (frame_is_regs(p) || f.end > INSNS_MAX)
		return OK;
	w.before = kzalloc(f.end * sizeof(*w.before));
	if (!w.before)
		return ENOMEM;
	p->facts.reads = walk_main(&w, &f);
	kfree(w.before);
	return OK;
}

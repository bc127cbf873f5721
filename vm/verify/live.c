// SPDX-License-Identifier: MIT
// Goes backwards over each function until nothing changes. A function whose frame's address is more than the base of an
// access counts as one that may read all of its stack at any time.
#include "vm/verify/live.h"
#include "kernel/mem/heap.h"

enum { ARGS = 0x3e }; /* r1 to r5 */
#define ALL_SLOTS (~0ull)

struct pass {
	const struct prog *p;
	const u8 *marks;
	const u8 *decided;
	struct live *at;
	bool frame_escapes;  /* of the function */
	bool is_called;      /* likewise: an address may be of the stack of a caller, who reads it later */
	bool result_matters; /* likewise */
};

static u64 slots_of(const struct insn *in)
{
	i32 first = -(in->off + (i32)insn_size(in)) / 8, last = (-in->off - 1) / 8;
	u64 slots = 0;
	for (i32 i = max(first, 0); i <= last && i < 64; i++)
		slots |= 1ull << i;
	return slots;
}

static bool covers_slot(const struct insn *in)
{
	return insn_size(in) == 8 && in->off % 8 == 0;
}

static void read_regs(struct live *l, u32 regs, bool matter)
{
	l->regs |= (u16)regs;
	l->regs_matter |= matter ? (u16)regs : 0;
}

static bool writes(struct live *l, u32 regs)
{
	bool matters = l->regs_matter & regs;
	l->regs &= (u16)~regs;
	l->regs_matter &= (u16)~regs;
	return matters;
}

static void read_slots(const struct pass *pass, struct live *l, const struct insn *in, bool matter)
{
	u64 slots = insn_base(in) == BPF_FP ? slots_of(in) : pass->frame_escapes ? ALL_SLOTS : 0;
	l->slots |= slots;
	l->slots_matter |= matter ? slots : 0;
}

static void before_access(const struct pass *pass, struct live *l, const struct insn *in)
{
	u32 class = insn_class(in);
	bool direct = insn_base(in) == BPF_FP && covers_slot(in);
	u64 slots = direct ? slots_of(in) : 0;
	bool matters =
	    direct ? l->slots_matter & slots : l->slots_matter || pass->frame_escapes || pass->is_called;
	if (class == CLASS_LDX || insn_is_atomic(in)) {
		u32 written = insn_writes(in);
		bool loaded = written ? writes(l, written) : false;
		read_slots(pass, l, in, loaded || insn_is_atomic(in));
		read_regs(l, 1u << insn_base(in), true);
		if (insn_is_atomic(in) && !insn_is_load_acquire(in))
			read_regs(l, 1u << in->src | (in->imm == ATOMIC_CMPXCHG ? 1u << BPF_R0 : 0), true);
		return;
	}
	l->slots &= ~slots;
	l->slots_matter &= ~slots;
	read_regs(l, 1u << in->dst, true);
	if (class == CLASS_STX)
		read_regs(l, 1u << in->src, matters);
}

static void before_alu(struct live *l, const struct insn *in, bool is_address)
{
	u32 dst = 1u << in->dst, uses = insn_uses(insn_kind(in));
	bool is_move = insn_operation(in) == ALU_MOV;
	bool matters = writes(l, dst) || is_address;
	if (uses & USES_SRC)
		read_regs(l, 1u << in->src, matters);
	if (!is_move)
		read_regs(l, dst, matters);
}

/* What holds before the instruction, from what holds after it. */
static void before(const struct pass *pass, struct live *l, u32 idx)
{
	const struct insn *in = &pass->p->insns[idx];
	u32 class = insn_class(in);
	if (insn_is_exit(in)) {
		*l = (struct live){ 0 };
		read_regs(l, 1 << BPF_R0, pass->result_matters);
	} else if (insn_is_call(in)) {
		writes(l, INSN_CALL_WRITES);
		read_regs(l, ARGS | (insn_kind(in) == INSN_CALLX ? 1u << in->dst : 0), true);
		if (pass->frame_escapes)
			l->slots = l->slots_matter = ALL_SLOTS;
	} else if (insn_is_access(in)) {
		before_access(pass, l, in);
	} else if (class == CLASS_ALU32 || class == CLASS_ALU64) {
		before_alu(l, in, pass->decided[idx] & DECIDED_SUM);
	} else if (insn_is_wide(in)) {
		writes(l, 1u << in->dst);
	} else if (!insn_is_goto(in)) {
		u32 regs = 1u << in->dst | (insn_takes_reg(in) ? 1u << in->src : 0);
		/* What is learned of one of two registers depends on the other. */
		read_regs(l, regs,
			  pass->decided[idx] & DECIDED_JUMP || (insn_takes_reg(in) && l->regs_matter & regs));
	}
}

static void add(struct live *l, const struct live *other)
{
	l->slots |= other->slots;
	l->slots_matter |= other->slots_matter;
	l->regs |= other->regs;
	l->regs_matter |= other->regs_matter;
}

/* Returns whether something has changed. */
static bool find_once(const struct pass *pass, const struct flow_func *f)
{
	bool changed = false;
	for (u32 i = f->end; i-- > f->start;) {
		const struct insn *in = &pass->p->insns[i];
		struct live l = { 0 };
		if (pass->marks[i] & MARK_TAIL)
			continue;
		u32 next = i + (insn_is_wide(in) ? 2 : 1);
		if (insn_falls_through(in) && next < f->end)
			l = pass->at[next];
		if (insn_is_jump(in))
			add(&l, &pass->at[(u32)(i + 1 + insn_jump(in))]);
		before(pass, &l, i);
		l.regs |= 1 << BPF_FP;
		changed |= l.slots != pass->at[i].slots || l.slots_matter != pass->at[i].slots_matter ||
			   l.regs != pass->at[i].regs || l.regs_matter != pass->at[i].regs_matter;
		pass->at[i] = l;
	}
	return changed;
}

/* Whether r10 is read other than as the base of an access. */
static bool frame_escapes(const struct prog *p, const u8 *marks, const struct flow_func *f)
{
	for (u32 i = f->start; i < f->end; i++) {
		const struct insn *in = &p->insns[i];
		u32 uses = marks[i] & MARK_TAIL ? 0 : insn_uses(insn_kind(in));
		bool is_base = insn_is_access(in) && insn_base(in) == BPF_FP;
		u32 reads = (uses & USES_SRC && in->src == BPF_FP) + (uses & USES_DST && in->dst == BPF_FP);
		if (reads > is_base && !insn_is_call(in) && !insn_is_wide(in))
			return true;
	}
	return false;
}

struct live *live_find(const struct prog *p, const u8 *marks, const u8 *decided, bool result_matters)
{
	struct pass pass = { .p = p, .marks = marks, .decided = decided };
	struct flow_func f = { .end = 0 };
	pass.at = kzalloc(p->insn_count * sizeof(*pass.at));
	if (!pass.at)
		return NULL;
	while (f.end < p->insn_count) {
		flow_function(&f, p, marks, f.end);
		pass.is_called = f.start != 0;
		pass.result_matters = pass.is_called || result_matters;
		pass.frame_escapes = frame_escapes(p, marks, &f);
		while (find_once(&pass, &f))
			;
	}
	return pass.at;
}

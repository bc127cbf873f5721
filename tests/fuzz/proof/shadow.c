// SPDX-License-Identifier: MIT
// Interprets a program and checks each step: its registers were set, and hold what the walk knew; its accesses lie in
// memory that it owns; it goes only where the walk went, and not further than that was.
#include "kernel/cpu/probe.h"
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/proof.h"
#include "tests/vm_model.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"

enum { STEPS_MAX = 400000 };

void shadow_found(struct shadow *s, const char *fmt, ...)
{
	struct strbuf b = { .buf = s->why, .cap = 256 };
	va_list args;
	if (s->found || s->gave_up)
		return;
	s->found = true;
	str_printf(&b, "insn %u: ", s->idx);
	va_start(args, fmt);
	str_vprintf(&b, fmt, args);
	va_end(args);
}

/* The registers that an instruction reads; of a call, the helper's. */
static u32 reads(const struct insn *in)
{
	u32 dst = 1u << in->dst, src = 1u << in->src, kind = insn_class(in);
	if (insn_is_exit(in))
		return 1;
	if (insn_is_call(in) || insn_is_wide(in) || insn_is_goto(in))
		return 0;
	if (kind == CLASS_ALU32 || kind == CLASS_ALU64) {
		u32 operation = insn_operation(in);
		bool takes = insn_takes_reg(in) && operation != ALU_END && operation != ALU_NEG;
		return (operation == ALU_MOV ? 0 : dst) | (takes ? src : 0);
	}
	if (insn_is_jump(in))
		return dst | (insn_takes_reg(in) ? src : 0);
	if (kind == CLASS_LDX || insn_is_load_acquire(in))
		return src;
	return dst | (kind == CLASS_STX ? src : 0) |
	       (insn_is_atomic(in) && in->imm == ATOMIC_CMPXCHG ? 1 : 0);
}

static void check_register(struct shadow *s, u32 n, const struct shadow_reg *r)
{
	char text[160] = "";
	struct strbuf b = STRBUF(text);
	if (!r->set) {
		shadow_found(s, "r%u is read and was not set", n);
		return;
	}
	if (!s->ranges || s->found)
		return;
	figures.checked++;
	if (watch_allows(s->p, s->idx, n, r->v, &s->ends[s->base], s->ctx))
		return;
	watch_print(&b, s->idx, n);
	shadow_found(s, "r%u is 0x%llx, and the walk knew%s", n, r->v, text);
}

static void check_registers(struct shadow *s, u32 which, const struct shadow_reg *r)
{
	for (u32 n = 0; n < BPF_REGS; n++)
		if (which & 1u << n)
			check_register(s, n, &r[n]);
}

static bool is_taken(const struct insn *in, u64 a, u64 b)
{
	bool wide = insn_class(in) == CLASS_JMP;
	i64 sa = wide ? (i64)a : (i32)a, sb = wide ? (i64)b : (i32)b;
	a = wide ? a : (u32)a;
	b = wide ? b : (u32)b;
	switch (insn_operation(in)) {
	case JMP_EQ: return a == b;
	case JMP_GT: return a > b;
	case JMP_GE: return a >= b;
	case JMP_SET: return (a & b) != 0;
	case JMP_NE: return a != b;
	case JMP_SGT: return sa > sb;
	case JMP_SGE: return sa >= sb;
	case JMP_LT: return a < b;
	case JMP_LE: return a <= b;
	case JMP_SLT: return sa < sb;
	default: return sa <= sb;
	}
}

static void do_jump(struct shadow *s, const struct insn *in, const struct shadow_reg *r)
{
	bool takes = insn_takes_reg(in);
	u64 a = r[in->dst].v, b = takes ? r[in->src].v : (u64)(i64)in->imm;
	u32 operation = insn_operation(in);
	if (insn_is_goto(in)) {
		s->idx += 1 + (u32)insn_jump(in);
		return;
	}
	bool taken = is_taken(in, a, b),
	     tests_null = !takes && !in->imm && (operation == JMP_EQ || operation == JMP_NE);
	if ((r[in->dst].tainted || (takes && r[in->src].tainted)) && !tests_null)
		s->diverges = true;
	if (!(s->p->proven[s->idx].ways & (taken ? WAY_TAKEN : WAY_ON)))
		shadow_found(s, "it goes a way that no path of the walk went");
	s->idx += 1 + (taken ? (u32)insn_jump(in) : 0);
}

static void do_alu(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	struct shadow_reg *dst = &r[in->dst];
	u32 operation = insn_operation(in);
	bool from_src = insn_takes_reg(in) && operation != ALU_END && operation != ALU_NEG;
	bool taint = from_src && r[in->src].tainted;
	if (operation != ALU_MOV && dst->tainted && taint)
		s->diverges = true;
	taint |= operation != ALU_MOV && dst->tainted;
	*dst = (struct shadow_reg){ model_alu(in, dst->v, r[in->src].v), true, taint };
	s->idx++;
}

static u64 fetch(u64 at, u32 size)
{
	u64 v = 0;
	memcpy(&v, (const void *)(uptr)at, size);
	return v;
}

/* What the verifier has proven of the access. */
static void check_memory_fact(struct shadow *s, u64 at)
{
	bool is_context = at - (uptr)s->ctx < 8 * s->context;
	figures.of_event[E_load_regs] += is_context && s->context == REGS;
	u8 memory = s->p->proven[s->idx].memory;
	if (memory != (watch_is_object(s->idx) ? MEMORY_OBJECT : is_context ? MEMORY_CONTEXT : MEMORY_OWN))
		shadow_found(s, "an access to memory of another kind, %u, was proven", memory);
}

static void do_load(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	u64 at = r[in->src].v + (u64)(i64)in->off, v = 0;
	u32 size = insn_size(in), spare = 64 - 8 * size;
	bool taint = false;
	check_memory_fact(s, at);
	if (watch_is_object(s->idx)) {
		if (probe_read(&v, at, size))
			v = 0;
		taint = r[in->src].tainted && memory_is_stack(s, at);
	} else if (!memory_may(s, at, size, false)) {
		shadow_found(s, "it loads %u bytes at 0x%llx, which are not its own, or were not written",
			     size, at);
		return;
	} else {
		v = fetch(at, size);
		taint = memory_is_tainted(at, size);
	}
	if (insn_class(in) == CLASS_LDX && insn_loads_signed(in))
		v = (u64)((i64)(v << spare) >> spare);
	r[in->dst] = (struct shadow_reg){ v, true, taint };
}

static u64 atomic_value(const struct insn *in, u64 old, u64 operand, u64 expected)
{
	switch (in->imm & 0xf0) {
	case ATOMIC_ADD: return old + operand;
	case ATOMIC_OR: return old | operand;
	case ATOMIC_AND: return old & operand;
	case ATOMIC_XOR: return old ^ operand;
	case 0xf0: return old == expected ? operand : old;
	default: return operand;
	}
}

static void do_store(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	u64 at = r[in->dst].v + (u64)(i64)in->off, v = (u64)(i64)in->imm;
	u32 size = insn_size(in);
	bool taint = false, is_atomic = insn_is_atomic(in) && in->imm != STORE_REL;
	check_memory_fact(s, at);
	if (!memory_may(s, at, size, true) || (is_atomic && !memory_may(s, at, size, false))) {
		shadow_found(s, "it stores %u bytes at 0x%llx, which are not its own", size, at);
		return;
	}
	if (insn_class(in) == CLASS_STX) {
		v = r[in->src].v;
		taint = r[in->src].tainted;
	}
	if (is_atomic) {
		u64 mask = size == 8 ? ~0ull : 0xffffffff, old = fetch(at, size);
		bool was = memory_is_tainted(at, size);
		v = atomic_value(in, old, v & mask, r[0].v & mask);
		if (in->imm == ATOMIC_CMPXCHG) {
			s->diverges |= was || r[0].tainted;
			r[0] = (struct shadow_reg){ old, true, was };
		} else if (in->imm & ATOMIC_FETCH) {
			r[in->src] = (struct shadow_reg){ old, true, was };
		}
		taint |= was;
	}
	memcpy((void *)(uptr)at, &v, size);
	memory_written(s, at, size, taint);
}

static void do_wide(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	const struct map *m = insn_is_map(in) || insn_is_map_value(in) ? s->p->object->maps[in->imm] : NULL;
	struct shadow_reg *dst = &r[in->dst];
	*dst = (struct shadow_reg){ insn_imm64(in), true, false };
	if (insn_kind(in) == INSN_LD_FUNC)
		*dst = (struct shadow_reg){ s->idx + 1 + (u32)in->imm, true, true };
	else if (m)
		*dst = (struct shadow_reg){ insn_is_map(in) ? (uptr)m : (uptr)m->values + (u32)in[1].imm,
					    true, true };
	s->idx += 2;
}

static void count_global(u32 type, const struct shadow_reg *r)
{
	bool has_context = type == TYPE_CONTEXT || type == TYPE_MIXED;
	figures.of_event[E_global] += type != 0;
	figures.of_event[E_global_with_context] += has_context;
	figures.of_event[E_global_with_null] +=
	    (type == TYPE_MEMORY && !r[BPF_R1].v) || (type == TYPE_MIXED && !r[BPF_R4].v);
}

static void go_to_program(struct shadow *s, const struct prog *p, u32 base)
{
	s->p = p;
	s->base = base;
	watch_select(tail_number(p));
}

/* Returns whether another program takes the function's place. */
static bool shadow_tail_call(struct shadow *s, struct shadow_reg *r)
{
	const struct prog *p = prog_array_get((const struct map *)(uptr)r[BPF_R2].v, (u32)r[BPF_R3].v);
	s->diverges |= r[BPF_R3].tainted;
	if (s->locked || memory_iters() || memory_records())
		shadow_found(s, "something is open at a tail call");
	figures.of_event[E_tail_calls_end] += p && s->tail_calls == PROG_TAIL_CALLS;
	if (p && s->depth + p->facts.frames > PROG_FRAMES)
		s->gave_up = true; /* here there is no room, and in the interpreter perhaps none */
	if (!p || s->tail_calls == PROG_TAIL_CALLS) {
		figures.of_event[E_tail_call_fails]++;
		for (u32 n = BPF_R0; n <= BPF_R5; n++)
			r[n] = (struct shadow_reg){ .set = n == BPF_R0 };
		return false;
	}
	figures.of_event[s->depth > 1 ? E_tail_call_in_function : E_tail_call]++;
	s->tail_calls++;
	go_to_program(s, p, s->depth - 1);
	memory_enter(s);
	for (u32 n = 0; n < BPF_FP; n++)
		r[n].set = false;
	r[BPF_R1] = (struct shadow_reg){ (uptr)s->ctx, true, true };
	s->idx = 0;
	return true;
}

static struct shadow_reg shadow_call_local(struct shadow *s, u32 start, const struct shadow_reg *r)
{
	u32 base = s->base, type = s->p->globals ? s->p->globals[start] : 0;
	count_global(type, r);
	if (type)
		s->base = s->depth;
	struct shadow_reg r0 = shadow_function(s, start, r);
	s->base = base;
	return r0;
}

static void do_call(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	u32 at = s->idx;
	if (insn_kind(in) == INSN_CALL_LOCAL) {
		struct shadow_reg r0 = shadow_call_local(s, at + 1 + (u32)in->imm, r);
		for (u32 n = BPF_R1; n <= BPF_R5; n++)
			r[n].set = false;
		r[0] = r0;
	} else {
		bool is_kfunc = insn_kind(in) == INSN_CALL_KFUNC;
		const struct helper *h = is_kfunc ? kfunc_find((u32)in->imm) : helper_find((u32)in->imm);
		for (u32 i = 0; i < array_len(h->args); i++)
			if (h->args[i] != ARG_NONE && (h->id != BPF_FUNC_trace_printk || i < 3)) /* "v=%d" */
				check_register(s, BPF_R1 + i, &r[BPF_R1 + i]);
		if (!s->found)
			shadow_call(s, h, r);
		if (!s->found && h->flags & HELPER_TAIL_CALL && shadow_tail_call(s, r))
			return;
	}
	s->idx = at + 1;
}

static void step(struct shadow *s, const struct insn *in, struct shadow_reg *r)
{
	s->kinds[insn_kind(in)] = 1;
	check_registers(s, reads(in), r);
	if (insn_writes(in) & 1 << BPF_FP)
		shadow_found(s, "r10 is written");
	if (s->found)
		return;
	if (insn_is_call(in)) {
		do_call(s, in, r);
	} else if (insn_is_jump(in)) {
		do_jump(s, in, r);
	} else if (insn_is_wide(in)) {
		do_wide(s, in, r);
	} else if (!insn_is_access(in)) {
		do_alu(s, in, r);
	} else {
		insn_class(in) == CLASS_LDX || insn_is_load_acquire(in) ? do_load(s, in, r)
									: do_store(s, in, r);
		s->idx++;
	}
}

static bool may_go_on(struct shadow *s)
{
	s->steps++;
	if (s->has_callbacks ? s->steps > STEPS_MAX : s->steps > s->limit + 16) {
		if (s->has_callbacks)
			s->gave_up = true;
		else
			shadow_found(s, "it ran %llu instructions, and the walk visited %llu", s->steps,
				     s->limit);
	}
	return !s->found && !s->gave_up;
}

struct shadow_reg shadow_function(struct shadow *s, u32 start, const struct shadow_reg *args)
{
	struct shadow_reg r[BPF_REGS] = { 0 };
	const struct prog *p = s->p;
	u32 base = s->base;
	if (s->depth == PROG_FRAMES) {
		s->gave_up = s->tail_calls; /* each brings frames of its own */
		shadow_found(s, "it nests too deep");
		return r[0];
	}
	s->depth++;
	memory_enter(s);
	memcpy(&r[BPF_R1], &args[BPF_R1], 5 * sizeof(*r));
	r[BPF_FP] = (struct shadow_reg){ s->ends[s->depth - 1], true, true };
	s->idx = start;
	while (may_go_on(s)) {
		const struct insn *in = &s->p->insns[s->idx];
		if (insn_is_exit(in)) {
			if (s->depth == 1)
				check_register(s, BPF_R0, &r[BPF_R0]);
			s->kinds[INSN_EXIT] = 1;
			memory_leave(s);
			break;
		}
		step(s, in, r);
	}
	s->depth--;
	go_to_program(s, p, base);
	return r[0];
}

bool shadow_run(struct shadow *s, struct shadow_reg *r0)
{
	struct shadow_reg args[BPF_REGS] = { 0 };
	args[BPF_R1] = (struct shadow_reg){ (uptr)s->ctx, true, true };
	memory_begin(s);
	*r0 = shadow_function(s, 0, args);
	memory_give_back();
	return !s->found;
}

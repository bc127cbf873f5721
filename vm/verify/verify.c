// SPDX-License-Identifier: MIT
// The verifier: passes over the program. Each pass may rely on those before it.
//
//      1. size            not empty, and not too long
//      2. instructions    each one alone: opcode, reserved fields, registers, what it names
//      3. flow            each jump, call and line leads to an instruction of the right function
//      4. paths           all of them, with what each register may hold: walk.h
//      5. functions       how much stack they use, how deep they nest
#include "vm/verify/verify.h"
#include "kernel/mem/heap.h"
#include "vm/run/frame.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/verify/parts.h"
#include "vm/verify/walk.h"

static enum err check_fields(struct verify *v, u32 idx, const struct insn *in, u32 uses)
{
	static const char *const names[] = { "dst", "src", "off", "imm" }; /* ORDER FIELDS */
	const i32 values[] = { in->dst, in->src, in->off, in->imm };
	for (u32 i = 0; i < array_len(names); i++)
		if (values[i] != 0 && !(uses & 1 << i))
			return verify_refuse(
			    v, idx, "the field %s of opcode 0x%02x is reserved and must be 0, not %d",
			    names[i], in->op, values[i]);
	return OK;
}

static enum err check_registers(struct verify *v, u32 idx, const struct insn *in, u32 uses)
{
	u32 src = uses & USES_SRC && !insn_is_wide(in) && !insn_is_call(in) ? in->src : 0;
	u32 dst = uses & USES_DST ? in->dst : 0;
	if (dst >= BPF_REGS || src >= BPF_REGS)
		return verify_refuse(v, idx, "there is no register r%u", dst >= BPF_REGS ? dst : src);
	/* The walk finds it on a path, as Linux does; here nothing walks. */
	if (v->p->type == PROG_RAW && insn_writes(in) & 1 << BPF_FP)
		return verify_refuse(v, idx, "r10 is the frame pointer and cannot be written");
	return OK;
}

static enum err check_stack(struct verify *v, u32 idx, const struct insn *in)
{
	i32 size = (i32)insn_size(in);
	if (insn_base(in) != BPF_FP || (in->off >= -PROG_STACK && in->off <= -size))
		return OK;
	return verify_refuse(
	    v, idx,
	    "%d byte%s at r10%+d %s outside the stack, which is r10-%d to r10-1; correct the "
	    "index, or keep a large array in a map",
	    size, size == 1 ? "" : "s", in->off, size == 1 ? "is" : "are", PROG_STACK);
}

/* Linux's rule: kprobes and raw tracepoints may run where a lock is held already. */
static bool has_locks(const struct prog *p)
{
	return !frame_is_regs(p) && !frame_is_raw(p);
}

static enum err check_map(struct verify *v, u32 idx, const struct insn *in)
{
	const struct object *o = v->p->object;
	u32 count = o ? o->map_count : 0, off = (u32)in[1].imm;
	if ((u32)in->imm >= count)
		return verify_refuse(v, idx, "there is no map %d, the object has %u", in->imm, count);
	const struct map *m = o->maps[in->imm];
	if (insn_is_map(in) && off != 0)
		return verify_refuse(v, idx, "the upper half of a map's immediate must be 0, not %u", off);
	if (insn_is_map_value(in) && !(m->values && m->ops->type == BPF_MAP_TYPE_ARRAY))
		return verify_refuse(v, idx, "map %s is no array, so its value has no constant address",
				     m->name);
	if (insn_is_map_value(in) && off >= m->value_size)
		return verify_refuse(v, idx, "offset %u is outside the %u bytes of %s", off, m->value_size,
				     m->name);
	v->p->facts.per_cpu |= m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	if (m->lock_size && v->p->type != PROG_RAW && !has_locks(v->p))
		return verify_refuse(
		    v, idx,
		    "map %s has locks, which are not for kprobes and raw tracepoints; fentry, fexit "
		    "and tp_btf programs can use it",
		    m->name);
	return OK;
}

static enum err check_wide(struct verify *v, u32 idx, const struct insn *in)
{
	if (idx + 1 >= v->p->insn_count)
		return verify_refuse(v, idx, "the second half of the 64-bit immediate is missing");
	if (in[1].op || in[1].dst || in[1].src || in[1].off)
		return verify_refuse(
		    v, idx + 1, "the second half of a 64-bit immediate has only an imm, all else must be 0");
	if (insn_is_map(in) || insn_is_map_value(in))
		return check_map(v, idx, in);
	if (insn_kind(in) == INSN_LD_VAR && !ksym_address((u32)in->imm))
		return verify_refuse(v, idx, "there is no function or variable of the kernel with BTF id %d",
				     in->imm);
	if ((insn_kind(in) == INSN_LD_FUNC || insn_kind(in) == INSN_LD_VAR) && in[1].imm != 0)
		return verify_refuse(v, idx, "the upper half of this immediate must be 0, not %d", in[1].imm);
	return OK;
}

/* Refuses an opcode whose other field (off, imm or src) has a value that makes it no instruction. */
static enum err refuse_variant(struct verify *v, u32 idx, const struct insn *in)
{
	static const char *const names[] = { [OFF] = "off", [IMM] = "imm", [SRC] = "src" };
	u32 first = insn_first[in->op], key = insn_rows[first].key;
	if (first == INSN_BAD)
		return verify_refuse(v, idx, "unknown opcode 0x%02x", in->op);
	return verify_refuse(v, idx, "opcode 0x%02x with %s %d is no instruction", in->op, names[key],
			     insn_key_field(in, key));
}

static enum err check_insn(struct verify *v, u32 idx)
{
	const struct insn *in = &v->p->insns[idx];
	enum insn_kind kind = insn_kind(in);
	u32 uses = insn_uses(kind);
	enum err e;

	if (kind == INSN_BAD)
		return refuse_variant(v, idx, in);
	if (insn_rows[kind].text[0] == '!')
		return verify_refuse(v, idx, "opcode 0x%02x is %s, which is not supported", in->op,
				     insn_rows[kind].text + 1);
	if ((e = check_fields(v, idx, in, uses)) || (e = check_registers(v, idx, in, uses)))
		return e;
	if (insn_is_access(in))
		return check_stack(v, idx, in);
	if (insn_is_wide(in))
		return check_wide(v, idx, in);
	if (kind == INSN_CALLX)
		verify_callx(v, idx);
	if (kind == INSN_CALL_KFUNC)
		return verify_kfunc(v, idx);
	return kind == INSN_CALL ? verify_helper(v, idx) : OK;
}

static enum err check_insns(struct verify *v)
{
	for (u32 i = 0; i < v->p->insn_count; i++) {
		enum err e = check_insn(v, i);
		if (e)
			return e;
		if (insn_is_wide(&v->p->insns[i]))
			i++;
	}
	return OK;
}

static enum err check_target(struct verify *v, u32 idx, i64 target, const char *what)
{
	if (target < 0 || target >= v->p->insn_count)
		return verify_refuse(v, idx, "%s to insn %lld, outside the program of %u", what, target,
				     v->p->insn_count);
	if (v->marks[target] & MARK_TAIL)
		return verify_refuse(v, idx, "%s to insn %lld, the second half of a 64-bit immediate", what,
				     target);
	return OK;
}

static enum err check_jump(struct verify *v, u32 idx, const struct flow_func *f)
{
	i64 target = idx + 1 + insn_jump(&v->p->insns[idx]);
	enum err e = check_target(v, idx, target, "jump");
	if (e)
		return e;
	if (target < f->start || target >= f->end)
		return verify_refuse(v, idx, "jump to insn %lld, in another function than its own, %u to %u",
				     target, f->start, f->end - 1);
	return OK;
}

/* The last instruction of a function must not let the next one run. */
static enum err check_end(struct verify *v, const struct flow_func *f)
{
	u32 last = f->end - 1;
	if (!(v->marks[last] & MARK_TAIL) && !insn_falls_through(&v->p->insns[last]))
		return OK;
	if (f->end == v->p->insn_count)
		return verify_refuse(v, last, "control falls off the end of the program");
	return verify_refuse(v, last, "control falls into the function at insn %u, which is only called",
			     f->end);
}

static enum err check_func(struct verify *v, const struct flow_func *f)
{
	for (u32 i = f->start; i < f->end; i++) {
		const struct insn *in = &v->p->insns[i];
		enum err e = OK;
		if (v->marks[i] & MARK_TAIL)
			continue;
		if (insn_is_jump(in))
			e = check_jump(v, i, f);
		else if (insn_names_func(in))
			e = check_target(v, i, (i64)i + 1 + in->imm, insn_is_call(in) ? "call" : "address");
		if (e)
			return e;
	}
	return check_end(v, f);
}

static enum err check_flow(struct verify *v)
{
	struct flow_func f = { .end = 0 };
	while (f.end < v->p->insn_count) {
		flow_function(&f, v->p, v->marks, f.end);
		enum err e = check_func(v, &f);
		if (e)
			return e;
	}
	return OK;
}

/* Marks what a jump, a call or the line above leads to, from the first instruction on. */
static enum err check_reachable(struct verify *v)
{
	u32 count = v->p->insn_count, top = 0;
	u32 *todo = kmalloc(count * sizeof(*todo));
	if (!todo)
		return ENOMEM;
	todo[top++] = 0;
	v->marks[0] |= MARK_REACHED;
	while (top) {
		u32 i = todo[--top];
		const struct insn *in = &v->p->insns[i];
		i64 next[] = { insn_falls_through(in) ? (i64)i + 1 + insn_is_wide(in) : -1,
			       insn_is_jump(in)      ? (i64)i + 1 + insn_jump(in)
			       : insn_names_func(in) ? (i64)i + 1 + in->imm
						     : -1 };
		for (u32 k = 0; k < 2; k++)
			if (next[k] >= 0 && !(v->marks[next[k]] & MARK_REACHED)) {
				v->marks[next[k]] |= MARK_REACHED;
				todo[top++] = (u32)next[k];
			}
	}
	kfree(todo);
	for (u32 i = 0; i < count; i++)
		if (!(v->marks[i] & (MARK_REACHED | MARK_TAIL)))
			return verify_refuse(v, i, "nothing leads to this instruction");
	return OK;
}

static void note_facts(struct verify *v)
{
	struct flow_func main;
	flow_function(&main, v->p, v->marks, 0);
	v->p->facts.stack_depth = main.stack;
	v->p->facts.insn_count = v->p->insn_count;
	if (frame_is_regs(v->p))
		v->p->facts.header_words = HEADER_NONE;
	if (v->p->type == PROG_FSESSION)
		v->p->facts.header_words = HEADER_COOKIE;  /* entry and exit find each other by it */
	v->p->facts.calls |= v->p->mode == PROG_INTERPRET; /* the interpreter calls functions of the kernel */
}

static enum err check_size(struct verify *v)
{
	u32 count = v->p->insn_count;
	if (count > 0 && count <= PROG_INSNS_MAX)
		return OK;
	return str_refuse(v->log, EINVAL,
			  count ? "the program has %u instructions, more than %u" : "the program is empty",
			  count, PROG_INSNS_MAX);
}

/* What is not walked is refused for all that it lacks. */
static enum err check_lacks(struct verify *v)
{
	return v->p->lacks ? verify_lacks(v, v->p->lacks->insn_idx) : OK;
}

static enum err run_passes(struct verify *v)
{
	bool walked = v->p->type != PROG_RAW;
	v->p->facts.reads = walked && !frame_is_regs(v->p) ? 0 : ALL_SLOTS;
	enum err e = check_insns(v) ?: check_flow(v) ?: (walked ? check_reachable(v) : OK) ?: verify_taken(v);
	e = e ?: (walked ? walk_program(v) : check_lacks(v)) ?: verify_functions(v);
	if (!e)
		note_facts(v);
	return e;
}

/* Runs passes over the program with its marks. */
static enum err with_marks(struct verify *v, enum err (*passes)(struct verify *v))
{
	v->marks = flow_marks(v->p);
	v->reach = kzalloc(v->p->insn_count * sizeof(*v->reach));
	for (const struct lack *l = v->marks ? v->p->lacks : NULL; l; l = l->next)
		v->marks[l->insn_idx] |= MARK_LACKS;
	enum err e = v->marks && v->reach ? passes(v) : ENOMEM;
	kfree(v->reach);
	kfree(v->marks);
	return e;
}

enum err prog_verify(struct prog *p, struct strbuf *log)
{
	struct verify v = { .p = p, .log = log };
	enum err e = check_size(&v);
	if (e)
		return e;
	p->facts = (struct prog_facts){ 0 };
	p->taken = NULL;
	p->proven = NULL;
	p->taken_count = 0;
	e = with_marks(&v, run_passes);
	if (!e) {
		prog_free_lacks(p);
		p->state = PROG_VERIFIED;
		return OK;
	}
	kfree(p->taken);
	kfree(p->proven);
	p->taken = NULL;
	p->proven = NULL;
	return e;
}

enum err prog_walk(struct prog *p, struct strbuf *log)
{
	struct verify v = { .p = p, .log = log };
	return with_marks(&v, walk_program);
}

// SPDX-License-Identifier: MIT
// Of the verifier: checks registers that are constant, at each instruction that is reached.
#include "vm/verify/consts.h"
#include "vm/run/frame.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/run/printk.h"
#include "vm/verify/parts.h"

/* Returns the map into whose values reg points, if programs must not change them; else NULL. */
static const struct map *read_only_at(const struct consts *c, u32 reg)
{
	const struct known *k = &c->r[reg];
	bool is_known = k->kind == KNOWN_MAP || k->kind == KNOWN_VALUE || k->kind == KNOWN_WITHIN;
	const struct map *m = is_known ? c->p->object->maps[k->map] : NULL;
	return m && m->read_only ? m : NULL;
}

static enum err refuse_write(struct verify *v, u32 idx, const char *who, const struct map *m)
{
	return verify_refuse(v, idx, "%s would write to %s, which is read only", who, m->name);
}

static enum err check_store(struct verify *v, const struct consts *c, const struct insn *in)
{
	const struct map *m = read_only_at(c, insn_base(in));
	return m && insn_class(in) != CLASS_LDX && !insn_is_load_acquire(in)
		   ? refuse_write(v, c->idx, "this store", m)
		   : OK;
}

static bool arg_is_written(const struct helper *h, u32 arg)
{
	bool changes_map = h->id == BPF_FUNC_map_update_elem || h->id == BPF_FUNC_map_delete_elem;
	return h->args[arg] == ARG_MEM_WRITE || h->args[arg] == ARG_VALUE_WRITE ||
	       (h->args[arg] == ARG_MAP && changes_map);
}

/* Notes which functions a call through a register may call: all of them if the register is not known. */
static void note_callees(struct verify *v, const struct consts *c, u32 reg)
{
	const struct known *k = &c->r[reg];
	v->reach[c->idx].callees = k->kind == KNOWN_FUNCS ? k->n : ~0ull;
}

static enum err check_callback(struct verify *v, const struct consts *c, const struct helper *h, u32 reg)
{
	enum known_kind kind = c->r[reg].kind;
	if (kind != KNOWN_FUNCS && kind < KNOWN_ANY)
		return verify_refuse(v, c->idx, "r%u of bpf_%s must be a function of this program", reg,
				     h->name);
	note_callees(v, c, reg);
	return OK;
}

/* Refuses a register that holds no map. If it may hold one, the helper checks it when it runs. */
static enum err check_map(struct verify *v, const struct consts *c, const struct helper *h, u32 reg)
{
	enum known_kind kind = c->r[reg].kind;
	return kind == KNOWN_MAP || kind >= KNOWN_ANY
		   ? OK
		   : verify_refuse(v, c->idx, "r%u of bpf_%s must be a map of this object", reg, h->name);
}

static enum err check_helper(struct verify *v, const struct consts *c, const struct helper *h)
{
	enum err e = OK;
	char who[48];
	struct strbuf s = STRBUF(who);
	str_printf(&s, "bpf_%s", h->name);
	for (u32 i = 0; i < array_len(h->args) && !e; i++) {
		const struct map *m = arg_is_written(h, i) ? read_only_at(c, BPF_R1 + i) : NULL;
		if (m)
			e = refuse_write(v, c->idx, who, m);
		else if (h->args[i] == ARG_FUNC)
			e = check_callback(v, c, h, BPF_R1 + i);
		else if (h->args[i] == ARG_MAP)
			e = check_map(v, c, h, BPF_R1 + i);
	}
	return e;
}

/* Returns how many arguments a call passes for its format. */
static u32 format_args(const struct consts *c, const struct helper *h)
{
	const struct known *len = &c->r[BPF_R4];
	if (h->id == BPF_FUNC_trace_printk)
		return 3;
	return len->kind == KNOWN_NUMBER ? (u32)len->n / 8 : PRINTK_ARGS;
}

/* Checks a format that is a constant. */
static enum err check_format(struct verify *v, const struct consts *c, const struct helper *h)
{
	const struct known *fmt = &c->r[BPF_R1], *size = &c->r[BPF_R2];
	const struct map *m = read_only_at(c, BPF_R1);
	char text[256];
	struct strbuf why = STRBUF(text);
	if (!m || fmt->kind != KNOWN_VALUE || size->kind != KNOWN_NUMBER || fmt->n > m->value_size ||
	    size->n > m->value_size - fmt->n)
		return OK;
	if (printk_check((const char *)m->values + fmt->n, (u32)size->n, format_args(c, h), &why))
		return OK;
	return verify_refuse(v, c->idx, "%s", text);
}

static bool must_return_0(const struct prog *p)
{
	return p->type == PROG_FENTRY || p->type == PROG_FEXIT || p->type == PROG_FSESSION;
}

static enum err check_exit(struct verify *v, const struct consts *c)
{
	const struct known *r0 = &c->r[BPF_R0];
	const char *type = prog_type_name(c->p->type);
	if (c->idx >= v->main_end || !must_return_0(c->p) || c->lost)
		return OK;
	if (r0->kind != KNOWN_NUMBER)
		return verify_refuse(v, c->idx, "an %s program must return 0, and this may be another number",
				     type);
	return r0->n ? verify_refuse(v, c->idx, "an %s program must return 0, not %lld", type, (i64)r0->n)
		     : OK;
}

static enum err check_call(struct verify *v, const struct consts *c, const struct helper *h)
{
	enum err e = check_helper(v, c, h);
	bool prints = h->id == BPF_FUNC_trace_printk || h->id == BPF_FUNC_trace_vprintk;
	return !e && prints ? check_format(v, c, h) : e;
}

static enum err check_insn(struct verify *v, const struct consts *c)
{
	const struct insn *in = &c->p->insns[c->idx];
	verify_note_reads(v, c);
	if (insn_is_access(in))
		return check_store(v, c, in);
	if (insn_is_exit(in))
		return check_exit(v, c);
	if (insn_kind(in) == INSN_CALLX)
		note_callees(v, c, in->dst);
	return insn_kind(in) == INSN_CALL ? check_call(v, c, helper_find((u32)in->imm)) : OK;
}

enum err verify_values(struct verify *v)
{
	struct consts c = { .p = v->p, .marks = v->marks };
	enum err e = consts_find(&c);
	if (e)
		return e;
	v->p->facts.reads = c.lost || frame_is_regs(v->p) ? ALL_SLOTS : 0;
	for (consts_start(&c); !e && consts_next(&c);)
		e = check_insn(v, &c);
	consts_free(&c);
	return e;
}

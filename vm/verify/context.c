// SPDX-License-Identifier: MIT
// Of the verifier: which slots of its context a program reads. An attach compares them with what the function
// has (tramp/proto.h). In doubt the answer is all slots: if the context's address goes to memory, to a
// subprogram, or through arithmetic with anything but a constant.
#include "vm/run/helper.h"
#include "vm/run/kfunc.h"
#include "vm/verify/consts.h"
#include "vm/verify/parts.h"

#define SLOTS 64

/* Notes a read of size bytes at offset from base, which may be the context's address. */
static void note_read(struct prog *p, struct known base, i32 offset, u32 size)
{
	u64 first = base.n + (u64)(i64)offset;
	if (base.kind == KNOWN_NEAR || (base.kind == KNOWN_CONTEXT && first > 8 * SLOTS - size))
		p->facts.reads = ALL_SLOTS;
	else if (base.kind == KNOWN_CONTEXT)
		p->facts.reads |= 1ull << first / 8 | 1ull << (first + size - 1) / 8;
}

static void note_escape(struct prog *p, struct known v)
{
	if (v.kind >= KNOWN_CONTEXT)
		p->facts.reads = ALL_SLOTS;
}

/* A helper that takes the context reads from its header how many slots it has. */
static void note_args(struct prog *p, const struct consts *c, const struct helper *h)
{
	for (u32 i = 0; i < array_len(h->args); i++) {
		struct known v = c->r[BPF_R1 + i];
		bool is_context = h->args[i] == ARG_CTX && v.kind == KNOWN_CONTEXT && v.n == 0;
		if (h->args[i] != ARG_NONE && !is_context)
			note_escape(p, v);
	}
}

static void note_call(struct prog *p, const struct consts *c, const struct insn *in)
{
	const struct helper *h = insn_kind(in) == INSN_CALL ? helper_find((u32)in->imm) : NULL;
	if (insn_kind(in) == INSN_CALL_KFUNC)
		h = kfunc_find((u32)in->imm);
	if (h && !(h->flags & HELPER_TAIL_CALL)) {
		note_args(p, c, h);
		return;
	}
	for (u32 r = BPF_R1; r <= BPF_R5; r++)
		note_escape(p, c->r[r]);
}

void verify_note_reads(struct verify *v, const struct consts *c)
{
	const struct insn *in = &c->p->insns[c->idx];
	if (insn_kind(in) == INSN_ADD64_X && c->r[in->src].kind != KNOWN_NUMBER) {
		note_escape(v->p, c->r[in->dst]);
		note_escape(v->p, c->r[in->src]);
	}
	if (insn_is_call(in))
		note_call(v->p, c, in);
	if (!insn_is_access(in))
		return;
	note_read(v->p, c->r[insn_base(in)], in->off, insn_size(in));
	if (insn_class(in) == CLASS_STX)
		note_escape(v->p, c->r[in->src]);
}

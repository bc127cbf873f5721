// SPDX-License-Identifier: MIT
// Of the verifier: calls. A function whose address is taken counts as called at the place that takes the
// address, as for a callback, and by any callx that may hold that address.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/run/frame.h"
#include "vm/run/helper_names.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/verify/parts.h"

/* Sets the facts to the worst: callx can call any helper, and the target of a tail call is not known yet. */
static void expect_anything(struct verify *v)
{
	v->p->facts.per_cpu = true;
	v->p->facts.calls = true;
	v->p->facts.replaces = true;
	v->p->facts.header_words = HEADER_COOKIE;
}

/* Whether Linux takes the licence for one that is compatible with the GPL. */
static bool is_gpl(const char *license)
{
	static const char *const compatible[] = { "GPL",          "GPL v2",       "GPL and additional rights",
						  "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL" };
	for (u32 i = 0; i < array_len(compatible); i++)
		if (strcmp(license, compatible[i]) == 0)
			return true;
	return false;
}

static enum err check_license(struct verify *v, u32 idx, const struct helper *h, const char *prefix)
{
	const struct prog *p = v->p;
	if (!(h->flags & HELPER_GPL) || p->type == PROG_RAW || !p->object || is_gpl(p->object->license))
		return OK;
	return verify_refuse(
	    v, idx,
	    "%s%s is only for programs under the GPL; write char LICENSE[] SEC(\"license\") = "
	    "\"GPL\";",
	    prefix, h->name);
}

/* Checks that this program may call h: its type is allowed, and it may block if h may. prefix: of h's
 * name. */
static enum err check_callee(struct verify *v, u32 idx, const struct helper *h, const char *prefix)
{
	struct prog *p = v->p;
	if (!helper_is_for(h, p->type))
		return verify_refuse(v, idx, "%s%s is not for %s programs", prefix, h->name,
				     prog_type_name(p->type));
	if (h->flags & HELPER_SLEEPS && !p->sleepable)
		return verify_refuse(
		    v, idx,
		    "%s%s may block, so only a program that may sleep can call it; its section is "
		    "named fentry.s, fexit.s, fmod_ret.s or fsession.s",
		    prefix, h->name);
	enum err e = check_license(v, idx, h, prefix);
	if (e)
		return e;
	p->facts.per_cpu |= (h->flags & HELPER_PER_CPU) != 0;
	p->facts.calls |= (h->flags & HELPER_CALLS) != 0;
	p->facts.header_words = max(p->facts.header_words, (u32)helper_header(h));
	return OK;
}

enum err verify_kfunc(struct verify *v, u32 idx)
{
	u32 id = (u32)v->p->insns[idx].imm;
	const struct helper *h = kfunc_find(id);
	return h ? check_callee(v, idx, h, "") : verify_refuse(v, idx, "there is no kernel function %u", id);
}

static bool is_tail_call(const struct insn *in)
{
	const struct helper *h = insn_kind(in) == INSN_CALL ? helper_find((u32)in->imm) : NULL;
	return h && h->flags & HELPER_TAIL_CALL;
}

static enum err check_tail_call(struct verify *v, u32 idx)
{
	const struct insn *in = flow_constant(v->p, v->marks, idx, BPF_R2);
	struct map *m = in && insn_is_map(in) ? v->p->object->maps[in->imm] : NULL;
	expect_anything(v);
	if (!m || m->ops->type != BPF_MAP_TYPE_PROG_ARRAY)
		return verify_refuse(
		    v, idx, "argument 2 of bpf_tail_call must be a map of programs, set right before");
	if (v->p->sleepable)
		return verify_refuse(v, idx, "a program that may sleep cannot end in a tail call");
	if (prog_array_claim(m, v->p))
		return OK;
	return verify_refuse(
	    v, idx, "%s holds programs of another type, or for a function with other arguments", m->name);
}

static enum err refuse_helper(struct verify *v, u32 idx, u32 id)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	helper_print_name(&s, id);
	helper_print_instead(&s, id);
	return verify_refuse(v, idx, "there is no helper %s", text);
}

/* Without a walk, only a constant says which function a helper calls; its address counts as a call of it where it is
 * taken. */
static void note_callback(struct verify *v, u32 idx)
{
	const struct insn *in = flow_constant(v->p, v->marks, idx, BPF_R2);
	if (v->p->type == PROG_RAW && !(in && insn_kind(in) == INSN_LD_FUNC))
		v->reach[idx].callees = ~0ull;
}

enum err verify_helper(struct verify *v, u32 idx)
{
	i32 id = v->p->insns[idx].imm;
	const struct helper *h = helper_find((u32)id);
	enum err e = h ? check_callee(v, idx, h, "bpf_") : refuse_helper(v, idx, (u32)id);
	if (!e && h->flags & HELPER_CALLBACK)
		note_callback(v, idx);
	return !e && h->flags & HELPER_TAIL_CALL ? check_tail_call(v, idx) : e;
}

void verify_callx(struct verify *v, u32 idx)
{
	v->reach[idx].callees = ~0ull;
	expect_anything(v);
}

/* Which bit of callees stands for taken[i]: the last for all that have none of their own. */
static u64 taken_bit(u32 i)
{
	return 1ull << min(i, 63u);
}

static u32 frames(struct verify *v, u32 start, u32 level, u32 *at);

/* How many frames the deepest callee of an instruction needs; 0 if it calls nothing. */
static u32 frames_below(struct verify *v, u32 idx, u32 level, u32 *at)
{
	const struct insn *in = &v->p->insns[idx];
	u64 callees = v->reach[idx].callees;
	u32 deepest = 0;
	if (insn_names_func(in))
		return frames(v, idx + 1 + (u32)in->imm, level, at);
	for (u32 i = 0; callees && i < v->p->taken_count && deepest <= PROG_FRAMES; i++)
		if (callees & taken_bit(i))
			deepest = max(deepest, frames(v, v->p->taken[i], level, at));
	return deepest;
}

/* Bytes of a frame beside its stack: return address, frame pointer, the caller's R6 to R9. */
#define FRAME_COST 48

/* A tail call frees only the frame of its own function. The frames above it wait. */
static void note_kept(struct verify *v, struct reach *r, u32 idx, u32 stack)
{
	const struct insn *in = &v->p->insns[idx];
	i32 below = insn_names_func(in) ? v->reach[idx + 1 + (u32)in->imm].kept : -1;
	if (below >= 0)
		r->kept = (i16)max((i32)r->kept, below + (i32)align_up(stack, 16u) + FRAME_COST);
	else if (is_tail_call(in))
		r->kept = max(r->kept, (i16)0);
}

/* Returns how many frames the function at start needs, its own included. More than PROG_FRAMES if it calls
 * itself or nests too deep; then *at is the call. This function recurses no deeper than that limit. */
static u32 frames(struct verify *v, u32 start, u32 level, u32 *at)
{
	struct reach *r = &v->reach[start];
	struct flow_func f;
	u32 deepest = 0;
	if (r->frames)
		return r->frames;
	if (r->busy || level > PROG_FRAMES)
		return PROG_FRAMES + 1;
	flow_function(&f, v->p, v->marks, start);
	v->p->facts.frame_size = max(v->p->facts.frame_size, align_up(f.stack, 8u));
	r->busy = true;
	r->kept = -1;
	for (u32 i = start; i < f.end; i++) {
		if (v->marks[i] & MARK_TAIL)
			continue;
		u32 below = frames_below(v, i, level + 1, at);
		deepest = max(deepest, below);
		if (level + below > PROG_FRAMES) {
			*at = *at ? *at : i; /* the innermost call is seen first */
			return deepest + 1;
		}
		note_kept(v, r, i, f.stack);
	}
	r->busy = false;
	r->frames = (u8)(deepest + 1);
	return deepest + 1;
}

void verify_note_callee(struct verify *v, u32 idx, u32 start)
{
	u32 i = 0;
	while (v->p->taken[i] != start)
		i++;
	v->reach[idx].callees |= taken_bit(i);
}

enum err verify_taken(struct verify *v)
{
	struct prog *p = v->p;
	u32 count = 0;
	for (u32 i = 0; i < p->insn_count; i++) {
		const struct insn *in = &p->insns[i];
		if (v->marks[i] & MARK_TAIL || insn_kind(in) != INSN_LD_FUNC)
			continue;
		u8 *mark = &v->marks[i + 1 + (u32)in->imm];
		count += !(*mark & MARK_TAKEN);
		*mark |= MARK_TAKEN;
	}
	p->taken = count ? kmalloc(count * sizeof(*p->taken)) : NULL;
	if (count && !p->taken)
		return ENOMEM;
	for (u32 i = 0; i < p->insn_count; i++)
		if (v->marks[i] & MARK_TAKEN)
			p->taken[p->taken_count++] = i;
	return OK;
}

/* Checks tail calls. The kernel calls a callback, and does not count tail calls, so a callback may not
 * make any. Frames that wait add up, PROG_TAIL_CALLS times. */
static enum err check_tail_calls(struct verify *v)
{
	struct prog *p = v->p;
	for (u32 i = 0; i < p->taken_count; i++)
		if (v->reach[p->taken[i]].frames && v->reach[p->taken[i]].kept >= 0)
			return verify_refuse(v, p->taken[i],
					     "a function whose address is taken cannot lead to a tail call");
	i32 kept = v->reach[0].kept;
	p->facts.tail_calls = kept >= 0;
	if (kept <= PROG_KEPT_MAX)
		return OK;
	return str_refuse(v->log, EINVAL, "a tail call leaves %d bytes of frames that wait; %d are allowed",
			  kept, PROG_KEPT_MAX);
}

enum err verify_functions(struct verify *v)
{
	u32 at = 0;
	u32 depth = frames(v, 0, 1, &at);
	v->p->facts.frames = depth;
	return depth > PROG_FRAMES
		   ? verify_refuse(v, at, "this call needs more than %d frames, or is recursive", PROG_FRAMES)
		   : check_tail_calls(v);
}

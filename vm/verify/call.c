// SPDX-License-Identifier: MIT
// Of the walk: what a call does, once its arguments are checked (args.c), and what a function returns.
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "vm/run/kfunc.h"
#include "vm/run/frame.h"
#include "vm/run/map.h"
#include "vm/verify/global.h"
#include "vm/verify/iter.h"
#include "vm/verify/lock.h"
#include "vm/verify/call.h"

/* Refuses if something is open whose id is above last_before. */
static enum err check_closed(struct walk *w, u32 last_before)
{
	char text[64] = "";
	struct strbuf s = STRBUF(text);
	const struct open *last = w->now.open_count ? &w->now.open[w->now.open_count - 1] : NULL;
	if (!last || last->id <= last_before)
		return OK;
	walk_print_line(&s, w, last->at);
	return walk_refuse(
	    w, "the record that was reserved in %s is not given back on this path; submit or discard it",
	    text);
}

static struct reg reg_of_kernel_ptr(const struct helper *h)
{
	const struct btf *b = kfunc_types();
	struct reg r = reg_any();
	if (h->id == BPF_FUNC_get_current_task_btf && b) {
		u32 id = btf_find(b, "task_struct", BTF_STRUCT);
		return id ? reg_address(REG_OBJECT, id) : r;
	}
	if (h->id == KFUNC_SESSION_COOKIE) {
		r = reg_address(REG_MEMORY, 0);
		r.size = 8;
	}
	return r;
}

void walk_return(struct walk *w, struct reg r0)
{
	for (u32 n = BPF_R1; n <= BPF_R5; n++)
		*walk_reg(w, n) = (struct reg){ .kind = REG_NONE };
	*walk_reg(w, BPF_R0) = r0;
}

static void set_result(struct walk *w, const struct call *c)
{
	struct reg r0 = reg_any();
	if (c->h->ret == RET_MAP_VALUE_OR_NULL) {
		r0 = reg_address(REG_VALUE, c->map);
		r0.may_be_null = true;
		r0.id = ++w->last_id;
	} else if (c->h->ret == RET_RECORD_OR_NULL) {
		r0 = reg_address(REG_RECORD, c->map);
		r0.may_be_null = true;
		r0.size = c->size;
		r0.id = ++w->last_id;
		w->now.open[w->now.open_count++] = (struct open){ r0.id, w->idx };
	} else if (c->h->ret == RET_NOTHING) {
		r0 = (struct reg){ .kind = REG_NONE };
	} else if (c->h->ret == RET_KERNEL_PTR) {
		r0 = reg_of_kernel_ptr(c->h);
	} else if (c->h->ret == RET_LENGTH) {
		r0.at = range_join(range_const((u64)-EFAULT), range_between(0, c->bytes));
	}
	r0.from = w->idx + 1;
	walk_return(w, r0);
	if (c->closes)
		state_close(&w->now, c->closes, r0.from);
	w->idx++;
}

static enum err enter_callee(struct walk *w, u32 start, u32 callback)
{
	struct frame *caller = state_top(&w->now);
	struct flow_func f;
	flow_function(&f, w->p, w->v->marks, start);
	enum err e = w->now.frame_count == PROG_FRAMES
			 ? walk_refuse(w, "this call needs more than %u frames, or is recursive", PROG_FRAMES)
			 : state_push(&w->now, start, (f.stack + 7) / 8);
	if (e)
		return e;
	struct frame *callee = state_top(&w->now);
	callee->called_at = w->idx;
	callee->callback = callback;
	callee->last_before = callback ? w->last_id : caller->last_before;
	callee->round = callback ? w->from->round : 0;
	if (!callback)
		memcpy(&callee->r[BPF_R1], &caller->r[BPF_R1], 5 * sizeof(struct reg));
	w->idx = start;
	return OK;
}

/* Goes on behind the call; a helper with a callback is called again. */
static void leave_callee(struct walk *w, struct reg r0)
{
	struct frame *f = state_top(&w->now);
	u32 called_at = f->called_at, callback = f->callback;
	state_pop(&w->now);
	w->idx = called_at + !callback;
	if (!callback)
		walk_return(w, r0);
}

/* Keeps for later where the path goes on behind the call of a helper; or, if the call has replaced the function with
 * another program, which returns any number, in the caller. */
static enum err leave_for_later(struct walk *w, const struct call *c)
{
	struct state here;
	u32 idx = w->idx;
	enum err e = state_copy(&here, &w->now);
	if (e)
		return e;
	if (c)
		set_result(w, c);
	else
		leave_callee(w, reg_any());
	e = walk_later(w, w->idx);
	state_free(&w->now);
	w->now = here;
	w->idx = idx;
	return e;
}

/* The helper may call the function no time, or again and again. Each time the path comes back to the call, so a place
 * there that covers it ends the path. */
static enum err walk_callback(struct walk *w, struct call *c)
{
	verify_note_callee(w->v, w->idx, c->func);
	enum err e = leave_for_later(w, c) ?: enter_callee(w, c->func, c->h->id);
	if (e)
		return e;
	struct frame *callee = state_top(&w->now), *caller = w->now.frames[w->now.frame_count - 2];
	if (c->h->id == BPF_FUNC_loop) {
		callee->r[BPF_R1] = reg_any();
		callee->r[BPF_R2] = caller->r[BPF_R3];
		return OK;
	}
	callee->r[BPF_R1] = reg_address(REG_MAP, c->map);
	callee->r[BPF_R2] = reg_address(REG_MEMORY, callee->round);
	callee->r[BPF_R2].size = c->m->key_size;
	callee->r[BPF_R2].is_read_only = true;
	callee->r[BPF_R3] = reg_address(REG_VALUE, c->map);
	callee->r[BPF_R3].id = c->m->lock_size ? ++w->last_id : 0;
	callee->r[BPF_R4] = caller->r[BPF_R3];
	return OK;
}

/* Keeps what is the same each time. A place that covers this path has the same map; and the same key, because all slots
 * of a stack whose address is taken matter to a call. */
static void note_call(struct walk *w, const struct call *c)
{
	struct insn_fact *f = &w->p->proven[w->idx];
	bool is_first = !f->map, is_word = c->m->key_size == sizeof(u32) && c->h->args[1] == ARG_MAP_KEY;
	u16 map = (u16)min(c->map + 1, (u32)MAP_VARIES);
	struct reg key = is_word ? access_key(w, BPF_R2) : reg_any();
	bool is_known = key.kind == REG_NUMBER && range_is_const(&key.at);
	u32 number = (u32)key.at.whole.umin;
	f->map = is_first || f->map == map ? map : MAP_VARIES;
	f->has_key = is_known && (is_first || (f->has_key && f->key == number));
	f->key = number;
}

static enum err call_row(struct walk *w, const struct helper *h, const char *prefix)
{
	struct call c = { .h = h, .prefix = prefix };
	bool changes = h->id == BPF_FUNC_map_update_elem || h->id == BPF_FUNC_map_delete_elem;
	enum err e = h->id == BPF_FUNC_spin_unlock
			 ? OK
			 : lock_check_free(w, *prefix ? "a call of bpf_" : "a call of ", h->name);
	for (u32 i = 0; i < array_len(h->args) && !e; i++)
		e = call_check_arg(w, &c, i);
	for (u32 i = 0; i < w->now.frame_count && !e && h->flags & HELPER_TAIL_CALL; i++)
		e = iter_check_closed(w, w->now.frames[i]);
	if (!e && h->flags & HELPER_TAIL_CALL)
		e = check_closed(w, 0);
	if (!e && h->ret == RET_RECORD_OR_NULL && w->now.open_count == OPEN_MAX)
		e = walk_refuse(
		    w, "more than %u records are reserved at the same time; submit or discard one before",
		    OPEN_MAX);
	if (e)
		return e;
	if (c.m && changes && c.m->read_only)
		return walk_refuse(w, "%s%s would write to %s, which is read only", prefix, h->name,
				   c.m->name);
	if (h->id == BPF_FUNC_trace_printk || h->id == BPF_FUNC_trace_vprintk)
		e = call_check_format(w, &c);
	if (e)
		return e;
	if (c.m)
		note_call(w, &c);
	if (c.calls_back)
		return walk_callback(w, &c);
	set_result(w, &c);
	if (h->flags & HELPER_TAIL_CALL && w->now.frame_count > 1)
		return leave_for_later(w, NULL);
	return c.iter ? iter_called(w, c.iter_arg, c.iter) : OK;
}

static enum err call_local(struct walk *w, u32 start)
{
	if (!global_is(w, start))
		return enter_callee(w, start, 0);
	return lock_check_free(w, "a call of a function that is not static", "") ?: global_call(w, start);
}

enum err walk_call(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	switch (insn_kind(in)) {
	case INSN_CALL_LOCAL: return call_local(w, w->idx + 1 + (u32)in->imm);
	case INSN_CALL_KFUNC: return call_row(w, kfunc_find((u32)in->imm), "");
	case INSN_CALL: return call_row(w, helper_find((u32)in->imm), "bpf_");
	default: return walk_refuse(w, "a call through a register: name the function");
	}
}

static bool returns_only_0(const struct prog *p)
{
	return p->type == PROG_FENTRY || p->type == PROG_FEXIT || p->type == PROG_FSESSION;
}

bool walk_result_matters(const struct prog *p)
{
	return returns_only_0(p) || p->type == PROG_FMOD_RET;
}

enum err walk_check_mark(struct walk *w)
{
	const struct prog *p = w->p;
	const struct btf *b = kfunc_types();
	char text[512] = "";
	struct strbuf s = STRBUF(text);
	bool is_known = p->type == PROG_FMOD_RET && b && btf_find(b, p->target, BTF_FUNC);
	return is_known && injection_check(p->target, p->facts.replaces, &s) ? walk_refuse(w, "%s", text)
									     : OK;
}

static enum err check_result(struct walk *w)
{
	const struct reg *r0 = walk_reg(w, BPF_R0);
	const char *type = prog_type_name(w->p->type);
	enum err e = walk_check_read(w, BPF_R0);
	if (!e && w->p->type == PROG_FMOD_RET) {
		if (r0->kind != REG_NUMBER)
			return walk_refuse(w, "an %s program must return a number, and this is an address",
					   type);
		w->p->facts.replaces |= r0->at.whole.umax != 0;
		return walk_check_mark(w);
	}
	if (e || !returns_only_0(w->p))
		return e;
	if (r0->kind != REG_NUMBER)
		return walk_refuse(
		    w, "an %s program must return 0, and this is an address; end it with return 0", type);
	if (r0->at.whole.umin == r0->at.whole.umax && r0->at.whole.umin)
		return walk_refuse(w, "an %s program must return 0, not %lld; only fmod_ret changes a result",
				   type, r0->at.whole.smin);
	return r0->at.whole.umax
		   ? walk_refuse(
			 w,
			 "an %s program must return 0, and this may be another number; end it with return 0",
			 type)
		   : OK;
}

enum err walk_exit(struct walk *w)
{
	struct frame *f = state_top(&w->now);
	u32 callback = f->callback;
	struct reg r0 = f->r[BPF_R0];
	enum err e = iter_check_closed(w, f);
	if (!e && (callback || w->now.frame_count == 1))
		e = check_closed(w, f->last_before);
	if (e)
		return e;
	if (w->now.frame_count == 1) {
		w->ended = true;
		e = lock_check_free(w, "the program", " ends");
		if (e)
			return e;
		return f->start ? global_exit(w) : check_result(w);
	}
	e = callback ? walk_check_read(w, BPF_R0) : OK;
	if (!e && r0.kind == REG_STACK)
		e = walk_refuse(w,
				r0.what == w->now.frame_count - 1
				    ? "r0 is an address of this function's stack, which ends here; return "
				      "the value itself"
				    : "r0 is an address of a caller's stack, which no function returns; the "
				      "caller has it");
	if (!e && callback && (r0.kind != REG_NUMBER || r0.at.whole.umax > 1))
		e = walk_refuse(
		    w, "a function that a helper calls returns 0 to go on or 1 to stop, and nothing else");
	if (e)
		return e;
	w->came_back = f->round;
	leave_callee(w, r0);
	if (callback)
		state_forget(&w->now, w->came_back); /* the key lies in the helper's frame */
	return OK;
}

// SPDX-License-Identifier: MIT
// Walks every path of a program, one after the other. Where a jump can go both ways, one is kept for later.
//
// A path ends at the program's end, or where an earlier one has come by with a state that allowed all that this one
// allows. Where paths meet, states are kept for that. One that is still open is on this path itself: to come back to the
// same state is a loop without end, unless a helper or an iterator counts the rounds: iter.h.
#include "vm/verify/global.h"
#include "vm/verify/iter.h"
#include "vm/verify/walk.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "vm/run/map.h"
#include "vm/run/kfunc.h"

enum { COMPARE_MAX = 64, MISSES_MAX = 30 };
enum { KEEP_EVERY = 8 }; /* instructions on a path; loops are kept each time */

enum err walk_refuse(struct walk *w, const char *fmt, ...)
{
	char text[512] = "";
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	walk_print_way(&s, w);
	return verify_refuse(w->v, w->idx, "%s", text);
}

enum err walk_check_read(struct walk *w, u32 n)
{
	if (walk_reg(w, n)->kind != REG_NONE)
		return OK;
	return walk_refuse(w, "r%u is read and has no value here; set it first", n);
}

/* One more state is kept, or one less. */
static void count_state(struct walk *w, const struct state *s, bool more)
{
	u64 bytes = state_bytes(s) + sizeof(struct seen);
	w->bytes += more ? bytes : -bytes;
	w->most_bytes = max(w->most_bytes, w->bytes);
}

static enum err grow(void **array, u32 count, u32 *max, size_t size)
{
	if (count < *max)
		return OK;
	u32 more = *max ? 2 * *max : 64;
	void *bigger = kmalloc(more * size);
	if (!bigger)
		return ENOMEM;
	if (count)
		memcpy(bigger, *array, count * size);
	kfree(*array);
	*array = bigger;
	*max = more;
	return OK;
}

void walk_decided(struct walk *w, u8 what)
{
	if (w->decided[w->idx] & what)
		return;
	w->decided[w->idx] |= what;
	w->live_is_old = true;
}

/* From now on every jump matters. */
static void decide_all(struct walk *w)
{
	for (u32 i = 0; i < w->p->insn_count; i++)
		w->decided[i] |= DECIDED_JUMP;
}

/* Finds anew what matters. After a few times every jump does, so that not each of many is found by itself. */
static enum err renew_live(struct walk *w)
{
	enum { ROUNDS = 32 };
	if (!w->live_is_old)
		return OK;
	if (w->live_rounds++ == ROUNDS)
		decide_all(w);
	struct live *live = live_find(w->p, w->v->marks, w->decided, walk_result_matters(w->p));
	if (!live)
		return ENOMEM;
	kfree(w->live);
	w->live = live;
	w->live_is_old = false;
	return OK;
}

enum err walk_later(struct walk *w, u32 idx)
{
	enum err e = grow((void **)&w->pending, w->pending_count, &w->pending_max, sizeof(*w->pending));
	struct pending *p = &w->pending[w->pending_count];
	if (!e)
		e = state_copy(&p->s, &w->now);
	if (e)
		return e;
	count_state(w, &p->s, true);
	p->idx = idx;
	p->from = w->from;
	p->path = w->path;
	path_add(&p->path, w->idx, idx);
	if (p->from)
		p->from->open++;
	w->pending_count++;
	w->forked = true;
	return OK;
}

/* The path has ended: so have all places on it from which no other path goes on. */
static void close_path(struct walk *w)
{
	for (struct seen *s = w->from; s && --s->open == 0; s = s->before)
		;
	state_free(&w->now);
}

static enum err keep(struct walk *w, u32 round, bool is_first)
{
	struct seen *s = kzalloc(sizeof(*s));
	enum err e = s ? state_copy(&s->s, &w->now) : ENOMEM;
	if (e) {
		kfree(s);
		return e;
	}
	count_state(w, &s->s, true);
	w->kept++;
	s->open = 1;
	s->id = ++w->last_id;
	s->round = round;
	s->is_first = is_first;
	s->before = w->from;
	s->counts = round ? s : w->from ? w->from->counts : NULL;
	s->next = w->seen[w->idx];
	w->seen[w->idx] = w->from = s;
	return OK;
}

static void drop(struct walk *w, struct seen **at)
{
	struct seen *s = *at;
	*at = s->next;
	count_state(w, &s->s, false);
	state_free(&s->s);
	kfree(s);
}

/* Sets what each frame still reads: a calling one, at its call. */
static enum err live_here(struct walk *w, const struct live *live[])
{
	enum err e = renew_live(w);
	u32 top = w->now.frame_count - 1;
	if (e)
		return e;
	for (u32 i = 0; i < top; i++)
		live[i] = &w->live[w->now.frames[i + 1]->called_at];
	live[top] = &w->live[w->idx];
	return OK;
}

/* Whether the walk from s shows what the walk from here would: it has ended, or it goes on and each time that the path
 * comes back here takes one round more of the same. A helper that is called anew has all its rounds. */
static bool is_like(const struct seen *s, u32 round, bool is_first)
{
	return s->open ? round && s->round == round : s->round == round || (is_first && s->is_first);
}

/* Ends the path if an earlier one covers it. Refuses a loop without end. */
static enum err compare_seen(struct walk *w, u32 round, bool is_first)
{
	const struct live *live[PROG_FRAMES];
	u32 tries = 0;
	enum err e = live_here(w, live);
	if (e)
		return e;
	for (struct seen **at = &w->seen[w->idx]; *at && tries++ < COMPARE_MAX;) {
		struct seen *s = *at;
		if (is_like(s, round, is_first) && state_covers(&s->s, &w->now, live)) {
			s->hits++;
			w->ended = true;
			walk_say(w, "as before, or less: what follows is proven");
			return OK;
		}
		if (s->open && state_equals(&s->s, &w->now, live) && !iter_takes_round(w, s, round))
			return walk_refuse(w,
					   "this loop does not end: it comes back to this line and nothing "
					   "has changed; count the rounds up to a limit");
		if (!s->open && ++s->misses > 3 * s->hits + MISSES_MAX) {
			drop(w, at);
			continue;
		}
		at = &s->next;
	}
	return OK;
}

static enum err step(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	u32 at = w->idx;
	enum err e;
	if (insn_writes(in) & 1 << BPF_FP)
		return walk_refuse(w, "r10 is the frame pointer and cannot be written");
	if (insn_is_exit(in))
		return walk_exit(w);
	if (insn_is_call(in))
		return walk_call(w);
	if (insn_is_jump(in))
		return walk_branch(w);
	if (insn_is_wide(in))
		e = walk_wide(w);
	else
		e = insn_is_access(in) ? walk_access(w) : walk_arith(w);
	if (insn_is_wide(in) || insn_class(in) == CLASS_LDX)
		walk_reg(w, in->dst)->from = at + 1;
	w->idx = at + (insn_is_wide(in) ? 2 : 1);
	return e;
}

static enum err walk_path(struct walk *w)
{
	u32 since = KEEP_EVERY;
	w->ended = false;
	walk_say(w, "path %u, from instruction %u on", ++w->paths, w->idx);
	while (!w->ended) {
		const struct insn *in = walk_insn(w);
		bool counts = iter_repeats(in), meets = w->v->marks[w->idx] & (MARK_TARGET | MARK_START),
		     is_first = false;
		u32 round = counts ? iter_round(w, &is_first) : 0;
		enum err e = OK;
		if (++w->visited > VISITED_MAX)
			return walk_refuse(
			    w,
			    "the program has too many paths: %u instructions were followed, and more remain; "
			    "make fewer rounds, or count them with bpf_loop or bpf_for",
			    VISITED_MAX);
		if (w->seen[w->idx])
			e = compare_seen(w, round, is_first);
		if (!e && !w->ended && round && iter_widen(w, round))
			e = compare_seen(w, round, is_first);
		if (e || w->ended)
			return e;
		if (counts || (meets && since >= (w->forked ? KEEP_EVERY : KEEP_EVERY + w->visited / 16))) {
			e = keep(w, round, is_first);
			w->forked = false;
			since = 0;
		}
		since++;
		if (w->v->marks[w->idx] & MARK_LACKS)
			e = verify_lacks(w->v, w->idx);
		u32 at = w->idx, waited = w->pending_count;
		if (!e)
			e = step(w);
		if (e)
			return e;
		walk_show(w, at, waited);
	}
	return OK;
}

/* A value that ld_imm64 loads. */
enum err walk_wide(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	struct reg *dst = walk_reg(w, in->dst);
	switch (insn_kind(in)) {
	case INSN_LD_MAP:
	case INSN_LD_MAP_IDX: *dst = reg_address(REG_MAP, (u32)in->imm); break;
	case INSN_LD_VALUE:
	case INSN_LD_VALUE_IDX:
		*dst = reg_address(REG_VALUE, (u32)in->imm);
		dst->at = range_const((u32)in[1].imm);
		break;
	case INSN_LD_FUNC: *dst = reg_address(REG_FUNC, (u32)(w->idx + 1 + (u32)in->imm)); break;
	case INSN_LD_VAR: *dst = reg_any(); break;
	default: *dst = reg_number(insn_imm64(in));
	}
	if (w->p->taken_as && w->p->taken_as[w->idx].type)
		*dst = reg_address(REG_OBJECT, w->p->taken_as[w->idx].type);
	return OK;
}

/* All paths of the program, or of a function that is walked alone. */
static enum err walk_function(struct walk *w, u32 start)
{
	struct flow_func f;
	flow_function(&f, w->p, w->v->marks, start);
	w->now = (struct state){ .frame_count = 0 };
	enum err e = state_push(&w->now, start, (f.stack + 7) / 8);
	if (e)
		return e;
	w->idx = start;
	w->from = NULL;
	w->path = (struct path){ 0 };
	if (start)
		global_enter(w);
	else
		*walk_reg(w, BPF_R1) = reg_address(REG_CONTEXT, 0);
	for (;;) {
		e = e ? e : walk_path(w);
		close_path(w);
		if (e || !w->pending_count)
			return e;
		struct pending *p = &w->pending[--w->pending_count];
		count_state(w, &p->s, false);
		w->now = p->s;
		w->idx = p->idx;
		w->from = p->from;
		w->path = p->path;
	}
}

static enum err walk_all(struct walk *w)
{
	u32 start = 0;
	enum err e = walk_check_mark(w);
	do
		e = e ? e : walk_function(w, start);
	while (!e && global_next(w, &start));
	return e;
}

static void free_all(struct walk *w)
{
	while (w->pending_count)
		state_free(&w->pending[--w->pending_count].s);
	for (u32 i = 0; w->seen && i < w->p->insn_count; i++)
		while (w->seen[i])
			drop(w, &w->seen[i]);
	kfree(w->pending);
	kfree(w->seen);
	kfree(w->live);
	kfree(w->decided);
}

/* Whether a path may come back to a call, round by round. Such a place is left for good before all that follows it is
 * known, so nothing is said to matter later. */
static bool has_rounds(const struct verify *v)
{
	for (u32 i = 0; i < v->p->insn_count; i++)
		if (!(v->marks[i] & MARK_TAIL) && iter_repeats(&v->p->insns[i]))
			return true;
	return false;
}

enum err walk_program(struct verify *v)
{
	struct walk w = { .v = v, .p = v->p };
	u32 count = v->p->insn_count;
	w.seen = kzalloc(count * sizeof(*w.seen));
	if (!w.p->proven)
		w.p->proven = kzalloc(count * sizeof(*w.p->proven));
	w.decided = kzalloc(count);
	w.live_is_old = true;
	enum err e = w.seen && w.p->proven && w.decided ? OK : ENOMEM;
	if (!e && has_rounds(v))
		decide_all(&w);
	if (!e)
		e = walk_all(&w);
	walk_say(&w, "%u instructions, %u path%s; %u state%s kept, %llu bytes at most", w.visited, w.paths,
		 w.paths == 1 ? "" : "s", w.kept, w.kept == 1 ? "" : "s", w.most_bytes);
	free_all(&w);
	return e;
}

// SPDX-License-Identifier: MIT
// Of the walk: what is known, in words, for refusals and for a watcher.
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/source.h"
#include "vm/verify/range_parts.h"
#include "vm/verify/typed.h"
#include "vm/verify/walk.h"

verify_watcher *verify_watch;

/* The helper that has returned or taken r; NULL if none has. */
static const struct helper *helper_from(const struct walk *w, const struct reg *r)
{
	const struct insn *in = r->from ? &w->p->insns[r->from - 1] : NULL;
	return in && insn_kind(in) == INSN_CALL ? helper_find((u32)in->imm) : NULL;
}

bool reg_is_gone(const struct walk *w, const struct reg *r)
{
	const struct helper *h = helper_from(w, r);
	return r->kind == REG_NUMBER && h && h->args[0] == ARG_RECORD;
}

static void gone_print(struct strbuf *s, const struct walk *w, const struct reg *r)
{
	str_printf(s, "gone: bpf_%s took it in ", helper_from(w, r)->name);
	walk_print_line(s, w, r->from - 1);
}

void reg_print(struct strbuf *s, const struct walk *w, const struct reg *r)
{
	const char *null = r->may_be_null ? ", or NULL" : "";
	switch (r->kind) {
	case REG_NONE: str_puts(s, "not set"); return;
	case REG_NUMBER:
		if (reg_is_gone(w, r))
			gone_print(s, w, r);
		else if (range_is_const(&r->at))
			str_printf(s, "the number %lld", (i64)r->at.bits.value);
		else
			str_puts(s, "a number");
		return;
	case REG_CONTEXT: str_puts(s, "the context"); return;
	case REG_STACK: str_puts(s, "an address of the stack"); return;
	case REG_MAP: str_printf(s, "map %s", w->p->object->maps[r->what]->name); return;
	case REG_VALUE: str_printf(s, "a value of map %s%s", w->p->object->maps[r->what]->name, null); return;
	case REG_MEMORY: str_printf(s, "%u bytes of memory%s", r->size, null); return;
	case REG_RECORD:
		str_printf(s, "a record of map %s%s", w->p->object->maps[r->what]->name, null);
		return;
	case REG_OBJECT: str_printf(s, "a struct %s%s", btf_type_name(kfunc_types(), r->what), null); return;
	case REG_FUNC: str_puts(s, "a function of the program"); return;
	case REG_ITER: str_puts(s, "an iterator"); return;
	}
}

/* "0 to 15", "0 to 60, a multiple of 4", "any number". */
static void number_print(struct strbuf *s, const struct range *r)
{
	u64 low = r->bits.value | r->bits.mask, unit = low & -low;
	bool any_u = r->whole.umin == 0 && ~r->whole.umax < unit;
	bool any_s = r->whole.smin == bounds_any(64).smin && bounds_any(64).smax - r->whole.smax < (i64)unit;
	bool is_multiple = unit > 1 && !range_is_const(r);
	if (range_is_const(r))
		str_printf(s, "%lld", (i64)r->bits.value);
	else if (any_u && any_s)
		str_puts(s, "any number");
	else if (any_u || r->whole.smin < 0)
		str_printf(s, "%lld to %lld", r->whole.smin, r->whole.smax);
	else
		str_printf(s, "%llu to %llu", r->whole.umin, r->whole.umax);
	if (is_multiple)
		str_printf(s, ", a multiple of %llu", unit);
}

void reg_print_known(struct strbuf *s, const struct walk *w, const struct reg *r)
{
	if (r->kind == REG_NUMBER) {
		number_print(s, &r->at);
		return;
	}
	if (r->kind == REG_STACK && range_is_const(&r->at)) {
		str_printf(s, "the stack at r10%+lld", r->at.whole.smin);
		return;
	}
	reg_print(s, w, r);
	if (r->kind == REG_NONE || reg_is_at_begin(r))
		return;
	str_puts(s, " at byte ");
	number_print(s, &r->at);
}

/* "r1", and what that is in C, if it is known: "r1 (count)", "r1 (argument 1 of kfree_skb)". */
static void name_print(struct strbuf *s, const struct walk *w, u32 n, const struct reg *r)
{
	const struct insn *in = r->from ? &w->p->insns[r->from - 1] : NULL;
	char name[64] = "", function[64] = "";
	struct strbuf c = STRBUF(name);
	const struct helper *h = helper_from(w, r);
	str_printf(s, "r%u", n);
	if (h && reg_is_at_begin(r)) {
		str_printf(&STRBUF(function), "bpf_%s", h->name);
		if (source_print_result(&c, w->p, r->from - 1, function))
			str_printf(s, " (%s)", name);
	}
	u32 arg = in && w->p->proven[r->from - 1].memory == MEMORY_CONTEXT && reg_is_at_begin(r)
		      ? context_argument(w->p, (u64)in->off / 8)
		      : 0;
	if (arg)
		str_printf(s, " (argument %u of %s)", arg, w->p->target);
}

enum err walk_refuse_reg(struct walk *w, u32 n, const struct reg *r, const char *why)
{
	char name[96] = "", what[160] = "";
	name_print(&STRBUF(name), w, n, r);
	reg_print(&STRBUF(what), w, r);
	w->about = r;
	return walk_refuse(w, "%s is %s; %s", name, what, why);
}

enum err walk_refuse_arg(struct walk *w, u32 n, const char *prefix, const char *name, const char *needs)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	const struct reg *r = walk_reg(w, n);
	(reg_is_address(r) && r->kind != REG_STACK ? reg_print_known : reg_print)(&s, w, r);
	w->about = r;
	return walk_refuse(w, "argument %u of %s%s is %s, and must be %s", n, prefix, name, text, needs);
}

void walk_print_line(struct strbuf *s, const struct walk *w, u32 idx)
{
	const struct line_info *line = source_line(w->p, idx);
	if (line)
		str_printf(s, "line %u", line->line);
	else
		str_printf(s, "insn %u", idx);
}

static void origin_print(struct strbuf *s, const struct walk *w, const struct reg *r)
{
	const struct helper *h = helper_from(w, r);
	if (h)
		str_printf(s, "; it is from bpf_%s in ", h->name);
	else
		str_printf(s, "; it was loaded in ");
	walk_print_line(s, w, r->from - 1);
}

/* Whether clang has put the instruction into the line of its function's name, behind the body: the function returns. */
static bool is_end(const struct walk *w, u32 idx)
{
	u32 start = idx;
	while (!(w->v->marks[start] & MARK_START))
		start--;
	const struct line_info *first = source_line(w->p, start), *line = source_line(w->p, idx);
	return first && idx > start && first->line == line->line;
}

void walk_print_way(struct strbuf *s, const struct walk *w)
{
	u32 count = min(w->path.count, (u32)TURNS);
	if (w->about && w->about->from && reg_is_address(w->about))
		origin_print(s, w, w->about);
	const char *before = count < w->path.count ? "; path: ..., " : "; path: ";
	for (u32 i = 0; i < count; i++) {
		const struct turn *t = &w->path.at[(w->path.count - count + i) % TURNS];
		const struct line_info *from = source_line(w->p, t->from), *to = source_line(w->p, t->to);
		if (t->from == t->to || (from && to && from->line == to->line))
			continue;
		str_puts(s, before);
		walk_print_line(s, w, t->from);
		if (is_end(w, t->to))
			str_puts(s, " to the end");
		else
			str_printf(s, " to %u", to ? to->line : t->to);
		before = ", ";
	}
}

void walk_say(const struct walk *w, const char *fmt, ...)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	va_list args;
	if (!verify_watch)
		return;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	verify_watch(w->p, VERIFY_NOWHERE, text);
}

/* The registers that a reader wants to see behind the instruction, a bit each. */
static u32 regs_to_show(const struct walk *w, const struct insn *in)
{
	if (w->ended || insn_names_func(in))
		return 0;
	if (insn_is_call(in) || insn_is_exit(in))
		return 1 << BPF_R0;
	if (insn_is_jump(in))
		return insn_is_goto(in) ? 0 : 1u << in->dst | (insn_takes_reg(in) ? 1u << in->src : 0);
	return insn_writes(in);
}

void walk_show(const struct walk *w, u32 idx, u32 waited)
{
	char text[240] = "";
	struct strbuf s = STRBUF(text);
	const struct insn *in = &w->p->insns[idx];
	if (!verify_watch || !w->now.frame_count)
		return;
	const struct frame *now = w->now.frames[w->now.frame_count - 1];
	for (u32 regs = regs_to_show(w, in); regs; regs &= regs - 1) {
		u32 n = (u32)__builtin_ctz(regs);
		str_printf(&s, "%sr%u: ", s.len ? "; " : "", n);
		reg_print_known(&s, w, &now->r[n]);
	}
	const struct reg *base = insn_is_access(in) ? &now->r[insn_base(in)] : NULL;
	if (base && base->kind == REG_STACK && range_is_const(&base->at) && insn_class(in) == CLASS_STX &&
	    !insn_is_atomic(in)) {
		str_printf(&s, "r10%+lld: ", base->at.whole.smin + in->off);
		reg_print_known(&s, w, &now->r[in->src]);
	}
	for (; waited < w->pending_count; waited++)
		str_printf(&s, "%s%u waits", s.len ? "; " : "", w->pending[waited].idx);
	verify_watch(w->p, idx, text);
}

// SPDX-License-Identifier: MIT
// Counts a program's accesses to bad addresses, and reports the first.
#include "vm/run/mistake.h"
#include "kernel/lib/mem.h"
#include "kernel/trace/trace.h"
#include "vm/source.h"

notrace void mistake_print_line(struct strbuf *s, const struct prog *p, u32 idx)
{
	const struct line_info *l = source_line(p, idx);
	if (l && p->object)
		str_printf(s, "%s:%u", str_base(btf_name(&p->object->btf, l->file_off)), l->line);
	else
		str_printf(s, "insn %u", idx);
}

static notrace void print_place(struct strbuf *s, const struct prog *p, u32 idx)
{
	str_printf(s, "insn %u", idx);
	if (!source_line(p, idx))
		return;
	str_puts(s, " (");
	mistake_print_line(s, p, idx);
	str_puts(s, ")");
}

static notrace void tell_first(const struct prog *p, u32 idx, bool is_store)
{
	char text[160];
	struct strbuf s = STRBUF(text);
	str_puts(&s, is_store ? "bad address, store dropped: " : "bad address, load read as 0: ");
	print_place(&s, p, idx);
	str_puts(&s, "; more of it is only counted");
	trace_write(p->name, text, s.len);
}

notrace void mistake_note(const struct prog *prog, u32 idx)
{
	struct prog *p = (struct prog *)prog; /* the rest of a program that runs must not change */
	const struct insn *in = &p->insns[idx];
	bool is_store = insn_class(in) != CLASS_LDX && !insn_is_load_acquire(in);
	u32 none = 0;
	if (!insn_is_access(in))
		return;
	__atomic_fetch_add(is_store ? &p->mistakes.stores : &p->mistakes.loads, 1, __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(&p->mistakes.first, &none, idx + 1, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		tell_first(p, idx, is_store);
}

static void print_count(struct strbuf *s, u64 count, const char *one, const char *many)
{
	if (count)
		str_printf(s, "%s%llu %s", s->len ? ", " : "", count, count == 1 ? one : many);
}

void mistake_print(struct strbuf *s, const struct prog *p)
{
	print_count(s, p->mistakes.stores, "store dropped", "stores dropped");
	print_count(s, p->mistakes.loads, "load read as 0", "loads read as 0");
	if (!p->mistakes.first)
		return;
	str_puts(s, "; first at ");
	print_place(s, p, p->mistakes.first - 1);
}

// SPDX-License-Identifier: MIT
// From an instruction to text: replaces each letter of its row in insn.h by the field that the letter means.
#include "vm/disasm.h"
#include "kernel/io/print.h"
#include "vm/object.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/source.h"
#include "vm/verify/verify.h"

static void print_memory(struct strbuf *s, u32 base, i32 off)
{
	str_printf(s, "(r%u %+d)", base, off);
}

static void print_jump(struct strbuf *s, i64 distance)
{
	str_printf(s, "pc%+lld", distance);
}

static void print_helper(struct strbuf *s, i32 id)
{
	const struct helper *h = helper_find((u32)id);
	if (h)
		str_printf(s, "bpf_%s#%d", h->name, id);
	else
		str_printf(s, "unknown#%d", id);
}

static void print_ksym(struct strbuf *s, i32 btf_id)
{
	const struct btf *b = vm_kernel_btf();
	const char *name = b ? btf_type_name(b, (u32)btf_id) : "";
	str_printf(s, "%s#%d", *name ? name : "unknown", btf_id);
}

static void print_map(struct strbuf *s, const struct prog *p, i32 idx)
{
	if (p && p->object && (u32)idx < p->object->map_count)
		str_printf(s, "id:%s", p->object->maps[idx]->name);
	else
		str_printf(s, "id:%d", idx);
}

static void print_field(struct strbuf *s, const struct prog *p, const struct insn *in, char letter)
{
	switch (letter) {
	case 'D': str_printf(s, "r%u", in->dst); break;
	case 'S': str_printf(s, "r%u", in->src); break;
	case 'd': str_printf(s, "w%u", in->dst); break;
	case 's': str_printf(s, "w%u", in->src); break;
	case 'M': print_memory(s, in->dst, in->off); break;
	case 'N': print_memory(s, in->src, in->off); break;
	case 'I': str_printf(s, "%d", in->imm); break;
	case 'X': str_printf(s, "0x%x", (u32)in->imm); break;
	case 'L': str_printf(s, "0x%llx", insn_imm64(in)); break;
	case 'V': str_printf(s, "%u", (u32)in[1].imm); break;
	case 'J': print_jump(s, in->off); break;
	case 'K':
	case 'C': print_jump(s, in->imm); break;
	case 'H': print_helper(s, in->imm); break;
	case 'F': print_ksym(s, in->imm); break;
	case 'm': print_map(s, p, in->imm); break;
	case 'i': str_printf(s, "idx:%d", in->imm); break;
	case 'P': str_printf(s, "%+d", in->imm); break;
	}
}

static void print_operands(struct strbuf *s, const struct prog *p, const struct insn *in)
{
	const char *text = insn_rows[insn_kind(in)].text;
	if (*text == '!') {
		str_printf(s, "(%02x) %s", in->op, text + 1);
		return;
	}
	for (; *text; text++) {
		if (*text == '$')
			print_field(s, p, in, *++text);
		else
			str_putc(s, *text);
	}
}

void insn_print_alone(struct strbuf *s, const struct insn *in)
{
	print_operands(s, NULL, in);
}

void insn_print(struct strbuf *s, const struct prog *p, u32 idx)
{
	const struct insn *in = &p->insns[idx];
	if (idx > 0 && in->op == 0 && insn_is_wide(in - 1))
		return;
	print_operands(s, p, in);
}

void insn_print_walked(const struct prog *p, u32 idx, const char *known)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	u32 line;
	if (idx == VERIFY_NOWHERE) {
		kprintf("-- %s\n", known);
		return;
	}
	const char *source = source_text(p, idx, &line);
	if (source)
		kprintf("; %u: %s\n", line, source);
	insn_print(&s, p, idx);
	kprintf(*known ? "%4u: %-30s %s\n" : "%4u: %s\n", idx, text, known);
}

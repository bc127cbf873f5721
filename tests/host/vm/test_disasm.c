// SPDX-License-Identifier: MIT
// The disassembler's text: as bpftool prints it, and never the same for two instructions.
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/host/vm_asm.h"
#include "tests/test.h"
#include "vm/disasm.h"
#include "vm/object.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"

#define check_text(want, ...)                              \
	do {                                               \
		const struct insn in[2] = { __VA_ARGS__ }; \
		char text[128];                            \
		struct strbuf s = STRBUF(text);            \
		insn_print_alone(&s, in);                  \
		check_str(want, text);                     \
	} while (0)

TEST(disasm_writes_linux_syntax)
{
	check_text("r1 = *(u64 *)(r0 +8)", { 0x79, .dst = 1, .src = 0, .off = 8 });
	check_text("r1 = *(s16 *)(r10 -2)", { 0x89, .dst = 1, .src = 10, .off = -2 });
	check_text("if r1 == 0x0 goto pc+2", { 0x15, .dst = 1, .off = 2 });
	check_text("if w1 s<= w2 goto pc-3", { 0xde, .dst = 1, .src = 2, .off = -3 });
	check_text("if r1 > 0xffffffff goto pc+0", { 0x25, .dst = 1, .imm = -1 });
	check_text("goto pc+1", { 0x05, .off = 1 });
	check_text("gotol pc-70000", { 0x06, .imm = -70000 });
	check_text("w0 += w1", { 0x0c, .dst = 0, .src = 1 });
	check_text("r2 += -8", { 0x07, .dst = 2, .imm = -8 });
	check_text("r2 s/= r3", { 0x3f, .dst = 2, .src = 3, .off = 1 });
	check_text("w2 s%= 3", { 0x94, .dst = 2, .imm = 3, .off = 1 });
	check_text("r1 = (s8)r2", { 0xbf, .dst = 1, .src = 2, .off = 8 });
	check_text("w1 = -w1", { 0x84, .dst = 1 });
	check_text("r1 = be16 r1", { 0xdc, .dst = 1, .imm = 16 });
	check_text("r1 = bswap64 r1", { 0xd7, .dst = 1, .imm = 64 });
	check_text("*(u32 *)(r10 -4) = 7", { 0x62, .dst = 10, .off = -4, .imm = 7 });
	check_text("*(u8 *)(r1 +0) = r2", { 0x73, .dst = 1, .src = 2 });
	check_text("lock *(u64 *)(r1 +0) += r2", { 0xdb, .dst = 1, .src = 2 });
	check_text("r2 = atomic_fetch_xor((u32 *)(r1 +4), r2)",
		   { 0xc3, .dst = 1, .src = 2, .off = 4, .imm = 0xa1 });
	check_text("r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)",
		   { 0xdb, .dst = 1, .src = 2, .imm = 0xf1 });
	check_text("r1 = 0xffffffff00000001", { 0x18, .dst = 1, .imm = 1 }, { .imm = -1 });
	check_text("r1 = map[id:3]", { 0x18, .dst = 1, .src = 1, .imm = 3 });
	check_text("r1 = map[id:3][0]+16", { 0x18, .dst = 1, .src = 2, .imm = 3 }, { .imm = 16 });
	check_text("r1 = subprog[+7]", { 0x18, .dst = 1, .src = 4, .imm = 7 });
	check_text("r1 = map[idx:3]", { 0x18, .dst = 1, .src = 5, .imm = 3 });
	check_text("r1 = map[idx:3]+16", { 0x18, .dst = 1, .src = 6, .imm = 3 }, { .imm = 16 });
	check_text("callx r6", { 0x8d, .dst = 6 });
	check_text("call pc+7", { 0x85, .src = 1, .imm = 7 });
	check_text("call unknown#123456", { 0x85, .imm = 123456 });
	check_text("exit", { .op = 0x95 });
}

TEST(disasm_says_what_it_does_not_know)
{
	check_text("(ff) an unknown opcode", { .op = 0xff });
	check_text("(30) legacy packet access (ld_abs)", { .op = 0x30 });
	check_text("(48) legacy packet access (ld_ind)", { .op = 0x48 });
}

TEST(disasm_names_helpers_and_maps)
{
	static const struct helper row = { 77777, "map_frobnicate", RET_SCALAR, { ARG_NONE }, 0, NULL };
	struct map counts = { .name = "counts" }, *maps[] = { &counts };
	struct object o = { .maps = maps, .map_count = 1 };
	struct insn insns[] = { { 0x18, .dst = 1, .src = 1 }, { 0 }, { 0x85, .imm = 77777 } };
	struct prog p = { .object = &o, .insns = insns, .insn_count = 3 };
	char text[128];
	struct strbuf s = STRBUF(text);
	helper_add_table(&row, 1);
	insn_print(&s, &p, 0);
	check_str("r1 = map[id:counts]", text);
	s.len = 0;
	insn_print(&s, &p, 1);
	check_eq(0, s.len);
	insn_print(&s, &p, 2);
	check_str("call bpf_map_frobnicate#77777", text);
	helper_add_table(NULL, 0);
}

TEST(disasm_names_kernel_functions)
{
	char text[128], want[64];
	struct strbuf s = STRBUF(text), w = STRBUF(want);
	if (!has_kernel_btf())
		return;
	u32 id = btf_find(vm_kernel_btf(), "msleep", BTF_FUNC);
	struct insn call = { 0x85, .src = 2, .imm = (i32)id },
		    address = { 0x18, .dst = 1, .src = 3, .imm = (i32)id };
	str_printf(&w, "call kfunc msleep#%u", id);
	insn_print_alone(&s, &call);
	check_str(want, text);
	w.len = s.len = 0;
	str_printf(&w, "r1 = ksym msleep#%u", id);
	insn_print_alone(&s, &address);
	check_str(want, text);
	vm_init(NULL);
	s.len = 0;
	call.imm = 4711;
	insn_print_alone(&s, &call);
	check_str("call kfunc unknown#4711", text);
}

/* Written and read back, every row with unlike values in all the fields that it uses. */
TEST(disasm_text_is_unambiguous)
{
	for (u32 kind = INSN_BAD + 1; kind < INSN_KINDS; kind++) {
		const struct insn_row *row = &insn_rows[kind];
		u32 uses = insn_uses(kind), n;
		struct insn in[2] = { { .op = row->op }, { 0 } }, back[2];
		char text[128];
		struct strbuf s = STRBUF(text);
		if (row->text[0] == '!')
			continue;
		in->dst = uses & USES_DST ? 7 : 0;
		in->src = row->key == SRC ? row->value & 15 : uses & USES_SRC ? 4 : 0;
		in->off = row->key == OFF ? row->value : uses & USES_OFF ? -300 : 0;
		in->imm = row->key == IMM ? row->value : uses & USES_IMM ? 70000 : 0;
		if (kind == INSN_LD_IMM64 || insn_is_map_value(in))
			in[1].imm = 0x1234567;
		insn_print_alone(&s, in);
		n = vm_asm_line(back, text);
		if (!check(n == (insn_is_wide(in) ? 2u : 1u) && !memcmp(in, back, n * sizeof(*in))))
			test_check(false, text, __FILE__, __LINE__);
	}
}

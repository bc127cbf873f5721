// SPDX-License-Identifier: MIT
// The rows of insn.h as data, and the functions that read them.
#include "vm/insn.h"

const struct insn_row insn_rows[INSN_KINDS] = { [INSN_BAD] = { "!an unknown opcode", 0, ANY, 0 },
#define ROW(name, op, key, value, text) [INSN_##name] = { text, op, key, value },
						INSNS(ROW, ROW)
#undef ROW
};

const u8 insn_first[256] = {
#define ROW(name, op, ...) [op] = INSN_##name,
#define MORE(...)
	INSNS(ROW, MORE)
#undef ROW
#undef MORE
};

u32 insn_uses(enum insn_kind kind)
{
	static const u8 by_letter[128] = {
		['D'] = USES_DST,
		['d'] = USES_DST,
		['S'] = USES_SRC,
		['s'] = USES_SRC,
		['M'] = USES_DST | USES_OFF,
		['N'] = USES_SRC | USES_OFF,
		['I'] = USES_IMM,
		['X'] = USES_IMM,
		['L'] = USES_IMM,
		['J'] = USES_OFF,
		['K'] = USES_IMM,
		['C'] = USES_IMM,
		['H'] = USES_IMM,
		['F'] = USES_IMM,
		['m'] = USES_IMM,
		['i'] = USES_IMM,
		['P'] = USES_IMM,
	};
	static const u8 by_key[] = { [ANY] = 0, [OFF] = USES_OFF, [IMM] = USES_IMM, [SRC] = USES_SRC };
	const struct insn_row *row = &insn_rows[kind];
	u32 uses = by_key[row->key];
	for (const char *t = row->text; *t; t++)
		if (*t == '$')
			uses |= by_letter[t[1] & 127];
	return uses;
}

static u32 atomic_writes(const struct insn *in)
{
	if (in->imm == ATOMIC_CMPXCHG)
		return 1 << BPF_R0;
	if (insn_is_load_acquire(in))
		return 1u << in->dst;
	return in->imm & ATOMIC_FETCH ? 1u << in->src : 0;
}

u32 insn_writes(const struct insn *in)
{
	if (insn_is_call(in))
		return INSN_CALL_WRITES;
	if (insn_is_atomic(in))
		return atomic_writes(in);
	u32 class = insn_class(in);
	bool writes = class == CLASS_ALU32 || class == CLASS_ALU64 || class == CLASS_LDX || class == CLASS_LD;
	return writes ? 1u << in->dst : 0;
}

// SPDX-License-Identifier: MIT
// System V ABI for AMD64, section 3.2.3 "Parameter Passing", for the INTEGER class: six registers,
// then the stack. An argument of two words takes two registers or none; one that finds too few left
// goes to the stack whole, and a later one may still take the register it left.
#include "tramp/abi.h"

enum { ARG_REGS = 6 };

enum err abi_place(struct model *m, const u8 *words, struct strbuf *log)
{
	u32 next_reg = m->ret_hidden ? 1 : 0;
	struct slot *slot = m->slots;

	for (u32 i = 0; i < m->arg_count; i++) {
		bool fits = next_reg + words[i] <= ARG_REGS;
		if (!fits && words[i] > 1) {
			str_printf(log,
				   "argument %u is %u words by value on the stack; only single words "
				   "are supported there",
				   i + 1, words[i]);
			return EOPNOTSUPP;
		}
		for (u32 w = 0; w < words[i]; w++, slot++) {
			slot->on_stack = !fits;
			slot->place = (u8)(fits ? next_reg++ : m->stack_words++);
		}
	}
	return OK;
}

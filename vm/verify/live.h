/* SPDX-License-Identifier: MIT */
/* Which registers and stack slots of a function are read later, and of which the number matters. */
#pragma once
#include "vm/flow.h"

/* Before one instruction. Bit n of regs is Rn; bit n of slots is the stack at r10 - 8 * (n + 1). A value matters if it
 * can become an address, a size, a result that is checked, or an operand of a jump: another number could lead to another
 * verdict. */
struct live {
	u64 slots, slots_matter;
	u16 regs, regs_matter;
};

/* Finds it for each instruction; the caller frees the array with kfree. NULL if memory runs out.
 *
 *      decided         of each instruction: DECIDED_JUMP if the operand of the jump there matters, because what is known
 *                      of it has decided the jump; DECIDED_SUM if an address is an operand of the sum there
 *      result_matters  what the program returns
 *
 * Operands of a jump that compares two registers matter where one of them does later: each can tell about the other. */
enum { DECIDED_JUMP = 1, DECIDED_SUM = 2 };
struct live *live_find(const struct prog *p, const u8 *marks, const u8 *decided, bool result_matters);

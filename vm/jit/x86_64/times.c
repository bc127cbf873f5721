// SPDX-License-Identifier: MIT
// Of the JIT: multiplication by a constant.
#include "vm/jit/x86_64/parts.h"

static bool is_power(u32 n)
{
	return n && (n & (n - 1)) == 0;
}

/* r1 *= 33, and r1 *= 31:
 *      mov r11, rdi            mov r11, rdi
 *      shl r11, 5              shl rdi, 5
 *      add rdi, r11            sub rdi, r11
 * into another register, r1 = r2 * 33:
 *      mov rdi, rsi
 *      shl rdi, 5
 *      add rdi, rsi                                                                    */
static void emit_shift_and_add(struct code *c, enum reg d, enum reg s, u32 factor, bool wide)
{
	bool is_sum = is_power(factor - 1);
	enum reg shifted = d == s && is_sum ? R11 : d, other = d == s && !is_sum ? R11 : s;
	jit_move(c, d == s ? R11 : d, s, wide);
	(wide ? shl_ri : shl_ri32)(c, shifted, (u8)__builtin_ctz(is_sum ? factor - 1 : factor + 1));
	if (!is_sum)
		(wide ? sub_rr : sub_rr32)(c, d, other);
	else
		(wide ? add_rr : add_rr32)(c, d, d == s ? R11 : s);
}

/* r1 *= 40:
 *      lea rdi, [rdi+rdi*4]
 *      shl rdi, 3                                                                      */
static void emit_lea_and_shift(struct code *c, enum reg d, enum reg s, u32 factor, bool wide)
{
	u32 twos = (u32)__builtin_ctz(factor);
	(wide ? lea_rm : lea_rm32)(c, d, at_index(s, s, (factor >> twos) - 1, 0));
	if (twos)
		(wide ? shl_ri : shl_ri32)(c, d, (u8)twos);
}

static void emit_shifted(struct code *c, enum reg d, enum reg s, u32 factor, bool wide)
{
	jit_copy(c, d, s, wide || factor > 1);
	if (factor > 1)
		(wide ? shl_ri : shl_ri32)(c, d, (u8)__builtin_ctz(factor));
}

/* imul takes three cycles; each of these sequences takes one or two. */
void jit_emit_times(struct code *c, enum reg d, enum reg s, i32 factor, bool wide)
{
	u32 f = (u32)factor, odd = f ? f >> __builtin_ctz(f) : 0;
	if (!op_trick(TRICK_MUL_CONST) || (wide && factor < 0))
		(wide ? imul_rri : imul_rri32)(c, d, s, factor);
	else if (f == 0)
		jit_zero(c, d);
	else if (odd == 1)
		emit_shifted(c, d, s, f, wide);
	else if (odd == 3 || odd == 5 || odd == 9)
		emit_lea_and_shift(c, d, s, f, wide);
	else if (is_power(f - 1) || is_power(f + 1))
		emit_shift_and_add(c, d, s, f, wide);
	else
		(wide ? imul_rri : imul_rri32)(c, d, s, factor);
}

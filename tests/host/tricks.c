// SPDX-License-Identifier: MIT
// A row for each trick of vm/jit/op.h.
#include "tests/host/tricks.h"
#include "kernel/lib/mem.h"
#include "vm/jit/op.h"

/* clang-format off */
const struct trick tricks[] = {
	{ "copy", TRICK_COPY },
	{ "address", TRICK_ADDRESS },
	{ "rotate", TRICK_ROTATE },
	{ "narrow", TRICK_NARROW },
	{ "dead", TRICK_DEAD },
	{ "jump", TRICK_JUMP },
	{ "remainder", TRICK_REMAINDER },
	{ "element", TRICK_ELEMENT },
	{ "div_const", TRICK_DIV_CONST },
	{ "mul_const", TRICK_MUL_CONST },
	{ "bmi2", TRICK_BMI2 },
	{ "free", TRICK_FREE },
	{ "place", TRICK_PLACE },
};
/* clang-format on */
const u32 trick_count = array_len(tricks);

static u32 bit_of(const char *name, size_t len)
{
	for (u32 i = 0; i < trick_count; i++)
		if (strlen(tricks[i].name) == len && !memcmp(tricks[i].name, name, len))
			return tricks[i].bit;
	return 0;
}

bool tricks_parse(const char *list, u32 *bits)
{
	if (!strcmp(list, "all")) {
		*bits = ~0u;
		return true;
	}
	for (;;) {
		size_t len = 0;
		while (list[len] && list[len] != ',')
			len++;
		u32 bit = bit_of(list, len);
		*bits |= bit;
		if (!bit || !list[len])
			return bit != 0;
		list += len + 1;
	}
}

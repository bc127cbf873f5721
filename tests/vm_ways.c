// SPDX-License-Identifier: MIT
// Switches of the JIT, for tests.
#include "tests/vm_ways.h"
#include "kernel/lib/fmt.h"
#include "vm/jit/x86_64/jit.h"
#include "vm/jit/op.h"

static const char *name_of(u32 way)
{
	static const char *const names[JIT_WAYS] = { "jit", "jit without tricks", "jit without BMI2" };
	static char text[32];
	struct strbuf s = STRBUF(text);
	if (way < JIT_WAYS)
		return names[way];
	str_printf(&s, "jit without trick %u", way - JIT_WAYS);
	return text;
}

const char *jit_way(u32 way)
{
	static bool is_known, has_bmi2;
	if (!is_known)
		has_bmi2 = jit_has_bmi2;
	is_known = true;
	op_tricks_off = way == 1 ? ~0u : way < JIT_WAYS ? 0 : 1u << (way - JIT_WAYS);
	jit_has_bmi2 = has_bmi2 && way != 2;
	return name_of(way);
}

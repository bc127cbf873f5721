// SPDX-License-Identifier: MIT
// Switches of the JIT, for tests.
#include "tests/vm_ways.h"
#include "vm/jit_x86_64.h"
#include "vm/op.h"

const char *jit_way(u32 way)
{
	static const char *const names[JIT_WAYS] = { "jit", "jit without tricks", "jit without BMI2" };
	static bool is_known, has_bmi2;
	if (!is_known)
		has_bmi2 = jit_has_bmi2;
	is_known = true;
	op_tricks_off = way == 1 ? ~0u : 0;
	jit_has_bmi2 = has_bmi2 && way != 2;
	return names[way];
}

// SPDX-License-Identifier: MIT
// The marks of this image.
#include "kernel/lib/inject.h"

extern const struct injection error_injection_start[], error_injection_end[]; /* linker.ld */

const struct injection *injection_nth(u32 i)
{
	return error_injection_start + i < error_injection_end ? error_injection_start + i : NULL;
}

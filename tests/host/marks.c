// SPDX-License-Identifier: MIT
// Which functions of this build's kernel may fail.
#include <string.h>
#include "kernel/lib/inject.h"
#include "tests/vm_case.h"

/* The marks of this build's kernel, from its symbols: injection_ERRNO_send_frame. */
const struct injection *injection_nth(u32 n)
{
	static const char *const kinds[] = { "ERRNO_", "TRUE_", "NULL_" };
	static struct injection marks[64] = { { "target", INJECT_ERRNO }, { "take_half", INJECT_ERRNO } };
	static char *text;
	static u32 count = 2;
	if (!text) {
		char *at = text = test_file("build/fivebyte.nm");
		while (at && (at = strstr(at, " injection_")) && count < array_len(marks)) {
			at += strlen(" injection_");
			for (u32 k = 0; k < array_len(kinds); k++)
				if (strncmp(at, kinds[k], strlen(kinds[k])) == 0)
					marks[count++] = (struct injection){ at + strlen(kinds[k]), k };
			at[strcspn(at, "\n")] = 0;
			at += strlen(at) + 1;
		}
	}
	return n < count ? &marks[n] : NULL;
}

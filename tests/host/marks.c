// SPDX-License-Identifier: MIT
// Which functions of this build's kernel may fail, from its symbols: injection_ERRNO_send_frame.
#include <string.h>
#include "kernel/lib/inject.h"
#include "kernel/mem/heap.h"
#include "tests/host/host.h"
#include "tests/vm_case.h"

static struct injection marks[64];
static u32 count;

static void read_marks(char *text)
{
	static const char *const kinds[] = { "ERRNO_", "TRUE_", "NULL_" };
	for (char *at = text; at && (at = strstr(at, " injection_")) && count < array_len(marks);) {
		at += strlen(" injection_");
		for (u32 k = 0; k < array_len(kinds); k++)
			if (strncmp(at, kinds[k], strlen(kinds[k])) == 0)
				marks[count++] = (struct injection){ at + strlen(kinds[k]), k };
		at += strcspn(at, "\n");
		*at++ = 0;
	}
}

const struct injection *injection_nth(u32 i)
{
	static bool is_read;
	if (!is_read) {
		is_read = true;
		char *text = test_file("build/fivebyte.nm");
		read_marks(text ? strdup(text)
				: NULL); /* libc's memory: tests compare the kernel's heap before and after */
		kfree(text);
	}
	return i < count ? &marks[i] : NULL;
}

void host_mark(const char *func)
{
	if (!injection_of(func) && count < array_len(marks))
		marks[count++] = (struct injection){ func, INJECT_ERRNO };
}

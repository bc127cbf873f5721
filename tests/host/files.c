// SPDX-License-Identifier: MIT
// Files that tests read, from the disk.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/vm_case.h"

char *test_file(const char *path)
{
	size_t len;
	void *file = host_file(path, &len);
	char *text = file ? kmalloc(len + 1) : NULL;
	if (text) {
		memcpy(text, file, len);
		text[len] = 0;
	}
	kfree(file);
	return text;
}

// SPDX-License-Identifier: MIT
// Files that tests read, in the machine: tools/make-test-files has put them into the kernel.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/vm_case.h"

extern const struct file {
	const char *path, *start, *end;
} test_files[]; /* the last has no path */

char *test_file(const char *path)
{
	const struct file *f = test_files;
	while (f->path && strcmp(f->path, path))
		f++;
	size_t len = (size_t)(f->end - f->start);
	char *text = f->path ? kmalloc(len + 1) : NULL;
	if (text) {
		memcpy(text, f->start, len);
		text[len] = 0;
	}
	return text;
}

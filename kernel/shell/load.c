// SPDX-License-Identifier: MIT
// Loads what is built in and what the boot loader brought.
#include "kernel/shell/load.h"
#include "kernel/blobs.h"
#include "kernel/boot_info.h"
#include "kernel/lib/mem.h"
#include "kernel/shell/shell.h"
#include "vm/prog.h"

static enum err load_object(const char *name, const u8 *start, const u8 *end)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	struct object *o;
	enum err e = object_load(&o, name, start, (size_t)(end - start), PROG_JIT, &log);
	return e ? shell_fail(e, "%s is not loaded: %s", name, text) : OK;
}

/* my.bpf.o is the object my. */
static void object_name(char name[PROG_NAME_LEN], const char *file)
{
	static const char suffix[] = ".bpf.o";
	u32 len = (u32)strlen(file), behind = sizeof(suffix) - 1;
	if (len > behind && strcmp(file + len - behind, suffix) == 0)
		len -= behind;
	str_copy(name, file, min(len + 1, (u32)PROG_NAME_LEN));
}

enum err load_all(void)
{
	enum err first = OK;
	for (const struct blob *b = builtin_objects; b->name; b++) {
		enum err e = load_object(b->name, b->start, b->end);
		first = first ? first : e;
	}
	for (u32 i = 0; i < boot_info.module_count; i++) {
		const struct boot_module *m = &boot_info.modules[i];
		char name[PROG_NAME_LEN];
		object_name(name, m->name);
		enum err e = load_object(name, m->start, m->end);
		first = first ? first : e;
	}
	if (boot_info.modules_left_out) {
		enum err e = shell_fail(E2BIG, "%u objects are left out: there is room for %u, below 1 GiB",
					boot_info.modules_left_out, (u32)array_len(boot_info.modules));
		first = first ? first : e;
	}
	return first;
}

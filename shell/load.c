// SPDX-License-Identifier: MIT
// Loads the built-in objects and those of the boot loader.
#include "shell/load.h"
#include "kernel/io/blobs.h"
#include "kernel/io/boot_info.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "shell/say.h"
#include "vm/prog.h"

static enum err load_object(const char *name, const u8 *start, const u8 *end)
{
	char text[SENTENCE_LEN] = "";
	struct strbuf log = STRBUF(text);
	struct object *o;
	enum err e = object_load(&o, name, start, (size_t)(end - start), PROG_JIT, &log);
	return e ? shell_fail(e, "%s is not loaded: %s", name, text) : OK;
}

/* The file my.bpf.o becomes the object my. */
static enum err load_module(const struct boot_module *m)
{
	static const char suffix[] = ".bpf.o";
	size_t len = strlen(m->name), behind = sizeof(suffix) - 1;
	char *name = kmalloc(len + 1);
	if (!name)
		return shell_fail(ENOMEM, "%s is not loaded: no memory for its name", m->name);
	memcpy(name, m->name, len + 1);
	if (len > behind && strcmp(name + len - behind, suffix) == 0)
		name[len - behind] = 0;
	enum err e = load_object(name, m->start, m->end);
	kfree(name);
	return e;
}

enum err load_all(void)
{
	enum err first = OK;
	for (const struct blob *b = builtin_objects; b->name; b++) {
		enum err e = load_object(b->name, b->start, b->end);
		first = first ? first : e;
	}
	for (u32 i = 0; i < boot_info.module_count; i++) {
		enum err e = load_module(&boot_info.modules[i]);
		first = first ? first : e;
	}
	if (boot_info.modules_left_out) {
		enum err e = shell_fail(E2BIG, "%u objects are left out: there is room for %u, below 1 GiB",
					boot_info.modules_left_out, (u32)array_len(boot_info.modules));
		first = first ? first : e;
	}
	return first;
}

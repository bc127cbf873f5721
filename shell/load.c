// SPDX-License-Identifier: MIT
// Loads the built-in objects and those of the boot loader.
#include "shell/load.h"
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

/* The file my.bpf.o becomes the object my: the length of that name. */
static size_t object_name_len(const struct boot_module *m)
{
	static const char suffix[] = ".bpf.o";
	size_t len = strlen(m->name), behind = sizeof(suffix) - 1;
	return len > behind && strcmp(m->name + len - behind, suffix) == 0 ? len - behind : len;
}

static enum err load_module(const struct boot_module *m)
{
	size_t len = object_name_len(m);
	char *name = kzalloc(len + 1);
	if (!name)
		return shell_fail(ENOMEM, "%s is not loaded: no memory for its name", m->name);
	memcpy(name, m->name, len);
	enum err e = load_object(name, m->start, m->end);
	kfree(name);
	return e;
}

bool load_find(struct blob *file, const char *name)
{
	size_t len = strlen(name);
	for (const struct blob *b = builtin_objects; b->name; b++)
		if (strcmp(b->name, name) == 0) {
			*file = *b;
			return true;
		}
	for (u32 i = 0; i < boot_info.module_count; i++) {
		const struct boot_module *m = &boot_info.modules[i];
		if (object_name_len(m) != len || strncmp(m->name, name, len))
			continue;
		*file = (struct blob){ m->name, m->start, m->end };
		return true;
	}
	return false;
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

/* SPDX-License-Identifier: MIT */
/* The loaded objects, and the kernel's own types, against which they are relocated.
 *
 * What a person means by a name: a program or a map is called NAME or, exactly, OBJECT/NAME. The map that
 * holds a section of global variables is called as a whole wakeup.bss; its section's name, .bss, is a name of
 * it, too, and so are the 15 characters to which libbpf cuts the whole. A name that several
 * have means none of them, because objects have no order. */
#pragma once
#include "vm/prog.h"

/* Sets the kernel's own BTF, and finds out what the CPU can do. Call it once at boot, before the first
 * object. NULL: no BTF; then an object that needs relocation is refused. */
void vm_init(const struct btf *kernel_btf);
const struct btf *vm_kernel_btf(void);

/* object_first starts the list of loaded objects, oldest first. object_named finds one by name; NULL if none
 * has it. */
struct object *object_first(void);
struct object *object_named(const char *name);

/* For the loader: makes the object the last of them; takes it out again. */
void object_add(struct object *o);
void object_remove(struct object *o);

/* The program of that name; NULL if none or several have it. */
struct prog *prog_named(const char *name);

/* How many loaded programs have that name; *first is the oldest of them, NULL if none has it. */
u32 progs_named(const char *name, struct prog **first);

/* The program or the map of that name. ENOENT if none has it, EINVAL if several have it; a sentence in
 * log says so, and how to say which. */
enum err find_prog(struct prog **p, const char *name, struct strbuf *log);
enum err find_map(struct map **m, const char *name, struct strbuf *log);

/* The program's shortest name: without its object's, if no other program has the same. */
void print_prog_name(struct strbuf *s, const struct prog *p);

/* SPDX-License-Identifier: MIT */
/* The loaded objects, and the kernel's own types, against which they are relocated.
 * Which program or map a name means:
 *
 * - NAME is enough if one program, or one map, has that name; OBJECT/NAME is exact.
 * - The map of a section of global variables has three names: wakeup.bss; .bss; and the 15 characters to
 *   which libbpf cuts the first.
 * - A name that several have means none of them: no object comes before another. */
#pragma once
#include "vm/prog.h"

/* Sets the kernel's own BTF, which vm_kernel_btf returns, and finds out what the CPU can do. Call it once
 * at boot, before the first object. NULL: no BTF; then an object that needs relocation is refused. */
void vm_init(const struct btf *kernel_btf);
const struct btf *vm_kernel_btf(void);

/* object_first starts the list of loaded objects, oldest first. object_named finds one by name; NULL if none
 * has it. */
struct object *object_first(void);
struct object *object_named(const char *name);

/* For the loader: object_add appends the object to the list; object_remove takes it out. */
void object_add(struct object *o);
void object_remove(struct object *o);

/* Returns the program of that name; NULL if none or several have it. */
struct prog *prog_named(const char *name);

/* Returns how many loaded programs have that name; *first is the oldest of them, NULL if none has it. */
u32 progs_named(const char *name, struct prog **first);

/* Find the program or the map of that name. ENOENT if none has it; EINVAL if several have it, and then log
 * lists their exact names. In both cases log has one sentence. */
enum err find_prog(struct prog **p, const char *name, struct strbuf *log);
enum err find_map(struct map **m, const char *name, struct strbuf *log);

/* Prints the program's shortest name: NAME, or OBJECT/NAME if another program has the same name. */
void print_prog_name(struct strbuf *s, const struct prog *p);

// SPDX-License-Identifier: MIT
// Runs a generated program once, with maps of its own.
#include "kernel/lib/mem.h"
#include "tests/fuzz/gen.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"
#include "vm/run/map.h"

static void gen_memory(u8 mem[GEN_MEM])
{
	for (u32 i = 0; i < GEN_MEM; i++)
		mem[i] = (u8)(i * 37);
}

static enum err make_maps(struct object *o, struct strbuf *log)
{
	static const struct {
		enum bpf_map_type type;
		u32 value_size, entries;
	} rows[GEN_MAPS] = {
		[GEN_ARRAY] = { BPF_MAP_TYPE_ARRAY, 64, GEN_VALUES / 64 },
		[GEN_HASH] = { BPF_MAP_TYPE_HASH, 8, 8 },
		[GEN_PROGS] = { BPF_MAP_TYPE_PROG_ARRAY, 4, 4 },
	};
	for (; o->map_count < GEN_MAPS; o->map_count++) {
		u32 i = o->map_count;
		enum err e = map_create(&o->maps[i], "m", rows[i].type, 4, rows[i].value_size,
					rows[i].entries, 0, log);
		if (e)
			return e;
	}
	return OK;
}

/* What is in the maps, as far as programs can change it. */
static void keep_maps(struct gen_result *r, const struct object *o)
{
	struct map *hash = o->maps[GEN_HASH];
	memcpy(r->values, o->maps[GEN_ARRAY]->values, GEN_VALUES);
	for (u32 key = 0; key < array_len(r->hashed); key++) {
		const u64 *value = hash->ops->lookup(hash, &key);
		r->hashed[key] = value ? *value : ~0ull;
	}
}

u64 gen_call(const struct prog *p, void *mem, u64 len)
{
	u64 r0 = 0, rdi = (uptr)mem, rsi = len, rcx = 0, rdx = 0;
	if (p->mode == PROG_INTERPRET)
		return vm_call(p, mem, len);
	register u64 entry __asm__("r11") = (uptr)p->entry;
	__asm__ volatile("xor %%ebx, %%ebx; xor %%r8d, %%r8d; xor %%r9d, %%r9d; xor %%r10d, %%r10d\n"
			 "xor %%r12d, %%r12d; xor %%r13d, %%r13d\n"
			 "xor %%r14d, %%r14d; xor %%r15d, %%r15d\n"
			 "call *%5"
			 : "+a"(r0), "+D"(rdi), "+S"(rsi), "+c"(rcx), "+d"(rdx), "+r"(entry)
			 :
			 : "rbx", "r8", "r9", "r10", "r12", "r13", "r14", "r15", "memory", "cc");
	return r0;
}

enum err gen_run(struct gen_result *r, const struct insn *insns, u32 count, enum prog_mode mode,
		 struct strbuf *log)
{
	struct map *maps[GEN_MAPS];
	struct object o = { .maps = maps };
	struct prog *p = NULL;
	memset(r, 0, sizeof(*r));
	gen_memory(r->mem);
	enum err e = make_maps(&o, log);
	if (!e)
		e = vm_load_into(&p, &o, insns, count, mode, log);
	if (!e)
		e = prog_array_set(maps[GEN_PROGS], 0, p);
	if (!e) {
		r->r0 = gen_call(p, r->mem, GEN_MEM);
		keep_maps(r, &o);
	}
	prog_free(p);
	while (o.map_count)
		map_free(maps[--o.map_count]);
	return e;
}

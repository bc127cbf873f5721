// SPDX-License-Identifier: MIT
// What programs get: their maps, their context and the numbers that helpers return, all hostile: ends of types,
// and numbers near the constants of the program.
#include <sys/mman.h>
#include "kernel/lib/mem.h"
#include "kernel/sched/task.h"
#include "tests/fuzz/proof/try.h"
#include "tests/host/host.h"
#include "vm/run/kfunc.h"
#include "vm/run/ringbuf.h"

struct map *maps[MAPS];
struct object object = { .maps = maps, .map_count = MAPS, .license = "GPL" };
u64 *context;
static u64 *context_end; /* where nothing can be accessed */
static u64 hostile_state;
static i32 constants[64]; /* of the program */
static u32 constant_count;

u64 hostile_next(void)
{
	static const u64 ends[] = { 0,
				    1,
				    ~0ull,
				    0x7fffffff,
				    0x80000000,
				    0xffffffff,
				    0x7fffffffffffffff,
				    1ull << 63,
				    0x100000000,
				    0xffffffff80000000,
				    0xffffffff7fffffff,
				    0x7fff,
				    0x8000,
				    0x80,
				    0xff };
	u64 n = random_next(&hostile_state), pick = n >> 60;
	if (pick < 4)
		return ends[random_below(&hostile_state, array_len(ends))];
	if (pick < 11 && constant_count) {
		u64 k = (u64)(i64)constants[random_below(&hostile_state, constant_count)];
		k += random_below(&hostile_state, 3) - 1ull;
		return pick == 9 ? (u32)k | n << 32 : pick == 10 ? (u32)k : k;
	}
	return n >> random_below(&hostile_state, 64);
}

static u64 helper_number(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			 const struct prog *p unused)
{
	return hostile_next();
}

void input_begin(void)
{
	constant_count = 0;
	context = context_end - made.context;
	for (u32 i = 0; i < made.count && constant_count < array_len(constants); i++)
		if (insn_class(&made.insns[i]) >= CLASS_ALU32)
			constants[constant_count++] = made.insns[i].imm;
}

static void drop_record(const void *data unused, u32 len unused, void *arg unused) {}

static void set_maps(void)
{
	struct map *hash = maps[MAP_HASH];
	u64 key, value[6];
	memset(maps[MAP_LOCKS]->values, 0, 2 * maps[MAP_LOCKS]->stride);
	ringbuf_consume(maps[MAP_RING], drop_record, NULL);
	for (u32 i = 0; i < 8; i++)
		((u64 *)maps[MAP_ARRAY]->values)[i] = hostile_next();
	for (u32 i = 0; i < 8; i++)
		((u64 *)maps[MAP_DATA]->values)[i] = hostile_next();
	while (!hash->ops->next_key(hash, NULL, &key))
		hash->ops->remove(hash, &key);
	for (key = 0; key < 3; key++) {
		for (u32 i = 0; i < 6; i++)
			value[i] = hostile_next();
		if (hostile_next() & 1)
			hash->ops->update(hash, &key, value, 0);
	}
}

void input_set(u64 seed)
{
	static u64 page[512];
	const u64 objects[] = { (uptr)current, 0, 0xdead000000000000, (uptr)page, 0x1000, ~0ull - 7 };
	hostile_state = seed;
	set_maps();
	for (u32 i = 0; i < made.context; i++)
		context[i] = hostile_next();
	context[-1] = made.is_fexit ? 1 : made.is_tracing ? 2 : CONTEXT;
	host_trace_clear();
	if (made.is_tracing)
		context[0] = objects[random_below(&hostile_state, array_len(objects))];
	hostile_state = seed ^ 0x5555;
}

bool input_create(void)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		u32 key_size, value_size, entries, flags;
	} rows[MAPS] = {
		[MAP_ARRAY] = { "array", BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0 },
		[MAP_HASH] = { "hash", BPF_MAP_TYPE_HASH, 8, 48, 4, 0 },
		[MAP_RODATA] = { ".rodata", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG },
		[MAP_DATA] = { ".data", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0 },
		[MAP_LOCKS] = { "locked", BPF_MAP_TYPE_ARRAY, 4, 16, 2, 0 },
		[MAP_PROGS] = { "programs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0 },
		[MAP_RING] = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	};
	static const struct helper numbers[] = {
		{ BPF_FUNC_ktime_get_ns, "ktime_get_ns", RET_SCALAR, { ARG_NONE }, 0, helper_number },
		{ BPF_FUNC_get_prandom_u32, "get_prandom_u32", RET_SCALAR, { ARG_NONE }, 0, helper_number },
		{ BPF_FUNC_get_current_pid_tgid,
		  "get_current_pid_tgid",
		  RET_SCALAR,
		  { ARG_NONE },
		  0,
		  helper_number },
	};
	char text[128] = "";
	struct strbuf log = STRBUF(text);
	for (u32 i = 0; i < MAPS; i++)
		if (map_create(&maps[i], rows[i].name, rows[i].type, rows[i].key_size, rows[i].value_size,
			       rows[i].entries, rows[i].flags, &log))
			return false;
	if (types_open(&object.btf, &log))
		return false;
	u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE) || !host_kernel_btf())
		return false;
	static const char *const iters[] = { "bpf_iter_num_new", "bpf_iter_num_next",
					     "bpf_iter_num_destroy" };
	for (u32 i = 0; i < array_len(iters) && kfunc_named(iters[i]); i++)
		made.iter_ids[i] = kfunc_btf_id(kfunc_named(iters[i]));
	maps[MAP_LOCKS]->lock_at = maps[MAP_LOCKS]->lock_size = 4;
	str_copy((char *)maps[MAP_RODATA]->values, "v=%d", 16);
	context_end = (u64 *)(pages + 4096);
	helper_add_table(numbers, array_len(numbers));
	return true;
}

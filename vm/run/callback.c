// SPDX-License-Identifier: MIT
// The loops of helpers with callbacks, with Linux's arguments, limits and errors.
#include "vm/run/callback.h"
#include "vm/run/map.h"

#define LOOPS_MAX (1u << 23)

/* Each loop exists twice, so that it calls compiled code directly. */
#define both_ways static inline __attribute__((always_inline)) notrace

/* long callback(u64 index, void *ctx): if it returns 0 the loop goes on, else it ends. Returns how often
 * it was called. */
both_ways u64 loop(u64 nr_loops, u64 func, u64 ctx, u64 flags, callback_fn *call, void *how)
{
	if (flags)
		return callback_failed(EINVAL);
	if ((u32)nr_loops > LOOPS_MAX)
		return callback_failed(E2BIG);
	for (u32 i = 0; i < (u32)nr_loops; i++)
		if (call(how, func, i, ctx, 0, 0))
			return i + 1;
	return (u32)nr_loops;
}

/* long callback(struct bpf_map *map, const void *key, void *value, void *ctx), as above. A callback that moves elements
 * can meet them again and again, so it is called no more often than the map has entries. */
both_ways u64 for_each(struct map *m, u64 func, u64 ctx, u64 flags, callback_fn *call, void *how)
{
	struct map_iter it = { 0 };
	u64 count = 0;
	if (!m || flags || !m->ops->iterate)
		return callback_failed(EINVAL);
	while (count < m->max_entries && m->ops->iterate(m, &it)) {
		count++;
		if (call(how, func, (uptr)m, (uptr)it.key, (uptr)it.value, ctx))
			break;
	}
	return count;
}

notrace u64 callback_run(const struct helper *h, const u64 *args, const struct prog *p, callback_fn *call,
			 void *how)
{
	if (h->id == BPF_FUNC_loop)
		return loop(args[0], args[1], args[2], args[3], call, how);
	return for_each(prog_map(p, args[0]), args[1], args[2], args[3], call, how);
}

notrace bool callback_is_compiled(const struct prog *p, u64 func)
{
	for (u32 i = 0; i < p->taken_count; i++)
		if (func == p->text.base + p->insn_at[p->taken[i]])
			return true;
	return false;
}

static inline notrace u64 call_compiled(void *how unused, u64 func, u64 r1, u64 r2, u64 r3, u64 r4)
{
	return ((u64(*)(u64, u64, u64, u64, u64))(uptr)func)(r1, r2, r3, r4, 0);
}

notrace u64 callback_loop(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5 unused, const struct prog *p)
{
	if (!callback_is_compiled(p, r2))
		return callback_failed(EINVAL);
	return loop(r1, r2, r3, r4, call_compiled, NULL);
}

notrace u64 callback_for_each_map_elem(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5 unused, const struct prog *p)
{
	if (!callback_is_compiled(p, r2))
		return callback_failed(EINVAL);
	return for_each(prog_map(p, r1), r2, r3, r4, call_compiled, NULL);
}

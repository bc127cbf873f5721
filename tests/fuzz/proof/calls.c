// SPDX-License-Identifier: MIT
// Calls of helpers: each argument must be what the helper's row says. The helper itself does the rest.
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/proof.h"

static const struct map *map_among(struct shadow *s, const struct helper *h, const struct shadow_reg *r)
{
	for (u32 i = 0; i < array_len(h->args); i++)
		if (h->args[i] == ARG_MAP || h->args[i] == ARG_RINGBUF) {
			const struct map *m = prog_map(s->p, r[BPF_R1 + i].v);
			if (!m)
				shadow_found(s, "r%u is no map", BPF_R1 + i);
			return m;
		}
	return NULL;
}

/* An address of no bytes is one of memory all the same: of one of its bytes, or its end. */
static void check_no_bytes(struct shadow *s, u32 n, u64 at, bool writes)
{
	if (!memory_is_stack(s, at) && !memory_may(s, at, 1, writes) && !memory_may(s, at - 1, 1, writes))
		shadow_found(s, "no bytes at 0x%llx in r%u are not its own", at, n);
}

static void check_memory(struct shadow *s, u32 n, u64 at, u64 size, bool writes)
{
	if (!size)
		check_no_bytes(s, n, at, writes);
	if (!memory_may(s, at, size, writes))
		shadow_found(s, "%llu bytes at 0x%llx in r%u are not its own, or were not written", size, at,
			     n);
	if (!writes && memory_is_tainted(at, size))
		s->diverges = true;
}

static void check_lock(struct shadow *s, const struct helper *h, u64 at)
{
	const struct map *m = s->p->object->maps[MAP_LOCKS];
	bool takes = h->id == BPF_FUNC_spin_lock;
	u64 off = at - (uptr)m->values;
	if (off >= (u64)m->stride * m->max_entries || off % m->stride != m->lock_at)
		shadow_found(s, "r1 leads to no lock");
	if (takes ? s->locked != 0 : s->locked != at)
		shadow_found(s, "another lock is held, or none");
	s->locked = takes ? at : 0;
}

static void count_next(const struct shadow *s, u64 at)
{
	figures.of_event[E_next]++;
	figures.of_event[E_next_of_caller] += !memory_is_top(s, at);
	figures.of_event[E_next_in_callback] += s->callbacks != 0;
	figures.of_event[E_next_among_two] += memory_iters() > 1;
}

static void check_arg(struct shadow *s, const struct helper *h, u32 i, const struct map *m,
		      const struct shadow_reg *r)
{
	u32 n = BPF_R1 + i;
	const struct shadow_reg *arg = &r[n], *size = &r[n + 1];
	switch (h->args[i]) {
	case ARG_MAP_KEY: check_memory(s, n, arg->v, m->key_size, false); return;
	case ARG_MAP_VALUE: check_memory(s, n, arg->v, m->value_size, false); return;
	case ARG_VALUE_WRITE: check_memory(s, n, arg->v, 8, true); return;
	case ARG_MEM_READ_OR_NULL:
		if (!arg->v && !size->v)
			break;
		/* fall through */
	case ARG_MEM_READ: check_memory(s, n, arg->v, size->v, false); break;
	case ARG_MEM_WRITE: check_memory(s, n, arg->v, size->v, true); break;
	case ARG_ITER_NEW:
	case ARG_ITER_END:
		if (!memory_iter(s, arg->v, h->args[i] == ARG_ITER_NEW))
			shadow_found(s, "there is an iterator at r%u, or there is none", n);
		if (!memory_is_top(s, arg->v))
			figures
			    .of_event[h->args[i] == ARG_ITER_NEW ? E_open_for_caller : E_close_for_caller]++;
		return;
	case ARG_LOCK: check_lock(s, h, arg->v); return;
	case ARG_RECORD:
		if (!memory_close(s, arg->v))
			shadow_found(s, "r%u is no record", n);
		return;
	case ARG_ITER:
		if (!memory_is_iter(arg->v))
			shadow_found(s, "no iterator is open at r%u", n);
		count_next(s, arg->v);
		return;
	case ARG_CTX:
		if (arg->v != (uptr)s->ctx)
			shadow_found(s, "r%u is not the context", n);
		return;
	default: return;
	}
	s->diverges |= size->tainted;
	if (!size->v && h->args[i + 1] == ARG_SIZE)
		shadow_found(s, "the size in r%u is 0", n + 1);
}

static void loop(struct shadow *s, struct shadow_reg *r)
{
	struct shadow_reg args[BPF_REGS] = { 0 };
	u32 func = (u32)r[BPF_R2].v, count = (u32)r[BPF_R1].v, i;
	struct shadow_reg ctx = r[BPF_R3];
	s->diverges |= r[BPF_R1].tainted;
	if (r[BPF_R4].v) {
		r[0] = (struct shadow_reg){ (u64)-EINVAL, true, false };
		return;
	}
	if (count > 1u << 23) {
		r[0] = (struct shadow_reg){ (u64)-E2BIG, true, false };
		return;
	}
	for (i = 0; i < count && !s->found && !s->gave_up; i++) {
		args[BPF_R1] = (struct shadow_reg){ i, true, false };
		args[BPF_R2] = ctx;
		if (shadow_function(s, func, args).v) {
			i++;
			break;
		}
	}
	r[0] = (struct shadow_reg){ i, true, false };
}

static void for_each(struct shadow *s, const struct map *m, struct shadow_reg *r)
{
	struct shadow_reg args[BPF_REGS] = { 0 };
	struct map_iter it = { 0 };
	u32 func = (u32)r[BPF_R2].v;
	struct shadow_reg ctx = r[BPF_R3];
	u64 count = 0;
	if (r[BPF_R4].v || !m->ops->iterate) {
		r[0] = (struct shadow_reg){ (u64)-EINVAL, true, false };
		return;
	}
	while (!s->found && !s->gave_up && count < m->max_entries &&
	       m->ops->iterate((struct map *)(uptr)m, &it)) {
		count++;
		memory_key(it.key, m->key_size);
		args[BPF_R1] = (struct shadow_reg){ (uptr)m, true, true };
		args[BPF_R2] = (struct shadow_reg){ (uptr)it.key, true, true };
		args[BPF_R3] = (struct shadow_reg){ (uptr)it.value, true, true };
		args[BPF_R4] = ctx;
		u64 stops = shadow_function(s, func, args).v;
		memory_key(NULL, 0);
		if (stops)
			break;
	}
	r[0] = (struct shadow_reg){ count, true, false };
}

/* What the helper has written, and whether that comes from an address. */
static void note_written(struct shadow *s, const struct helper *h, const struct shadow_reg *r)
{
	for (u32 i = 0; i < 5; i++)
		if (h->args[i] == ARG_VALUE_WRITE)
			memory_written(s, r[BPF_R1 + i].v, 8, false);
		else if (h->args[i] == ARG_MEM_WRITE)
			memory_written(s, r[BPF_R1 + i].v, r[BPF_R2 + i].v,
				       r[BPF_R3].tainted && h->args[2] == ARG_ANY);
}

/* What the verifier has proven of the call: which map, which key. */
static void check_fact(struct shadow *s, const struct helper *h, const struct map *m,
		       const struct shadow_reg *r)
{
	struct insn_fact f = s->p->proven[s->idx];
	u32 key;
	if (!m)
		return;
	if (!f.map || (f.map != MAP_VARIES && m != s->p->object->maps[f.map - 1]))
		shadow_found(s, "another map was proven: number %u", f.map - 1);
	if (!f.has_key || h->args[1] != ARG_MAP_KEY)
		return;
	memcpy(&key, (const void *)(uptr)r[BPF_R2].v, sizeof(key));
	if (key != f.key)
		shadow_found(s, "the key is %u, and it was proven to be %u", key, f.key);
}

void shadow_call(struct shadow *s, const struct helper *h, struct shadow_reg *r)
{
	u32 at = s->idx;
	const struct map *m = map_among(s, h, r);
	for (u32 i = 0; i < array_len(h->args) && !s->found; i++)
		check_arg(s, h, i, m, r);
	if (s->found)
		return;
	if (s->locked && h->args[0] != ARG_LOCK)
		shadow_found(s, "a helper is called, and a lock is held");
	if (h->flags & HELPER_TAIL_CALL)
		return;
	check_fact(s, h, m, r);
	figures.of_event[E_output] += h->id == BPF_FUNC_ringbuf_output;
	if (h->flags & HELPER_CALLBACK) {
		s->callbacks++;
		h->id == BPF_FUNC_loop ? loop(s, r) : for_each(s, m, r);
		s->callbacks--;
	} else {
		u64 r0 = h->fn(r[1].v, r[2].v, r[3].v, r[4].v, r[5].v, s->p);
		note_written(s, h, r);
		if (h->ret == RET_RECORD_OR_NULL && r0) {
			memory_open(s, r0, r[BPF_R2].v);
			memory_written(s, r0, r[BPF_R2].v, true); /* what was there before */
		}
		if (h->args[2] == ARG_ANY &&
		    r[BPF_R3].tainted) /* it read its own stack, perhaps: not what another has */
			s->diverges = true;
		r[0] = (struct shadow_reg){ r0, h->ret != RET_NOTHING, h->ret != RET_SCALAR };
	}
	for (u32 n = BPF_R1; n <= BPF_R5; n++)
		r[n].set = false;
	s->idx = at;
}

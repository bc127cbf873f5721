// SPDX-License-Identifier: MIT
// The helpers and their table. Helpers without HELPER_CALLS run nothing that has a site. They look for a map
// among the object's maps; they access all other memory through kernel/cpu/probe.h or vm/run/memory.h.
#include "vm/run/helper.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/probe.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "vm/run/callback.h"
#include "vm/run/frame.h"
#include "vm/run/lock.h"
#include "vm/run/map.h"
#include "vm/run/memory.h"
#include "vm/run/printk.h"
#include "vm/run/ringbuf.h"

/* Every helper has all six arguments; its row says which it reads. */
#define HELPER(name)                                                                               \
	static u64 name(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused, \
			const struct prog *p unused)

static notrace u64 failed(enum err e)
{
	return (u64) - (i64)e;
}

/* The operations of a map, for a program of which no one has proven that key and value can be read. */
static notrace void *checked_lookup(struct map *m, const void *key)
{
	return memory_can_read((uptr)key, m->key_size) ? m->ops->lookup(m, key) : NULL;
}

static notrace enum err checked_update(struct map *m, const void *key, const void *value, u64 flags)
{
	if (!memory_can_read((uptr)key, m->key_size) || !memory_can_read((uptr)value, m->value_size))
		return EFAULT;
	return m->ops->update(m, key, value, flags);
}

static notrace enum err checked_remove(struct map *m, const void *key)
{
	return memory_can_read((uptr)key, m->key_size) ? m->ops->remove(m, key) : EFAULT;
}

notrace HELPER(map_lookup_elem)
{
	struct map *m = prog_map(p, r1);
	return m ? (uptr)checked_lookup(m, (const void *)(uptr)r2) : 0;
}

notrace HELPER(map_update_elem)
{
	struct map *m = prog_map(p, r1);
	return failed(m ? checked_update(m, (const void *)(uptr)r2, (const void *)(uptr)r3, r4) : EINVAL);
}

notrace HELPER(map_delete_elem)
{
	struct map *m = prog_map(p, r1);
	return failed(m ? checked_remove(m, (const void *)(uptr)r2) : EINVAL);
}

/* The ring of that address among the object's maps, or NULL. */
static notrace struct map *ring_at(const struct prog *p, u64 address)
{
	struct map *m = prog_map(p, address);
	return m && m->ops->type == BPF_MAP_TYPE_RINGBUF ? m : NULL;
}

notrace HELPER(reserve_record)
{
	struct map *m = ring_at(p, r1);
	return m && !r3 ? (uptr)ringbuf_reserve(m, r2) : 0;
}

/* Of a program that was walked, the record has been proven. */
notrace HELPER(submit_record)
{
	if (prog_is_proven(p) || ringbuf_holding(p, r1))
		ringbuf_commit((void *)(uptr)r1, false);
	return 0;
}

notrace HELPER(discard_record)
{
	if (prog_is_proven(p) || ringbuf_holding(p, r1))
		ringbuf_commit((void *)(uptr)r1, true);
	return 0;
}

HELPER(output_record)
{
	struct map *m = ring_at(p, r1);
	if (!m || r4 & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return failed(EINVAL);
	void *data = ringbuf_reserve(m, r3);
	if (!data)
		return failed(EAGAIN);
	enum err e = probe_read(data, (uptr)r2, (u32)r3);
	ringbuf_commit(data, e != OK);
	return failed(e);
}

notrace HELPER(query_ring)
{
	struct map *m = ring_at(p, r1);
	return m ? ringbuf_query(m, r2) : 0;
}

/* Of a program that was walked, the verifier has proven it. */
static notrace bool is_writable(const struct prog *p, u64 start, u32 len)
{
	return prog_is_proven(p) || memory_can_write(start, len);
}

HELPER(probe_read_kernel)
{
	if (!is_writable(p, r1, (u32)r2))
		return failed(EFAULT);
	return failed(probe_read((void *)(uptr)r1, (uptr)r3, (u32)r2));
}

HELPER(probe_read_kernel_str)
{
	char *dst = (char *)(uptr)r1;
	if (!(u32)r2)
		return 0;
	if (!is_writable(p, r1, (u32)r2))
		return failed(EFAULT);
	u32 len = probe_read_str(dst, (uptr)r3, (u32)r2);
	memset(dst + len, 0, (u32)r2 - len); /* the verifier takes all of it for written */
	return len ? len : failed(EFAULT);
}

notrace HELPER(get_ktime_ns)
{
	return ktime_get_ns();
}

/* Each call adds an odd number and mixes the bits of the sum (SplitMix64). CPUs share the sum, so no two calls mix the
 * same one. */
notrace HELPER(get_random)
{
	static u64 sum;
	u64 n = __atomic_add_fetch(&sum, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
	n = (n ^ n >> 27) * 0x94d049bb133111eb;
	return (u32)(n >> 32);
}

notrace HELPER(get_cpu)
{
	return smp_processor_id();
}

notrace HELPER(get_current_pid_tgid)
{
	return (u64)(u32)current->tgid << 32 | (u32)current->pid;
}

/* Writes the name, cut to fit, and zeroes up to the end. */
notrace HELPER(get_current_comm)
{
	char *dst = (char *)(uptr)r1;
	u32 size = (u32)r2;
	if (!size)
		return failed(EINVAL);
	if (!is_writable(p, r1, size))
		return failed(EFAULT);
	size_t len = strnlen(current->comm, min(size, (u32)TASK_COMM_LEN) - 1);
	memset(dst, 0, size);
	memcpy(dst, current->comm, len);
	return 0;
}

notrace HELPER(get_task)
{
	return (uptr)current;
}

HELPER(trace_printk)
{
	const u64 args[] = { r3, r4, r5 };
	return (u64)printk_format(p, (uptr)r1, (u32)r2, args, array_len(args));
}

HELPER(trace_vprintk)
{
	u64 args[PRINTK_ARGS];
	if (r4 % 8 || r4 > sizeof(args) || probe_read(args, (uptr)r3, (u32)r4))
		return failed(EINVAL);
	return (u64)printk_format(p, (uptr)r1, (u32)r2, args, (u32)r4 / 8);
}

/* Copies context[index] to *to, an address of the program. */
static notrace u64 copy_word(u64 ctx, u32 index, u64 to)
{
	u64 value;
	if (probe_read(&value, (uptr)(ctx + 8 * (u64)index), sizeof(value)) ||
	    probe_write((uptr)to, &value, sizeof(value)))
		return failed(EFAULT);
	return 0;
}

/* There is no such word: *to becomes 0, because the verifier takes it for written. */
static notrace u64 no_word(enum err e, u64 to)
{
	const u64 zero = 0;
	return failed(probe_write((uptr)to, &zero, sizeof(zero)) ? EFAULT : e);
}

/* The JIT writes these five without a call: see inline.c. */
notrace HELPER(get_func_arg)
{
	return (u32)r2 < frame_arg_count(r1) ? copy_word(r1, (u32)r2, r3) : no_word(EINVAL, r3);
}

notrace HELPER(get_func_ret)
{
	return frame_has_ret(p) ? copy_word(r1, frame_arg_count(r1), r2) : no_word(EOPNOTSUPP, r2);
}

notrace HELPER(get_func_arg_cnt)
{
	return frame_arg_count(r1);
}

notrace HELPER(get_func_ip)
{
	return frame_is_regs(p) ? this_cpu()->prog_ip : frame_word(r1, -HEADER_IP);
}

notrace HELPER(get_attach_cookie)
{
	return frame_is_regs(p) ? this_cpu()->prog_cookie : frame_word(r1, -HEADER_COOKIE);
}

/* clang-format off */
#define NAMED(name) BPF_FUNC_##name, #name
static const struct helper table[] = {
	{ NAMED(map_lookup_elem), RET_MAP_VALUE_OR_NULL, { ARG_MAP, ARG_MAP_KEY },
	  HELPER_PROG | HELPER_MAP, map_lookup_elem },
	{ NAMED(map_update_elem), RET_SCALAR, { ARG_MAP, ARG_MAP_KEY, ARG_MAP_VALUE, ARG_ANY },
	  HELPER_PROG | HELPER_MAP, map_update_elem },
	{ NAMED(map_delete_elem), RET_SCALAR, { ARG_MAP, ARG_MAP_KEY },
	  HELPER_PROG | HELPER_MAP, map_delete_elem },
	{ NAMED(probe_read), RET_SCALAR, { ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANY },
	  HELPER_PROG | HELPER_CALLS | HELPER_GPL, probe_read_kernel },
	{ NAMED(ktime_get_ns), RET_SCALAR, { ARG_NONE }, HELPER_INLINE, get_ktime_ns },
	{ NAMED(trace_printk), RET_SCALAR, { ARG_MEM_READ, ARG_SIZE, ARG_ANY, ARG_ANY, ARG_ANY },
	  HELPER_CALLS | HELPER_PROG | HELPER_GPL, trace_printk },
	{ NAMED(get_prandom_u32), RET_SCALAR, { ARG_NONE }, 0, get_random },
	{ NAMED(get_smp_processor_id), RET_SCALAR, { ARG_NONE }, HELPER_PER_CPU | HELPER_INLINE, get_cpu },
	{ NAMED(tail_call), RET_SCALAR, { ARG_CTX, ARG_PROG_ARRAY, ARG_ANY }, HELPER_TAIL_CALL, NULL },
	{ NAMED(get_current_pid_tgid), RET_SCALAR, { ARG_NONE }, HELPER_INLINE, get_current_pid_tgid },
	{ NAMED(get_current_comm), RET_SCALAR, { ARG_MEM_WRITE, ARG_SIZE }, HELPER_PROG, get_current_comm },
	{ NAMED(get_current_task), RET_SCALAR, { ARG_NONE }, HELPER_INLINE | HELPER_GPL, get_task },
	{ NAMED(probe_read_str), RET_LENGTH, { ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANY },
	  HELPER_PROG | HELPER_CALLS | HELPER_GPL, probe_read_kernel_str },
	{ NAMED(spin_lock), RET_SCALAR, { ARG_LOCK }, HELPER_LOCK, lock_take },
	{ NAMED(spin_unlock), RET_SCALAR, { ARG_LOCK }, HELPER_LOCK, lock_release },
	{ NAMED(probe_read_kernel), RET_SCALAR, { ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANY },
	  HELPER_PROG | HELPER_CALLS | HELPER_GPL, probe_read_kernel },
	{ NAMED(probe_read_kernel_str), RET_LENGTH, { ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANY },
	  HELPER_PROG | HELPER_CALLS | HELPER_GPL, probe_read_kernel_str },
	{ NAMED(ktime_get_boot_ns), RET_SCALAR, { ARG_NONE }, HELPER_INLINE, get_ktime_ns },
	{ NAMED(get_current_task_btf), RET_KERNEL_PTR, { ARG_NONE }, HELPER_INLINE | HELPER_GPL, get_task },
	{ NAMED(for_each_map_elem), RET_SCALAR, { ARG_MAP, ARG_FUNC, ARG_STACK_OR_NULL, ARG_ANY },
	  HELPER_CALLS | HELPER_CALLBACK | HELPER_PROG, callback_for_each_map_elem },
	{ NAMED(ringbuf_output), RET_SCALAR, { ARG_RINGBUF, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANY },
	  HELPER_CALLS | HELPER_PROG, output_record },
	{ NAMED(ringbuf_reserve), RET_RECORD_OR_NULL, { ARG_RINGBUF, ARG_RECORD_SIZE, ARG_ANY },
	  HELPER_PROG, reserve_record },
	{ NAMED(ringbuf_submit), RET_NOTHING, { ARG_RECORD, ARG_ANY }, HELPER_PROG, submit_record },
	{ NAMED(ringbuf_discard), RET_NOTHING, { ARG_RECORD, ARG_ANY }, HELPER_PROG, discard_record },
	{ NAMED(ringbuf_query), RET_SCALAR, { ARG_RINGBUF, ARG_ANY }, HELPER_PROG, query_ring },
	{ NAMED(get_func_ip), RET_SCALAR, { ARG_CTX }, HELPER_INLINE | HELPER_PROG | HELPER_IP | HELPER_GPL, get_func_ip },
	{ NAMED(get_attach_cookie), RET_SCALAR, { ARG_CTX },
	  HELPER_INLINE | HELPER_PROG | HELPER_COOKIE, get_attach_cookie },
	{ NAMED(trace_vprintk), RET_SCALAR,
	  { ARG_MEM_READ, ARG_SIZE, ARG_MEM_READ_OR_NULL, ARG_SIZE_OR_ZERO },
	  HELPER_CALLS | HELPER_PROG | HELPER_GPL, trace_vprintk },
	{ NAMED(loop), RET_SCALAR, { ARG_ANY, ARG_FUNC, ARG_STACK_OR_NULL, ARG_ANY },
	  HELPER_CALLBACK | HELPER_PROG, callback_loop },
	{ NAMED(get_func_arg), RET_SCALAR, { ARG_CTX, ARG_ANY, ARG_VALUE_WRITE },
	  HELPER_INLINE | HELPER_COUNT | HELPER_TRAMP, get_func_arg },
	{ NAMED(get_func_ret), RET_SCALAR, { ARG_CTX, ARG_VALUE_WRITE },
	  HELPER_INLINE | HELPER_PROG | HELPER_COUNT | HELPER_TRAMP, get_func_ret },
	{ NAMED(get_func_arg_cnt), RET_SCALAR, { ARG_CTX },
	  HELPER_INLINE | HELPER_COUNT | HELPER_TRAMP, get_func_arg_cnt },
};
/* clang-format on */

notrace uptr helper_of_map(const struct helper *h, const struct map *m, const struct prog *p)
{
	bool proven = prog_is_proven(p);
	switch (h->id) {
	case BPF_FUNC_map_lookup_elem: return proven ? (uptr)m->ops->lookup : (uptr)checked_lookup;
	case BPF_FUNC_map_update_elem: return proven ? (uptr)m->ops->update : (uptr)checked_update;
	default: return proven ? (uptr)m->ops->remove : (uptr)checked_remove;
	}
}

static const struct helper *added;
static u32 added_count;

void helper_add_table(const struct helper *rows, u32 count)
{
	added = rows;
	added_count = count;
}

static notrace const struct helper *find_in(const struct helper *rows, u32 count, u32 id)
{
	for (u32 i = 0; i < count; i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

notrace const struct helper *helper_find(u32 id)
{
	const struct helper *h = find_in(added, added_count, id);
	return h ? h : find_in(table, array_len(table), id);
}

notrace const struct helper *helper_by_value(const struct prog *p, u64 value)
{
	const struct helper *h = value == (u32)value ? helper_find((u32)value) : NULL;
	if (!h || !helper_is_for(h, p->type) || h->flags & (HELPER_TAIL_CALL | HELPER_CALLBACK))
		return NULL;
	return h->flags & HELPER_SLEEPS && !p->sleepable ? NULL : h;
}

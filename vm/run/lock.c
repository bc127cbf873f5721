// SPDX-License-Identifier: MIT
// Spin locks of programs. The kernel's own do the work.
#include "vm/run/lock.h"
#include "kernel/cpu/smp.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"

_Static_assert(sizeof(struct bpf_spin_lock) == sizeof(spinlock_t), "one is used as the other");

/* What a CPU's interrupts were before it took the lock that it holds. */
static uptr irq_flags[MAX_CPUS];

notrace u64 lock_take(u64 r1, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
		      const struct prog *p unused)
{
	uptr flags = spin_lock_irqsave((spinlock_t *)(uptr)r1);
	irq_flags[smp_processor_id()] = flags;
	return 0;
}

notrace u64 lock_release(u64 r1, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			 const struct prog *p unused)
{
	spin_unlock_irqrestore((spinlock_t *)(uptr)r1, irq_flags[smp_processor_id()]);
	return 0;
}

struct found {
	u32 count, at;
};

/* Counts the locks in a type that lies at byte at of the value. */
static void count_locks(const struct btf *b, u32 type, u32 at, u32 level, struct found *f)
{
	enum { LEVELS = 8 };
	const struct btf_type *t = btf_type(b, type = btf_strip(b, type));
	if (level == LEVELS)
		return;
	if (btf_kind(t) == BTF_DATASEC)
		for (u32 i = 0; i < btf_vlen(t); i++)
			count_locks(b, btf_type(b, btf_vars(t)[i].type)->size_or_type,
				    at + btf_vars(t)[i].offset, level + 1, f);
	if (btf_kind(t) != BTF_STRUCT)
		return;
	if (strcmp(btf_type_name(b, type), "bpf_spin_lock") == 0) {
		f->count++;
		f->at = at;
		return;
	}
	for (u32 i = 0; i < btf_vlen(t); i++)
		count_locks(b, btf_members(t)[i].type, at + btf_member_bit_offset(t, &btf_members(t)[i]) / 8,
			    level + 1, f);
}

enum err lock_find(struct map *m, struct strbuf *log)
{
	struct found f = { 0 };
	if (m->btf && m->value_type)
		count_locks(m->btf, m->value_type, 0, 0, &f);
	if (!f.count)
		return OK;
	if (m->ops->type != BPF_MAP_TYPE_HASH && m->ops->type != BPF_MAP_TYPE_ARRAY)
		return str_refuse(
		    log, EOPNOTSUPP,
		    "map %s: only values of a hash or an array have a struct bpf_spin_lock, not "
		    "those of a %s",
		    m->name, m->ops->name);
	if (f.count > 1)
		return str_refuse(log, EINVAL,
				  "map %s: a value has %u structs bpf_spin_lock, and may have one", m->name,
				  f.count);
	if (m->read_only || f.at % sizeof(struct bpf_spin_lock) ||
	    f.at + sizeof(struct bpf_spin_lock) > m->value_size)
		return str_refuse(log, EINVAL,
				  m->read_only ? "map %s: its lock could not be taken, since it is "
						 "read only"
					       : "map %s: its lock is not at a multiple of 4 bytes",
				  m->name);
	m->lock_at = f.at;
	m->lock_size = sizeof(struct bpf_spin_lock);
	return OK;
}

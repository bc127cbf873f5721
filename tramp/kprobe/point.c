// SPDX-License-Identifier: MIT
// The probed instructions in a hash table, and the calls of their handlers.
//
// A hit reads the table without a lock. Interrupts are off from the int3 to the end of the single step. So
// after a sync of all CPUs, no hit uses a point that was unlinked before.
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/trap.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tramp/image.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/audit.h"
#include "tramp/text/poke_arch.h"

enum { BUCKETS = 256 };

static struct kprobe_point *buckets[BUCKETS];
static bool in_handler[MAX_CPUS]; /* each CPU's; used with interrupts off */

static notrace struct kprobe_point **bucket_of(uptr addr)
{
	return &buckets[(addr ^ addr >> 8) % BUCKETS];
}

notrace struct kprobe_point *point_find(uptr addr)
{
	struct kprobe_point *pt = read_once(*bucket_of(addr));
	while (pt && pt->addr != addr)
		pt = read_once(pt->next);
	return pt;
}

void point_link(struct kprobe_point *pt)
{
	struct kprobe_point **bucket = bucket_of(pt->addr);
	pt->next = *bucket;
	__atomic_store_n(bucket, pt, __ATOMIC_RELEASE);
}

void point_unlink(struct kprobe_point *pt)
{
	struct kprobe_point **link = bucket_of(pt->addr);
	while (*link != pt)
		link = &(*link)->next;
	write_once(*link, pt->next);
}

bool kprobe_within(uptr from, uptr to)
{
	for (uptr addr = from; addr < to; addr++)
		if (point_find(addr))
			return true;
	return false;
}

static void restore_bytes(const struct kprobe_point *pt, const struct sym *func, u8 *code)
{
	u32 at = (u32)(pt->addr - func->addr);
	if (pt->func.addr != func->addr)
		return;
	if (pt->detour)
		memcpy(code + at, pt->old, SITE_LEN);
	else
		code[at] = pt->insn.bytes[0];
}

enum err kprobe_read(const struct sym *func, u8 **code, struct strbuf *log)
{
	*code = kmalloc(func->len);
	if (!*code)
		return str_refuse(log, ENOMEM, "no memory to read %s", func->name);
	memcpy(*code, (const void *)func->addr, func->len);
	for (u32 i = 0; i < BUCKETS; i++)
		for (const struct kprobe_point *pt = buckets[i]; pt; pt = pt->next)
			restore_bytes(pt, func, *code);
	return OK;
}

notrace bool kprobe_enter(void)
{
	bool *active = &in_handler[smp_processor_id()];
	if (*active)
		return false;
	*active = true;
	compiler_barrier();
	return true;
}

notrace void kprobe_leave(void)
{
	compiler_barrier();
	in_handler[smp_processor_id()] = false;
}

notrace void kprobe_call(struct kprobe *p, uptr ip, struct pt_regs *regs)
{
	uptr behind = regs->ip;

	if (!kprobe_enter()) {
		for (; p; p = read_once(p->next))
			__atomic_fetch_add(&p->missed, 1, __ATOMIC_RELAXED);
		return;
	}
	for (; p; p = read_once(p->next)) {
		regs->ip = ip;
		p->pre_handler(p, regs);
	}
	regs->ip = behind;
	kprobe_leave();
}

notrace void kprobe_detour_hit(struct kprobe_point *pt, struct pt_regs *regs)
{
	uptr flags = irq_save();
	kprobe_call(read_once(pt->probes), pt->addr, regs);
	irq_restore(flags);
}

static void explain_point(const struct kprobe_point *pt)
{
	u8 jmp[SITE_LEN];
	if (pt->detour)
		poke_make_jmp(jmp, pt->addr, pt->detour->text.base);
	audit_place(pt->addr, pt->detour ? jmp : &poke_int3, pt->detour ? SITE_LEN : 1);
}

void point_explain(void)
{
	for (u32 i = 0; i < BUCKETS; i++)
		for (const struct kprobe_point *pt = buckets[i]; pt; pt = pt->next)
			explain_point(pt);
}

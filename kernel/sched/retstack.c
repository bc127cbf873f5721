// SPDX-License-Identifier: MIT
// Pushes, pops and looks up replaced return addresses. All that runs at a call or at a return is notrace. It
// orders its stores only for an interrupt on this CPU (compiler_barrier): another CPU uses the shadow stack
// of a running task only while it holds this CPU.
#include "kernel/sched/retstack.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/stall.h"
#include "kernel/sched/task.h"
#include "kernel/cpu/trap.h"

static struct mutex changing = MUTEX_INIT(changing); /* users, with the stacks of all tasks */
static u32 users;

notrace bool retstack_push(struct ret_owner *o, uptr *slot, const u64 data[RETSTACK_DATA])
{
	struct retstack *rs = current->retstack;
	u32 n = rs ? rs->depth : RETSTACK_DEPTH;
	struct ret_entry *e;

	if (n >= RETSTACK_DEPTH)
		return false;
	e = &rs->entries[n];
	write_once(rs->depth, n + 1);
	compiler_barrier();
	e->real = retstack_real(slot, *slot);
	e->owner = o;
	for (u32 i = 0; i < RETSTACK_DATA; i++)
		e->data[i] = data[i];
	compiler_barrier();
	write_once(e->slot, slot);
	compiler_barrier();
	write_once(*slot, (uptr)retstack_return);
	return true;
}

notrace uptr retstack_real(const uptr *slot, uptr found)
{
	const struct retstack *rs = current->retstack;
	if (found != (uptr)retstack_return || !rs)
		return found;
	for (u32 n = read_once(rs->depth); n > 0; n--)
		if (read_once(rs->entries[n - 1].slot) == slot)
			return rs->entries[n - 1].real;
	return found;
}

/* Takes the top entry off into *e, if it is of this slot. Counts its owner as running. Interrupts are off, so
 * that no disown, which holds all CPUs, can come between the two. */
static notrace bool pop(struct retstack *rs, uptr *slot, struct ret_entry *e)
{
	uptr flags = irq_save();
	u32 n = rs->depth;
	bool found = n && rs->entries[n - 1].slot == slot;
	if (found) {
		*e = rs->entries[n - 1];
		if (e->owner)
			__atomic_fetch_add(&e->owner->running, 1, __ATOMIC_RELAXED);
		write_once(*slot, e->real); /* first: slot or entry always has the address */
		compiler_barrier();
		write_once(rs->entries[n - 1].slot, NULL);
		compiler_barrier();
		write_once(rs->depth, n - 1);
	}
	irq_restore(flags);
	return found;
}

/* retstack_return calls it. It has made the slot again, and will return to what this leaves in *slot. */
notrace void retstack_leave(uptr *slot, struct pt_regs *regs);
notrace void retstack_leave(uptr *slot, struct pt_regs *regs)
{
	struct retstack *rs;
	struct ret_entry e;

	preempt_disable(); /* until the last look at rs: retstack_put may free it then */
	rs = current->retstack;
	regs->sp = (uptr)(slot + 1);
	regs->bp = slot[-1];
	if (!pop(rs, slot, &e))
		panic("retstack: %s:%d returns from a call that is not the last one noted", current->comm,
		      current->pid);
	do {
		regs->ip = e.real;
		if (!e.owner)
			continue;
		e.owner->returned(e.owner, &e, regs);
		__atomic_fetch_sub(&e.owner->running, 1, __ATOMIC_RELEASE);
	} while (pop(rs, slot, &e));
	preempt_enable();
}

notrace void retstack_visit(const struct task_struct *t, void (*visit)(uptr addr, void *arg), void *arg)
{
	const struct retstack *rs = t->retstack;
	for (u32 i = 0; rs && i < rs->depth; i++)
		visit(rs->entries[i].real, arg);
}

static notrace void disown_in(struct task_struct *t, void *arg)
{
	struct retstack *rs = t->retstack;
	for (u32 i = 0; rs && i < rs->depth; i++)
		if (rs->entries[i].owner == arg)
			rs->entries[i].owner = NULL;
}

void retstack_disown(struct ret_owner *o)
{
	struct stall stall = { 0 };
	task_for_each_held(disown_in, o);
	while (__atomic_load_n(&o->running, __ATOMIC_ACQUIRE)) {
		cpu_pause();
		stall_check(&stall, smp_others(), "a handler of returns has not ended");
	}
}

struct retstack *retstack_new(void)
{
	return __atomic_load_n(&users, __ATOMIC_SEQ_CST) ? kzalloc(sizeof(struct retstack)) : NULL;
}

/* How long retstack_put waits for the free, so that its caller can count memory. If a CPU is late, the memory
 * is freed later. */
enum { PATIENCE_MS = 10000 };

static void give_retstack(struct task_struct *t, void *arg)
{
	bool *failed = arg;
	if (!t->retstack)
		write_once(t->retstack, retstack_new());
	if (!t->retstack)
		*failed = true;
}

static void free_retstack(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct retstack, rcu));
}

/* A task that is still inside a function keeps its stack, until it ends or the next user leaves. */
static void take_retstack(struct task_struct *t, void *arg unused)
{
	struct retstack *rs = t->retstack;
	if (!rs || read_once(rs->depth))
		return;
	t->retstack = NULL;
	call_rcu(&rs->rcu, free_retstack);
}

void retstack_put(void)
{
	mutex_lock(&changing);
	bool last = __atomic_sub_fetch(&users, 1, __ATOMIC_SEQ_CST) == 0;
	if (last)
		task_for_each(take_retstack, NULL);
	mutex_unlock(&changing);
	if (last)
		rcu_flush(PATIENCE_MS);
}

enum err retstack_get(void)
{
	bool failed = false;
	mutex_lock(&changing);
	__atomic_add_fetch(&users, 1, __ATOMIC_SEQ_CST);
	task_for_each(give_retstack, &failed);
	mutex_unlock(&changing);
	if (!failed)
		return OK;
	retstack_put();
	return ENOMEM;
}

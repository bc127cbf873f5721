// SPDX-License-Identifier: MIT
// Spin locks. notrace, because functions that a trampoline calls may take them.
#include "kernel/sched/lock.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/stall.h"

static notrace void wait_until_free(const spinlock_t *lock)
{
	struct stall stall = { 0 };
	while (read_once(lock->locked)) {
		cpu_pause();
		stall_check(&stall, smp_others(), "a spin lock has not been released");
	}
}

notrace void spin_acquire(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		wait_until_free(lock);
}

notrace void spin_lock(spinlock_t *lock)
{
	preempt_disable();
	spin_acquire(lock);
}

notrace void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

notrace uptr spin_lock_irqsave(spinlock_t *lock)
{
	uptr flags = irq_save();
	preempt_disable();
	spin_acquire(lock);
	return flags;
}

notrace void spin_unlock_irqrestore(spinlock_t *lock, uptr flags)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
	preempt_enable();
}

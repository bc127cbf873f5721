// SPDX-License-Identifier: MIT
// Spin locks. notrace: what a trampoline calls may take them.
#include "kernel/lock.h"
#include "kernel/cpu.h"
#include "kernel/sched.h"

static notrace void acquire(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		while (read_once(lock->locked))
			cpu_pause();
}

notrace void spin_lock(spinlock_t *lock)
{
	preempt_disable();
	acquire(lock);
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
	acquire(lock);
	return flags;
}

notrace void spin_unlock_irqrestore(spinlock_t *lock, uptr flags)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
	preempt_enable();
}

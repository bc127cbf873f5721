/* SPDX-License-Identifier: MIT */
/* Spin locks. spin_lock also disables preemption. spin_lock_irqsave also disables interrupts: it is for data
 * that an interrupt handler uses. */
#pragma once
#include "kernel/lib/types.h"

typedef struct {
	u32 locked;
} spinlock_t;

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
uptr spin_lock_irqsave(spinlock_t *lock); /* returns the flags for spin_unlock_irqrestore */
void spin_unlock_irqrestore(spinlock_t *lock, uptr flags);

/* Only takes the lock. The caller takes care of preemption and interrupts, and of releasing the lock. */
void spin_acquire(spinlock_t *lock);

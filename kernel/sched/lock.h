/* SPDX-License-Identifier: MIT */
/* Spin locks. spin_lock also disables preemption; the irqsave form also interrupts, and is the one
 * for data that an interrupt handler touches. */
#pragma once
#include "kernel/lib/types.h"

typedef struct {
	u32 locked;
} spinlock_t;

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
uptr spin_lock_irqsave(spinlock_t *lock); /* returns the flags for spin_unlock_irqrestore */
void spin_unlock_irqrestore(spinlock_t *lock, uptr flags);

/* Only takes it: preemption and interrupts, and how it is given back, are up to the caller. */
void spin_acquire(spinlock_t *lock);

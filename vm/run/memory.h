/* SPDX-License-Identifier: MIT */
/* Whether memory is there that a program names. Until the verifier follows registers, a key, a value or a
 * destination can be any number. What can be used now will not go away while the program runs. */
#pragma once
#include "kernel/layout.h"
#include "kernel/sched/task.h"

/* Touches every page of it, as a load or, changing nothing, as a store; false if one cannot be. */
bool memory_touch(u64 start, u32 len, bool is_write);

/* Most pointers of programs lead into their stack, which is part of the running task's: no need to touch it. */
static inline notrace bool memory_is_on_stack(u64 start, u32 len)
{
	u64 at = start - (uptr)current->stack;
	return at < STACK_SIZE && len <= STACK_SIZE - at;
}

/* Whether all len bytes can be read, or written. */
static inline notrace bool memory_can_read(u64 start, u32 len)
{
	return memory_is_on_stack(start, len) || memory_touch(start, len, false);
}
static inline notrace bool memory_can_write(u64 start, u32 len)
{
	return memory_is_on_stack(start, len) || memory_touch(start, len, true);
}

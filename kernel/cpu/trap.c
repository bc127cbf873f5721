// SPDX-License-Identifier: MIT
// The table of handlers. All that has a vector stands above this file, and so does the dispatcher.
#include "kernel/cpu/trap.h"
#include "kernel/cpu/panic.h"

trap_handler *trap_handlers[TRAP_VECTORS];

trap_handler *trap_set_handler(u32 vector, trap_handler *handler)
{
	assert(vector < TRAP_VECTORS);
	return __atomic_exchange_n(&trap_handlers[vector], handler, __ATOMIC_ACQ_REL);
}

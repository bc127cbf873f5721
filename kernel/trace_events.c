// SPDX-License-Identifier: MIT
// One empty function and one struct tracepoint for each line of kernel/trace_events.h.
#include "kernel/skb.h"
#define DEFINE_TRACE_EVENTS
#include "kernel/trace_events.h"

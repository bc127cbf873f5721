// SPDX-License-Identifier: MIT
// One empty function and one struct tracepoint for each line of kernel/trace/events.h.
#include "kernel/net/skb.h"
#define DEFINE_TRACE_EVENTS
#include "kernel/trace/events.h"

// SPDX-License-Identifier: MIT
// Counts the seconds of a wait by the NMIs that the CPUs take for which it waits.
#include "kernel/cpu/stall.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/clock.h"

#define ROUND_NS     1000000000ull
#define ROUND_MAX_NS (3 * ROUND_NS)

/* For each CPU that waits: the CPUs to which it sent an NMI in this round, and which have not taken it. */
static u32 unseen[MAX_CPUS];

/* Each CPU's count of its own ticks, and what it last saw of the next CPU's. */
static u32 ticks[MAX_CPUS];
static struct {
	u32 ticks;
	struct stall stall;
} neighbours[MAX_CPUS];

notrace void stall_seen(void)
{
	u32 rest = ~(1u << smp_processor_id());
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (read_once(unseen[i]) & ~rest)
			__atomic_and_fetch(&unseen[i], rest, __ATOMIC_RELAXED);
}

static notrace void begin_round(struct stall *s, u32 *mine, u32 which, u64 now)
{
	s->since = now;
	__atomic_store_n(mine, which, __ATOMIC_RELAXED);
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (which & 1u << i)
			apic_send_nmi(cpus[i].apic_id);
}

notrace void stall_check(struct stall *s, u32 which, const char *what)
{
	u64 now = ktime_get_ns();
	if (!s->since) {
		s->since = now;
		s->cpu = smp_processor_id();
		unseen[s->cpu] = 0;
	}
	u32 *mine = &unseen[s->cpu];
	u64 waited = now - s->since;
	if (waited < ROUND_NS || (read_once(*mine) & which && waited < ROUND_MAX_NS))
		return;
	if (++s->rounds == STALL_SECONDS)
		panic_about(which, "%s for %d s", what, STALL_SECONDS);
	begin_round(s, mine, which, now);
}

notrace void stall_tick(void)
{
	u32 me = smp_processor_id(), next = (me + 1) % cpu_count();
	u32 theirs = read_once(ticks[next]);
	write_once(ticks[me], ticks[me] + 1);
	if (next == me || theirs != neighbours[me].ticks) {
		neighbours[me].ticks = theirs;
		neighbours[me].stall = (struct stall){ 0 };
		return;
	}
	stall_check(&neighbours[me].stall, 1u << next, "a CPU has taken no interrupt");
}

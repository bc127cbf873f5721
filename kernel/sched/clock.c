// SPDX-License-Identifier: MIT
// The clock is the TSC, scaled to nanoseconds.
#include "kernel/sched/clock.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/panic.h"

enum { PIT_HZ = 1193182, PIT_CHANNEL_2 = 0x42, PIT_COMMAND = 0x43, PIT_ONE_SHOT_2 = 0xb0 };
enum { PORT_B = 0x61, PORT_B_GATE_2 = 1, PORT_B_SPEAKER = 2, PORT_B_OUT_2 = 0x20 };
enum { CALIBRATE_PER_SECOND = 50 };
enum { SLOWEST_TSC = 100000 }; /* Hz; emulators are slow, but they count */

static u64 tsc_base, ns_per_tsc; /* ns_per_tsc in units of 2^-32 */

notrace u64 ktime_get_ns(void)
{
	u64 cycles = rdtsc() - tsc_base;
	return (unsigned __int128)cycles * ns_per_tsc >> 32;
}

bool ktime_scale(struct ktime_scale *scale)
{
	*scale = (struct ktime_scale){ tsc_base, ns_per_tsc };
	return true;
}

notrace void ndelay(u64 ns)
{
	u64 end = ktime_get_ns() + ns;
	while (ktime_get_ns() < end)
		cpu_pause();
}

static void pit_start(u32 count)
{
	outb(PORT_B, (inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE_2);
	outb(PIT_COMMAND, PIT_ONE_SHOT_2);
	outb(PIT_CHANNEL_2, count & 0xff);
	outb(PIT_CHANNEL_2, count >> 8);
}

u32 clock_init(void)
{
	apic_timer_measure();
	pit_start(PIT_HZ / CALIBRATE_PER_SECOND);
	u64 tsc = rdtsc();
	u32 apic = apic_timer_elapsed();
	while (!(inb(PORT_B) & PORT_B_OUT_2))
		for (u32 i = 0; i < 100; i++)
			__asm__ volatile(""); /* reading the port more often makes QEMU slow under --icount */
	tsc = rdtsc() - tsc;
	apic = apic_timer_elapsed() - apic;
	if (tsc < SLOWEST_TSC / CALIBRATE_PER_SECOND || apic < HZ / CALIBRATE_PER_SECOND)
		panic("clock: in 1/%d s of the PIT the TSC counts %llu and the APIC's timer %u",
		      CALIBRATE_PER_SECOND, tsc, apic);

	ns_per_tsc = (1000000000ull << 32) / (tsc * CALIBRATE_PER_SECOND);
	tsc_base = rdtsc();
	return (u64)apic * CALIBRATE_PER_SECOND / HZ;
}

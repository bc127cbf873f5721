/* SPDX-License-Identifier: MIT */
/* One inline function per privileged instruction of x86-64, and the bits it takes. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/types.h"

enum {
	CR0_WP = 1 << 16,
	MSR_EFER = 0xc0000080,
	MSR_GS_BASE = 0xc0000101,
	EFER_NXE = 1 << 11,
};

static inline notrace u8 inb(u16 port)
{
	u8 v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline notrace void outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline notrace void outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}

static inline notrace u64 rdmsr(u32 msr)
{
	u32 lo, hi;
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}
static inline notrace void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

/* From here on kernel/cpu/this_cpu.h finds this CPU's struct cpu. */
static inline notrace void this_cpu_set(void *cpu)
{
	wrmsr(MSR_GS_BASE, (uptr)cpu);
}

static inline notrace u64 rdtsc(void)
{
	u32 lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

static inline notrace void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(subleaf)
			 : "memory");
}

static inline notrace uptr read_cr0(void)
{
	uptr v;
	__asm__ volatile("movq %%cr0, %0" : "=r"(v));
	return v;
}
static inline notrace uptr read_cr2(void)
{
	uptr v;
	__asm__ volatile("movq %%cr2, %0" : "=r"(v));
	return v;
}
static inline notrace uptr read_cr3(void)
{
	uptr v;
	__asm__ volatile("movq %%cr3, %0" : "=r"(v));
	return v;
}
static inline notrace void write_cr3(uptr v)
{
	__asm__ volatile("movq %0, %%cr3" ::"r"(v) : "memory");
}
static inline notrace uptr read_cr4(void)
{
	uptr v;
	__asm__ volatile("movq %%cr4, %0" : "=r"(v));
	return v;
}
static inline notrace void invlpg(uptr addr)
{
	__asm__ volatile("invlpg (%0)" ::"r"(addr) : "memory");
}

static inline notrace uptr read_flags(void)
{
	uptr v;
	__asm__ volatile("pushfq; popq %0" : "=r"(v)::"memory");
	return v;
}
static inline notrace void irqs_on(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline notrace void irqs_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}
static inline notrace bool irqs_are_off(void)
{
	return !(read_flags() & FLAGS_IF);
}

/* Disables interrupts. Returns the flags from before, for irq_restore. */
static inline notrace uptr irq_save(void)
{
	uptr flags = read_flags();
	irqs_off();
	return flags;
}
static inline notrace void irq_restore(uptr flags)
{
	if (flags & FLAGS_IF)
		irqs_on();
}

/* Enables interrupts and waits for one. An interrupt that is pending already ends the wait too. */
static inline notrace void cpu_idle(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}
static inline notrace void cpu_stop(void) noreturn;
static inline notrace void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}
static inline notrace void cpu_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

// SPDX-License-Identifier: MIT
// xAPIC through its registers in memory. The functions that send an IPI or end an interrupt have no site:
// the patcher stops all CPUs through them.
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"

/* Local APIC registers. */
enum {
	APIC_ID = 0x20,
	APIC_TASK_PRIORITY = 0x80,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_COMMAND = 0x300,
	APIC_COMMAND_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

enum {
	SPURIOUS_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_PERIODIC = 1 << 17,
	LVT_NMI = 4 << 8,
	COMMAND_NMI = 4 << 8,
	COMMAND_INIT = 5 << 8,
	COMMAND_STARTUP = 6 << 8,
	COMMAND_PENDING = 1 << 12,
	COMMAND_ASSERT = 1 << 14,
	COMMAND_OTHERS = 3 << 18,
	DIVIDE_BY_16 = 3,
};

/* IOAPIC: a register is selected in the first word and appears in the fifth. */
enum { IO_SELECT = 0, IO_WINDOW = 0x10, IO_REDIRECTION = 0x10 };
enum { IO_ACTIVE_LOW = 1 << 13, IO_LEVEL = 1 << 15 };
enum { MADT_POLARITY_LOW = 3, MADT_TRIGGER_LEVEL = 3 };

enum { MSR_APIC_BASE = 0x1b, APIC_GLOBAL_ENABLE = 1 << 11 };

static volatile u8 *local, *io;
static struct acpi machine;

static inline notrace u32 apic_read(u32 reg)
{
	return *(volatile u32 *)(local + reg);
}

static inline notrace void apic_write(u32 reg, u32 value)
{
	*(volatile u32 *)(local + reg) = value;
}

static void io_write(u32 reg, u32 value)
{
	*(volatile u32 *)(io + IO_SELECT) = reg;
	*(volatile u32 *)(io + IO_WINDOW) = value;
}

/* Interrupts are off: between the two writes, an interrupt could send a command of its own. */
static notrace void command(u32 apic_id, u32 low)
{
	uptr flags = irq_save();
	while (apic_read(APIC_COMMAND) & COMMAND_PENDING)
		cpu_pause();
	apic_write(APIC_COMMAND_HIGH, apic_id << 24);
	apic_write(APIC_COMMAND, low);
	irq_restore(flags);
}

notrace void apic_send(u32 apic_id, u32 vector)
{
	command(apic_id, COMMAND_ASSERT | vector);
}

notrace void apic_send_others(u32 vector)
{
	command(0, COMMAND_OTHERS | COMMAND_ASSERT | vector);
}

notrace void apic_send_nmi(u32 apic_id)
{
	command(apic_id, COMMAND_ASSERT | COMMAND_NMI);
}

notrace void apic_send_nmi_others(void)
{
	command(0, COMMAND_OTHERS | COMMAND_ASSERT | COMMAND_NMI);
}

void apic_send_init(u32 apic_id)
{
	command(apic_id, COMMAND_ASSERT | COMMAND_INIT);
}

void apic_send_startup(u32 apic_id, u32 page)
{
	command(apic_id, COMMAND_ASSERT | COMMAND_STARTUP | page);
}

notrace void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

u32 apic_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

void apic_timer_measure(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
}

u32 apic_timer_elapsed(void)
{
	return 0xffffffff - apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_start(u32 count)
{
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | TIMER_VECTOR);
	apic_write(APIC_TIMER_INITIAL, count);
}

enum err irq_enable(u32 irq, trap_handler *handler)
{
	if (!io)
		return ENOENT;
	u32 reg = IO_REDIRECTION + 2 * (machine.isa[irq].gsi - machine.io_apic_base);
	u16 flags = machine.isa[irq].flags;
	u32 low = IRQ_VECTOR + irq;
	if ((flags & 3) == MADT_POLARITY_LOW)
		low |= IO_ACTIVE_LOW;
	if ((flags >> 2 & 3) == MADT_TRIGGER_LEVEL)
		low |= IO_LEVEL;
	trap_set_handler(IRQ_VECTOR + irq, handler);
	io_write(reg + 1, apic_id() << 24);
	io_write(reg, low);
	return OK;
}

/* Masks all interrupts of the 8259. It may still send a spurious one. So its vectors, which were those of
 * exceptions, become IRQ_VECTOR and above. */
static void silence_8259(void)
{
	static const struct {
		u16 port;
		u8 value;
	} steps[] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, IRQ_VECTOR }, { 0xa1, IRQ_VECTOR + 8 },
		{ 0x21, 4 },    { 0xa1, 2 },    { 0x21, 1 },          { 0xa1, 1 },
		{ 0x21, 0xff }, { 0xa1, 0xff },
	};
	for (u32 i = 0; i < array_len(steps); i++)
		outb(steps[i].port, steps[i].value);
}

void apic_init_cpu(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_GLOBAL_ENABLE);
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | SPURIOUS_VECTOR);
}

void apic_init(const struct acpi *acpi, acpi_map *map)
{
	machine = *acpi;
	silence_8259();
	local = (u8 *)map(acpi->local_apic, PAGE_SIZE);
	if (acpi->io_apic)
		io = (u8 *)map(acpi->io_apic, PAGE_SIZE);
}

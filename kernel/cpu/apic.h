/* SPDX-License-Identifier: MIT */
/* The interrupt controllers: each CPU's local APIC and the one IOAPIC (SDM vol. 3, "APIC"). */
#pragma once
#include "kernel/cpu/acpi.h"
#include "kernel/cpu/trap.h"

/* Vectors. ISA interrupt i has IRQ_VECTOR + i. The upper four bits of a vector are its class. While one is
 * served, the APIC holds back all of the same class or a lower one: only WAKE_VECTOR interrupts the handlers
 * of all others. */
enum {
	IRQ_VECTOR = 0x20,
	TIMER_VECTOR = 0xe0,
	RESCHED_VECTOR = 0xe1,
	CALL_VECTOR = 0xe2,
	SYNC_VECTOR = 0xe3,
	WAKE_VECTOR = 0xf0,
	SPURIOUS_VECTOR = 0xff,
};

/* Silences the old 8259, and maps the APICs with `map`. Once, before apic_init_cpu. */
void apic_init(const struct acpi *acpi, acpi_map *map);

/* Switches this CPU's local APIC on. */
void apic_init_cpu(void);

/* This CPU's id, as the MADT names it. */
u32 apic_id(void);

/* Tells the local APIC that the running interrupt has ended. notrace. */
void apic_eoi(void);

/* Sends a vector to one CPU by its APIC id, or to all but this one. notrace. */
void apic_send(u32 apic_id, u32 vector);
void apic_send_others(u32 vector);

/* Sends an NMI to one CPU, which may be this one, or to all but this one. notrace. */
void apic_send_nmi(u32 apic_id);
void apic_send_nmi_others(void);

/* Starts a CPU: INIT resets it, start-up lets it begin in real mode at physical address page << 12. */
void apic_send_init(u32 apic_id);
void apic_send_startup(u32 apic_id, u32 page);

/* The local timer. apic_timer_measure makes it count down from its highest value, for calibration;
 * apic_timer_elapsed returns how far it came. apic_timer_start makes it interrupt every `count` steps. */
void apic_timer_measure(void);
u32 apic_timer_elapsed(void);
void apic_timer_start(u32 count);

/* Routes ISA interrupt 0..15 to this CPU and sets its handler. ENOENT without an IOAPIC. */
enum err irq_enable(u32 irq, trap_handler *handler);

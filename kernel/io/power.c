// SPDX-License-Identifier: MIT
// Ports that switch an emulated machine off.
#include "kernel/io/power.h"
#include "kernel/cpu/cpu.h"
#include "kernel/layout.h"

enum {
	EXIT_OK = 16,
	EXIT_STOPPED = 18,
	QEMU_PM = 0x604, /* PM1a control of QEMU's ACPI; Bochs has its own */
	BOCHS_PM = 0xb004,
	SLEEP_S5 = 0x2000,
};

static noreturn void switch_off(u8 verdict)
{
	outb(DEBUG_EXIT, verdict);
	outw(QEMU_PM, SLEEP_S5);
	outw(BOCHS_PM, SLEEP_S5);
	cpu_stop();
}

void machine_exit(bool ok)
{
	switch_off(ok ? EXIT_OK : EXIT_FAILED);
}

void machine_exit_stopped(void)
{
	switch_off(EXIT_STOPPED);
}

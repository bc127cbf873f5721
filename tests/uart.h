/* SPDX-License-Identifier: MIT */
/* Types at the serial line: its loopback mode receives what it sends. Nothing may print meanwhile. */
#pragma once
#include "kernel/cpu/cpu.h"
#include "kernel/io/serial.h"
#include "kernel/layout.h"
#include "kernel/sched/sched.h"

enum { UART_MODEM_CONTROL = COM1 + 4, UART_LINE_STATUS = COM1 + 5, UART_LOOP = 0x10, UART_READY = 1 };

/* Each byte waits until the one before it has been taken. */
static inline void uart_type(const char *keys)
{
	u8 control = inb(UART_MODEM_CONTROL);
	outb(UART_MODEM_CONTROL, control | UART_LOOP);
	for (; *keys; keys++) {
		serial_putc(*keys);
		for (u32 i = 0; i < 100 && inb(UART_LINE_STATUS) & UART_READY; i++)
			msleep(1);
	}
	outb(UART_MODEM_CONTROL, control);
}

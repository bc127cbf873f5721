// SPDX-License-Identifier: MIT
// kprintf: formats on the stack, then writes the whole piece under one lock.
#include "kernel/io/print.h"
#include "kernel/sched/lock.h"
#include "kernel/io/screen.h"
#include "kernel/io/serial.h"

static spinlock_t lock;
static bool broken;

void print_break_lock(void)
{
	write_once(broken, true);
	lock.locked = 0;
}

static void put_all(const char *text, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		serial_putc(text[i]);
		screen_putc(text[i]);
	}
}

void kputs(const char *text, u32 len)
{
	if (read_once(broken)) {
		put_all(text, len);
		return;
	}
	uptr flags = spin_lock_irqsave(&lock);
	put_all(text, len);
	spin_unlock_irqrestore(&lock, flags);
}

void kprintf(const char *fmt, ...)
{
	char text[1024];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	kputs(s.buf, s.len);
}

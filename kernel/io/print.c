// SPDX-License-Identifier: MIT
// kprintf: formats on the stack, then writes the whole piece under one lock, row by row.
#include "kernel/io/print.h"
#include "kernel/sched/lock.h"
#include "kernel/io/screen.h"
#include "kernel/io/serial.h"
#include "kernel/lib/wrap.h"

static spinlock_t lock;
static bool broken;

void print_break_lock(void)
{
	write_once(broken, true);
	lock.locked = 0;
}

static void put_char(char ch)
{
	serial_putc(ch);
	screen_putc(ch);
}

static struct wrap rows = { .put = put_char }; /* under the lock */

void print_set_columns(u32 columns)
{
	write_once(rows.columns, columns);
}

static void put_all(const char *text, u32 len, bool breaks)
{
	if (read_once(broken)) {
		wrap_write(&rows, text, len, breaks);
		return;
	}
	uptr flags = spin_lock_irqsave(&lock);
	wrap_write(&rows, text, len, breaks);
	spin_unlock_irqrestore(&lock, flags);
}

void kputs(const char *text, u32 len)
{
	put_all(text, len, false);
}

void kprintf(const char *fmt, ...)
{
	char text[1024];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	put_all(s.buf, s.len, true);
}

// SPDX-License-Identifier: MIT
// A reader sleeps until the serial line's interrupt wakes it. Without the interrupt it polls.
#include "kernel/io/console.h"
#include "kernel/io/serial.h"
#include "kernel/sched/sched.h"

enum { POLL_MS = 20 };

static struct wait_queue_head readers = WAIT_QUEUE_INIT(readers);
static bool by_interrupt;

static void wake_readers(void)
{
	wake_up(&readers);
}

int console_getc(void)
{
	int ch;
	if (by_interrupt)
		wait_event(readers, (ch = serial_try_getc()) >= 0);
	else
		while ((ch = serial_try_getc()) < 0)
			msleep(POLL_MS);
	return ch;
}

bool console_interrupted(void)
{
	return serial_take_ctrl_c();
}

void console_init(void)
{
	by_interrupt = serial_enable_input(wake_readers) == OK;
}

// SPDX-License-Identifier: MIT
// Ctrl-C at the console, and what a loop that takes long sees of it.
#include "kernel/io/console.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "kernel/net/traffic.h"
#include "tests/test.h"
#include "tests/uart.h"

TEST(console_ctrl_c_throws_away_what_was_typed_before_it)
{
	check(!console_interrupted());
	uart_type("ab\x03"
		  "cd");
	check(console_interrupted());
	check(!console_interrupted());
	check_eq('c', serial_try_getc());
	check_eq('d', serial_try_getc());
	check_eq(-1, serial_try_getc());
}

TEST(console_ctrl_c_that_was_read_interrupts_nothing)
{
	uart_type("\x03x");
	check_eq(3, console_getc());
	check(!console_interrupted());
	check_eq('x', console_getc());
}

TEST(progress_remembers_a_stop_until_it_is_told_to_forget)
{
	char text[64] = "", none[64] = "";
	progress_reset();
	check(!progress_stop(1, 10));
	uart_type("\x03");
	msleep(110); /* a look is due */
	check(progress_stop(2, 10));
	check(progress_stop(3, 10));
	progress_print_stop(&STRBUF(text));
	check_str("stopped at 2 of 10", text);
	check_eq(EINTR, traffic_net(5));
	progress_reset();
	check(!progress_stop(4, 10));
	progress_print_stop(&STRBUF(none));
	check_str("", none);
	check_eq(OK, traffic_net(5));
}

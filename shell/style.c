// SPDX-License-Identifier: MIT
// The three colours are of the first eight, which every terminal has and people choose for theirs.
#include "shell/style.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/print.h"
#include "kernel/lib/wrap.h"

static const char *const begins[] = {
	[STYLE_CHANGED] = "\x1b[1;35m",
	[STYLE_NAME] = "\x1b[36m",
	[STYLE_REASON] = "\x1b[31m",
};

static bool coloured, terminal;
static u32 columns = 80;

const char *style(enum style s)
{
	return coloured ? begins[s] : "";
}

const char *style_end(void)
{
	return coloured ? "\x1b[0m" : "";
}

bool style_is_coloured(void)
{
	return coloured;
}

u32 style_width(const char *text)
{
	u32 width = 0;
	for (bool inside = false; *text; text++)
		width += !wrap_escape(&inside, *text);
	return width;
}

bool style_is_terminal(void)
{
	return terminal;
}

u32 style_columns(void)
{
	return columns;
}

void style_set(bool on, u64 wanted)
{
	coloured = on;
	columns = (u32)min(max(wanted, 20ull), 400ull);
}

void style_init(void)
{
	const char *option = boot_option("columns");
	u64 wanted = columns;
	if (option && !parse_u64(option, &wanted))
		wanted = columns;
	style_set(boot_option("colours") != NULL, wanted);
	terminal = boot_option("tty");
	if (terminal)
		print_set_columns(columns);
}

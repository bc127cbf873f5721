// SPDX-License-Identifier: MIT
// VGA text. The screen is a window of 25 rows that moves down through the 32 KiB of text memory. So scrolling
// is one register; rows are copied, back to the start of the memory, only at its end.
#include "kernel/io/screen.h"
#include "kernel/cpu/cpu.h"
#include "kernel/layout.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/wrap.h"

enum {
	COLUMNS = 80,
	ROWS = 25,
	MEMORY_ROWS = 32768 / (2 * COLUMNS),
	CRTC = 0x3d4,
	CRTC_START = 0x0c, /* two registers each: high byte, low byte */
	CRTC_CURSOR = 0x0e,
	BLANK = 0x0700 | ' ',
};

static u16 *const cells = (u16 *)(KERNEL_BASE + 0xb8000);
static u32 top, row, column; /* top: the window's first row in memory; row is one in memory too */
static bool in_escape;

static void crtc_set(u8 reg, u32 value)
{
	outb(CRTC, reg);
	outb(CRTC + 1, (u8)(value >> 8));
	outb(CRTC, reg + 1);
	outb(CRTC + 1, (u8)value);
}

static void clear_row(u32 r)
{
	for (u32 i = 0; i < COLUMNS; i++)
		cells[r * COLUMNS + i] = BLANK;
}

static void next_row(void)
{
	column = 0;
	row++;
	if (row == MEMORY_ROWS) {
		memmove(cells, cells + (row - ROWS + 1) * COLUMNS, (ROWS - 1) * COLUMNS * sizeof(*cells));
		top = 0;
		row = ROWS - 1;
		crtc_set(CRTC_START, 0);
	} else if (row - top == ROWS) {
		top++;
		crtc_set(CRTC_START, top * COLUMNS);
	}
	clear_row(row);
}

static void put_visible(char ch)
{
	if (column == COLUMNS)
		next_row();
	cells[row * COLUMNS + column++] = (u16)(BLANK & 0xff00) | (u8)ch;
}

void screen_putc(char ch)
{
	if (wrap_escape(&in_escape, ch))
		return;
	switch (ch) {
	case '\n': next_row(); break;
	case '\r': column = 0; break;
	case '\b': column -= column > 0; break;
	case '\t':
		do
			put_visible(' ');
		while (column % 8);
		break;
	default: put_visible(ch);
	}
	crtc_set(CRTC_CURSOR, row * COLUMNS + column);
}

void screen_init(void)
{
	for (u32 r = 0; r < ROWS; r++)
		clear_row(r);
	crtc_set(CRTC_START, 0);
}

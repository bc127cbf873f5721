/* SPDX-License-Identifier: MIT */
/* Rows of cells under named columns: what every command that lists things prints through. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define TABLE_COLUMNS 12
#define TABLE_WIDTH   80 /* of a terminal; longer text is broken between words */

enum align { LEFT, RIGHT };

struct column {
	const char *name;
	enum align align;
};

struct table {
	const struct column *columns;
	u32 column_count;
	u32 width[TABLE_COLUMNS]; /* of the widest cell */
	u32 cells;
	char *text; /* the cells one after the other, each ended by 0 */
	u32 len, cap;
	enum err err; /* the first; later cells are ignored */
};

/* columns[count] must outlive the table. */
void table_begin(struct table *t, const struct column *columns, u32 count);

/* The next cell, left to right and row after row, of any length. May be called under a spin lock. */
void table_cell(struct table *t, const char *fmt, ...) printf_like(2, 3);

/* Prints heading and rows, and frees; each column is as wide as its widest cell, and the last one is wrapped if it
 * is a LEFT one. ENOMEM if there was no room for a cell, or for a row: then nothing was printed. */
enum err table_print(struct table *t);

/* SPDX-License-Identifier: MIT */
/* Rows of cells under named columns: what every command that lists things prints through. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define TABLE_COLUMNS 12
#define TABLE_HEADING 128
#define TABLE_WIDTH   80 /* of a terminal; longer text is broken between words */

struct table {
	char heading[TABLE_HEADING]; /* the names of the columns, each ended by 0 */
	bool right[TABLE_COLUMNS];   /* numbers are aligned to the right */
	u32 width[TABLE_COLUMNS];    /* of the widest cell */
	u32 column_count, cells;
	char *text; /* the cells one after the other, each ended by 0 */
	u32 len, cap;
	enum err err; /* the first; later cells are ignored */
};

/* An empty table with columns as in "program|type|>runs": names between bars, '>' before those aligned to the right. */
void table_begin(struct table *t, const char *heading);

/* Prints a text and ends its line. It begins in that column; words that do not fit a terminal go into rows of their
 * own, which begin at the indent. */
void print_wrapped(const char *text, u32 column, u32 indent);

/* Adds the next cells, left to right and row after row, of any length: one, or several with tabs between them in
 * fmt. May be called under a spin lock. */
void table_add(struct table *t, const char *fmt, ...) printf_like(2, 3);

/* Prints heading and rows, and frees; each column is as wide as its widest cell, and the last one is wrapped if it
 * is a LEFT one. ENOMEM if there was no room for a cell, or for a row: then nothing was printed, and log says so. */
enum err table_print(struct table *t, struct strbuf *log);

/* SPDX-License-Identifier: MIT */
/* Tables: rows of cells under named columns. All commands that list things print them. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define TABLE_COLUMNS 12
#define TABLE_HEADING 128
#define TABLE_INDENT  4 /* of the further lines of a row that is wider than the terminal */

struct table {
	char heading[TABLE_HEADING]; /* the names of the columns, each ended by 0 */
	bool right[TABLE_COLUMNS];   /* numbers are aligned to the right */
	bool is_name[TABLE_COLUMNS]; /* what the row is about has a colour */
	u32 width[TABLE_COLUMNS];    /* of the widest cell */
	u32 word[TABLE_COLUMNS];     /* of the longest word */
	const char *key; /* its name in JSON, if it is not one of its names' column: "functions" */
	u32 column_count, cells;
	char *text; /* the cells one after the other, each ended by 0 */
	u32 len, cap;
	enum err err; /* the first; later cells are ignored */
};

/* Begins an empty table. The heading is as in "*program|type|>runs": '|' separates columns, '>' begins one
 * that is aligned to the right, and '*' one whose cells have the colour of names. */
void table_begin(struct table *t, const char *heading);

/* Prints a text that begins in that column, and ends its line. Words that do not fit the row go into further
 * rows, which begin at the indent. */
void print_wrapped(const char *text, u32 column, u32 indent);

/* Adds cells of any length, left to right and row after row; tabs in fmt separate them. May be called under
 * a spin lock. */
void table_add(struct table *t, const char *fmt, ...) printf_like(2, 3);

/* Prints heading and rows, and frees the table. A column is as wide as its widest cell; the last one is
 * wrapped if it is aligned to the left. Columns of numbers stand closer if a terminal has room for all only so.
 * Columns for which a terminal has no room go into further lines of their row. A row that is not complete is
 * left out. ENOMEM: no room for a cell or a row; nothing is printed. EINTR: Ctrl-C stopped it. */
enum err table_print(struct table *t, struct strbuf *log);

/* The same, but without rows it prints that sentence in place of the heading; "" prints nothing. */
enum err table_print_or(struct table *t, const char *none, struct strbuf *log);

/* Prints a sentence that belongs to a table. With -j (json.h) it becomes a part of the document, as tables
 * do, without spaces in front. */
void table_note(const char *fmt, ...) printf_like(1, 2);

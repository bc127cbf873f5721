/* SPDX-License-Identifier: MIT */
/* What a command prints with -j: one JSON document on one line. It is the table that the command prints, as
 * an array with an object for each row; or, if the command prints more than that, an object that has all of
 * it.
 *
 *  - Tables come here through table_print, sentences through table_note.
 *  - One command at a time: the shell's task only. */
#pragma once
#include "shell/table.h"

/* From here on tables are kept for json_end and not printed. */
void json_begin(void);
bool json_is_on(void);

/* Keeps a table, under its key or the heading of its names as in "programs"; a second one in a row under
 * "programs2", and so on. */
void json_keep_table(const struct table *t);

/* Keeps a sentence, under "note", where '\n' separates several. */
void json_keep_note(const char *text);

/* Prints the document, if e is OK; otherwise nothing, since the refusal is printed. Returns e, or ENOMEM if
 * there was no memory to keep everything. */
enum err json_end(enum err e, struct strbuf *log);

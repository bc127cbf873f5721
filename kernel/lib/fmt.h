/* SPDX-License-Identifier: MIT */
/* Formatted text in a bounded buffer. What does not fit is cut off, and `cut` remembers that. */
#pragma once
#include "kernel/lib/err.h"

/* A string being built in memory that the caller owns. Always ended by 0 once cap > 0. */
struct strbuf {
	char *buf;
	u32 len, cap; /* characters without the 0; bytes of buf */
	bool cut;     /* something did not fit */
};

/* An empty string in a char array of the caller. */
#define STRBUF(array) ((struct strbuf){ .buf = (array), .cap = sizeof(array) })

void str_putc(struct strbuf *s, char ch);
void str_puts(struct strbuf *s, const char *text);

/* printf's %d %i %u %x %X %o %c %s %p %% with flags "-0+ #", width, precision (both also as *),
 * and h hh l ll z. An unknown conversion is printed as it stands. */
void str_printf(struct strbuf *s, const char *fmt, ...) printf_like(2, 3);
void str_vprintf(struct strbuf *s, const char *fmt, va_list args);

/* Prints why something is refused, and returns e: `return str_refuse(log, EINVAL, "...");`. */
enum err str_refuse(struct strbuf *s, enum err e, const char *fmt, ...) printf_like(3, 4);

/* Appends two hex digits for each of len bytes, with `between` between the bytes. */
void str_hex(struct strbuf *s, const void *data, u32 len, const char *between);

/* Appends spaces up to the column, counted from the last newline; one space if the text is past it
 * already. */
void str_pad(struct strbuf *s, u32 column);

/* Removes what was written after the first len characters. */
void str_cut(struct strbuf *s, u32 len);

/* Stores the unsigned number, decimal or 0x hexadecimal, that fills the whole string. Returns false if the
 * string is not such a number of 64 bits. */
bool parse_u64(const char *text, u64 *value);

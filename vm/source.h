/* SPDX-License-Identifier: MIT */
/* Where instructions come from in C, as clang has said it in .BTF.ext. */
#pragma once
#include "vm/prog.h"

/* The last line that begins at instruction idx or before it; NULL if none is known. notrace. */
const struct line_info *source_line(const struct prog *p, u32 idx);

/* ", at my.bpf.c:12": the file without its folders, and the line. */
void source_print(struct strbuf *s, const struct btf *b, u32 file_off, u32 line);

/* The same of instruction idx of p; nothing if no line is known of it. */
void source_print_insn(struct strbuf *s, const struct prog *p, u32 idx);

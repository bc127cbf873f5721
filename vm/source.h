/* SPDX-License-Identifier: MIT */
/* The line of C that an instruction comes from. clang writes these lines to .BTF.ext. */
#pragma once
#include "vm/prog.h"

/* Returns the last line that begins at instruction idx or before it; NULL if none is known. notrace. */
const struct line_info *source_line(const struct prog *p, u32 idx);

/* Prints "count" for the call of bpf_map_lookup_elem, or another function, at insn_idx in a line like
 * "long *count = bpf_map_lookup_elem(&counts, &key);". Returns false, and prints nothing, if the line is not of that form. */
bool source_print_result(struct strbuf *s, const struct prog *p, u32 insn_idx, const char *function);

/* Prints ", at my.bpf.c:12": the file without its folders, and the line. */
void source_print(struct strbuf *s, const struct btf *b, u32 file_off, u32 line);

/* Prints the same for instruction idx of p; prints nothing if its line is not known. */
void source_print_insn(struct strbuf *s, const struct prog *p, u32 idx);

/* Returns the text of the line of C that begins at an instruction, and its number in *line; NULL if none does. */
const char *source_text(const struct prog *p, u32 insn_idx, u32 *line);

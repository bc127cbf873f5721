/* SPDX-License-Identifier: MIT */
/* An assembler for tests: instructions from text as the disassembler writes it. */
#pragma once
#include "vm/insn.h"

/* One line, "r1 += -8" or "hex 07 01 00 00 f8 ff ff ff" for what has no text, becomes one or two slots.
 * Returns how many, or 0 if no row of insn.h is written so. */
u32 vm_asm_line(struct insn out[2], const char *line);

/* Lines up to the end or to an empty one. The count of slots; panics at a line that is wrong. */
u32 vm_asm(struct insn *out, u32 cap, const char *text);

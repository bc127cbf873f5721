/* SPDX-License-Identifier: MIT */
/* An assembler for tests: instructions from text as the disassembler writes it. */
#pragma once
#include "vm/insn.h"

/* Turns a line into one or two slots: "r1 += -8", or "hex 07 01 00 00 f8 ff ff ff" for an instruction
 * without a text. Returns how many; 0 if no row of insn.h has this text. */
u32 vm_asm_line(struct insn out[2], const char *line);

/* Reads lines up to the end or to an empty line. Returns the count of slots; panics at a wrong line. */
u32 vm_asm(struct insn *out, u32 cap, const char *text);

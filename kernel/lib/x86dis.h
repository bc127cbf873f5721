/* SPDX-License-Identifier: MIT */
/* A disassembler for the machine code that this kernel generates, from the encoder's own table
 * (x86_insns.h): what the one can write, the other can read, and nothing else. */
#pragma once
#include "kernel/lib/fmt.h"

/* Appends the instruction at code[0 .. len), which runs at ip, to s as NASM writes it: "mov [rbp-8], rdi".
 * Numbers below 10 are decimal, others hexadecimal; jumps and calls show their absolute target.
 * Returns its length; 0, and nothing appended, if it is none of ours or does not end within len. */
u32 x86_disasm(struct strbuf *s, const u8 *code, u32 len, uptr ip);

/* Where a direct jmp, jcc or call goes; 0 if the instruction is none. */
uptr x86_target(const u8 *code, u32 len, uptr ip);

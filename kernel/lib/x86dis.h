/* SPDX-License-Identifier: MIT */
/* A disassembler for the machine code that this kernel generates, from the encoder's own table
 * (x86_insns.h). It reads exactly the instructions that the encoder can write. */
#pragma once
#include "kernel/lib/fmt.h"

/* Appends the instruction at code[0 .. len), which runs at ip, to s as NASM writes it: "mov [rbp-8], rdi".
 * Numbers below 10 are decimal, others hexadecimal; jumps and calls show their absolute target. Returns its
 * length. Returns 0 and appends nothing if the instruction is not in the table or does not end within len. */
u32 x86_disasm(struct strbuf *s, const u8 *code, u32 len, uptr ip);

/* The target of a direct jump, loop or call; 0 for any other instruction. */
uptr x86_target(const u8 *code, u32 len, uptr ip);

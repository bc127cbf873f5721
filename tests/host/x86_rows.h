/* SPDX-License-Identifier: MIT */
/* Every form of every instruction that x86.h can write, with all registers and edge values. */
#pragma once
#include "kernel/lib/types.h"

#define X86_ROW_IP 0xffffffff81000000ul /* where each of them runs, alone */

struct x86_row {
	const u8 *bytes; /* what the encoder wrote */
	u32 len;
	const char *nasm; /* what makes NASM choose the same encoding */
	const char *text; /* how the disassembler prints it */
};

/* In test_x86.c. The pointers are good until see returns. */
void x86_each_row(void (*see)(const struct x86_row *));

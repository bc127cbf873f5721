/* SPDX-License-Identifier: MIT */
/* The eBPF instruction (RFC 9669 section 3) and the one table of all opcodes. */
#pragma once
#include "kernel/lib/types.h"

struct insn {
	u8 op;
	u8 dst : 4, src : 4;
	i16 off;
	i32 imm;
};
_Static_assert(sizeof(struct insn) == 8, "RFC 9669 section 3");

/* SPDX-License-Identifier: MIT */
/* The names of enum op_trick, for host tools that switch them off. */
#pragma once
#include "kernel/lib/types.h"

struct trick {
	const char *name;
	u32 bit;
};

extern const struct trick tricks[];
extern const u32 trick_count;

/* Sets *bits to the bits of these names, with commas between them, or of "all". False if one is unknown. */
bool tricks_parse(const char *list, u32 *bits);

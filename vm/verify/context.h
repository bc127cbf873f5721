/* SPDX-License-Identifier: MIT */
/* Which slots of its context a program reads, so that its trampoline need not save the others. */
#pragma once
#include "vm/prog.h"

/* Sets p->facts.reads of a program whose structure is verified; marks are flow.h's. It says more rather
 * than less: all ones as soon as the context's address goes where it is not followed, which is into
 * memory, into a subprogram, or through arithmetic with anything but a constant. ENOMEM. */
enum err context_find_reads(struct prog *p, const u8 *marks);

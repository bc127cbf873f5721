/* SPDX-License-Identifier: MIT */
/* Where a call puts its arguments. Numbers registers 0, 1, ... in the order of the convention and
 * names none; one file per architecture answers. */
#pragma once
#include "tramp/model.h"

/* Gives every slot of the model its place, from slot_count, sizes and ret_hidden. `words[i]` is how
 * many slots argument i takes. EOPNOTSUPP if an argument of several slots does not fit into the
 * registers that are left. */
enum err abi_place(struct model *m, const u8 *words, struct strbuf *log);

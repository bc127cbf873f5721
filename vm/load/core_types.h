/* SPDX-License-Identifier: MIT */
/* Whether a type of an object, x of a, means one of the kernel, y of b. The answers are libbpf's. Typedefs,
 * const, volatile, restrict and tags do not count, and a name ends where its flavour begins:
 * task_struct___old means task_struct. */
#pragma once
#include "kernel/lib/btf.h"

/* The type behind typedefs and qualifiers. */
const struct btf_type *core_stripped(const struct btf *b, u32 id);
bool core_is_composite(enum btf_kind kind); /* STRUCT, UNION */
bool core_is_enum(enum btf_kind kind);      /* ENUM, ENUM64 */

/* Whether two names are the same without their flavours. */
bool core_same_name(const char *a, const char *b);

/* Whether a field of type x may stand for one of type y: the same kind, and enums of the same name. */
bool core_fields_agree(const struct btf *a, u32 x, const struct btf *b, u32 y);

/* Whether x exists as y: the same kinds, all the way through pointers, arrays and prototypes. */
bool core_types_agree(const struct btf *a, u32 x, const struct btf *b, u32 y);

/* Whether y has all that x has. Names must be the same everywhere, those of integers, too. Then:
 *
 *   integer         the same size and sign
 *   array           the same count, and elements that match
 *   pointer         targets that match; of a struct or union only the name counts, and it may be declared only
 *   prototype       as many parameters, which match, and results that match
 *   struct, union   a member of that name that matches, for each member of x, anonymous ones included
 *   enum            the same size, and each name of x, with any value
 *
 * False for anything else, and for what nests more than 32 deep. */
bool core_types_match(const struct btf *a, u32 x, const struct btf *b, u32 y);

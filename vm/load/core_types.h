/* SPDX-License-Identifier: MIT */
/* Whether a type of the object means a type of the kernel: x of a, y of b. The answers are libbpf's.
 * Typedefs, const, volatile, restrict and tags do not count. A name ends where its flavour begins:
 * task_struct___old means task_struct. */
#pragma once
#include "kernel/lib/btf.h"

/* Returns the type behind typedefs and qualifiers. */
const struct btf_type *core_stripped(const struct btf *b, u32 id);
bool core_is_composite(enum btf_kind kind); /* STRUCT, UNION */
bool core_is_enum(enum btf_kind kind);      /* ENUM, ENUM64 */

/* Whether two names are the same without their flavours. */
bool core_same_name(const char *a, const char *b);

/* Whether fields of types x and y are compatible: the same kind, and enums of the same name. */
bool core_fields_agree(const struct btf *a, u32 x, const struct btf *b, u32 y);

/* Whether x exists as y: the kinds are the same, also behind pointers, arrays and prototypes. */
bool core_types_agree(const struct btf *a, u32 x, const struct btf *b, u32 y);

/* Whether y has all that x has. All names must be the same, those of integers, too. Further:
 *
 *   integer         the same size and sign
 *   array           the same count, and elements that match
 *   pointer         targets that match; of a struct or union only the name counts; a declaration is enough
 *   prototype       as many parameters, which match, and results that match
 *   struct, union   a member of that name that matches, for each member of x, anonymous ones included
 *   enum            the same size, and each name of x, with any value
 * False for anything else, and for types that nest more than 32 deep. */
bool core_types_match(const struct btf *a, u32 x, const struct btf *b, u32 y);

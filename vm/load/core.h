/* SPDX-License-Identifier: MIT */
/* CO-RE: adapts an instruction that clang compiled for one layout of a type to the kernel's layout. */
#pragma once
#include "vm/prog.h"

/* clang-format off */
enum core_kind {
	CORE_BYTE_OFFSET, CORE_BYTE_SIZE, CORE_FIELD_EXISTS, CORE_SIGNED, CORE_LSHIFT_U64, CORE_RSHIFT_U64,
	CORE_TYPE_ID_LOCAL, CORE_TYPE_ID_TARGET, CORE_TYPE_EXISTS, CORE_TYPE_SIZE, CORE_ENUMVAL_EXISTS,
	CORE_ENUMVAL_VALUE, CORE_TYPE_MATCHES,
};
/* clang-format on */

/* As it stands in .BTF.ext. */
struct core_record {
	u32 offset;     /* of the instruction in its section, bytes */
	u32 type;       /* in the object's BTF */
	u32 access_off; /* string: "0:1:2", the way from the type to the field; or which enumerator */
	u32 kind;
};

/* Relocating the programs of one object: the types of both sides. core_close frees the rest. */
struct core {
	const struct btf *local, *kernel; /* kernel may be NULL */
	struct core_candidates *candidates;
};
void core_close(struct core *c);

/* Applies a record to instruction idx of p.
 *
 *   - Candidates are the kernel's types of the same kind and name (up to ___, a flavour) whose fields on the
 *     way are compatible. If several agree, any of them will do. A candidate without an answer to one record
 *     of a type, while another has one, is no candidate for the type's later records.
 *   - What the kernel does not have is 0 for a question whether it exists, and for every question about a
 *     type.
 *   - Any other instruction that needs it must not run: ENOENT, with a sentence that names the line of C, the
 *     type and the field; and the instruction becomes one that does nothing (`dst = 0`, or no store). It may
 *     stand behind such a question and never be reached; the caller finds that out.
 *
 * Returns with a sentence in log: ENOEXEC for a malformed record, or an instruction without a place for the
 * value; EINVAL for candidates that do not agree, or a value that does not fit; EOPNOTSUPP without BTF of the
 * kernel; ENOMEM. */
enum err core_apply(struct core *c, const struct core_record *r, struct prog *p, u32 idx, struct strbuf *log);

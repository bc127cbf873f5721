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

/* A record of .BTF.ext, as it lies in the file. */
struct core_record {
	u32 offset;     /* of the instruction in its section, bytes */
	u32 type;       /* in the object's BTF */
	u32 access_off; /* a string: "0:1:2", the path from the type to a field; or an enumerator's number */
	u32 kind;
};

/* The types of both sides, for the relocation of one object's programs. core_close frees the candidates. */
struct core {
	const struct btf *local, *kernel; /* kernel may be NULL */
	struct core_candidates *candidates;
};
void core_close(struct core *c);

/* Applies a record to instruction idx of p.
 *   - Candidates are the kernel's types of the same kind and name whose fields on the path are compatible. A
 *     name ends where its flavour begins, at ___. If several candidates agree, any of them will do.
 *   - A candidate that has no answer to a record, while another has one, is no candidate for later records of
 *     the same type.
 *   - If the kernel lacks the type or the field, the answer is 0 to a question whether it exists, and to
 *     every question about a type.
 *   - An access that takes an offset is noted in p->taken_as, if that is not NULL.
 *   - Any other instruction that needs it must not run. It becomes one that does nothing (`dst = 0`, or no
 *     store). It may stand behind such a question and never be reached: the caller notes it in p->lacks.
 *
 * On failure log has one sentence:
 *
 *      ENOENT      the kernel lacks what the instruction needs; names the type and the field
 *      ENOEXEC     the record is malformed, or the instruction has no place for the value
 *      EINVAL      candidates do not agree, or the value does not fit
 *      EOPNOTSUPP  the kernel has no BTF
 *      ENOMEM */
enum err core_apply(struct core *c, const struct core_record *r, struct prog *p, u32 idx, struct strbuf *log);

/* Returns the first instruction that uses the value of instruction idx in an access, a call or a jump; idx
 * itself if none is found. clang often computes the value at the function's start, with the line of that. */
u32 core_used_at(const struct prog *p, u32 idx);

/* SPDX-License-Identifier: MIT */
/* CO-RE: an instruction that clang compiled for one layout of a type is made right for the kernel's. */
#pragma once
#include "vm/prog.h"

enum core_kind {
	CORE_BYTE_OFFSET, CORE_BYTE_SIZE, CORE_FIELD_EXISTS, CORE_SIGNED, CORE_LSHIFT_U64, CORE_RSHIFT_U64,
	CORE_TYPE_ID_LOCAL, CORE_TYPE_ID_TARGET, CORE_TYPE_EXISTS, CORE_TYPE_SIZE, CORE_ENUMVAL_EXISTS,
	CORE_ENUMVAL_VALUE, CORE_TYPE_MATCHES,
};

/* As it stands in .BTF.ext. */
struct core_record {
	u32 offset;	/* of the instruction in its section, bytes */
	u32 type;	/* in the object's BTF */
	u32 access_off; /* string: "0:1:2", the way from the type to the field; or which enumerator */
	u32 kind;
};

/* Relocating the programs of one object: the types of both sides. core_close frees the rest. */
struct core {
	const struct btf *local, *kernel; /* kernel may be NULL */
	struct core_candidates *candidates;
};
void core_close(struct core *c);

/* Applies a record to instruction idx of p. Candidates are the kernel's types of the same kind and name
 * (up to ___, a flavour), whose fields on the way are compatible; of several that agree any will do. What was none
 * for one record of a type, while another was, is none for the type's later records.
 *
 * What the kernel does not have is 0 to a question whether it exists, and to every one about a type. Any other
 * instruction that needs it must not run: ENOENT, with a sentence that names the C line, the type and the field,
 * and the instruction does nothing (`dst = 0`, or a store becomes none). It may stand behind such a question
 * and be unreachable; whether it is, the caller must find out.
 *
 * ENOEXEC a malformed record or an instruction that has no place for the value, EINVAL candidates that
 * do not agree or a value that does not fit, EOPNOTSUPP no kernel BTF, ENOMEM; with a sentence in log. */
enum err core_apply(struct core *c, const struct core_record *r, struct prog *p, u32 idx, struct strbuf *log);

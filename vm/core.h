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

/* Applies a record to instruction idx of p. Candidates are the kernel's types of the same kind and name
 * (up to ___, a flavour), whose fields on the way are compatible; of several that agree any will do.
 *
 * What the kernel does not have is 0 to a question whether it exists. Any other instruction that needs
 * it becomes `dst = 0` (a store becomes nothing): it may stand behind such a question and never run.
 * Linux poisons it, and refuses the program if the verifier can reach it; that waits for a verifier
 * that follows paths.
 *
 * ENOEXEC a malformed record or an instruction that has no place for the value, EINVAL candidates that
 * do not agree or a value that does not fit, EOPNOTSUPP no kernel BTF; with a sentence in log. */
enum err core_apply(const struct btf *local, const struct btf *kernel, const struct core_record *r,
		    struct prog *p, u32 idx, struct strbuf *log);

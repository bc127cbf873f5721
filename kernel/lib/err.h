/* SPDX-License-Identifier: MIT */
/* Error codes: Linux's names and numbers. 0 is success; a BPF helper returns them negated. */
#pragma once
#include "kernel/lib/types.h"

/* clang-format off */
#define ERRORS(X) \
	X(EPERM, 1, "not permitted") \
	X(ENOENT, 2, "not found") \
	X(EINTR, 4, "interrupted") \
	X(E2BIG, 7, "too many") \
	X(EAGAIN, 11, "try again") \
	X(ENOMEM, 12, "out of memory") \
	X(EFAULT, 14, "bad address") \
	X(EBUSY, 16, "busy") \
	X(EEXIST, 17, "exists already") \
	X(EINVAL, 22, "invalid") \
	X(ENOSPC, 28, "no space left") \
	X(ERANGE, 34, "out of range") \
	X(ENOEXEC, 8, "bad executable format") \
	X(EOPNOTSUPP, 95, "not supported") \
	X(ETIMEDOUT, 110, "timed out")
/* clang-format on */

enum err {
	OK = 0,
#define X(name, number, text) name = number,
	ERRORS(X)
#undef X
};

/* "EBUSY" for EBUSY, "OK" for 0, "E?" for a number that is no error code. */
const char *err_name(enum err e);

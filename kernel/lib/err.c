// SPDX-License-Identifier: MIT
// Names of error codes, from the one list in err.h.
#include "kernel/lib/err.h"

const char *err_name(enum err e)
{
	switch (e) {
	case OK: return "OK";
#define X(name, number, text) \
	case name: return #name;
		ERRORS(X)
#undef X
	}
	return "E?";
}

// SPDX-License-Identifier: MIT
// replaces: row
// fails: the verifier knows the arguments
// with: argument 1
	{ NAMED(get_func_arg_cnt), RET_SCALAR, { ARG_CTX },
	  HELPER_INLINE | HELPER_COUNT | HELPER_TRAMP, get_func_arg_cnt },
	{ NAMED(strncmp), RET_SCALAR, { ARG_ANY, ARG_ANY, ARG_ANY }, 0, compare_strings },

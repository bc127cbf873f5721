// SPDX-License-Identifier: MIT
	{ NAMED(get_func_arg_cnt), RET_SCALAR, { ARG_CTX },
	  HELPER_INLINE | HELPER_COUNT | HELPER_TRAMP, get_func_arg_cnt },
	{ NAMED(strncmp), RET_SCALAR, { ARG_MEM_READ, ARG_SIZE, ARG_ANY }, 0, compare_strings },

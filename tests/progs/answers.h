/* SPDX-License-Identifier: MIT */
/* What the programs of frame.bpf.c write down, for the test that runs them. */
#pragma once

struct answers {
	unsigned long long count, ip, cookie, is_return, session_cookie;
	unsigned long long args[3];
	long long arg_errors[3], ret_error;
	unsigned long long ret;
};

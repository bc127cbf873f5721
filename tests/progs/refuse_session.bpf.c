// SPDX-License-Identifier: MIT
// Refused: a cookie of the session of a program that has none.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern __u64 *bpf_session_cookie(void *ctx) __ksym;
SEC("fexit/target")
int program(void *ctx)
{
	return (int)*bpf_session_cookie(ctx);
}

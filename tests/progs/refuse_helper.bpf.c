// SPDX-License-Identifier: MIT
// Refused by the check of the program: a helper that we do not have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fentry/target")
int program(void *ctx)
{
	return bpf_get_socket_cookie(ctx);
}

// SPDX-License-Identifier: MIT
// For any function: how many words of the context its arguments take, and what it returned last. A struct of
// 16 bytes is one argument and two words, so the result is not where the arguments are counted. The command
// names the function: attach count_words kfree_skb.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__u64 argument_words, result, calls;
} words_seen;

SEC("fexit")
int count_words(void *ctx)
{
	words_seen.argument_words = bpf_get_func_arg_cnt(ctx);
	bpf_get_func_ret(ctx, &words_seen.result);
	__sync_fetch_and_add(&words_seen.calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

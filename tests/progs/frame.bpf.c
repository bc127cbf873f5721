// SPDX-License-Identifier: MIT
// A program of each kind that asks everything that a program may ask about its call.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "tests/progs/answers.h"

extern _Bool bpf_session_is_return(void *ctx) __ksym;
extern __u64 *bpf_session_cookie(void *ctx) __ksym;
extern void msleep(unsigned int ms) __ksym;

struct answers answers;

static __attribute__((always_inline)) void ask(void *ctx)
{
	answers.count = bpf_get_func_arg_cnt(ctx);
	answers.ip = bpf_get_func_ip(ctx);
	answers.cookie = bpf_get_attach_cookie(ctx);
	answers.arg_errors[0] = bpf_get_func_arg(ctx, 0, &answers.args[0]);
	answers.arg_errors[1] = bpf_get_func_arg(ctx, 1, &answers.args[1]);
	answers.arg_errors[2] = bpf_get_func_arg(ctx, 2, &answers.args[2]);
	answers.ret_error = bpf_get_func_ret(ctx, &answers.ret);
}

#define ASKING(name, section) \
	SEC(section)          \
	int name(void *ctx)   \
	{                     \
		ask(ctx);     \
		return 0;     \
	}

ASKING(ask_fentry, "fentry/target")
ASKING(ask_fexit, "fexit/target")
ASKING(ask_fmod_ret, "fmod_ret/target")
ASKING(ask_raw_tp, "raw_tp/target")

SEC("fsession/target")
int ask_fsession(void *ctx)
{
	ask(ctx);
	answers.is_return = bpf_session_is_return(ctx);
	answers.session_cookie = (*bpf_session_cookie(ctx))++;
	return 0;
}

#define ASKING_PROBE(name, section)                          \
	SEC(section)                                         \
	int name(struct bpf_raw_tracepoint_args *ctx)        \
	{                                                    \
		answers.ip = bpf_get_func_ip(ctx);           \
		answers.cookie = bpf_get_attach_cookie(ctx); \
		return 0;                                    \
	}

ASKING_PROBE(ask_kprobe, "kprobe/target")
ASKING_PROBE(ask_kretprobe, "kretprobe/target")

SEC("fmod_ret/target")
int only_count(void *ctx)
{
	return (int)bpf_get_func_arg_cnt(ctx);
}

SEC("fmod_ret/target")
int only_ip(void *ctx)
{
	return bpf_get_func_ip(ctx) != 0;
}

SEC("fmod_ret.s/target")
int sleeper(void *ctx)
{
	msleep(7);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

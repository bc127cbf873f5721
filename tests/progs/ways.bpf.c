// SPDX-License-Identifier: MIT
// A program for every way to attach, and every helper that reads a frame. Each counts its right answers; on
// one CPU the counts for a number of packets are exact.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#define COOKIE        77
#define once(counter) __sync_fetch_and_add(&(counter), 1)

extern bool bpf_session_is_return(void *ctx) __ksym;
extern __u64 *bpf_session_cookie(void *ctx) __ksym;
extern void msleep(unsigned int ms) __ksym;

/* --- Trampolines ------------------------------------------------------------------------------- */

__u64 sum_of_numbers, frames_failed, arguments_right, none_there, protocols, void_results, results_seen;

SEC("fentry/send_frame")
int BPF_PROG(on_entry, struct sock *sk, unsigned int i)
{
	__sync_fetch_and_add(&sum_of_numbers, i);
	return 0;
}

SEC("fentry/csum_tcpudp_magic")
int ask_frame(unsigned long long *ctx)
{
	__u64 proto = 0, none = 5;

	bpf_get_func_arg(ctx, 3, &proto);
	if (bpf_get_func_arg_cnt(ctx) == 5 && proto == IPPROTO_UDP && ctx[3] == proto &&
	    bpf_get_attach_cookie(ctx) == COOKIE && bpf_get_func_ip(ctx))
		once(arguments_right);
	if (bpf_get_func_arg(ctx, 5, &none) == -22 && !none && bpf_get_func_ret(ctx, &none) == -95)
		once(none_there);
	return 0;
}

SEC("fexit/eth_type_trans")
int BPF_PROG(on_exit, struct sk_buff *skb, struct net_device *dev, __be16 ret)
{
	__u64 result = 0;

	if (!bpf_get_func_ret(ctx, &result) && result == ret && ret == skb->protocol)
		__sync_fetch_and_add(&protocols, bpf_ntohs(ret));
	return 0;
}

SEC("fexit/kfree_skb")
int on_void_exit(void *ctx)
{
	__u64 result = 5;

	if (!bpf_get_func_ret(ctx, &result) && !result)
		once(void_results);
	return 0;
}

/* The first 64 frames go out. */
SEC("fmod_ret/send_frame")
int BPF_PROG(fail_late, struct sock *sk, unsigned int i)
{
	return i == 64 ? FIVEBYTE_ENOMEM : FIVEBYTE_OK;
}

SEC("fexit/send_frame")
int BPF_PROG(see_failure, struct sock *sk, unsigned int i, enum fivebyte_err ret)
{
	if (ret == (i == 64 ? FIVEBYTE_ENOMEM : FIVEBYTE_OK))
		once(results_seen);
	if (ret)
		once(frames_failed);
	return 0;
}

SEC("fentry/tramp_set_options")
int BPF_PROG2(by_value, struct fivebyte_plan_options, wanted, struct fivebyte_strbuf *, log)
{
	bpf_printk("by_jmp %d stats %d", wanted.by_jmp, wanted.stats);
	return 0;
}

/* --- Sessions, sleepers, many at once ---------------------------------------------------------- */

__u64 sessions_begun, sessions_right, slept_before, slept_behind, many, many_sessions;

SEC("fsession/netif_receive_skb")
int BPF_PROG(session, struct sk_buff *skb, int ret)
{
	__u64 *cookie = bpf_session_cookie(ctx);

	if (bpf_session_is_return(ctx)) {
		if (*cookie == (__u64)skb && bpf_get_attach_cookie(ctx) == COOKIE)
			once(sessions_right);
		bpf_printk("session ends with %d", ret);
	} else {
		if (!*cookie)
			once(sessions_begun);
		*cookie = (__u64)skb;
		bpf_printk("session begins with %d", ret);
	}
	return 0;
}

SEC("fentry.s/sock_wait_for_wmem")
int sleep_before(void *ctx)
{
	msleep(1);
	once(slept_before);
	return 0;
}

SEC("fexit.s/sock_wait_for_wmem")
int sleep_behind(void *ctx)
{
	msleep(1);
	once(slept_behind);
	return 0;
}

SEC("fentry.multi/skb_pu??")
int on_many(void *ctx)
{
	if (bpf_get_func_arg_cnt(ctx) == 2)
		once(many);
	return 0;
}

SEC("fsession.multi/skb_pu??")
int session_of_many(void *ctx)
{
	__u64 *cookie = bpf_session_cookie(ctx), ip = bpf_get_func_ip(ctx);

	if (!bpf_session_is_return(ctx))
		*cookie = ip;
	else if (*cookie == ip)
		once(many_sessions);
	return 0;
}

/* --- Programs on programs ---------------------------------------------------------------------- */

__u64 bodies, results_of_programs;

SEC("raw_tp/netif_receive_skb")
int traced(void *ctx)
{
	once(bodies);
	return -3;
}

SEC("fexit/traced")
int BPF_PROG(see_result, void *ctx_of_traced, int ret)
{
	if (ret == -3)
		once(results_of_programs);
	return 0;
}

/* --- Tracepoints ------------------------------------------------------------------------------- */

__u64 last_word, received, bytes_received, freed_with_reason, switches_to_self;

SEC("raw_tp/netif_receive_skb")
int on_raw_tracepoint(struct bpf_raw_tracepoint_args *args)
{
	struct sk_buff *skb = (struct sk_buff *)args->args[0];
	unsigned int len = 0;

	bpf_probe_read_kernel(&len, sizeof(len), &skb->len);
	__sync_fetch_and_add(&bytes_received, len);
	last_word = args->args[11]; /* the last that may be read, and none of this tracepoint's */
	once(received);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_tracepoint, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
{
	if (reason && bpf_get_func_arg_cnt(ctx) == 3)
		once(freed_with_reason);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	if (prev == next)
		once(switches_to_self);
	return 0;
}

/* --- Probes ------------------------------------------------------------------------------------ */

__u64 hits, hits_inside, returns, entry, unlocks_of_nothing;

SEC("kprobe/ip_local_deliver")
int BPF_KPROBE(probe, struct sk_buff *skb)
{
	entry = bpf_get_func_ip(ctx);
	if (skb && entry && bpf_get_attach_cookie(ctx) == COOKIE)
		once(hits);
	return 0;
}

SEC("kprobe/ip_local_deliver+0x5")
int probe_inside(struct pt_regs *ctx)
{
	if (bpf_get_func_ip(ctx) == 0 && PT_REGS_IP(ctx) == entry + 5)
		once(hits_inside);
	return 0;
}

SEC("kretprobe/ip_local_deliver")
int BPF_KRETPROBE(probe_return, int ret)
{
	if (bpf_get_func_ip(ctx) == entry && (ret == 0 || ret == 1))
		once(returns);
	return 0;
}

/* Its first hit comes while it is being attached. */
SEC("kprobe/tramp_unlock")
int probe_unlock(struct pt_regs *ctx)
{
	if (!bpf_get_func_ip(ctx))
		once(unlocks_of_nothing);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

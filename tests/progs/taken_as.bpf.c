// SPDX-License-Identifier: MIT
// Arguments that are taken for another type than they have: one way for each object. The first seven load.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#ifndef WAY
#define WAY 1
#endif

struct sk_buff___flavour {
	unsigned int len;
} __attribute__((preserve_access_index));

struct own {
	unsigned long first;
};

unsigned long seen;

SEC("fentry/kfree_skb")
int BPF_PROG(program, struct sk_buff *skb)
{
#if WAY == 1 /* the same type in other words */
	seen = ((struct sk_buff___flavour *)skb)->len;
#elif WAY == 2 /* what the object holds, where it begins */
	seen = (unsigned long)((struct list_head *)skb)->prev;
#elif WAY == 3 /* what it holds inside */
	refcount_t *users = &skb->users;
	seen = users->refs.counter;
#elif WAY == 4 /* a type of the program's own, without a record */
	seen = ((struct own *)skb)->first;
#elif WAY == 5 /* another type whose first field has the same name */
	seen = (unsigned long)((struct list_head *)skb)->next;
#elif WAY == 6 /* copied, not read */
	seen = BPF_CORE_READ((struct task_struct *)skb, pid);
#elif WAY == 7 /* what begins with it; in a union two addresses lie there */
	struct list_head *next = skb->list.next;
	seen = next->prev ? ((struct sk_buff *)next)->len : 0;
#elif WAY == 8
	seen = ((struct task_struct *)skb)->pid;
#elif WAY == 9
	seen = ((struct sk_buff *)skb->sk)->len;
#elif WAY == 10
	seen = ((struct sock *)skb)->sk_sndbuf;
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

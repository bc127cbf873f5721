// SPDX-License-Identifier: MIT
// No code, only types that programs and libbpf's headers expect in vmlinux.h, and that the kernel does not
// use. Compiled with -fno-eliminate-unused-debug-types, so that pahole finds them (Makefile).
//
// Every name in this file and in uapi.h is Linux's, with Linux's meaning. tools/btf-names.c renames all other
// types and their enumerators: their names begin with fivebyte_, so that they do not clash with the names in
// programs.
#include "kernel/trace/uapi.h"
#include "kernel/lib/types.h"
#include "kernel/cpu/trap.h"

typedef unsigned char __u8, u8, uint8_t;
typedef unsigned short __u16, u16, uint16_t, umode_t;
typedef unsigned int __u32, u32, uint32_t, uid_t, gid_t, dev_t, gfp_t;
typedef unsigned long long __u64, u64, uint64_t, sector_t, blkcnt_t, dma_addr_t, phys_addr_t;
typedef signed char __s8, s8, int8_t;
typedef short __s16, s16, int16_t;
typedef int __s32, s32, int32_t, pid_t;
typedef long long __s64, s64, int64_t, loff_t, ktime_t;
typedef unsigned long uintptr_t, size_t;
typedef long ssize_t, ptrdiff_t;
typedef __u16 __le16, __be16, __sum16;
typedef __u32 __le32, __be32, __wsum;
typedef __u64 __le64, __be64;

/* The context of a raw_tp program. */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#undef bool
#undef false
#undef true
typedef _Bool bool;
enum { false, true };

/* Types of the kernel that is traced; its own BTF has them. An enum keeps its enumerators. */
enum bpf_map_type;
struct sk_buff;
struct sk_buff_head;
enum skb_drop_reason;
struct sock;
struct net_device;
struct net_device_ops;
struct net_device_stats;
struct packet_type;
struct ethhdr;
struct iphdr;
struct udphdr;
struct task_struct;
struct pt_regs;
struct rq;
struct mutex;
struct wait_queue_head;
struct timer_list;
struct timer_base;
struct list_head;
typedef struct refcount_struct refcount_t;
struct tracepoint;
struct ftrace_ops;
struct ftrace_hash;
struct fgraph_ops;
struct kprobe;
struct kretprobe;

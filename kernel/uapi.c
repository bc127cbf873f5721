// SPDX-License-Identifier: MIT
// No code: the types that programs and libbpf's headers expect in vmlinux.h, and that nothing else here
// uses. Compiled with -fno-eliminate-unused-debug-types, so that pahole finds them (Makefile).
#include "kernel/lib/types.h"
#include "kernel/trap.h"

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __le16, __be16;
typedef __u32 __le32, __be32;
typedef __u64 __le64, __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef unsigned long size_t;
typedef long ssize_t;
typedef int pid_t;

/* What a raw_tp program is given. */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#undef bool
#undef false
#undef true
typedef _Bool bool;
enum { false, true };

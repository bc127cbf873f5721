// SPDX-License-Identifier: MIT
// Lab 3: counts the frames that are sent, their bytes, and those that are not IPv4.
//
// The map: `frames`, an array of three u64. Entry 0: calls, 1: bytes, 2: frames of another protocol.
// The program: `count_frame`, at the entry of dev_queue_xmit.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* SPDX-License-Identifier: MIT */
/* Work for the kernel to trace: packets through the loopback device, and wake-ups.
 *
 * A thread udp_recv/N on each CPU reads what arrives at port TRAFFIC_PORT + N. Frames follow a fixed pattern:
 *
 *   - most are UDP, to one receiver after the other;
 *   - of every 16 one is ARP and one IPv6, which no protocol here takes;
 *   - of every 64 one has a wrong UDP checksum and one a wrong IP checksum. */
#pragma once
#include "kernel/lib/err.h"

#define TRAFFIC_PORT 9000

/* Frames by kind. */
struct traffic_counts {
	u64 sent, udp, arp, ipv6, bad_udp_checksum, bad_ip_checksum;
	u64 received;    /* by the receivers */
	u64 bad_payload; /* received with other bytes than were sent: never */
};
extern struct traffic_counts traffic_counts; /* changed atomically */

/* Adds to *expected what frame number i (counted from 0 in each run) is. */
void traffic_expect(struct traffic_counts *expected, u32 i);

/* Starts the receivers; once, in task context, after udp_init. */
void traffic_init(void);

/* traffic_start starts a sender udp_send/N on each CPU; each sends without a pause. A second call changes
 * nothing. ENOMEM: then none runs. traffic_stop returns when the senders have ended and all their frames are
 * freed. ETIMEDOUT after ten seconds; the rest ends later. */
enum err traffic_start(void);
enum err traffic_stop(void);

/* Sends exactly `frames` from this task; returns when all of them are freed. ENOMEM; EINTR if Ctrl-C stopped
 * it (kernel/io/progress.h). */
enum err traffic_net(u32 frames);

/* Two threads wake each other in turn, by `times` calls of wake_up_process in all. Returns after the last
 * call and a round of rcu_preempt. ENOMEM; ETIMEDOUT if there was no round in ten seconds; EINTR as above. */
enum err traffic_wake(u32 times);

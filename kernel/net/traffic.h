/* SPDX-License-Identifier: MIT */
/* Work for the kernel to do while it is watched: packets through the loopback device, and wake-ups.
 *
 * A thread udp_recv/N on each CPU reads what comes to port TRAFFIC_PORT + N. Frames are sent in a fixed
 * pattern: most are UDP to one receiver after the other; of every 16 one is ARP and one IPv6, which
 * no protocol here takes; of every 64 one has a wrong UDP checksum and one a wrong IP checksum. */
#pragma once
#include "kernel/lib/err.h"

#define TRAFFIC_PORT 9000

/* Of each frame, one after the other: what it is. */
struct traffic_counts {
	u64 sent, udp, arp, ipv6, bad_udp_checksum, bad_ip_checksum;
	u64 received;    /* by the receivers */
	u64 bad_payload; /* of them, with other bytes than were sent: never */
};
extern struct traffic_counts traffic_counts; /* changed atomically */

/* What frame number i (counted from 0 in each run) is, added to *expected. */
void traffic_expect(struct traffic_counts *expected, u32 i);

/* Starts the receivers; once, in task context, after udp_init. */
void traffic_init(void);

/* A sender udp_send/N on each CPU, as fast as it goes, until traffic_stop, which returns when they have
 * ended and all their frames are gone. A second start changes nothing. ENOMEM: then nothing runs. ETIMEDOUT:
 * they had not after ten seconds; what is left goes when it can. */
enum err traffic_start(void);
enum err traffic_stop(void);

/* Sends exactly `frames` from this task; returns when every one of them has been freed. ENOMEM. */
enum err traffic_net(u32 frames);

/* Two threads wake each other in turn, `times` calls of wake_up_process in all; returns when the last has
 * been made and rcu_preempt has had a round. ENOMEM; ETIMEDOUT: it had none in ten seconds. */
enum err traffic_wake(u32 times);

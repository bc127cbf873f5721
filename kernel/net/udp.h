/* SPDX-License-Identifier: MIT */
/* IPv4 and UDP, as much as 127.0.0.1 needs, and sockets to send and receive by. */
#pragma once
#include "kernel/net/net.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"

#define INADDR_LOOPBACK 0x7f000001
#define UDP_PORTS       256 /* ports that differ by a multiple of it cannot be bound at once */
#define UDP_HEADERS     (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr))

struct sock {
	u16 sk_num; /* its port */
	refcount_t sk_refcnt;
	struct wait_queue_head sk_wq; /* something to read, or room to send again */
	struct sk_buff_head sk_receive_queue;
	u32 sk_rcvbuf;          /* packets that may wait in it */
	atomic_t sk_wmem_alloc; /* bytes of packets that were sent by it and still exist */
	int sk_sndbuf;          /* a sender waits while sk_wmem_alloc is more than this */
	struct rcu_head rcu;
};

/* Makes a socket that receives on a port; one with port 0 can only send. Returns NULL if there is no memory
 * or the port is taken. */
struct sock *sock_create(u16 port);

/* The socket receives no further packet. It is freed together with the last packet that it has sent. Task
 * context. */
void sock_release(struct sock *sk);

/* Makes a whole frame from sk's port to a port of this machine, with right checksums, for dev_queue_xmit. It
 * counts as sk's memory until it is freed. Returns NULL without memory. */
struct sk_buff *udp_make_skb(struct sock *sk, u16 port, const void *data, u32 len);

/* Makes skb, of any protocol, count as sk's memory. */
void skb_set_owner_w(struct sk_buff *skb, struct sock *sk);

/* Waits until the packets sent by sk take at most this many bytes; 0: until all are gone. */
void sock_wait_for_wmem(struct sock *sk, int bytes);

/* Sends data to a port; waits while sk has sent more than sk_sndbuf. ENOMEM. */
enum err udp_sendmsg(struct sock *sk, u16 port, const void *data, u32 len);

/* Takes the oldest packet that has arrived; its data begins behind all headers. The caller frees it. Returns
 * NULL if none has arrived. */
struct sk_buff *udp_recv_skb(struct sock *sk);

/* The steps of a packet on its way up; skb->data is at the protocol's header. */
int ip_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt, struct net_device *orig_dev);
int udp_rcv(struct sk_buff *skb);

/* Registers as the receiver of IPv4 packets. Once, after net_init, before packets flow. */
void udp_init(void);

/* SPDX-License-Identifier: MIT */
/* Packets: struct sk_buff with the fields and functions that it shares with Linux.
 *
 *      head          data                  tail        end
 *      |  headroom   |  len bytes          |  tailroom |       head + tail, head + end: offsets
 *
 * A header is put before the data by skb_push and taken off by skb_pull; nothing is copied. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/sched/lock.h"
#include "kernel/net/types.h"

typedef struct {
	int counter;
} atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

/* skb->pkt_type */
enum { PACKET_HOST = 0, PACKET_BROADCAST = 1, PACKET_MULTICAST = 2, PACKET_OTHERHOST = 3 };
/* skb->ip_summed */
enum { CHECKSUM_NONE = 0, CHECKSUM_UNNECESSARY = 1 };

/* Why a packet is freed, as its tracepoint says: the reasons of Linux that occur here. */
enum skb_drop_reason {
	SKB_NOT_DROPPED_YET = 0,
	SKB_CONSUMED = 1,
	SKB_DROP_REASON_NOT_SPECIFIED = 2,
};

struct sk_buff {
	union {
		struct {
			struct sk_buff *next, *prev;
		};
		struct list_head list;
	};
	struct sock *sk; /* the owner, or NULL */
	struct net_device *dev;
	u64 tstamp; /* ns since boot, when it was received */
	void (*destructor)(struct sk_buff *skb);
	unsigned int len;      /* bytes from data to tail */
	unsigned int data_len; /* of them, bytes in other buffers: always 0 here */
	__u16 mac_len;
	__u8 pkt_type : 3, ip_summed : 2;
	__be16 protocol;                                    /* from the Ethernet header */
	__u16 transport_header, network_header, mac_header; /* offsets from head */
	unsigned int tail, end;
	unsigned char *head, *data;
	unsigned int truesize; /* memory it takes in all */
	refcount_t users;
};

struct sk_buff_head {
	struct list_head list;
	__u32 qlen;
	spinlock_t lock;
};

/* Returns an empty packet with room for size bytes, all of them tailroom. NULL without memory. */
struct sk_buff *alloc_skb(unsigned int size);

/* One more user. */
struct sk_buff *skb_get(struct sk_buff *skb);

/* One user less; the call of the last user frees the packet. kfree_skb means that the packet was dropped,
 * consume_skb that it was used up. NULL is allowed. */
void kfree_skb(struct sk_buff *skb);
void consume_skb(struct sk_buff *skb);

/* skb_put adds len bytes behind the data, and returns where they begin. skb_push adds them before the data,
 * skb_pull removes them there; both return the new start. Too little room panics. skb_pull returns NULL if
 * the packet is shorter. skb_reserve moves len bytes of tailroom of an empty packet to its headroom. */
void *skb_put(struct sk_buff *skb, unsigned int len);
void *skb_push(struct sk_buff *skb, unsigned int len);
void *skb_pull(struct sk_buff *skb, unsigned int len);
void skb_reserve(struct sk_buff *skb, int len);
void skb_trim(struct sk_buff *skb, unsigned int len); /* cuts it to len */

static inline void *skb_mac_header(const struct sk_buff *skb)
{
	return skb->head + skb->mac_header;
}
static inline void *skb_network_header(const struct sk_buff *skb)
{
	return skb->head + skb->network_header;
}
static inline void *skb_transport_header(const struct sk_buff *skb)
{
	return skb->head + skb->transport_header;
}

/* Queues: for any context but NMI. skb_dequeue returns NULL for an empty queue. */
void skb_queue_head_init(struct sk_buff_head *list);
void skb_queue_tail(struct sk_buff_head *list, struct sk_buff *newsk);
struct sk_buff *skb_dequeue(struct sk_buff_head *list);
void skb_queue_purge(struct sk_buff_head *list); /* drops all packets */

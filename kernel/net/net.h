/* SPDX-License-Identifier: MIT */
/* The packet path below the protocols: devices, and the way from a device to the protocol of a packet.
 *
 *   dev_queue_xmit -> the device -> eth_type_trans, netif_rx -> this CPU's backlog -> NET_RX softirq
 *   -> netif_receive_skb -> the protocol's function, or kfree_skb if no protocol has its EtherType */
#pragma once
#include "kernel/net/skb.h"

struct net_device_stats {
	unsigned long rx_packets, tx_packets, rx_bytes, tx_bytes;
	unsigned long rx_errors, tx_errors, rx_dropped, tx_dropped;
};

struct net_device_ops {
	int (*ndo_start_xmit)(struct sk_buff *skb, struct net_device *dev); /* takes the packet over */
};

struct net_device {
	char name[16];
	int ifindex;
	unsigned int flags, mtu;
	unsigned short type, hard_header_len;
	unsigned char addr_len, dev_addr[ETH_ALEN];
	const struct net_device_ops *netdev_ops;
	struct net_device_stats stats; /* changed atomically */
};

/* The receiver of the packets of an EtherType. */
struct packet_type {
	__be16 type;
	int (*func)(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		    struct net_device *orig_dev); /* takes the packet over */
	struct list_head list;
};

enum { NET_RX_SUCCESS = 0, NET_RX_DROP = 1 };

/* Packets since boot, by how their way up ended. */
struct net_counts {
	u64 received;         /* came to netif_receive_skb */
	u64 unknown_protocol; /* dropped: no protocol has this EtherType */
	u64 backlog_full;     /* dropped by netif_rx */
	u64 ip_malformed, ip_bad_checksum, ip_not_for_us;
	u64 udp_malformed, udp_bad_checksum, udp_no_port, udp_queue_full;
	u64 udp_delivered;
};
extern struct net_counts net_counts; /* changed by net_count only */

static inline notrace void net_count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* For a bad packet: counts it in *counter and at its device, and drops it. Returns NET_RX_DROP. */
int net_drop(struct sk_buff *skb, u64 *counter);

/* Before packets flow. */
void dev_add_pack(struct packet_type *pt);

/* Passes a whole frame to skb->dev. Takes the packet over. */
int dev_queue_xmit(struct sk_buff *skb);

/* For a device that has received a frame: removes the Ethernet header, sets skb->dev and pkt_type, returns
 * the EtherType for skb->protocol. The frame must have at least the header. */
__be16 eth_type_trans(struct sk_buff *skb, struct net_device *dev);

/* Queues the packet for the softirq and takes it over. Any context but NMI. */
int netif_rx(struct sk_buff *skb);

/* The softirq's next step. Takes the packet over. */
int netif_receive_skb(struct sk_buff *skb);

/* Prepares the backlogs and their softirq. Once, before any protocol is added. */
void net_init(void);

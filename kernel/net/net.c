// SPDX-License-Identifier: MIT
// From a device to the protocols. Each CPU has a backlog of received packets. Its NET_RX softirq delivers
// them, a limited number at a time.
#include "kernel/net/net.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/softirq.h"
#include "kernel/sched/timer.h"
#include "kernel/trace/events.h"

enum { BACKLOG_MAX = 1000, BUDGET = 64 };

struct net_counts net_counts;

static struct sk_buff_head backlogs[MAX_CPUS];
static LIST_HEAD(packet_types);

void dev_add_pack(struct packet_type *pt)
{
	list_add_tail(&pt->list, &packet_types);
}

traceable int net_drop(struct sk_buff *skb, u64 *counter)
{
	net_count(counter);
	__atomic_fetch_add(&skb->dev->stats.rx_errors, 1, __ATOMIC_RELAXED);
	kfree_skb(skb);
	return NET_RX_DROP;
}

traceable int dev_queue_xmit(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	__atomic_fetch_add(&dev->stats.tx_packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&dev->stats.tx_bytes, skb->len, __ATOMIC_RELAXED);
	u32 len = skb->len;
	trace_net_dev_queue(skb);
	trace_net_dev_start_xmit(skb, dev);
	int rc = dev->netdev_ops->ndo_start_xmit(skb, dev);
	trace_net_dev_xmit(skb, rc, dev, len);
	return rc;
}

static u8 packet_type_of(const struct ethhdr *eth, const struct net_device *dev)
{
	static const u8 broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	if (memcmp(eth->h_dest, dev->dev_addr, ETH_ALEN) == 0)
		return PACKET_HOST;
	if (memcmp(eth->h_dest, broadcast, ETH_ALEN) == 0)
		return PACKET_BROADCAST;
	return eth->h_dest[0] & 1 ? PACKET_MULTICAST : PACKET_OTHERHOST;
}

traceable __be16 eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	assert(skb->len >= ETH_HLEN);
	skb->dev = dev;
	skb->mac_header = skb->data - skb->head;
	skb->mac_len = ETH_HLEN;
	skb->pkt_type = packet_type_of(eth, dev);
	skb_pull(skb, ETH_HLEN);
	return eth->h_proto;
}

static traceable int enqueue_to_backlog(struct sk_buff *skb)
{
	struct sk_buff_head *backlog = &backlogs[smp_processor_id()];
	if (backlog->qlen >= BACKLOG_MAX) {
		net_count(&net_counts.backlog_full);
		__atomic_fetch_add(&skb->dev->stats.rx_dropped, 1, __ATOMIC_RELAXED);
		kfree_skb(skb);
		return NET_RX_DROP;
	}
	skb_queue_tail(backlog, skb);
	raise_softirq(NET_RX_SOFTIRQ);
	return NET_RX_SUCCESS;
}

/* If a task calls it, the softirq runs before it returns, as on Linux. */
traceable int netif_rx(struct sk_buff *skb)
{
	trace_netif_rx(skb);
	local_bh_disable();
	int ret = enqueue_to_backlog(skb);
	local_bh_enable();
	return ret;
}

traceable int netif_receive_skb(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct packet_type *pt;
	net_count(&net_counts.received);
	__atomic_fetch_add(&dev->stats.rx_packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&dev->stats.rx_bytes, skb->len + ETH_HLEN, __ATOMIC_RELAXED);
	skb->tstamp = ktime_get_ns();
	skb->network_header = skb->data - skb->head;
	trace_netif_receive_skb(skb);
	list_for_each_entry(pt, &packet_types, list)
		if (pt->type == skb->protocol)
			return pt->func(skb, dev, pt, dev);
	net_count(&net_counts.unknown_protocol);
	__atomic_fetch_add(&dev->stats.rx_dropped, 1, __ATOMIC_RELAXED);
	kfree_skb(skb);
	return NET_RX_DROP;
}

static traceable void net_rx_action(void)
{
	struct sk_buff_head *backlog = &backlogs[smp_processor_id()];
	for (u32 i = 0; i < BUDGET; i++) {
		struct sk_buff *skb = skb_dequeue(backlog);
		if (!skb)
			return;
		netif_receive_skb(skb);
	}
	raise_softirq(NET_RX_SOFTIRQ);
}

void net_init(void)
{
	for (u32 i = 0; i < MAX_CPUS; i++)
		skb_queue_head_init(&backlogs[i]);
	open_softirq(NET_RX_SOFTIRQ, net_rx_action);
}

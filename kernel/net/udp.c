// SPDX-License-Identifier: MIT
// IPv4 and UDP. On the way up each length is checked before it is used, and so is each checksum. One table
// has the sockets by port. It is read with preemption off; so call_rcu frees a socket.
#include "kernel/net/udp.h"
#include "kernel/lib/inject.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/err.h"
#include "kernel/lib/mem.h"
#include "kernel/net/loopback.h"
#include "kernel/net/checksum.h"

enum { IP_ALIGN = 2 /* aligns the headers behind Ethernet's 14 bytes */, TTL = 64 };
enum { RCVBUF = 256, SNDBUF = 48 * 1024, FRAGMENT = 0x3fff };

static struct sock *bound[UDP_PORTS];
static u32 next_id;

static bool bind_port(struct sock *sk)
{
	struct sock *none = NULL;
	return !sk->sk_num || __atomic_compare_exchange_n(&bound[sk->sk_num % UDP_PORTS], &none, sk, false,
							  __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

struct sock *sock_create(u16 port)
{
	struct sock *sk = kzalloc(sizeof(*sk));
	if (!sk)
		return NULL;
	sk->sk_num = port;
	sk->sk_refcnt.refs.counter = 1;
	sk->sk_rcvbuf = RCVBUF;
	sk->sk_sndbuf = SNDBUF;
	init_waitqueue_head(&sk->sk_wq);
	skb_queue_head_init(&sk->sk_receive_queue);
	if (bind_port(sk))
		return sk;
	kfree(sk);
	return NULL;
}

/* Frees packets too: a CPU may have found the socket just before it was unbound, and queued one. */
static void free_sock(struct rcu_head *rcu)
{
	struct sock *sk = container_of(rcu, struct sock, rcu);
	skb_queue_purge(&sk->sk_receive_queue);
	kfree(sk);
}

static traceable void sock_put(struct sock *sk)
{
	if (__atomic_sub_fetch(&sk->sk_refcnt.refs.counter, 1, __ATOMIC_ACQ_REL) == 0)
		call_rcu(&sk->rcu, free_sock);
}

void sock_release(struct sock *sk)
{
	if (sk->sk_num)
		write_once(bound[sk->sk_num % UDP_PORTS], NULL);
	sock_put(sk);
}

/* The destructor of a packet that was sent: its sender may send again. The sender is woken when half of its
 * room is free, not for each packet. */
static traceable void sock_wfree(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	int left = __atomic_sub_fetch(&sk->sk_wmem_alloc.counter, skb->truesize, __ATOMIC_SEQ_CST);
	if (left <= sk->sk_sndbuf / 2 && !list_empty(&sk->sk_wq.head))
		wake_up(&sk->sk_wq);
	sock_put(sk);
}

traceable void skb_set_owner_w(struct sk_buff *skb, struct sock *sk)
{
	__atomic_fetch_add(&sk->sk_refcnt.refs.counter, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sk->sk_wmem_alloc.counter, skb->truesize, __ATOMIC_RELAXED);
	skb->sk = sk;
	skb->destructor = sock_wfree;
}

traceable void sock_wait_for_wmem(struct sock *sk, int bytes)
{
	wait_event(sk->sk_wq, __atomic_load_n(&sk->sk_wmem_alloc.counter, __ATOMIC_SEQ_CST) <= bytes);
}
MAY_SLEEP(sock_wait_for_wmem);

static void put_udp_header(struct sk_buff *skb, u16 source, u16 dest)
{
	struct udphdr *uh = skb_push(skb, sizeof(*uh));
	*uh = (struct udphdr){ .source = htons(source), .dest = htons(dest), .len = htons(skb->len) };
	__be32 here = htonl(INADDR_LOOPBACK);
	__sum16 sum = csum_tcpudp_magic(here, here, skb->len, IPPROTO_UDP, csum_partial(uh, skb->len, 0));
	uh->check = sum ? sum : 0xffff; /* 0 would mean: none (RFC 768) */
}

static void put_ip_header(struct sk_buff *skb, u8 protocol)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));
	*iph = (struct iphdr){
		.version = 4,
		.ihl = sizeof(*iph) / 4,
		.tot_len = htons(skb->len),
		.id = htons((u16)__atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED)),
		.ttl = TTL,
		.protocol = protocol,
		.saddr = htonl(INADDR_LOOPBACK),
		.daddr = htonl(INADDR_LOOPBACK),
	};
	iph->check = ip_fast_csum(iph, iph->ihl);
}

static void put_eth_header(struct sk_buff *skb, struct net_device *dev)
{
	struct ethhdr *eth = skb_push(skb, sizeof(*eth));
	memcpy(eth->h_dest, dev->dev_addr, ETH_ALEN);
	memcpy(eth->h_source, dev->dev_addr, ETH_ALEN);
	eth->h_proto = skb->protocol = htons(ETH_P_IP);
	skb->dev = dev;
}

traceable struct sk_buff *udp_make_skb(struct sock *sk, u16 port, const void *data, u32 len)
{
	struct sk_buff *skb = alloc_skb(IP_ALIGN + UDP_HEADERS + len);
	if (!skb)
		return NULL;
	skb_reserve(skb, IP_ALIGN + UDP_HEADERS);
	memcpy(skb_put(skb, len), data, len);
	put_udp_header(skb, sk->sk_num, port);
	put_ip_header(skb, IPPROTO_UDP);
	put_eth_header(skb, &loopback_dev);
	skb_set_owner_w(skb, sk);
	return skb;
}
ALLOW_ERROR_INJECTION(udp_make_skb, NULL);

traceable enum err udp_sendmsg(struct sock *sk, u16 port, const void *data, u32 len)
{
	sock_wait_for_wmem(sk, sk->sk_sndbuf);
	struct sk_buff *skb = udp_make_skb(sk, port, data, len);
	if (!skb)
		return ENOMEM;
	dev_queue_xmit(skb);
	return OK;
}
ALLOW_ERROR_INJECTION(udp_sendmsg, ERRNO);
MAY_SLEEP(udp_sendmsg);

traceable struct sk_buff *udp_recv_skb(struct sock *sk)
{
	return skb_dequeue(&sk->sk_receive_queue);
}
ALLOW_ERROR_INJECTION(udp_recv_skb, NULL);

static traceable int udp_queue_rcv_skb(struct sock *sk, struct sk_buff *skb)
{
	if (sk->sk_receive_queue.qlen >= sk->sk_rcvbuf)
		return net_drop(skb, &net_counts.udp_queue_full);
	net_count(&net_counts.udp_delivered);
	skb_queue_tail(&sk->sk_receive_queue, skb);
	wake_up(&sk->sk_wq);
	return NET_RX_SUCCESS;
}
ALLOW_ERROR_INJECTION(udp_queue_rcv_skb, ERRNO); /* wrong like that of ip_rcv */

static bool udp_checksum_is_right(const struct sk_buff *skb, const struct udphdr *uh, u32 len)
{
	const struct iphdr *iph = skb_network_header(skb);
	return !uh->check ||
	       !csum_tcpudp_magic(iph->saddr, iph->daddr, len, IPPROTO_UDP, csum_partial(uh, len, 0));
}

traceable int udp_rcv(struct sk_buff *skb)
{
	const struct udphdr *uh = (const struct udphdr *)skb->data;
	u32 len = skb->len >= sizeof(*uh) ? ntohs(uh->len) : 0;
	if (len < sizeof(*uh) || len > skb->len)
		return net_drop(skb, &net_counts.udp_malformed);
	if (!udp_checksum_is_right(skb, uh, len))
		return net_drop(skb, &net_counts.udp_bad_checksum);
	skb->ip_summed = CHECKSUM_UNNECESSARY;

	u16 port = ntohs(uh->dest);
	struct sock *sk = __atomic_load_n(&bound[port % UDP_PORTS], __ATOMIC_ACQUIRE);
	if (!sk || sk->sk_num != port)
		return net_drop(skb, &net_counts.udp_no_port);
	skb_trim(skb, len);
	skb_pull(skb, sizeof(*uh));
	return udp_queue_rcv_skb(sk, skb);
}

static traceable int ip_local_deliver(struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);
	skb_pull(skb, iph->ihl * 4);
	skb->transport_header = skb->data - skb->head;
	if (iph->protocol == IPPROTO_UDP)
		return udp_rcv(skb);
	return net_drop(skb, &net_counts.ip_not_for_us);
}

traceable int ip_rcv(struct sk_buff *skb, struct net_device *dev unused, struct packet_type *pt unused,
		     struct net_device *orig_dev unused)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	if (skb->len < sizeof(*iph) || iph->version != 4 || iph->ihl < 5 || skb->len < iph->ihl * 4u)
		return net_drop(skb, &net_counts.ip_malformed);
	if (ip_fast_csum(iph, iph->ihl))
		return net_drop(skb, &net_counts.ip_bad_checksum);
	u32 len = ntohs(iph->tot_len);
	if (len < iph->ihl * 4u || len > skb->len || (iph->frag_off & htons(FRAGMENT)))
		return net_drop(skb, &net_counts.ip_malformed);
	if (skb->pkt_type != PACKET_HOST || iph->daddr != htonl(INADDR_LOOPBACK))
		return net_drop(skb, &net_counts.ip_not_for_us);
	skb_trim(skb, len);
	return ip_local_deliver(skb);
}
ALLOW_ERROR_INJECTION(ip_rcv, ERRNO); /* a wrong mark, for lab 8: it has taken the packet over */

void udp_init(void)
{
	static struct packet_type ip_packet_type = { .func = ip_rcv };
	ip_packet_type.type = htons(ETH_P_IP);
	dev_add_pack(&ip_packet_type);
}

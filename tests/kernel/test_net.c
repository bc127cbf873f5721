// SPDX-License-Identifier: MIT
#include "kernel/net/net.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/net/loopback.h"
#include "kernel/net/checksum.h"
#include "kernel/net/udp.h"
#include "kernel/sched/rcu.h"
#include "kernel/net/traffic.h"
#include "tests/test.h"

enum { PORT = 7777 };

/* A socket that sends, one that receives, and the counters before. */
static struct sock *from, *to;
static struct net_counts before;

static bool open_sockets(void)
{
	before = net_counts;
	from = sock_create(0);
	to = sock_create(PORT);
	return check(from && to);
}

static void close_sockets(void)
{
	sock_wait_for_wmem(from, 0);
	sock_release(from);
	sock_release(to);
	rcu_barrier();
}

/* Sends and waits until the packet was delivered or dropped. */
static void send(struct sk_buff *skb)
{
	u64 end = net_counts.received + 1;
	dev_queue_xmit(skb);
	while (read_once(net_counts.received) < end)
		yield();
}

TEST(net_frame_has_right_headers)
{
	require(open_sockets());
	struct sk_buff *skb = udp_make_skb(from, PORT, "abc", 3);
	require(skb);
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct iphdr *iph = (const struct iphdr *)(eth + 1);
	const struct udphdr *uh = (const struct udphdr *)(iph + 1);
	check_eq(UDP_HEADERS + 3, skb->len);
	check_eq(htons(ETH_P_IP), eth->h_proto);
	check_eq(0, ip_fast_csum(iph, 5));
	check_eq(htons(31), iph->tot_len);
	check_eq(IPPROTO_UDP, iph->protocol);
	check_eq(htons(11), uh->len);
	check_eq(0, csum_tcpudp_magic(iph->saddr, iph->daddr, 11, IPPROTO_UDP, csum_partial(uh, 11, 0)));
	kfree_skb(skb);
	close_sockets();
}

TEST(net_delivers_a_datagram)
{
	require(open_sockets());
	check_eq(OK, udp_sendmsg(from, PORT, "hello", 5));
	while (!read_once(to->sk_receive_queue.qlen))
		yield();
	struct sk_buff *skb = udp_recv_skb(to);
	require(skb);
	check_eq(5, skb->len);
	check_eq(0, memcmp(skb->data, "hello", 5));
	check(skb->dev == &loopback_dev);
	check_eq(htons(ETH_P_IP), skb->protocol);
	check_eq(PACKET_HOST, skb->pkt_type);
	check_eq(CHECKSUM_UNNECESSARY, skb->ip_summed);
	check(skb_transport_header(skb) == (u8 *)skb_network_header(skb) + 20);
	check(skb_network_header(skb) == (u8 *)skb_mac_header(skb) + 14);
	check(skb->tstamp > 0);
	kfree_skb(skb);
	close_sockets();
}

TEST(net_drops_every_frame_with_a_flipped_bit)
{
	require(open_sockets());
	u32 len = UDP_HEADERS + 5;
	for (u32 bit = ETH_HLEN * 8; bit < len * 8; bit++) {
		struct sk_buff *skb = udp_make_skb(from, PORT, "hello", 5);
		require(skb);
		skb->data[bit / 8] ^= 1 << bit % 8;
		send(skb);
		check_eq(0, to->sk_receive_queue.qlen);
	}
	sock_wait_for_wmem(from, 0);
	u64 bad = net_counts.ip_bad_checksum - before.ip_bad_checksum;
	u64 malformed = net_counts.ip_malformed - before.ip_malformed;
	check_eq(20 * 8, bad + malformed);
	check(net_counts.udp_bad_checksum > before.udp_bad_checksum);
	check(net_counts.udp_malformed > before.udp_malformed);
	close_sockets();
}

/* Changes a frame in a place that no checksum covers, and names the counter that must say so. */
static void check_dropped(u32 len, u16 ethertype, const u64 *counter)
{
	u64 was = read_once(*counter);
	struct sk_buff *skb = udp_make_skb(from, PORT, "hello", 5);
	require(skb);
	((struct ethhdr *)skb->data)->h_proto = htons(ethertype);
	skb_trim(skb, len);
	send(skb);
	sock_wait_for_wmem(from, 0);
	check_eq(was + 1, read_once(*counter));
}

TEST(net_drops_what_it_does_not_understand)
{
	require(open_sockets());
	u32 whole = UDP_HEADERS + 5;
	check_dropped(whole, ETH_P_ARP, &net_counts.unknown_protocol);
	check_dropped(whole, ETH_P_IPV6, &net_counts.unknown_protocol);
	for (u32 len = ETH_HLEN; len < whole; len++)
		check_dropped(len, ETH_P_IP, &net_counts.ip_malformed);
	check_eq(0, to->sk_receive_queue.qlen);
	close_sockets();
}

TEST(net_drops_for_a_port_without_a_receiver)
{
	require(open_sockets());
	u64 errors = loopback_dev.stats.rx_errors;
	send(udp_make_skb(from, PORT + 1, "hello", 5));
	sock_wait_for_wmem(from, 0);
	check_eq(before.udp_no_port + 1, net_counts.udp_no_port);
	check_eq(errors + 1, loopback_dev.stats.rx_errors);
	check(sock_create(PORT) == NULL);
	close_sockets();
}

TEST(net_drops_when_a_receiver_sleeps)
{
	require(open_sockets());
	to->sk_rcvbuf = 3;
	for (u32 i = 0; i < 5; i++)
		send(udp_make_skb(from, PORT, "x", 1));
	check_eq(3, to->sk_receive_queue.qlen);
	check_eq(before.udp_queue_full + 2, net_counts.udp_queue_full);
	skb_queue_purge(&to->sk_receive_queue);
	close_sockets();
}

static u64 heap_now(void)
{
	u64 bytes, allocations;
	heap_usage(&bytes, &allocations);
	return bytes;
}

TEST(net_memory_comes_back)
{
	rcu_barrier();
	u64 start = heap_now();
	check_eq(OK, traffic_net(2000));
	require(open_sockets());
	send(udp_make_skb(from, PORT, "left in the queue", 17));
	skb_queue_purge(&to->sk_receive_queue);
	close_sockets();
	rcu_barrier();
	check_eq(start, heap_now());
}

TEST(traffic_net_sends_the_pattern_and_all_of_it_arrives)
{
	struct traffic_counts was = traffic_counts, want = { 0 };
	before = net_counts;
	for (u32 i = 0; i < 1000; i++)
		traffic_expect(&want, i);
	check_eq(OK, traffic_net(1000));
	check_eq(1000, traffic_counts.sent - was.sent);
	check_eq(want.udp, traffic_counts.received - was.received);
	check_eq(want.bad_udp_checksum, net_counts.udp_bad_checksum - before.udp_bad_checksum);
	check_eq(want.bad_ip_checksum, net_counts.ip_bad_checksum - before.ip_bad_checksum);
	check_eq(want.arp + want.ipv6, net_counts.unknown_protocol - before.unknown_protocol);
	check_eq(was.bad_payload, traffic_counts.bad_payload);
	check_eq(1000, want.udp + want.arp + want.ipv6 + want.bad_udp_checksum + want.bad_ip_checksum);
}

TEST(traffic_starts_and_stops)
{
	struct traffic_counts was = traffic_counts;
	before = net_counts;
	check_eq(OK, traffic_start());
	check_eq(OK, traffic_start());
	for (u32 i = 0; i < 500 && traffic_counts.received - was.received < 2000; i++)
		msleep(10);
	check(traffic_counts.received - was.received >= 2000);
	traffic_stop();
	u64 sent = traffic_counts.sent;
	msleep(20);
	check_eq(sent, traffic_counts.sent);
	check_eq(was.bad_payload, traffic_counts.bad_payload);
	check_eq(traffic_counts.udp - was.udp,
		 traffic_counts.received - was.received + net_counts.udp_queue_full - before.udp_queue_full);
	traffic_stop();
}

// SPDX-License-Identifier: MIT
// Senders, receivers, and two threads that keep waking each other.
#include "kernel/net/traffic.h"
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "kernel/net/loopback.h"
#include "kernel/net/udp.h"
#include "kernel/io/progress.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"

enum { PAYLOAD = 64 };

struct traffic_counts traffic_counts;

static struct mutex lock = MUTEX_INIT(lock); /* over starting and stopping, and over the pair */
static u32 receivers;

enum kind { UDP, ARP, IPV6, BAD_UDP, BAD_IP };

static enum kind kind_of(u32 i)
{
	if (i % 64 == 33)
		return BAD_UDP;
	if (i % 64 == 49)
		return BAD_IP;
	if (i % 16 == 5)
		return ARP;
	return i % 16 == 10 ? IPV6 : UDP;
}

static void count_kind(struct traffic_counts *c, enum kind kind)
{
	u64 *const counters[] = { &c->udp, &c->arp, &c->ipv6, &c->bad_udp_checksum, &c->bad_ip_checksum };
	net_count(counters[kind]);
	net_count(&c->sent);
}

void traffic_expect(struct traffic_counts *expected, u32 i)
{
	count_kind(expected, kind_of(i));
}

/* Makes a frame that no protocol takes; all that is real in it is the Ethernet header. */
static struct sk_buff *make_foreign(struct sock *sk, u16 ethertype)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN + PAYLOAD);
	if (!skb)
		return NULL;
	memset(skb_put(skb, ETH_HLEN + PAYLOAD), 0, ETH_HLEN + PAYLOAD);
	((struct ethhdr *)skb->data)->h_proto = skb->protocol = htons(ethertype);
	skb->dev = &loopback_dev;
	skb_set_owner_w(skb, sk);
	return skb;
}

static void fill_payload(u8 *payload, u32 i)
{
	for (u32 n = 0; n < PAYLOAD; n++)
		payload[n] = i + n;
}

static struct sk_buff *make_udp(struct sock *sk, u32 i)
{
	u8 payload[PAYLOAD];
	fill_payload(payload, i);
	return udp_make_skb(sk, TRAFFIC_PORT + i % receivers, payload, PAYLOAD);
}

static traceable struct sk_buff *make_frame(struct sock *sk, u32 i, enum kind kind)
{
	if (kind == ARP || kind == IPV6)
		return make_foreign(sk, kind == ARP ? ETH_P_ARP : ETH_P_IPV6);
	struct sk_buff *skb = make_udp(sk, i);
	if (skb && kind == BAD_UDP)
		skb->data[skb->len - 1] ^= 1;
	if (skb && kind == BAD_IP)
		skb->data[ETH_HLEN + offsetof(struct iphdr, ttl)] ^= 1;
	return skb;
}
ALLOW_ERROR_INJECTION(make_frame, NULL);

static traceable enum err send_frame(struct sock *sk, u32 i)
{
	enum kind kind = kind_of(i);
	sock_wait_for_wmem(sk, sk->sk_sndbuf);
	struct sk_buff *skb = make_frame(sk, i, kind);
	if (!skb)
		return ENOMEM;
	count_kind(&traffic_counts, kind);
	dev_queue_xmit(skb);
	return OK;
}
ALLOW_ERROR_INJECTION(send_frame, ERRNO);
MAY_SLEEP(send_frame);

static bool payload_is_right(const struct sk_buff *skb)
{
	u8 want[PAYLOAD];
	if (skb->len != PAYLOAD)
		return false;
	fill_payload(want, skb->data[0]);
	return memcmp(want, skb->data, PAYLOAD) == 0;
}

static noreturn int udp_recv_thread(void *arg)
{
	struct sock *sk = arg;
	for (;;) {
		struct sk_buff *skb;
		wait_event(sk->sk_wq, (skb = udp_recv_skb(sk)));
		if (!payload_is_right(skb))
			net_count(&traffic_counts.bad_payload);
		net_count(&traffic_counts.received);
		kfree_skb(skb);
	}
}
MAY_SLEEP(udp_recv_thread);

/* The socket of traffic_net. If several tasks send by it at once, each waits for the frames of all. */
static struct sock *on_demand;

enum err traffic_net(u32 frames)
{
	enum err e = OK;
	for (u32 i = 0; i < frames && !e; i++)
		e = progress_stop(i, frames) ? EINTR : send_frame(on_demand, i);
	sock_wait_for_wmem(on_demand, 0);
	return e;
}
ALLOW_ERROR_INJECTION(traffic_net, ERRNO);
MAY_SLEEP(traffic_net);

enum { PATIENCE_MS = 10000 };

static struct {
	bool stop;
	u32 running;
} senders;

static int udp_send_thread(void *arg)
{
	struct sock *sk = arg;
	for (u32 i = 0; !read_once(senders.stop); i++)
		if (send_frame(sk, i))
			yield(); /* memory may come back */
	sock_wait_for_wmem(sk, 0);
	sock_release(sk);
	__atomic_fetch_sub(&senders.running, 1, __ATOMIC_SEQ_CST);
	return 0;
}
MAY_SLEEP(udp_send_thread);

static bool start_sender(u32 cpu)
{
	struct sock *sk = sock_create(0);
	if (!sk)
		return false;
	__atomic_fetch_add(&senders.running, 1, __ATOMIC_SEQ_CST);
	if (kthread_run(udp_send_thread, sk, cpu, "udp_send/%u", cpu))
		return true;
	__atomic_fetch_sub(&senders.running, 1, __ATOMIC_SEQ_CST);
	sock_release(sk);
	return false;
}

/* Returns false if a sender has not ended in time: a program may hold it up. */
static bool stop_senders(void)
{
	u64 end = ktime_get_ns() + PATIENCE_MS * 1000000ull;
	write_once(senders.stop, true);
	while (__atomic_load_n(&senders.running, __ATOMIC_SEQ_CST) && ktime_get_ns() < end)
		msleep(1);
	return !__atomic_load_n(&senders.running, __ATOMIC_SEQ_CST);
}

enum err traffic_start(void)
{
	enum err e = OK;
	mutex_lock(&lock);
	bool runs = senders.running;
	senders.stop = false;
	for (u32 i = 0; i < cpu_count() && !runs && !e; i++)
		e = start_sender(i) ? OK : ENOMEM;
	if (e)
		stop_senders();
	mutex_unlock(&lock);
	return e;
}

enum err traffic_stop(void)
{
	mutex_lock(&lock);
	bool stopped = stop_senders() && rcu_flush(PATIENCE_MS); /* their sockets */
	mutex_unlock(&lock);
	return stopped ? OK : ETIMEDOUT;
}

static struct {
	struct task_struct *tasks[2];
	u32 turn, left; /* whose turn it is; how many wake-ups are left */
	u32 times;      /* how many there are in all */
	u32 gone;       /* threads that have made their last wake-up */
	bool go, is_stopped;
	struct wait_queue_head wq;
} pair = { .wq = WAIT_QUEUE_INIT(pair.wq) };

/* Sleeps until it is my turn; false if no wake-up is left. */
static bool wait_for_turn(u32 me)
{
	for (;;) {
		write_once(current->__state, TASK_INTERRUPTIBLE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!read_once(pair.left) || read_once(pair.turn) == me)
			break;
		schedule();
	}
	write_once(current->__state, TASK_RUNNING);
	return read_once(pair.left) > 0;
}

/* Neither thread ends before the other has made its last call, which needs a living task. */
static void part(void)
{
	__atomic_fetch_add(&pair.gone, 1, __ATOMIC_SEQ_CST);
	wake_up(&pair.wq);
	wait_event(pair.wq, __atomic_load_n(&pair.gone, __ATOMIC_SEQ_CST) >= 2);
}

static int pair_thread(void *arg)
{
	u32 me = (uptr)arg;
	wait_event(pair.wq, read_once(pair.go));
	while (wait_for_turn(me)) {
		pair.is_stopped = progress_stop(pair.times - pair.left, pair.times);
		write_once(pair.left, pair.is_stopped ? 0 : pair.left - 1);
		write_once(pair.turn, !me);
		wake_up_process(pair.tasks[!me]);
	}
	part();
	return 0;
}
MAY_SLEEP(pair_thread);

static enum err run_pair(u32 times)
{
	static const char *const names[] = { "ping", "pong" };
	u32 made = 0;
	pair.turn = pair.gone = 0;
	pair.go = pair.is_stopped = false;
	for (; made < 2; made++) {
		pair.tasks[made] = kthread_run(pair_thread, (void *)(uptr)made, -1, "%s", names[made]);
		if (!pair.tasks[made])
			break;
	}
	pair.left = pair.times = made == 2 ? times : 0;
	pair.gone = 2 - made;
	write_once(pair.go, true);
	wake_up(&pair.wq);
	wait_event(pair.wq, __atomic_load_n(&pair.gone, __ATOMIC_SEQ_CST) >= 2);
	if (made < 2)
		return ENOMEM;
	return pair.is_stopped ? EINTR : OK;
}

enum err traffic_wake(u32 times)
{
	mutex_lock(&lock);
	enum err e = run_pair(times);
	bool flushed = rcu_flush(PATIENCE_MS);
	mutex_unlock(&lock);
	return e || flushed ? e : ETIMEDOUT;
}
ALLOW_ERROR_INJECTION(traffic_wake, ERRNO);
MAY_SLEEP(traffic_wake);

void traffic_init(void)
{
	on_demand = sock_create(0);
	if (!on_demand)
		panic("traffic: no memory for a socket");
	receivers = cpu_count();
	for (u32 i = 0; i < receivers; i++) {
		struct sock *sk = sock_create(TRAFFIC_PORT + i);
		if (!sk || !kthread_run(udp_recv_thread, sk, i, "udp_recv/%u", i))
			panic("traffic: no memory for udp_recv/%u", i);
	}
}

// SPDX-License-Identifier: MIT
#include "kernel/net/skb.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/in_use.h"
#include "tests/test.h"

TEST(skb_data_moves_and_stays)
{
	struct sk_buff *skb = alloc_skb(100);
	require(skb);
	skb_reserve(skb, 40);
	memcpy(skb_put(skb, 5), "hello", 5);
	check_eq(5, skb->len);
	check_eq(45, skb->tail);
	memcpy(skb_push(skb, 3), "oh ", 3);
	check_eq(8, skb->len);
	check_eq(0, memcmp(skb->data, "oh hello", 8));
	check(skb_pull(skb, 3) == skb->data);
	check_eq(0, memcmp(skb->data, "hello", 5));
	check(skb_pull(skb, 6) == NULL);
	check_eq(5, skb->len);
	skb_trim(skb, 2);
	check_eq(2, skb->len);
	check_eq(42, skb->tail);
	skb_trim(skb, 50);
	check_eq(2, skb->len);
	check_eq(60, (u8 *)skb_put(skb, 58) - skb->data + 58);
	kfree_skb(skb);
}

static u32 destroyed;

static void count_destroyed(struct sk_buff *skb unused)
{
	destroyed++;
}

TEST(skb_lives_until_its_last_user_has_freed_it)
{
	struct sk_buff *skb = alloc_skb(10);
	require(skb);
	skb->destructor = count_destroyed;
	destroyed = 0;
	check(skb_get(skb) == skb);
	check_eq(2, skb->users.refs.counter);
	kfree_skb(skb);
	check_eq(0, destroyed);
	consume_skb(skb);
	check_eq(1, destroyed);
	kfree_skb(NULL);
	consume_skb(NULL);
}

TEST(skb_without_memory_is_null_and_leaks_nothing)
{
	const struct in_use before = in_use();
	for (u32 nth = 1; nth <= 2; nth++) {
		heap_fail_after(nth);
		check(alloc_skb(1000) == NULL);
		heap_fail_after(0);
	}
	check_in_use(&before);
}

TEST(skb_queue_is_first_in_first_out)
{
	struct sk_buff_head q;
	struct sk_buff *skb[3];
	skb_queue_head_init(&q);
	for (u32 i = 0; i < 3; i++) {
		require((skb[i] = alloc_skb(1)));
		skb_queue_tail(&q, skb[i]);
	}
	check_eq(3, q.qlen);
	check(skb_dequeue(&q) == skb[0]);
	check(skb_dequeue(&q) == skb[1]);
	kfree_skb(skb[0]);
	kfree_skb(skb[1]);
	skb_queue_purge(&q);
	check_eq(0, q.qlen);
	check(skb_dequeue(&q) == NULL);
}

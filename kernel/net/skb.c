// SPDX-License-Identifier: MIT
// Packets and their queues. A function on Linux is a function here too, with a body of its own.
#include "kernel/net/skb.h"
#include "kernel/lib/inject.h"
#include "kernel/mem/heap.h"
#include "kernel/cpu/panic.h"
#include "kernel/trace/events.h"

traceable struct sk_buff *alloc_skb(unsigned int size)
{
	struct sk_buff *skb = kzalloc(sizeof(*skb));
	unsigned char *head = skb ? kmalloc(max(size, 1u)) : NULL;
	if (!head) {
		kfree(skb);
		return NULL;
	}
	INIT_LIST_HEAD(&skb->list);
	skb->head = skb->data = head;
	skb->end = size;
	skb->truesize = size + sizeof(*skb);
	skb->users.refs.counter = 1;
	return skb;
}
ALLOW_ERROR_INJECTION(alloc_skb, NULL);

traceable struct sk_buff *skb_get(struct sk_buff *skb)
{
	__atomic_fetch_add(&skb->users.refs.counter, 1, __ATOMIC_RELAXED);
	return skb;
}

/* Returns true if the caller was the last user. */
static bool skb_unref(struct sk_buff *skb)
{
	int before = __atomic_fetch_sub(&skb->users.refs.counter, 1, __ATOMIC_ACQ_REL);
	if (before <= 0)
		panic("skb: %p freed once too often", (void *)skb);
	return before == 1;
}

static traceable void __kfree_skb(struct sk_buff *skb)
{
	if (skb->destructor)
		skb->destructor(skb);
	kfree(skb->head);
	kfree(skb);
}

/* Most examples trace it. On Linux it means "dropped". Here receivers also call it for packets that they have
 * read, so that a program on it sees the end of every packet. */
traceable void kfree_skb(struct sk_buff *skb)
{
	if (!skb || !skb_unref(skb))
		return;
	trace_kfree_skb(skb, __builtin_return_address(0), SKB_DROP_REASON_NOT_SPECIFIED);
	__kfree_skb(skb);
}

traceable void consume_skb(struct sk_buff *skb)
{
	if (!skb || !skb_unref(skb))
		return;
	trace_consume_skb(skb, __builtin_return_address(0));
	__kfree_skb(skb);
}

static noreturn void skb_panic(const struct sk_buff *skb, const char *what, u32 len)
{
	panic("skb: %s of %u bytes: data at %lu, %u long, room for %u", what, len,
	      (uptr)(skb->data - skb->head), skb->len, skb->end);
}

traceable void *skb_put(struct sk_buff *skb, unsigned int len)
{
	unsigned char *added = skb->head + skb->tail;
	if (len > skb->end - skb->tail)
		skb_panic(skb, "put", len);
	skb->tail += len;
	skb->len += len;
	return added;
}

traceable void *skb_push(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->data - skb->head)
		skb_panic(skb, "push", len);
	skb->data -= len;
	skb->len += len;
	return skb->data;
}

traceable void *skb_pull(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len)
		return NULL;
	skb->len -= len;
	return skb->data += len;
}

traceable void skb_reserve(struct sk_buff *skb, int len)
{
	if (skb->len || (u32)len > skb->end - skb->tail)
		skb_panic(skb, "reserve", len);
	skb->data += len;
	skb->tail += len;
}

traceable void skb_trim(struct sk_buff *skb, unsigned int len)
{
	if (len >= skb->len)
		return;
	skb->len = len;
	skb->tail = skb->data - skb->head + len;
}

void skb_queue_head_init(struct sk_buff_head *list)
{
	*list = (struct sk_buff_head){ 0 };
	INIT_LIST_HEAD(&list->list);
}

traceable void skb_queue_tail(struct sk_buff_head *list, struct sk_buff *newsk)
{
	uptr flags = spin_lock_irqsave(&list->lock);
	list_add_tail(&newsk->list, &list->list);
	list->qlen++;
	spin_unlock_irqrestore(&list->lock, flags);
}

traceable struct sk_buff *skb_dequeue(struct sk_buff_head *list)
{
	struct sk_buff *skb = NULL;
	uptr flags = spin_lock_irqsave(&list->lock);
	if (!list_empty(&list->list)) {
		skb = list_first_entry(&list->list, struct sk_buff, list);
		list_del_init(&skb->list);
		list->qlen--;
	}
	spin_unlock_irqrestore(&list->lock, flags);
	return skb;
}
ALLOW_ERROR_INJECTION(skb_dequeue, NULL);

void skb_queue_purge(struct sk_buff_head *list)
{
	struct sk_buff *skb;
	while ((skb = skb_dequeue(list)))
		kfree_skb(skb);
}

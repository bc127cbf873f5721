/* SPDX-License-Identifier: MIT */
/* The tracepoints of this kernel: Linux's names, arguments and places. Those of the scheduler run while a run
 * queue is locked: a hook there must not wake a task. */
#pragma once
#include "kernel/trace/tracepoint.h"
#include "kernel/sched/work.h"

struct net_device;
struct sk_buff;
struct task_struct;
struct timer_list;
enum skb_drop_reason;

/* events.c defines DEFINE_TRACE_EVENTS, and so this list defines the tracepoints there. */
#ifdef DEFINE_TRACE_EVENTS
#define EVENT(name, ...) DEFINE_TRACEPOINT(name, __VA_ARGS__)
#else
#define EVENT(name, ...) DECLARE_TRACEPOINT(name, __VA_ARGS__);
#endif

/* clang-format off */

/* sched */

/* From prev to next. preempt: prev did not ask for it. prev_state: the state that prev has set, even then. */
EVENT(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)
#define trace_sched_switch(...) tracepoint_call(sched_switch, __VA_ARGS__)

/* A sleeping p is about to be woken. It is runnable, its CPU is chosen, and it does not run yet; so a new
 * p. */
EVENT(sched_waking, struct task_struct *p)
#define trace_sched_waking(...) tracepoint_call(sched_waking, __VA_ARGS__)
EVENT(sched_wakeup, struct task_struct *p)
#define trace_sched_wakeup(...) tracepoint_call(sched_wakeup, __VA_ARGS__)
EVENT(sched_wakeup_new, struct task_struct *p)
#define trace_sched_wakeup_new(...) tracepoint_call(sched_wakeup_new, __VA_ARGS__)

/* Before p->cpu changes. */
EVENT(sched_migrate_task, struct task_struct *p, int dest_cpu)
#define trace_sched_migrate_task(...) tracepoint_call(sched_migrate_task, __VA_ARGS__)

EVENT(sched_process_fork, struct task_struct *parent, struct task_struct *child)
#define trace_sched_process_fork(...) tracepoint_call(sched_process_fork, __VA_ARGS__)
EVENT(sched_process_exit, struct task_struct *p)
#define trace_sched_process_exit(...) tracepoint_call(sched_process_exit, __VA_ARGS__)

/* irq, timer, workqueue */

EVENT(softirq_raise, unsigned int vec_nr)
#define trace_softirq_raise(...) tracepoint_call(softirq_raise, __VA_ARGS__)
EVENT(softirq_entry, unsigned int vec_nr)
#define trace_softirq_entry(...) tracepoint_call(softirq_entry, __VA_ARGS__)
EVENT(softirq_exit, unsigned int vec_nr)
#define trace_softirq_exit(...) tracepoint_call(softirq_exit, __VA_ARGS__)

EVENT(local_timer_entry, int vector)
#define trace_local_timer_entry(...) tracepoint_call(local_timer_entry, __VA_ARGS__)
EVENT(local_timer_exit, int vector)
#define trace_local_timer_exit(...) tracepoint_call(local_timer_exit, __VA_ARGS__)

/* baseclk: now, in ns since boot. At the exit *timer may be freed. */
EVENT(timer_expire_entry, struct timer_list *timer, unsigned long baseclk)
#define trace_timer_expire_entry(...) tracepoint_call(timer_expire_entry, __VA_ARGS__)
EVENT(timer_expire_exit, struct timer_list *timer)
#define trace_timer_expire_exit(...) tracepoint_call(timer_expire_exit, __VA_ARGS__)

/* At the end *work may be freed. */
EVENT(workqueue_execute_start, struct work *work)
#define trace_workqueue_execute_start(...) tracepoint_call(workqueue_execute_start, __VA_ARGS__)
EVENT(workqueue_execute_end, struct work *work, work_func_t function)
#define trace_workqueue_execute_end(...) tracepoint_call(workqueue_execute_end, __VA_ARGS__)

/* net, skb */

/* The packet has no user left. location: where kfree_skb or consume_skb was called. */
EVENT(kfree_skb, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
#define trace_kfree_skb(...) tracepoint_call(kfree_skb, __VA_ARGS__)
EVENT(consume_skb, struct sk_buff *skb, void *location)
#define trace_consume_skb(...) tracepoint_call(consume_skb, __VA_ARGS__)

EVENT(netif_rx, struct sk_buff *skb)
#define trace_netif_rx(...) tracepoint_call(netif_rx, __VA_ARGS__)
EVENT(netif_receive_skb, struct sk_buff *skb)
#define trace_netif_receive_skb(...) tracepoint_call(netif_receive_skb, __VA_ARGS__)

/* In order: the packet is on its way out; it is handed to the device; the device has taken it or not (rc). At
 * the last *skb may be freed. */
EVENT(net_dev_queue, struct sk_buff *skb)
#define trace_net_dev_queue(...) tracepoint_call(net_dev_queue, __VA_ARGS__)
EVENT(net_dev_start_xmit, const struct sk_buff *skb, const struct net_device *dev)
#define trace_net_dev_start_xmit(...) tracepoint_call(net_dev_start_xmit, __VA_ARGS__)
EVENT(net_dev_xmit, struct sk_buff *skb, int rc, struct net_device *dev, unsigned int skb_len)
#define trace_net_dev_xmit(...) tracepoint_call(net_dev_xmit, __VA_ARGS__)

#undef EVENT

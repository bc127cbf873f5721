// SPDX-License-Identifier: MIT
// A task that wants another asks kthreadd, which makes it. A task ends when its function returns. Dead tasks
// are kept, with their stacks, for new ones: otherwise all CPUs would have to flush for each guard page.
#include "kernel/sched/task.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/ipi.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/retstack.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/stack.h"
#include "kernel/sched/timer.h"
#include "kernel/trace/events.h"

enum { PRIO_NORMAL = 120 };

/* Tasks are allocated in blocks of 64 pages: seven times a guard page and a stack, and in the last page the
 * seven struct task_struct, where no stack can overflow into them. */
enum {
	BLOCK_ORDER = 6,
	BLOCK_TASKS = 7,
	STACKS_LEN = BLOCK_TASKS * (PAGE_SIZE + STACK_SIZE),
	TASK_ROOM = 512,
};
_Static_assert(STACKS_LEN + BLOCK_TASKS * TASK_ROOM <= PAGE_SIZE << BLOCK_ORDER, "they fit in a block");
_Static_assert(sizeof(struct task_struct) <= TASK_ROOM, "it fits in its part of the last page");

/* ORDER SWITCH: the stack of a task at rest, as context_switch (kernel/sched/switch_x86_64.asm) leaves it. */
struct switch_frame {
	uptr r15, r14, r13, r12, rbx, rbp, ip;
};

/* A request for a task, on the stack of the task that makes it. */
struct create {
	struct list_head list;
	int (*fn)(void *arg);
	void *arg;
	int cpu;
	const char *name;
	struct task_struct *task;
	bool done;
};

extern u8 boot_stack_guard[];
void task_entry(void);

struct task_struct init_task = {
	.stack = boot_stack_guard + PAGE_SIZE,
	.flags = PF_KTHREAD | PF_IDLE,
	.prio = 140,
	.nr_cpus_allowed = 1,
	.real_parent = &init_task,
	.parent = &init_task,
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.run_list = LIST_HEAD_INIT(init_task.run_list),
	.wait_entry = LIST_HEAD_INIT(init_task.wait_entry),
	.comm = "swapper/0",
};

static spinlock_t lock; /* over the lists of tasks and of free ones */
static int last_pid;
static LIST_HEAD(free_tasks);

static struct task_struct *kthreadd_task;
static spinlock_t create_lock;
static LIST_HEAD(creates);
static struct wait_queue_head kthreadd_wait = WAIT_QUEUE_INIT(kthreadd_wait);
static struct wait_queue_head created = WAIT_QUEUE_INIT(created);

static void put_free(struct task_struct *p)
{
	uptr flags = spin_lock_irqsave(&lock);
	list_add(&p->tasks, &free_tasks);
	spin_unlock_irqrestore(&lock, flags);
}

static struct task_struct *take_free(void)
{
	struct task_struct *p = NULL;
	uptr flags = spin_lock_irqsave(&lock);
	if (!list_empty(&free_tasks)) {
		p = list_first_entry(&free_tasks, struct task_struct, tasks);
		list_del_init(&p->tasks);
	}
	spin_unlock_irqrestore(&lock, flags);
	return p;
}

static void make_block(void)
{
	u8 *block = page_alloc(BLOCK_ORDER);
	if (!block)
		return;
	for (u32 i = 0; i < BLOCK_TASKS; i++) {
		u8 *guard = block + i * (PAGE_SIZE + STACK_SIZE);
		struct task_struct *p = (void *)(block + STACKS_LEN + i * TASK_ROOM);
		if (paging_protect((uptr)guard, 1, PAGE_NONE))
			return; /* the rest of the block is lost: memory has run out */
		p->stack = guard + PAGE_SIZE;
		put_free(p);
	}
}

static traceable noreturn void do_exit(void)
{
	struct task_struct *p = current;
	if (p->migration_disabled)
		panic("task: %s:%d ends with migration disabled", p->comm, p->pid);
	p->flags |= PF_EXITING;
	trace_sched_process_exit(p);
	write_once(p->__state, TASK_DEAD);
	schedule();
	panic("task: %s:%d runs after its end", p->comm, p->pid);
}
MAY_SLEEP(do_exit);

static noreturn void begin_task(void)
{
	sched_begin();
	current->fn(current->arg);
	do_exit();
}

/* A new task starts in task_entry, in the state in which every task is switched to: preemption off once. */
static void init_stack(struct task_struct *p)
{
	struct switch_frame *frame = (void *)((u8 *)p->stack + STACK_SIZE - 16 - sizeof(*frame));
	*frame = (struct switch_frame){ .rbx = (uptr)begin_task, .ip = (uptr)task_entry };
	p->sp = (uptr)frame;
	p->preempt_count = 1;
}

static struct task_struct *alloc_task(struct task_struct *parent)
{
	struct task_struct *p = take_free();
	if (!p) {
		make_block();
		p = take_free();
	}
	if (!p)
		return NULL;
	*p = (struct task_struct){
		.stack = p->stack,
		.flags = PF_KTHREAD,
		.prio = PRIO_NORMAL,
		.real_parent = parent,
		.parent = parent,
		.start_time = ktime_get_ns(),
		.nr_cpus_allowed = MAX_CPUS,
	};
	INIT_LIST_HEAD(&p->tasks);
	INIT_LIST_HEAD(&p->run_list);
	INIT_LIST_HEAD(&p->wait_entry);
	init_stack(p);
	return p;
}

static void add_task(struct task_struct *p)
{
	uptr flags = spin_lock_irqsave(&lock);
	p->pid = p->tgid = ++last_pid;
	p->retstack = retstack_new(); /* under the lock: retstack_get sees p, or p sees its user */
	list_add_tail(&p->tasks, &init_task.tasks);
	spin_unlock_irqrestore(&lock, flags);
}

static struct task_struct *create_task(struct task_struct *parent, int (*fn)(void *arg), void *arg, int cpu,
				       const char *name)
{
	struct task_struct *p = alloc_task(parent);
	if (!p)
		return NULL;
	p->fn = fn;
	p->arg = arg;
	str_copy(p->comm, name, sizeof(p->comm));
	p->cpu = cpu < 0 ? smp_processor_id() : (u32)cpu;
	if (cpu >= 0)
		p->nr_cpus_allowed = 1;
	add_task(p);
	trace_sched_process_fork(parent, p);
	sched_new(p);
	return p;
}

struct task_struct *task_create_idle(u32 cpu)
{
	struct task_struct *p = alloc_task(&init_task);
	if (!p)
		return NULL;
	struct strbuf name = STRBUF(p->comm);
	str_printf(&name, "swapper/%u", cpu);
	p->flags |= PF_IDLE;
	p->prio = init_task.prio;
	p->cpu = cpu;
	p->nr_cpus_allowed = 1;
	sched_init_idle(p, cpu);
	return p;
}

static void free_task(struct rcu_head *rcu)
{
	struct task_struct *p = container_of(rcu, struct task_struct, rcu);
	kfree(p->retstack);
	put_free(p);
}

static void bury_task(struct task_struct *p)
{
	uptr flags = spin_lock_irqsave(&lock);
	list_del_init(&p->tasks);
	spin_unlock_irqrestore(&lock, flags);
	call_rcu(&p->rcu, free_task);
}

static struct create *next_create(void)
{
	struct create *c = NULL;
	uptr flags = spin_lock_irqsave(&create_lock);
	if (!list_empty(&creates)) {
		c = list_first_entry(&creates, struct create, list);
		list_del_init(&c->list);
	}
	spin_unlock_irqrestore(&create_lock, flags);
	return c;
}

static noreturn int kthreadd(void *arg unused)
{
	for (;;) {
		struct create *c;
		wait_event(kthreadd_wait, (c = next_create()));
		c->task = create_task(current, c->fn, c->arg, c->cpu, c->name);
		write_once(c->done, true); /* *c may be gone after this */
		wake_up(&created);
	}
}

static struct task_struct *ask_kthreadd(struct create *c)
{
	uptr flags = spin_lock_irqsave(&create_lock);
	list_add_tail(&c->list, &creates);
	spin_unlock_irqrestore(&create_lock, flags);
	wake_up(&kthreadd_wait);
	wait_event(created, read_once(c->done));
	return c->task;
}

struct task_struct *kthread_run(int (*fn)(void *arg), void *arg, int cpu, const char *name, ...)
{
	char comm[TASK_COMM_LEN];
	struct strbuf s = STRBUF(comm);
	struct create c = { .fn = fn, .arg = arg, .cpu = cpu, .name = comm };
	va_list args;
	va_start(args, name);
	str_vprintf(&s, name, args);
	va_end(args);
	return ask_kthreadd(&c);
}

struct task_visitor {
	void (*visit)(struct task_struct *t, void *arg);
	void *arg;
};

static notrace void visit_tasks(void *arg)
{
	const struct task_visitor *v = arg;
	struct task_struct *t;
	for (u32 i = 0; i < cpu_count(); i++)
		v->visit(sched_idle_task(i), v->arg);
	list_for_each_entry(t, &init_task.tasks, tasks)
		v->visit(t, v->arg);
}

void task_for_each(void (*visit)(struct task_struct *t, void *arg), void *arg)
{
	struct task_visitor v = { .visit = visit, .arg = arg };
	uptr flags = spin_lock_irqsave(&lock);
	visit_tasks(&v);
	spin_unlock_irqrestore(&lock, flags);
}

/* Every held CPU is in an interrupt that came while its interrupts were on. So it is not on an exception's
 * stack, not in the middle of a switch, and does not change the list. */
void task_for_each_held(void (*visit)(struct task_struct *t, void *arg), void *arg)
{
	struct task_visitor v = { .visit = visit, .arg = arg };
	smp_hold_others(visit_tasks, &v);
}

struct visitor {
	void (*visit)(uptr addr, void *arg);
	void *arg;
};

static notrace void visit_stack(struct task_struct *t, void *arg)
{
	const struct visitor *v = arg;
	uptr end = (uptr)t->stack + STACK_SIZE;
	/* A task that does not run is in a call of context_switch. */
	struct stack_top top = { .bp = ((const struct switch_frame *)t->sp)->rbp };
	if (t == current)
		top.bp = (uptr)__builtin_frame_address(0);
	else if (t->on_cpu)
		top.regs = (const struct pt_regs *)cpus[t->cpu].kernel_sp;
	stack_visit_returns(top, end, v->visit, v->arg);
	retstack_visit(t, v->visit, v->arg);
}

void task_visit_returns(void (*visit)(uptr addr, void *arg), void *arg)
{
	struct visitor v = { .visit = visit, .arg = arg };
	task_for_each_held(visit_stack, &v);
}

void task_start(int (*init)(void *arg))
{
	if (!create_task(&init_task, init, NULL, -1, "init"))
		panic("task: no memory for init");
	kthreadd_task = create_task(&init_task, kthreadd, NULL, -1, "kthreadd");
	if (!kthreadd_task)
		panic("task: no memory for kthreadd");
	irqs_on();
	sched_idle();
}

void task_init(void)
{
	sched_init(bury_task);
	sched_init_idle(&init_task, 0);
}

// SPDX-License-Identifier: MIT
// The commands kprobe and kretprobe: probes that count.
#include "attach/probes.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "shell/command.h"
#include "shell/table.h"
#include "kernel/cpu/trap.h"

struct counting_probe {
	struct kretprobe rp; /* a kprobe uses only kp */
	bool at_return;
	u64 count; /* changed atomically */
	char symbol[PROBE_SYMBOL_LEN];
	struct counting_probe *next;
};

static struct counting_probe *counting_probes;

static notrace void count_one(struct counting_probe *c)
{
	__atomic_fetch_add(&c->count, 1, __ATOMIC_RELAXED);
}

static notrace void count_probed(struct kprobe *p, struct pt_regs *regs unused)
{
	count_one(container_of(p, struct counting_probe, rp.kp));
}

static notrace void count_return(struct kretprobe *rp, uptr ret_addr unused, struct pt_regs *regs unused)
{
	count_one(container_of(rp, struct counting_probe, rp));
}

static enum err parse_how(const char *text, enum kprobe_how *how, struct strbuf *log)
{
	for (*how = KPROBE_INT3; *how <= KPROBE_FTRACE; ++*how)
		if (strcmp(text, kprobe_how_name(*how)) == 0)
			return OK;
	return str_refuse(log, EINVAL, "%s is not int3, jump or ftrace", text);
}

static enum err set_probe(struct counting_probe *c, enum kprobe_how how, struct strbuf *log)
{
	enum err e =
	    c->at_return ? register_kretprobe(&c->rp, how, log) : register_kprobe(&c->rp.kp, how, log);

	if (e)
		return e;
	kprintf("%s: %s of %s at %lx by %s\n", c->rp.kp.name, c->at_return ? "returns" : "hits", c->symbol,
		c->rp.kp.addr, kprobe_how_name(kprobe_how(&c->rp.kp)));
	if (*kprobe_why_no_jump(&c->rp.kp))
		kprintf("  no jump: %s\n", kprobe_why_no_jump(&c->rp.kp));
	return OK;
}

static enum err add_counting(const char *place, const char *how_text, bool at_return, struct strbuf *log)
{
	enum kprobe_how how = KPROBE_AUTO;
	struct counting_probe *c = kzalloc(sizeof(*c));
	enum err e;

	if (!c)
		return str_refuse(log, ENOMEM, "no memory for a probe");
	c->at_return = at_return;
	c->rp.kp.name = at_return ? "kretprobe" : "kprobe";
	c->rp.kp.pre_handler = count_probed;
	c->rp.handler = count_return;
	e = probe_parse(&c->rp.kp, c->symbol, place, at_return, log);
	if (!e && how_text)
		e = parse_how(how_text, &how, log);
	if (!e)
		e = set_probe(c, how, log);
	if (e) {
		kfree(c);
		return e;
	}
	c->next = counting_probes;
	counting_probes = c;
	return OK;
}

static enum err remove_all_counting(struct strbuf *log)
{
	if (!counting_probes)
		return refuse_off("kprobe", log);
	while (counting_probes) {
		struct counting_probe *c = counting_probes;
		counting_probes = c->next;
		if (c->at_return)
			unregister_kretprobe(&c->rp);
		else
			unregister_kprobe(&c->rp.kp);
		kprintf("%s of %s+0x%x: %llu\n", c->at_return ? "returns" : "hits", c->symbol,
			c->rp.kp.offset, c->count);
		kfree(c);
	}
	return OK;
}

/* Lists the probes of the shell; links shows those of programs. */
static enum err list_counting(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "address|*where|what|how|>hits|>missed|>stack|>code");
	for (const struct counting_probe *c = counting_probes; c; c = c->next) {
		const struct kprobe *p = &c->rp.kp;
		struct kprobe_cost cost = kprobe_cost(p);
		table_add(&t, "%lx\t%s+0x%x\t%s\t%s\t%llu\t%llu\t%u\t%u", p->addr, c->symbol, p->offset,
			  p->name, kprobe_how_name(kprobe_how(p)), c->count, p->missed + c->rp.nmissed,
			  cost.stack, cost.code);
	}
	return table_print(&t, log);
}

static enum err cmd_kprobe(char **args, struct strbuf *log)
{
	if (strcmp(args[0], "list") == 0)
		return list_counting(log);
	if (strcmp(args[0], "off") == 0)
		return remove_all_counting(log);
	return add_counting(args[0], args[1], false, log);
}

static enum err cmd_kretprobe(char **args, struct strbuf *log)
{
	return add_counting(args[0], args[1], true, log);
}

const struct command kprobe_commands[] = {
	{ "kprobe", "list|off|FUNC[+OFFSET] [HOW]", "count hits; HOW is int3, jump or ftrace", cmd_kprobe,
	  "Counts how often an instruction is executed, by an int3 or a jump in its place, or by ftrace at "
	  "a function's entry. list shows the probes, and off removes them all.",
	  "kprobe kfree_skb+5; work net 10; kprobe list; kprobe off",
	  "perf probe kfree_skb+5; cat /sys/kernel/debug/kprobes/list", .tables = "list" },
	{ "kretprobe", "FUNC [HOW]", "count returns; kprobe list shows them", cmd_kretprobe,
	  "Counts how often a function returns: a probe at its entry replaces the return address. kprobe "
	  "list shows it, and kprobe off removes it.",
	  "kretprobe kfree_skb; work net 10; kprobe list; kprobe off", "perf probe kfree_skb%return",
	  .tables = NULL },
	{ 0 },
};

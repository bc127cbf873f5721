// SPDX-License-Identifier: MIT
// The guided walk, as a table: what is said, and the shell commands that show it. Every screen fits
// 24 lines of 80 characters.
#include "shell/demo.h"
#include "kernel/lib/types.h"
#include "kernel/io/console.h"
#include "kernel/io/print.h"

struct demo_step {
	const char *title, *text, *commands;
};

/* clang-format off */
static const struct demo_step steps[] = {
	{ "Five bytes that do nothing",
	  "Almost every function of this kernel begins with a nop: five bytes that do\n"
	  "nothing. The compiler left them (gcc -pg -mfentry -mnop-mcount). They cost\n"
	  "next to nothing, and they are the place where a program can be hooked in.\n"
	  "These are the ones of kfree_skb(), which frees a network packet:\n",
	  "site kfree_skb" },
	{ "What can be watched",
	  "The kernel knows the place of each nop and, from its type information (BTF),\n"
	  "the arguments of each function. Some of them:\n",
	  "funcs *wake*" },
	{ "A program",
	  "progs/wakeup.bpf.c is C, compiled by clang to eBPF: instructions of a small\n"
	  "machine that the kernel can check before it runs them. r1 is the program's\n"
	  "context: an array with the arguments of the function it watches.\n",
	  "prog dump my_wake_up xlated" },
	{ "From eBPF to machine code",
	  "Programs are loaded, checked, and compiled to the CPU's own instructions.\n"
	  "count_skb is our first: it counts the packets that kfree_skb() frees, in one\n"
	  "map by CPU and in another by protocol.\n",
	  "prog show count_skb" },
	{ "Attach it",
	  "Now the five bytes of kfree_skb() become a call, while all CPUs go on running\n"
	  "it. A breakpoint guards the place until all five bytes are written; a CPU that\n"
	  "comes by meanwhile is sent on by its handler.\n",
	  "attach count_skb; site kfree_skb" },
	{ "The trampoline",
	  "What is called is code made for this function and this program: a trampoline.\n"
	  "It saves one argument, since kfree_skb() has one, calls the program directly,\n"
	  "and returns into the function. Right of each instruction: why it is there.\n",
	  "tramp kfree_skb" },
	{ "Let it count",
	  "We send packets through the loopback device; each one is freed in the end. The\n"
	  "protocols are the numbers of the Ethernet header: 2048 is IPv4, 2054 ARP, 34525\n"
	  "IPv6.\n",
	  "work net 1000; map dump freed_per_cpu; map dump freed_per_proto" },
	{ "A second program",
	  "A new trampoline calls both, one after the other; there is no list to walk.\n",
	  "attach receive_begins kfree_skb; tramp kfree_skb" },
	{ "At the exit, too",
	  "A program can also run when a function returns. skblat has one of each kind: the\n"
	  "first notes the time when a packet enters netif_receive_skb(), the second counts\n"
	  "at its exit how long it took.\n",
	  "detach receive_begins; attach skblat; links" },
	{ "Entered by a jump",
	  "Such a trampoline calls the function itself, past its five bytes, and returns to\n"
	  "its caller. So the five bytes are a jump and no call: there is no return into\n"
	  "the function to drop, and the CPU's prediction of returns stays right.\n",
	  "site netif_receive_skb" },
	{ "Around the function",
	  "The entry program, the function, the exit program; the result is kept:\n",
	  "tramp netif_receive_skb" },
	{ "How long it takes",
	  "Slot n counts the packets that took 2^n nanoseconds and more:\n",
	  "work net 1000; map dump latency_log2" },
	{ "The old way, beside it",
	  "A kprobe at a function's entry uses the same five bytes, but through ftrace's\n"
	  "caller: code that fits every function, and so saves every register. Here are its\n"
	  "bytes of stack and of code; `compare kfree_skb` shows every way there is.\n",
	  "kprobe alloc_skb; work net 100; kprobe list; kprobe off" },
	{ "Take it all back",
	  "Detached, the five bytes are the nop again. The memory of a trampoline is freed\n"
	  "as soon as no CPU and no task is inside it.\n",
	  "detach all; site kfree_skb; links" },
	{ "The mail of 2019",
	  "Trampolines came to Linux in 2019. The mail thread about them has this example:\n"
	  "a program on wake_up_process() that prints whom the kernel wakes up. Task, pid,\n"
	  "CPU, flags (interrupts off, reschedule, soft or hard interrupt, preemption off),\n"
	  "seconds, and what the program printed:\n",
	  "attach wakeup; work wake 50; trace 8; detach all" },
	{ "A function replaced",
	  "The thread's other example is one of ftrace's callbacks. It gets all registers\n"
	  "and sets regs->ip, so that a call of wake_up_process() goes to a function that\n"
	  "prints the line and then calls the real one.\n",
	  "hijack on; site wake_up_process; work wake 50; trace 4; hijack off" },
	{ "Nothing is left",
	  "The kernel's whole text and all that was generated, byte by byte against what\n"
	  "the build produced and what is attached now:\n",
	  "site wake_up_process; audit" },
};
/* clang-format on */

/* false: enough. */
static bool wait_for_key(void)
{
	kprintf("[any key: go on   q: leave the demo] ");
	int key = console_getc();
	kprintf("\r\x1b[K");
	return key != 'q' && key != 3;
}

static enum err show_step(u32 i, enum err (*exec)(const char *line))
{
	const struct demo_step *step = &steps[i];
	kprintf("\n--- %u of %u: %s ---\n%s\n", i + 1, (u32)array_len(steps), step->title, step->text);
	return exec(step->commands);
}

enum err demo_run(bool pause, enum err (*exec)(const char *line))
{
	enum err first = OK;
	for (u32 i = 0; i < array_len(steps); i++) {
		enum err e = show_step(i, exec);
		first = first ? first : e;
		if (pause && !wait_for_key())
			break;
	}
	if (first)
		kprintf("\nThe demo did not go as it should: %s above.\n", err_name(first));
	else
		kprintf("\nThat was the demo. `help` lists the commands; `demo` shows it again.\n");
	return first;
}

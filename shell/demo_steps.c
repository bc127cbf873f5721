// SPDX-License-Identifier: MIT
// The demo as a table.
#include "shell/demo_steps.h"
#include "shell/demo_source.h"

#define COUNTING "attach count_skb"
#define TWO      COUNTING "; attach receive_begins kfree_skb"
#define TIMING   COUNTING "; attach skblat"

/* clang-format off */
const struct demo_step demo_steps[] = {
	{ "Five bytes that do nothing",
	  "Almost every function of this kernel begins with five bytes that do nothing, a nop. The compiler has "
	  "left them (gcc -pg -mfentry -mnop-mcount). They are the function's site: the place where a program "
	  "can be hooked in. This is the site of kfree_skb(), which frees a network packet:\n",
	  .commands = "site kfree_skb" },
	{ "What can be watched",
	  "The kernel also contains its own type information, called BTF, which the build has made from what "
	  "the compiler knows. So the kernel knows the arguments of each function that has a site. Some of "
	  "them:\n",
	  .commands = "funcs *wake*" },
	{ "A program, in C",
	  "A program for a site is C, compiled by clang to eBPF: instructions of a small machine, made to be "
	  "checked. The line above it names a section of the object file, which says where the program "
	  "belongs: SEC(\"fentry/kfree_skb\") means, at the entry of the function kfree_skb. This one, in "
	  "progs/skbcount.bpf.c, counts in two maps, memory that programs share with the shell:\n",
	  .source = DEMO_SOURCE },
	{ "The program's instructions",
	  "count_skb has 35 instructions. Here are those of a shorter program, my_wake_up, each below its line "
	  "of C. This form is called xlated (translated): the program as the kernel has loaded it. r1 is its "
	  "context, an array with the arguments of the function that it watches.\n",
	  .commands = "prog dump my_wake_up xlated" },
	{ "From eBPF to machine code",
	  "A program is loaded, checked, and compiled to the CPU's own instructions. A link is one attachment "
	  "of a program to a site. A run counts as missed if it was left out because the program was running "
	  "on that CPU already; otherwise a program could call itself for ever.\n",
	  .commands = "prog show count_skb" },
	{ "A program that is refused",
	  "A program is also checked against the function that it is attached to. my_wake_up reads its argument "
	  "as a task, and kfree_skb() has a packet there. The kernel refuses, says why, and changes nothing:\n",
	  .commands = "attach my_wake_up kfree_skb; site kfree_skb", .refused = EINVAL },
	{ "How code changes while it runs",
	  "The five bytes are to become a call while all CPUs go on executing them, and no CPU may ever meet "
	  "half a call. One such change is called a poke, and has seven steps:\n"
	  "1 compare     The five bytes are what they should be, or nothing happens.\n"
	  "2 publish     The handler of the breakpoint learns what will be here.\n"
	  "3 int3        A breakpoint, the one byte cc, replaces the first byte. Sync.\n"
	  "4 tail        The other four bytes, which no CPU reaches now, are written. Sync.\n"
	  "5 head        The call's first byte replaces the breakpoint. Sync.\n"
	  "6 head again  Once more, for QEMU, which may still execute the breakpoint.\n"
	  "7 withdraw    The handler forgets the change.\n"
	  "A sync waits until every CPU has dropped what it had read of the old bytes. A CPU that meets the "
	  "breakpoint traps: the handler does for it what the new instruction will do. Next you see all seven, "
	  "to a call and back, each step held open while all CPUs free packets.\n",
	  .commands = NULL },
	{ "The seven steps, held open", "", .commands = "poke kfree_skb" },
	{ "Attach it",
	  "A program that is attached to a function is called a hook of it. With count_skb as its hook, the "
	  "site of kfree_skb() is a call:\n",
	  .commands = "attach count_skb; site kfree_skb" },
	{ "The trampoline",
	  "What is called is a trampoline: code made for this function and its hooks. One generation of it is an "
	  "image, which is never changed, only replaced. This one saves the one argument of kfree_skb() in a "
	  "slot, eight bytes of its stack, calls the hook, and returns into the function. Right of each "
	  "instruction: why it is there.\n",
	  .commands = "tramp kfree_skb", .state = COUNTING },
	{ "Let it count",
	  "We send packets through the loopback device; each one is freed in the end. count_skb counts them "
	  "by CPU in one map, and in the other by the protocol of the Ethernet header (2048 is IPv4, 2054 ARP, 34525 IPv6).\n",
	  .commands = "work net 1000; map dump freed_per_cpu; map dump freed_per_proto", .state = COUNTING },
	{ "A second program",
	  "A new image calls both, one after the other; there is no list to walk.\n",
	  .commands = "attach receive_begins kfree_skb; tramp kfree_skb", .state = COUNTING },
	{ "At the exit, too",
	  "A program can also run when a function returns, as a hook of the kind fexit. skblat has one of each "
	  "kind: the first notes the time when a packet enters netif_receive_skb(), the second counts at its "
	  "exit how long it took.\n",
	  .commands = "detach receive_begins; attach skblat; links", .state = TWO },
	{ "Entered by a jump",
	  "An image with an exit hook calls the function itself, past its five bytes, and returns to its caller. "
	  "So the five bytes are a jump and no call: there is no return into the function to drop, and the "
	  "CPU's prediction of returns stays right.\n",
	  .commands = "site netif_receive_skb", .state = TIMING },
	{ "Around the function",
	  "The entry hook, the function, the exit hook; the function's result is kept:\n",
	  .commands = "tramp netif_receive_skb", .state = TIMING },
	{ "How long it takes",
	  "Row n of this map counts the packets that took 2^n nanoseconds and more:\n",
	  .commands = "work net 1000; map dump latency_log2", .state = TIMING },
	{ "A function that fails because a program says so",
	  "A hook of the kind fmod_ret runs before the function and can take its place: if it returns a number "
	  "other than 0, the caller gets that, and the function does not run. nomem lets every hundredth call "
	  "of send_frame() fail as if there were no memory. So sending stops, with the error that any caller of "
	  "send_frame() must expect. Without nomem all is sent:\n",
	  .commands = "attach nomem; work net 1000; detach nomem; work net 1000", .state = TIMING,
	  .refused = ENOMEM },
	{ "The old way, beside it",
	  "A kprobe at a function's entry uses the same five bytes, but through ftrace's caller: code that fits "
	  "every function, and so saves every register. Here are its bytes of stack and of code:\n",
	  .commands = "kprobe alloc_skb; work net 100; kprobe list; kprobe off", .state = TIMING },
	{ "Take it all back",
	  "Detached, the five bytes are the nop again. The memory of an image is freed as soon as no CPU and no "
	  "task is inside it.\n",
	  .commands = "detach all; site kfree_skb; links", .state = TIMING },
	{ "What each way costs",
	  "How much longer each way makes a call of wake_up_process() (takes some seconds):\n",
	  .commands = "compare wake_up_process" },
	{ "The mail of 2019",
	  "Trampolines came to Linux in 2019. The mail thread about them has this example: a program on "
	  "wake_up_process() that prints whom the kernel wakes up. Task, pid, CPU, flags (interrupts off, "
	  "reschedule, soft or hard interrupt, preemption off), seconds, and what the program printed:\n",
	  .commands = "attach wakeup; work wake 50; trace 8; detach all" },
	{ "A function replaced",
	  "The thread's other example is one of ftrace's callbacks. It gets all registers and sets regs->ip, so "
	  "that a call of wake_up_process() goes to a function that prints the line and then calls the real "
	  "one.\n",
	  .commands = "hijack on; site wake_up_process; work wake 50; trace 4; hijack off" },
	{ "Nothing is left",
	  "The kernel's whole text and all that was generated, byte by byte against what the build produced and "
	  "what is attached now:\n",
	  .commands = "site wake_up_process; audit" },
};
const u32 demo_step_count = array_len(demo_steps);

const struct demo_word demo_words[] = {
	{ "nop", "an instruction that does nothing; here one of five bytes" },
	{ "site", "the five bytes at the head of a function" },
	{ "poke", "one change of a site while other CPUs execute it" },
	{ "int3", "the breakpoint, one byte: a CPU that executes it traps to a handler" },
	{ "sync", "waits until every CPU has dropped what it had read of old bytes" },
	{ "BTF", "the types of functions and data, made by the build" },
	{ "eBPF", "the instructions of a small machine, which programs are compiled to" },
	{ "section", "a named part of an object file; it says where a program belongs" },
	{ "xlated", "a program's eBPF as the kernel has loaded it (jited: machine code)" },
	{ "hook", "a program attached to a function: before it (fentry), after it (fexit), or perhaps in its "
		  "place (fmod_ret)" },
	{ "link", "one attachment of a program" },
	{ "missed", "runs left out because the program was running on that CPU already" },
	{ "mistakes", "a program's accesses to bad addresses, which do no harm" },
	{ "trampoline", "the code that a site calls, made for one function and its hooks" },
	{ "image", "one generation of a trampoline; never changed, only replaced" },
	{ "slot", "eight bytes of an image's stack that hold an argument" },
	{ "map", "memory that programs share with the shell" },
	{ "kprobe", "a handler at any instruction, by a breakpoint, a jump or ftrace" },
	{ "ftrace", "callbacks at function entries, as before there were trampolines" },
	{ 0 },
};
/* clang-format on */

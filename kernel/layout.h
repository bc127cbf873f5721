/* SPDX-License-Identifier: MIT */
/* Numbers shared by C, NASM and the linker script. Every definition is a line "#define NAME value": `sed`
 * makes build/layout.inc from them for NASM. C pins each offset with a static_assert beside the struct. */
#pragma once

/* The first GiB of physical memory is mapped once, at KERNEL_BASE, in the top 2 GiB. Kernel, heap, images
 * and maps all lie there, so that a 32-bit displacement reaches from each to each. */
#define KERNEL_BASE 0xffffffff80000000
#define KERNEL_PHYS 0x100000
#define DIRECT_SIZE 0x40000000
/* At boot this many pieces of 2 MiB, from physical 0 on, are mapped in 4 KiB pages. The image must fit. */
#define IMAGE_TABLES 8
/* Above the first GiB: devices (APIC, ACPI tables) and the window through which text is written. */
#define FIXMAP_BASE 0xffffffffc0000000

#define PAGE_SIZE  4096
#define STACK_SIZE 32768

/* A traced function's first bytes: nopl 0(%rax,%rax,1), see tramp/text/site.h. */
#define SITE_LEN 5

/* Each block of generated text begins at a multiple of this: CPUs fetch text in lines of this size. */
#define TEXT_ALIGN 64

/* int3: it fills executable memory that holds no code. */
#define TEXT_FILL 0xcc

/* Ports: the serial line, and QEMU's isa-debug-exit, where a failure writes EXIT_FAILED. */
#define COM1        0x3f8
#define DEBUG_EXIT  0xf4
#define EXIT_FAILED 17

/* GDT selectors. */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10

/* RFLAGS (SDM vol. 1, 3.4.3): carry, parity, zero, sign, single step, interrupts on, overflow, and no
 * instruction breakpoint at the next one. */
#define FLAGS_CF 0x1
#define FLAGS_PF 0x4
#define FLAGS_ZF 0x40
#define FLAGS_SF 0x80
#define FLAGS_TF 0x100
#define FLAGS_IF 0x200
#define FLAGS_OF 0x800
#define FLAGS_RF 0x10000

/* struct cpu (kernel/cpu/smp.h): ORDER CPU. */
#define CPU_SELF          0
#define CPU_CURRENT       8
#define CPU_PREEMPT_COUNT 16
#define CPU_ID            20
#define CPU_PROG_COOKIE   40
#define CPU_PROG_IP       48
#define CPU_ACTIVE        64
#define CPU_ACTIVE_SLOTS  1024

/* struct task_struct (kernel/sched/task.h): ORDER TASK. */
#define TASK_MIGRATION_DISABLED 36

/* struct pt_regs (kernel/cpu/trap.h). */
#define PT_REGS_SIZE 168

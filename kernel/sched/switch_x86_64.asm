; SPDX-License-Identifier: MIT
; From one task's stack to another's. What C expects to find again after a call is on the stack while
; a task does not run; the rest the compiler has saved itself.
bits 64

global context_switch, task_entry

section .text

; void context_switch(uptr *save_sp, uptr load_sp)
; A sleeping task's stack, from its saved stack pointer up (ORDER SWITCH):
; r15 r14 r13 r12 rbx rbp return-address
context_switch:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	mov [rdi], rsp

	mov rsp, rsi
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

; Where the first switch to a new task returns to. rbp is 0, which ends every backtrace. rbx is what the task begins
; with (kernel/sched/task.c), which does not return.
task_entry:
	call rbx
	ud2

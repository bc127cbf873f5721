; SPDX-License-Identifier: MIT
; Switches from one task's stack to another's. While a task does not run, its stack holds the registers that
; C expects a call to preserve. The compiler has saved all others that it needs.
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

; The first switch to a new task returns to here. rbp is 0, which ends every backtrace. rbx is the function
; with which the task begins (kernel/sched/task.c). That function does not return.
task_entry:
	call rbx
	ud2

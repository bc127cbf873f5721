; SPDX-License-Identifier: MIT
; Calls a function with given registers and stack, and stores what it leaves in them.

; ORDER ABI_CALL: struct abi_call of tests/tramp/test_abi.c.
C_FN          equ 0
C_REGS        equ 8    ; rdi, rsi, rdx, rcx, r8, r9
C_STACK       equ 56   ; the words
C_STACK_WORDS equ 64
C_KEPT        equ 72   ; for rbx, r12 to r15
C_RBP         equ 112
C_RSP         equ 120
C_RET         equ 128  ; rax, rdx
C_CHANGED     equ 144

section .bss align=8
current: resq 1 ; the struct: no register is sure to come back

section .text

; void abi_call(struct abi_call *c)
global abi_call
abi_call:
	push rbp
	mov rbp, rsp
	push rbx
	push r12
	push r13
	push r14
	push r15
	push rdi             ; six words below rbp: aligned to 16

	mov r10, rdi
	mov [rel current], r10
	mov rcx, [r10 + C_STACK_WORDS]
	lea rax, [rcx * 8 + 8]
	and rax, -16
	sub rsp, rax
	mov rsi, [r10 + C_STACK]
	mov rdi, rsp
	rep movsq
	mov [r10 + C_RBP], rbp
	mov [r10 + C_RSP], rsp

	mov rdi, [r10 + C_REGS]
	mov rsi, [r10 + C_REGS + 8]
	mov rdx, [r10 + C_REGS + 16]
	mov rcx, [r10 + C_REGS + 24]
	mov r8, [r10 + C_REGS + 32]
	mov r9, [r10 + C_REGS + 40]
	mov rbx, [r10 + C_KEPT]
	mov r12, [r10 + C_KEPT + 8]
	mov r13, [r10 + C_KEPT + 16]
	mov r14, [r10 + C_KEPT + 24]
	mov r15, [r10 + C_KEPT + 32]
	mov rax, rbx         ; nothing is in the other two either
	mov r11, r12
	call [r10 + C_FN]

	mov r10, [rel current]
	mov [r10 + C_RET], rax
	mov [r10 + C_RET + 8], rdx
	xor rbx, [r10 + C_KEPT]
	xor r12, [r10 + C_KEPT + 8]
	xor r13, [r10 + C_KEPT + 16]
	xor r14, [r10 + C_KEPT + 24]
	xor r15, [r10 + C_KEPT + 32]
	xor rbp, [r10 + C_RBP]
	xor rsp, [r10 + C_RSP]
	or rbx, r12
	or rbx, r13
	or rbx, r14
	or rbx, r15
	or rbx, rbp
	or rbx, rsp
	mov [r10 + C_CHANGED], rbx

	mov rbp, [r10 + C_RBP] ; whatever they have become
	lea rsp, [rbp - 48]
	pop rdi
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

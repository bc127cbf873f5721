; SPDX-License-Identifier: MIT
; Of the check of lab 5: the hook, and a caller that notices which registers changed.

; ORDER LAB5: struct lab5 of lab5.h.
L_RUNS      equ 0
L_SEEN      equ 8
L_RSP       equ 40
L_BODY_DONE equ 48
L_BODY_RUNS equ 56
L_KEPT      equ 64 ; rbx, rbp, r12, r13, r14, r15, rsp
LAB5_SIZE   equ 120

KNOWN equ 0x1122334455660000 ; and the register's number

section .bss align=16
global lab5
lab5:     resb LAB5_SIZE
safe_rsp: resq 1

section .text

; u64 lab5_hook(const u64 *context): notes what it sees, then changes every register that a function may.
global lab5_hook
lab5_hook:
	inc qword [rel lab5 + L_RUNS]
	mov [rel lab5 + L_RSP], rsp
	mov rax, [rel lab5 + L_BODY_RUNS]
	mov [rel lab5 + L_BODY_DONE], rax
	lea rdx, [rel lab5 + L_SEEN]
	xor ecx, ecx
.word:
	mov rax, [rdi + rcx * 8]
	mov [rdx + rcx * 8], rax
	inc ecx
	cmp ecx, 4
	jne .word

	mov rax, 0x00bad00000000000
	lea rcx, [rax + 1]
	lea rdx, [rax + 2]
	lea rsi, [rax + 3]
	lea rdi, [rax + 4]
	lea r8, [rax + 5]
	lea r9, [rax + 6]
	lea r10, [rax + 7]
	lea r11, [rax + 8]
	ret

; u64 lab5_call(uptr fn, u64 a, u64 b, u64 c)
global lab5_call
lab5_call:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	sub rsp, 8           ; seven words below the return address: aligned to 16
	mov [rel safe_rsp], rsp

	mov rax, rdi
	mov rdi, rsi
	mov rsi, rdx
	mov rdx, rcx
	mov rbx, KNOWN
	lea rbp, [rbx + 5]
	lea r12, [rbx + 12]
	lea r13, [rbx + 13]
	lea r14, [rbx + 14]
	lea r15, [rbx + 15]
	add rbx, 3
	call rax

	mov r11, KNOWN
	lea r10, [rel lab5 + L_KEPT]
	lea rcx, [r11 + 3]
	xor rbx, rcx
	mov [r10], rbx
	lea rcx, [r11 + 5]
	xor rbp, rcx
	mov [r10 + 8], rbp
	lea rcx, [r11 + 12]
	xor r12, rcx
	mov [r10 + 16], r12
	lea rcx, [r11 + 13]
	xor r13, rcx
	mov [r10 + 24], r13
	lea rcx, [r11 + 14]
	xor r14, rcx
	mov [r10 + 32], r14
	lea rcx, [r11 + 15]
	xor r15, rcx
	mov [r10 + 40], r15
	mov rcx, rsp
	xor rcx, [rel safe_rsp]
	mov [r10 + 48], rcx

	mov rsp, [rel safe_rsp]
	add rsp, 8
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

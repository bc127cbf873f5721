; replaces: trampoline.asm
; fails: exit: the caller gets the result
; with: runs of the body
; SPDX-License-Identifier: MIT
; Lab 5: two trampolines for a function of three arguments. The site of the function holds a call of one of
; them. On entry:
;
;       rsp + 8    return address into the function's caller
;       rsp + 0    return address into the function, behind its site

extern lab5_hook ; u64 lab5_hook(const u64 *context)

section .text

; Calls the hook, then goes on in the function's body.
;
;       rbp - 8    nothing                    rsp is 16-aligned at the call of the hook:
;       rbp - 16   context[2], c              two return addresses, rbp and five words
;       rbp - 24   context[1], b
;       rbp - 32   context[0], a
;       rbp - 40   nothing
global lab5_entry
lab5_entry:
	push rbp
	mov rbp, rsp
	sub rsp, 40          ; 8 modulo 16: below two return addresses and rbp
	mov [rbp - 32], rdi
	mov [rbp - 24], rsi
	mov [rbp - 16], rdx

	lea rdi, [rbp - 32]
	call lab5_hook

	mov rdi, [rbp - 32]
	mov rsi, [rbp - 24]
	mov rdx, [rbp - 16]
	leave
	ret                  ; into the body

; Calls the body, then the hook, then returns to the function's caller.
;
;       rbp - 8    context[3], the result
;       rbp - 16   context[2], c
;       rbp - 24   context[1], b
;       rbp - 32   context[0], a
;       rbp - 40   nothing
global lab5_exit
lab5_exit:
	push rbp
	mov rbp, rsp
	sub rsp, 40
	mov [rbp - 32], rdi
	mov [rbp - 24], rsi
	mov [rbp - 16], rdx

	call [rbp + 8]       ; the body, behind the site: the arguments are in their registers still
	mov [rbp - 8], rax

	lea rdi, [rbp - 32]
	call lab5_hook

	mov rax, [rbp - 8]
	leave
	ret                  ; to the function's caller

; SPDX-License-Identifier: MIT
; An image for kfree_skb, made by hand for chapter 6: it counts the calls and keeps the argument. It runs at
; text_start, over the code of the boot, which nothing executes any more. With -DFORGETS it restores nothing.
bits 64
org 0xffffffff80100000

%define COUNT 0xffffffff80001000                ; a word of low memory, which the kernel does not use

image:
	push rbp                                ; a frame, so that a backtrace finds its way
	mov rbp, rsp
	sub rsp, 8
	mov [rbp - 8], rdi                      ; save the argument
	lea rdi, [rbp - 8]                      ; the program gets the address of what was saved
	call program
%ifndef FORGETS
	mov rdi, [rbp - 8]                      ; restore the argument
%endif
	leave
	ret                                     ; into kfree_skb, behind its site

; A program in place of one that a JIT makes. It may lose any register that C functions may lose.
program:
	inc qword [abs COUNT]
	xor edi, edi
	ret

; SPDX-License-Identifier: MIT
; Start of the other CPUs. Each wakes in real mode at ap_page, a page below 1 MiB. smp_start has copied
; the bytes from ap_page_begin to ap_page_end there. The CPU enters long mode with the control registers
; and the page tables of the CPU that boots; those tables map ap_page at its own address. Then it enters
; kernel text.
%include "layout.inc"

global ap_page, ap_page_begin, ap_page_end
global ap_cr0, ap_cr3, ap_cr4, ap_efer

extern ap_main, ap_stack, ap_cpu

ap_page equ 0x8000                              ; any page below 0x9fc00 that the BIOS does not use
%define here(label) ((label) - ap_page_begin)   ; cs and ds begin at the page

MSR_EFER equ 0xc0000080

section .rodata
align 16
bits 16
ap_page_begin:
	cli
	cld
	mov ax, cs
	mov ds, ax
	o32 lgdt [here(gdt_pointer)]
	mov eax, [here(ap_cr4)]
	mov cr4, eax
	mov eax, [here(ap_cr3)]
	mov cr3, eax
	mov ecx, MSR_EFER
	mov eax, [here(ap_efer)]
	xor edx, edx
	wrmsr
	mov eax, [here(ap_cr0)]
	mov cr0, eax                            ; protection and paging at once: long mode
	jmp dword KERNEL_CS:ap_page + here(.long)

bits 64
.long:
	mov eax, KERNEL_DS
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov rax, ap_start
	jmp rax

align 8
gdt:
	dq 0
	dq 0x00af9b000000ffff                   ; KERNEL_CS: 64-bit code
	dq 0x00cf93000000ffff                   ; KERNEL_DS
gdt_pointer:
	dw gdt_pointer - gdt - 1
	dd ap_page + here(gdt)

; smp_start fills these in, in the copy.
align 4
ap_cr0:  dd 0
ap_cr3:  dd 0
ap_cr4:  dd 0
ap_efer: dd 0
ap_page_end:

section .text
bits 64
; One CPU at a time: smp_start waits for each.
ap_start:
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov rsp, [ap_stack]
	mov rdi, [ap_cpu]
	xor ebp, ebp                            ; ends every backtrace
	call ap_main
	ud2                                     ; ap_main does not return

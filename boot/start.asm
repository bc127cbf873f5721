; SPDX-License-Identifier: MIT
; From the boot loader's 32-bit state to kmain in the higher half. W^X holds from the first mapping on:
; text is read+execute, constants read-only, everything else no-execute, and CR0.WP and EFER.NXE are
; set before paging is. The page tables made here stay; kernel/paging.c only refines them.
%include "layout.inc"

extern kmain, text_start, text_end, rodata_end, image_end

global boot_entry
global boot_pml4, boot_pdpt_low, boot_pt_low, boot_pd, boot_fixmap_pt
global boot_stack_guard, boot_stack_top

%define phys(symbol) ((symbol) - KERNEL_BASE)

P   equ 1 << 0                                  ; page-table bits: SDM vol. 3, 4.5
RW  equ 1 << 1
BIG equ 1 << 7
NX_HIGH equ 1 << 31                             ; bit 63, in the upper half of an entry

CR0_PE equ 1 << 0
CR0_MP equ 1 << 1
CR0_WP equ 1 << 16
CR0_PG equ 1 << 31
CR4_PAE equ 1 << 5
MSR_EFER equ 0xc0000080
EFER_LME equ 1 << 8
EFER_NXE equ 1 << 11
CPUID_LM equ 1 << 29
CPUID_NX equ 1 << 20

section .boot progbits alloc exec nowrite align=16
bits 32

; In: eax = the loader's magic, ebx = physical address of its information; paging off, interrupts off.
boot_entry:
	cli
	cld
	mov esp, phys(boot_stack_top)
	mov edi, eax                            ; edi, ebx are kept: kmain's arguments

	; Is this CPU able to run us?
	mov eax, 0x80000000
	push ebx
	cpuid
	pop ebx
	cmp eax, 0x80000001
	jb .too_old
	mov eax, 0x80000001
	push ebx
	cpuid
	pop ebx
	and edx, CPUID_LM | CPUID_NX
	cmp edx, CPUID_LM | CPUID_NX
	jne .too_old

	call map_memory

	mov eax, phys(boot_pml4)
	mov cr3, eax
	mov eax, CR4_PAE
	mov cr4, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME | EFER_NXE
	wrmsr
	mov eax, CR0_PG | CR0_WP | CR0_MP | CR0_PE
	mov cr0, eax                            ; now in compatibility mode, on the identity mapping
	lgdt [phys(gdt_pointer)]
	jmp KERNEL_CS:phys(enter_64)

.too_old:                                       ; no console yet: straight to the screen
	mov esi, phys(too_old_text)
	mov edi, 0xb8000
	mov ah, 0x4f
.next:
	lodsb
	stosw
	test al, al
	jnz .next
.halt:
	hlt
	jmp .halt

; Builds the page tables, which lie in memory that the loader has cleared.
; Clobbers: eax, ecx, edx, esi
map_memory:
	; The tree: the low half has only this page, for the switch; the upper has the first GiB at
	; KERNEL_BASE, and one table for what is mapped later at FIXMAP_BASE.
	mov dword [phys(boot_pml4)], phys(boot_pdpt_low) + (P | RW)
	mov dword [phys(boot_pml4) + 511 * 8], phys(boot_pdpt) + (P | RW)
	mov dword [phys(boot_pdpt_low)], phys(boot_pd_low) + (P | RW)
	mov dword [phys(boot_pd_low)], phys(boot_pt_low) + (P | RW)
	mov dword [phys(boot_pdpt) + 510 * 8], phys(boot_pd) + (P | RW)
	mov dword [phys(boot_pdpt) + 511 * 8], phys(boot_fixmap_pd) + (P | RW)
	mov dword [phys(boot_fixmap_pd)], phys(boot_fixmap_pt) + (P | RW)

	; The low half: one page, read+execute.
	mov ecx, phys(boot_entry)
	and ecx, -PAGE_SIZE
	lea eax, [ecx + P]
	shr ecx, 12
	mov [phys(boot_pt_low) + ecx * 8], eax

	; The first GiB in pages of 2 MiB: read+write.
	mov eax, P | RW | BIG
	xor ecx, ecx
.big:
	mov [phys(boot_pd) + ecx * 8], eax
	mov dword [phys(boot_pd) + ecx * 8 + 4], NX_HIGH
	add eax, 1 << 21
	inc ecx
	cmp ecx, 512
	jb .big

	; The part that holds the kernel in pages of 4 KiB.
	mov eax, phys(boot_pts) + (P | RW)
	xor ecx, ecx
.tables:
	mov [phys(boot_pd) + ecx * 8], eax
	mov dword [phys(boot_pd) + ecx * 8 + 4], 0
	add eax, PAGE_SIZE
	inc ecx
	cmp ecx, IMAGE_TABLES
	jb .tables

	xor ecx, ecx                            ; page number
.small:
	mov eax, ecx
	shl eax, 12
	mov edx, NX_HIGH
	mov esi, P | RW
	cmp eax, phys(text_start)
	jb .store
	cmp eax, phys(rodata_end)
	jae .store
	mov esi, P                              ; constants: no writing
	cmp eax, phys(text_end)
	jae .store
	xor edx, edx                            ; text: executable
.store:
	or eax, esi
	mov [phys(boot_pts) + ecx * 8], eax
	mov [phys(boot_pts) + ecx * 8 + 4], edx
	inc ecx
	cmp ecx, IMAGE_TABLES * 512
	jb .small

	; The guard page under the boot stack.
	mov ecx, phys(boot_stack_guard)
	shr ecx, 12
	mov dword [phys(boot_pts) + ecx * 8], 0
	mov dword [phys(boot_pts) + ecx * 8 + 4], 0
	ret

bits 64
enter_64:
	mov rax, higher_half
	jmp rax
higher_half:
	mov eax, KERNEL_DS
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	lgdt [gdt_pointer_high]
	mov rsp, boot_stack_top
	xor ebp, ebp
	mov esi, ebx                            ; zero-extends: void kmain(u32 magic, uptr info)
	push strict byte 0                      ; no caller: here every backtrace ends
	jmp kmain

too_old_text: db "fivebyte needs a 64-bit CPU with no-execute pages.", 0

; Good for the switch; kernel/trap_x86_64.c gives each CPU its own.
align 8
gdt:
	dq 0
	dq 0x00af9b000000ffff                   ; KERNEL_CS: 64-bit code
	dq 0x00cf93000000ffff                   ; KERNEL_DS
gdt_pointer:
	dw gdt_pointer - gdt - 1
	dd phys(gdt)
gdt_pointer_high:
	dw gdt_pointer - gdt - 1
	dq gdt

section .bss nobits alloc noexec write align=4096
boot_pml4:      resb PAGE_SIZE
boot_pdpt:      resb PAGE_SIZE
boot_pdpt_low:  resb PAGE_SIZE
boot_pd:        resb PAGE_SIZE
boot_pd_low:    resb PAGE_SIZE
boot_pt_low:    resb PAGE_SIZE
boot_fixmap_pd: resb PAGE_SIZE
boot_fixmap_pt: resb PAGE_SIZE
boot_pts:       resb IMAGE_TABLES * PAGE_SIZE

boot_stack_guard: resb PAGE_SIZE
	resb STACK_SIZE
boot_stack_top:

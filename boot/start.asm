; SPDX-License-Identifier: MIT
; From the boot loader's 32-bit state to kmain in the higher half. W^X holds from the first mapping on: text
; is read+execute, constants read-only, the rest no-execute. CR0.WP and EFER.NXE are set when paging begins.
; The page tables made here stay; kernel/mem/paging_x86_64.c only refines them.
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

PATTERN equ 0x5a17c3e9                          ; where no memory is, other bits are read back

section .boot progbits alloc exec nowrite align=16
bits 32

; In: eax = the loader's magic, ebx = physical address of its information; paging off, interrupts off.
boot_entry:
	cli
	cld
	mov edi, eax                            ; edi, ebp are kept: kmain's arguments
	mov ebp, ebx

	; Does memory reach to the end of the image? QEMU does not check.
	mov esi, phys(needs_memory)
	mov dword [phys(image_end) - 4], PATTERN
	cmp dword [phys(image_end) - 4], PATTERN
	jne refuse
	mov dword [phys(image_end) - 4], 0

	; Does this CPU have what the kernel needs?
	mov esi, phys(needs_64_bit)
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb refuse
	mov esp, phys(needs)                    ; cpuid keeps it, and no stack exists yet
.next_need:
	mov eax, [esp]
	cpuid
	mov esi, [esp + 8]
	test edx, [esp + 4]
	jz refuse
	add esp, 12
	cmp esp, phys(needs_end)
	jb .next_need

	mov esp, phys(boot_stack_top)
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

; Prints a sentence on the serial line and on the screen. Then makes an emulator exit with a failure, or
; halts. Needs no stack.
; In: esi = physical address of the sentence, ended by 0
refuse:
	mov ebx, phys(uart_setup)
.next_setting:
	movzx edx, word [ebx]
	mov al, [ebx + 2]
	out dx, al
	add ebx, 3
	cmp ebx, phys(uart_setup_end)
	jb .next_setting

	mov edi, 0xb8000                        ; the screen's text
	mov ah, 0x4f                            ; white on red
.next:
	mov dx, COM1 + 5
.wait:
	in al, dx
	test al, 0x20                           ; room to send
	jz .wait
	lodsb
	mov dx, COM1
	out dx, al
	stosw
	cmp byte [esi], 0
	jne .next

	mov dx, DEBUG_EXIT
	mov al, EXIT_FAILED
	out dx, al
.halt:
	hlt
	jmp .halt

; Builds the page tables in memory that the loader has cleared.
; Clobbers: eax, ecx, edx, esi
map_memory:
	; The tree: the low half has only the page of boot_entry, for the switch to 64 bits. The upper half
	; has the first GiB at KERNEL_BASE, and one table for later mappings at FIXMAP_BASE.
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
	mov esi, ebp                            ; zero-extends: void kmain(u32 magic, uptr info)
	xor ebp, ebp
	push strict byte 0                      ; no caller: every backtrace ends here
	jmp kmain

; What a CPU must have: leaf of cpuid, bit of edx, the sentence if that bit is 0 (SDM vol. 2, CPUID).
needs:
	dd 0x80000001, 1 << 29, phys(needs_64_bit)
	dd 0x80000001, 1 << 20, phys(needs_nx)
	dd 1, 1 << 4, phys(needs_tsc)
	dd 1, 1 << 9, phys(needs_apic)
needs_end:
needs_memory: db "fivebyte needs more memory than this machine has.", 10, 0
needs_64_bit: db "fivebyte needs a 64-bit CPU.", 10, 0
needs_nx:     db "fivebyte needs a CPU with no-execute pages.", 10, 0
needs_tsc:    db "fivebyte needs a CPU with a time-stamp counter.", 10, 0
needs_apic:   db "fivebyte needs a CPU with a local APIC.", 10, 0

; What sets the serial line up, as in kernel/io/serial.c: port, value.
%macro setting 2
	dw %1
	db %2
%endmacro
uart_setup:
	setting COM1 + 1, 0                     ; no interrupts
	setting COM1 + 3, 0x80                  ; the divisor: 115200
	setting COM1, 1
	setting COM1 + 1, 0
	setting COM1 + 3, 3                     ; 8N1
uart_setup_end:

; For the switch to 64 bits. Later each CPU has a GDT of its own, from kernel/cpu/x86_64/trap.c.
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

; SPDX-License-Identifier: MIT
; The headers for boot loaders: multiboot2 for GRUB, which reads the ELF file, and multiboot1 for QEMU's
; -kernel. With multiboot1, QEMU refuses a 64-bit ELF file. So that header states the addresses itself, and
; the file must lie in memory as it lies on disk (see linker.ld).
%include "layout.inc"

extern boot_entry, text_start, data_end, image_end

%define phys(symbol) ((symbol) - KERNEL_BASE)

section .boot progbits alloc exec nowrite align=16

; Multiboot1, section 3.1 of its specification: within the first 8 KiB of the file.
MB1_MAGIC equ 0x1badb002
MB1_FLAGS equ 1 << 0 | 1 << 1 | 1 << 16         ; align modules, memory map, addresses stand here

align 4
mb1_header:
	dd MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
	dd phys(mb1_header)
	dd phys(text_start)                     ; what to load ...
	dd phys(data_end)
	dd phys(image_end)                      ; ... and what to clear behind it
	dd phys(boot_entry)

; Multiboot2, section 3.1 of its specification: within the first 32 KiB.
MB2_MAGIC equ 0xe85250d6
MB2_LEN   equ mb2_end - mb2_header

align 8
mb2_header:
	dd MB2_MAGIC, 0, MB2_LEN, -(MB2_MAGIC + MB2_LEN) & 0xffffffff
	dw 6, 0                                 ; modules begin on pages
	dd 8
	dw 0, 0                                 ; end of tags
	dd 8
mb2_end:

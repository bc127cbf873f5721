; SPDX-License-Identifier: MIT
; Where every exception and interrupt enters: 256 stubs, one common path that saves struct pt_regs
; (kernel/cpu/trap.h) and calls trap_dispatch. No swapgs and no stack switch: there is no user mode.
%include "layout.inc"
%include "kernel/cpu/x86_64/pt_regs.inc"

extern trap_dispatch
global trap_stubs, trap_return

TRAP_BP   equ 3                                 ; ORDER VECTORS
STUB_SIZE equ 16                                ; kernel/cpu/x86_64/trap.c knows it too (ORDER STUBS)

; Exceptions that push an error code: SDM vol. 3, table 6-1.
%define has_error_code(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21)

; preempt_count's bits 20 to 23 (kernel/cpu/smp.h).
NMI_MASK equ 0xf00000

; Offsets in struct pt_regs, pinned in kernel/cpu/x86_64/trap.c (ORDER PT_REGS).
REGS_IP    equ 128
REGS_CS    equ 136
REGS_FLAGS equ 144
REGS_SP    equ 152

section .text

; The stub of vector v is at trap_stubs + v * STUB_SIZE. It pushes orig_ax (the error code, 0, or an
; interrupt's vector), pushes rdi, and puts the vector into edi.
align STUB_SIZE
trap_stubs:
%assign v 0
%rep 256
	align STUB_SIZE, int3
%if v == TRAP_BP
	jmp breakpoint
%else
%if v >= 32
	push strict dword v
%elif !has_error_code(v)
	push strict byte 0
%endif
	push rdi
	mov edi, v
	jmp strict near save_registers
%endif
%assign v v + 1
%endrep
.end:

; An int3's handler may have to emulate a call, that is, push a return address onto the interrupted stack,
; just where the CPU has pushed ss. So the frame of five words moves down by 48 bytes (alignment kept):
;
;   before: rsp -> ip cs flags sp ss | interrupted stack
;   after:  rsp -> ip cs flags sp ss | 8 free | the old frame, free now | interrupted stack
breakpoint:
	sub rsp, 8
%rep 5
	push qword [rsp + 40]                   ; ss first, ip last
%endrep
	push strict byte 0
	push rdi
	mov edi, TRAP_BP
	jmp save_registers
.end:

; In: edi = vector; stack: rdi, orig_ax, ip, cs, flags, sp, ss
save_registers:
	push_all_but_rdi
	cld
	mov esi, edi
	mov rdi, rsp
	sub rsp, 8                              ; 21 words since an aligned stack: now aligned again
	call trap_dispatch                      ; void trap_dispatch(struct pt_regs *regs, u32 vector)
trap_return:                                    ; a backtrace knows by this address that pt_regs lie above
	add rsp, 8
	test dword [gs:CPU_PREEMPT_COUNT], NMI_MASK
	jnz return_in_nmi
return_by_iretq:
	pop_all
	add rsp, 8                              ; orig_ax
	iretq
.end:

; Returns from an exception in an NMI's handler: the int3 of a change in progress, a load that may fault.
; iretq would allow the next NMI at once (SDM vol. 3, "Handling Multiple NMIs"). Its frame would overwrite
; that of the NMI in progress, since both begin at the top of one stack. So ip and flags go onto the
; interrupted stack, as by call and pushf, and are popped from there. They may overwrite the frame's sp and
; ss; their address is kept in the place of cs.
;
;   rsp -> ip | cs: the new sp | flags | sp | ss | at most 8 free | interrupted stack
;                                                ...  flags  ip  |
;
; A single step cannot begin like this, because ret would be the step: it begins with iretq. So no kprobe
; that must be stepped may lie in what an NMI's handler calls.
return_in_nmi:
	mov rdx, [rsp + REGS_FLAGS]
	test edx, FLAGS_TF
	jnz return_by_iretq
	mov rax, [rsp + REGS_SP]
	mov rcx, [rsp + REGS_IP]
	sub rax, 16
	mov [rsp + REGS_CS], rax
	mov [rax + 8], rcx
	mov [rax], rdx
	pop_all
	add rsp, 8                              ; orig_ax
	mov rsp, [rsp + 8]                      ; the new sp
	popfq
	ret
.end:

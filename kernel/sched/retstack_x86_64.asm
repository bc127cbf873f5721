; SPDX-License-Identifier: MIT
; A function whose return address is on the shadow stack (kernel/sched/retstack.h) returns to here.
%include "layout.inc"
%include "kernel/cpu/x86_64/pt_regs.inc"
bits 64

extern retstack_leave
global retstack_return

section .text

; In: all registers as the function left them; rsp one word above the slot, in which its return address was.
; Out: the same registers, as the owners may have changed them; at the real return address.
;
; First the slot is made again, with the address that was in it last. So backtraces and the scan of ways back
; find an ordinary frame. retstack_leave puts the real address there, and the ret takes it.
;
;      rbp +  8   the slot
;      rbp +  0   the caller's rbp
;      rbp -  8   flags
;      rsp +  0   struct pt_regs (kernel/cpu/trap.h); sp, ip and bp are filled in by retstack_leave
retstack_return:
	push strict dword retstack_return
	push rbp
	mov rbp, rsp
	pushfq
	push KERNEL_DS
	push 0                                  ; sp
	push qword [rbp - 8]
	push KERNEL_CS
	push 0                                  ; ip
	push -1                                 ; orig_ax
	push rdi
	push_all_but_rdi
	cld
	lea rdi, [rbp + 8]
	mov rsi, rsp
	call retstack_leave                     ; void retstack_leave(uptr *slot, struct pt_regs *regs)
	pop_all
	add rsp, 6 * 8                          ; orig_ax, and the frame up to the flags
	popfq
	pop rbp
	ret

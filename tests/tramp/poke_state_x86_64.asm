; SPDX-License-Identifier: MIT
; A site, entered with a stack and registers that are known, and all that can be seen
; of the CPU behind it (tests/tramp/test_poke_state.c).

global poke_state_run, poke_state_site, poke_state_a, poke_state_b

; struct cpu_state, pinned in the C file.
SAVED_REGS equ 15
STATE_FLAGS equ 8 * SAVED_REGS
STATE_SP    equ STATE_FLAGS + 8
STATE_WHERE equ STATE_SP + 8
%define all_but_rdi rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15

section .bss
align 8
kernel_sp: resq 1
state:     resb STATE_WHERE + 8

section .text

%macro load_from_rdi 1-*
%assign at 0
%rep %0
	mov %1, [rdi + at]
%assign at at + 8
%rotate 1
%endrep
%endmacro

%macro save_to_state 1-*
%assign at 0
%rep %0
	mov [state + at], %1
%assign at at + 8
%rotate 1
%endrep
%endmacro

; void poke_state_run(const struct cpu_state *before, struct cpu_state *after)
; Interrupts are off between the two, as before->flags says, so that nothing else uses the known stack. No
; instruction between the loads and the saves but the site changes a flag or a register.
poke_state_run:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	push rsi
	pushfq
	cli
	mov [kernel_sp], rsp
	mov rsp, [rdi + STATE_SP]
	push qword [rdi + STATE_FLAGS]
	popfq
	load_from_rdi all_but_rdi
	mov rdi, [rdi + 8 * (SAVED_REGS - 1)]
poke_state_site:
	db 0x0f, 0x1f, 0x44, 0x00, 0x00         ; the poke refuses any other nop than its own
	mov qword [state + STATE_WHERE], poke_state_site + 5
	jmp save
poke_state_a:
	mov qword [state + STATE_WHERE], poke_state_a
	jmp save
poke_state_b:
	mov qword [state + STATE_WHERE], poke_state_b
save:
	save_to_state all_but_rdi, rdi
	mov [state + STATE_SP], rsp
	mov rsp, [kernel_sp]
	pushfq
	pop qword [state + STATE_FLAGS]
	popfq
	pop rdi
	mov rsi, state
	mov ecx, (STATE_WHERE + 8) / 8
	rep movsq
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret
.end:

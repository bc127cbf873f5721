; SPDX-License-Identifier: MIT
; Lab 5: two trampolines for a function of three arguments. The site of the function holds a call of one of
; them. On entry:
;
;       rsp + 8    return address into the function's caller
;       rsp + 0    return address into the function, behind its site
;
; lab 5: both are not written yet. They return at once, so the function runs as if nothing were attached.

extern lab5_hook ; u64 lab5_hook(const u64 *context)

section .text

; Calls the hook, then goes on in the function's body.
global lab5_entry
lab5_entry:
	ret

; Calls the body, then the hook, then returns to the function's caller.
global lab5_exit
lab5_exit:
	ret

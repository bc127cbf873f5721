; SPDX-License-Identifier: MIT
; The vectors that the check of lab 10 reads: for tests/files.c.

section .rodata
global test_files

path: db "tests/cases/opcodes_atomic.txt", 0
first: incbin "tests/cases/opcodes_atomic.txt"
behind:

align 8
test_files:
	dq path, first, behind
	dq 0, 0, 0

# SPDX-License-Identifier: MIT
# smp: 1
# exec: attach skbcount; work net 20
echo \n\
No program is loaded yet, so GDB does not know this line of C. It keeps the\n\
breakpoint, and places it when the kernel has compiled the program.\n\n
break skbcount.bpf.c:25
continue
delete

echo \n\
`next` goes from line to line, as in any C program. clang has mixed the\n\
instructions of lines 26 and 28.\n\n
next
next
next
list 25,31

echo \n\
Four frames: the program; the trampoline, whose lines are the steps of its plan;\n\
the traced function; its caller. kfree_skb called the trampoline from its first\n\
five bytes.\n\n
backtrace 4
up
list 1,8
fivebyte-site kfree_skb

echo \n\
Each line of C became some instructions of the CPU.\n\n
down
x/3i $pc

echo \n\
The program ends in the trampoline, behind the step that called it.\n\n
finish
next
next
fivebyte-map freed_per_cpu
kill

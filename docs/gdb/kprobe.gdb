# SPDX-License-Identifier: MIT
# smp: 1
# exec: kprobe __kfree_skb+5 int3; work net 20; kprobe off; kprobe alloc_skb+5 jump; work net 20; kprobe off
echo \n\
A kprobe is a handler at any instruction, not only at a function's head. The\n\
oldest way is a breakpoint of the kernel's own: an int3 in place of one byte.\n\
One byte needs no seven steps.\n\n
x/3i __kfree_skb
fivebyte-watch __kfree_skb+5
continue
finish
x/1xb __kfree_skb+5
delete

echo \n\
A CPU that comes there traps, and the trap calls the probe's handler.\n\n
break kprobe_call
continue
backtrace 8
print/x regs->ip
delete

echo \n\
A probe by jump costs no trap. Five bytes, here of three instructions, become a\n\
jump to a detour, which saves all registers, calls the handler, and runs copies\n\
of the three. It begins as an int3; then it is changed in seven steps.\n\n
fivebyte-poke alloc_skb+5
fivebyte-poke alloc_skb+5
fivebyte-poke alloc_skb+5
fivebyte-poke alloc_skb+5
fivebyte-poke alloc_skb+5
x/3i alloc_skb
break kprobe_call
continue
backtrace 3
kill

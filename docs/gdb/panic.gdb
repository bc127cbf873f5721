# SPDX-License-Identifier: MIT
# smp: 1
# exec: attach skbcount; work net 60
echo \n\
A packet arrives. GDB overwrites a pointer in it, as a bug would.\n\n
break netif_receive_skb
continue
print skb
set var skb->head = (unsigned char *) 0x10
delete

echo \n\
The kernel goes on until it uses the pointer. Then the CPU faults, no handler\n\
takes the fault, and the kernel panics: a bug of its own stops the machine.\n\n
break panic_regs
continue

echo \n\
The vector is 14, a page fault, and cr2 holds the address, which was computed\n\
from the bad pointer. The backtrace leads through the trap to the instruction\n\
that faulted.\n\n
backtrace 6
print/a regs->ip
print/x $cr2

echo \n\
The frames below are those of the faulting code, with arguments and source.\n\n
frame function ip_rcv
print skb->head
list

echo \n\
Is a program or a patch to blame? What differs from the ELF file is explained,\n\
so the text is as it should be.\n\n
fivebyte-audit
fivebyte-cpus
kill

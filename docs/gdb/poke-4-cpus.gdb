# SPDX-License-Identifier: MIT
# exec: poke kfree_skb
echo \n\
Four CPUs send packets while the shell's `poke` makes kfree_skb call an image. It\n\
holds every step open until each CPU has come by. fivebyte-poke stops behind\n\
each step: the five bytes, what a CPU does that comes to them now, and where\n\
each CPU is.\n\n
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb

echo \n\
The first byte is an int3 now. A CPU that drops a packet traps. It stops at the\n\
handler, and below the handler lies kfree_skb, from which it came.\n\n
tbreak poke_trap
continue
backtrace 5

echo \n\
The handler finds the change by its address, and does what the new bytes will\n\
do: it pushes a return address and goes to the image. To this CPU it is as if\n\
the call had been there already. Meanwhile the other four bytes are written.\n\n
tbreak poke_emulate
continue
print/x batch_in_progress[0]
fivebyte-poke kfree_skb

echo \n\
From step 5 on no CPU traps. The kernel has stopped none of them.\n\n
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
print traps[0] + traps[1] + traps[2] + traps[3] > 3

echo \n\
Each CPU has trapped. `poke` now takes the call away again, in the same steps.\n\n
fivebyte-poke kfree_skb
kill

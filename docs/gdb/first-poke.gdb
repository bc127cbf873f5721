# SPDX-License-Identifier: MIT
# smp: 1
# exec: attach skbcount; work net 60; detach all
echo \n\
The machine is stopped at the first instruction of kmain. kfree_skb is the\n\
function that drops a packet. Like every function here it begins with five\n\
bytes that do nothing: a nop, which the compiler has put there.\n\n
fivebyte-site kfree_skb
x/2i kfree_skb

echo \n\
Now the machine runs until the shell attaches a program to kfree_skb.\n\
tramp/text/poke.c changes the five bytes in seven steps. Behind the first one\n\
they are as before. The new bytes are a call of an image: code that was\n\
generated a moment ago. A CPU must never execute a mixture of both.\n\n
fivebyte-poke kfree_skb

echo \n\
So the int3 handler is told what will come; then the first byte becomes an\n\
int3. A CPU that calls kfree_skb now traps, and the handler does what the call\n\
will do.\n\n
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb

echo \n\
No CPU can reach the other four bytes, so they can be written. Then the first\n\
byte of the call takes the place of the int3.\n\n
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
fivebyte-poke kfree_skb
x/2i kfree_skb

echo \n\
This is what the site calls. It keeps the argument, calls the program, restores\n\
the argument, and returns into the function, behind the five bytes.\n\n
fivebyte-tramp kfree_skb

echo \n\
A packet is dropped, and the CPU stands at the five bytes. One instruction later\n\
it is in the image, and kfree_skb is its caller.\n\n
break kfree_skb
continue
stepi
backtrace 2
delete

echo \n\
`detach all` puts the nop back in the same steps. Now the machine stops before\n\
the bytes are written: an int3, the other four bytes, the first one.\n\n
fivebyte-watch kfree_skb
continue
continue
continue
fivebyte-poke kfree_skb
kill

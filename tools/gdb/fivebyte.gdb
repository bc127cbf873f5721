# SPDX-License-Identifier: MIT
# What GDB must know of a fivebyte, before it connects to one that was started with --gdb.
set confirm off
set pagination off
set architecture i386:x86-64
set disassembly-flavor intel
# Kill by a packet without an answer: QEMU has closed the socket before GDB could acknowledge one.
set remote kill-packet off
set remote multiprocess-feature-packet off
source tools/gdb/unwind.py
source tools/gdb/names.py
source tools/gdb/audit.py

# SPDX-License-Identifier: MIT
# The settings of GDB for a machine that was started with --gdb; to be read before GDB connects to it.
set confirm off
set pagination off
set architecture i386:x86-64
set disassembly-flavor intel
# Kill by a packet without an answer: QEMU closes the socket before GDB can acknowledge one.
set remote kill-packet off
set remote multiprocess-feature-packet off
source tools/gdb/unwind.py
source tools/gdb/names.py
source tools/gdb/kernel.py
source tools/gdb/audit.py
source tools/gdb/sites.py
source tools/gdb/poke.py
source tools/gdb/btf.py
source tools/gdb/objects.py
source tools/gdb/printers.py

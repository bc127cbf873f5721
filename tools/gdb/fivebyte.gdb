# SPDX-License-Identifier: MIT
# The settings and commands of GDB for fivebyte. It is best read before GDB connects:
#
#   gdb build/fivebyte.elf -x tools/gdb/fivebyte.gdb -ex 'target remote SOCKET'
set confirm off
set pagination off
set architecture i386:x86-64
set disassembly-flavor intel
# A program's functions come when it is loaded.
set breakpoint pending on
# One value for each argument, not two.
set print entry-values if-needed
# Kill by a packet without an answer: QEMU closes the socket before GDB can acknowledge one.
set remote kill-packet off
set remote multiprocess-feature-packet off
python
import glob, os
# GDB does not say where the script is that it reads, but has it open.
open_files = [os.path.realpath(f) for f in glob.glob("/proc/self/fd/*")]
HERE = os.path.dirname(next(f for f in open_files if f.endswith("/fivebyte.gdb")))
ROOT = os.path.dirname(os.path.dirname(HERE))
for part in ["kernel", "unwind", "symbols", "audit", "sites", "poke", "btf", "objects", "printers"]:
    gdb.execute(f"source {HERE}/{part}.py")
end

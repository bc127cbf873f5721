# SPDX-License-Identifier: MIT
# GDB and a fivebyte that was started with --gdb: stop at the first instruction of kmain.
set confirm off
set pagination off
set architecture i386:x86-64
set disassembly-flavor intel
source tools/gdb/unwind.py
source tools/gdb/names.py
source tools/gdb/audit.py

# QEMU is just starting.
python
import time
for attempt in range(50):
    try:
        gdb.execute("target remote localhost:1234")
        break
    except gdb.error:
        time.sleep(0.1)
end

# Not before long mode is on: until then there is no page at kmain to put an int3 into.
thbreak *kmain
continue

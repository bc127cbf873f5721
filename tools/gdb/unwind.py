# SPDX-License-Identifier: MIT
# Backtraces through what has no debug information: generated code, and the entry of interrupts.
#
# Generated code keeps frame pointers. An image that was called from a site has two return addresses above
# its frame, of the site and of the traced function's caller; the site's is shown.
import gdb
from gdb.unwinder import Unwinder, register_unwinder

TOP = 1 << 64
DIRECT = (0xFFFFFFFF80000000, 0xFFFFFFFFC0000000)
# struct pt_regs, from its start.
PT_REGS = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
           "rdi", None, "rip", None, None, "rsp", None]


def word(address):
    pointer = gdb.Value(address % TOP).cast(gdb.lookup_type("unsigned long").pointer())
    return pointer.dereference()


def address_of(name):
    return int(gdb.parse_and_eval("(unsigned long)&" + name)) % TOP


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Interrupted(Unwinder):
    """At trap_return: 8 bytes, then pt_regs."""

    def __init__(self):
        super().__init__("fivebyte trap")

    def __call__(self, pending):
        pc = int(pending.read_register("rip")) % TOP
        if pc != address_of("trap_return"):
            return None
        sp = int(pending.read_register("rsp")) % TOP
        info = pending.create_unwind_info(FrameId(gdb.Value(sp), gdb.Value(pc)))
        for i, name in enumerate(PT_REGS):
            if name:
                info.add_saved_register(name, word(sp + 8 + 8 * i))
        return info


class Generated(Unwinder):
    """In an image or a compiled program, which GDB knows no symbol for."""

    def __init__(self):
        super().__init__("fivebyte generated code")

    def __call__(self, pending):
        pc = int(pending.read_register("rip")) % TOP
        if not (address_of("image_end") <= pc < DIRECT[1]):
            return None
        bp = int(pending.read_register("rbp")) % TOP
        info = pending.create_unwind_info(FrameId(gdb.Value(bp + 16), gdb.Value(pc)))
        info.add_saved_register("rbp", word(bp))
        info.add_saved_register("rip", word(bp + 8))
        info.add_saved_register("rsp", gdb.Value(bp + 16))
        return info


register_unwinder(None, Interrupted(), replace=True)
register_unwinder(None, Generated(), replace=True)

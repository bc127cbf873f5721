# SPDX-License-Identifier: MIT
# Backtraces through code without unwind information: generated code, and the entry of interrupts.
#
# Generated code keeps frame pointers, except in its first and last instructions and in programs without a
# frame. An image that was called from a site has two return addresses above its frame: that of the site and
# that of the traced function's caller. The backtrace shows the site's.
import re

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder, register_unwinder

FIXMAP_BASE = 0xFFFFFFFFC0000000  # kernel/layout.h
# struct pt_regs, from its start.
PT_REGS = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
           "rdi", None, "rip", None, None, "rsp", None]


def word(at):
    pointer = gdb.Value(at % 2**64).cast(gdb.lookup_type("unsigned long").pointer())
    return pointer.dereference()


# More than the length of retstack_return; it must not reach far into the code that follows.
RETURN_SIZE = 0x50


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Interrupted(Unwinder):
    """At trap_return: 8 bytes, then pt_regs."""

    def __init__(self):
        super().__init__("fivebyte trap")

    def __call__(self, pending):
        pc = address(pending.read_register("rip"))
        if pc != address_of("trap_return"):
            return None
        sp = address(pending.read_register("rsp"))
        info = pending.create_unwind_info(FrameId(gdb.Value(sp), gdb.Value(pc)))
        for i, name in enumerate(PT_REGS):
            if name:
                info.add_saved_register(name, word(sp + 8 + 8 * i))
        return info


ARGUMENTS = ["rdi", "rsi", "rdx", "rcx", "r8", "r9"]
# By their numbers in instructions.
REGISTERS = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9"]


def starts(image, *kinds):
    """Where the code of an image's steps of these kinds begins."""
    kinds, steps = [int(fixed("STEP_" + kind)) for kind in kinds], image["steps"]
    return [int(steps[i]["start"]) for i in range(int(image["step_count"])) if int(steps[i]["kind"]) in kinds]


def slots(image):
    """Where an image keeps arguments, as its steps say: pairs of a register and a distance from rbp."""
    for start in starts(image, "SAVE_SLOT", "LOAD_SLOT"):
        rex, opcode, modrm, *disp = read(int(image["text"]["base"]) + start, 7)
        name = REGISTERS[((rex & 4) << 1 | modrm >> 3 & 7) % len(REGISTERS)]
        if opcode in (0x89, 0x8B) and modrm & 7 == 5 and name in ARGUMENTS:  # mov [rbp+disp], reg or back
            yield name, int.from_bytes(disp[:1] if modrm >> 6 == 1 else disp, "little", signed=True)


def is_called_image(block):
    return block is not None and block["at_site"] and block["name"].string().startswith(IMAGE)


def restore_arguments(pending, info, block, at, bp):
    """In an image that a site calls: the argument registers, as the traced function was called."""
    image = owner_of(block.dereference(), "image")
    still_there = at <= min(starts(image, "CALL_HOOK", "CALL_ORIGINAL"), default=0)
    back_again = bp is None and not image["after_original"]
    if still_there or back_again:
        for name in ARGUMENTS:
            info.add_saved_register(name, pending.read_register(name))
    elif bp is not None:
        for name, disp in slots(image):
            info.add_saved_register(name, word(bp + disp))


MAKE_FRAME = b"\x55\x48\x89\xe5"  # push rbp; mov rbp, rsp: first, or after the nop of a program
# ret; add rsp, 8 and ret; jmp r11: a tail call.
RETURNS = (b"\xc3", b"\x48\x83\xc4\x08\xc3", b"\x41\xff\xe3")
# What a function of a program without a frame does with rbx, r13, r14, r15.
PUSHES = re.compile(rb"(?:\x53|\x41[\x55-\x57])*")
POPS_AND_RET = re.compile(rb"((?:\x5b|\x41[\x5d-\x5f])*)\xc3")


def function_start(block, pc):
    """The function of a program that pc is in; of an image, its start."""
    base = address(block["base"])
    known = blocks.get((int(block), int(block["serial"])))
    return base + max((at for at, _ in known.functions if at <= pc - base), default=0) if known else base


def pushed_before_return(block, begin, pc):
    """Returns the bytes between rsp and the return address, and whether rbp is among them; None if rbp is the
    frame's own."""
    at = pc - begin
    code = read(begin, address(block["base"]) + int(block["len"]) - begin)
    head = len(NOP) if code.startswith(NOP) else 0
    if at < head or code[at:].startswith((MAKE_FRAME,) + RETURNS):
        return 0, False
    if code[at - 1:].startswith(MAKE_FRAME) and at > head:
        return 8, True
    if code[head:].startswith(MAKE_FRAME) or not block["name"].string().startswith("bpf_prog_"):
        return None
    pops = POPS_AND_RET.match(code, at)
    pushed = pops[1] if pops else PUSHES.match(code, head, at)[0]
    return 8 * (len(pushed) - pushed.count(0x41)), False


class Generated(Unwinder):
    """In an image or a compiled program."""

    def __init__(self):
        super().__init__("fivebyte generated code")

    def __call__(self, pending):
        pc = address(pending.read_register("rip"))
        if not (address_of("image_end") <= pc < FIXMAP_BASE):
            return None
        block = text_block(pc)
        if block is None:
            return None
        # `next` knows its frame by this: it must be the same at each instruction.
        begin = gdb.Value(function_start(block, pc))
        bp = address(pending.read_register("rbp"))
        pushed = pushed_before_return(block, int(begin), pc)
        if pushed:
            slot = address(pending.read_register("rsp")) + pushed[0]
            info = pending.create_unwind_info(FrameId(gdb.Value(slot + 8), begin))
            info.add_saved_register("rbp", word(slot - 8) if pushed[1] else gdb.Value(bp))
            info.add_saved_register("rip", word(slot))
            info.add_saved_register("rsp", gdb.Value(slot + 8))
            if is_called_image(block):
                restore_arguments(pending, info, block, pc - int(begin), None)
            return info
        info = pending.create_unwind_info(FrameId(gdb.Value(bp + 16), begin))
        # A caller of ftrace makes a second frame just above its own, for the traced function.
        of_function = address(word(bp)) == bp + 16
        info.add_saved_register("rbp", word(bp + 16) if of_function else word(bp))
        info.add_saved_register("rip", word(bp + 8))
        info.add_saved_register("rsp", gdb.Value(bp + 24 if of_function else bp + 16))
        if is_called_image(block):
            restore_arguments(pending, info, block, pc - int(begin), bp)
        return info


class Returning(Unwinder):
    """At retstack_return, where a function returns if its return address was put aside; and inside it."""

    def __init__(self):
        super().__init__("fivebyte return")

    def real_address(self, slot):
        stack = cpu_struct(gdb.selected_thread().num - 1)["current_task"]["retstack"]
        for i in reversed(range(int(stack["depth"]) if stack else 0)):
            entry = stack["entries"][i]
            if address(entry["slot"]) == slot:
                return gdb.Value(address(entry["real"]))
        return None

    def __call__(self, pending):
        pc = address(pending.read_register("rip"))
        begin = address_of("retstack_return")
        if not begin <= pc < begin + RETURN_SIZE:
            return None
        bp = address(pending.read_register("rbp"))
        slot = address(pending.read_register("rsp")) - 8 if pc == begin else bp + 8
        found = address(word(slot)) if pc != begin else begin
        real = self.real_address(slot) if found == begin else gdb.Value(found)
        if real is None:
            return None
        info = pending.create_unwind_info(FrameId(gdb.Value(slot + 8), gdb.Value(pc)))
        info.add_saved_register("rbp", gdb.Value(bp) if pc == begin else word(bp))
        info.add_saved_register("rip", real)
        info.add_saved_register("rsp", gdb.Value(slot + 8))
        return info


class Exact:
    """Makes GDB name a frame without debug information by its pc. It takes the function before it otherwise, as
    behind a call: save_registers instead of trap_return. That there is a filter is all that this takes."""

    name, priority, enabled = "fivebyte exact", 100, True

    def filter(self, frames):
        return map(FrameDecorator, frames)


gdb.frame_filters[Exact.name] = Exact()
register_unwinder(None, Interrupted(), replace=True)
register_unwinder(None, Generated(), replace=True)
register_unwinder(None, Returning(), replace=True)


def know_what_is_fixed(event=None):
    """Evaluates what the unwinders need, outside them."""
    try:
        for name in "trap_return", "image_end", "retstack_return":
            address_of(name)
        for kind in "SAVE_SLOT", "LOAD_SLOT", "CALL_HOOK", "CALL_ORIGINAL":
            fixed("STEP_" + kind)
        for expression in "&'text.c'::chunks", "&'text.c'::chunk_count", "GRANULE", "&cpus":
            fixed(expression)
    except gdb.error:
        pass  # the kernel's file comes later


know_what_is_fixed()
gdb.events.new_objfile.connect(know_what_is_fixed)

# SPDX-License-Identifier: MIT
# Commands about the five bytes: fivebyte-site, fivebyte-tramp, fivebyte-watch.
import re

import gdb


def hooks_of(tramp):
    for i in range(min(int(tramp["hook_count"]), tramp["hooks"].type.range()[1] + 1)):
        yield tramp["hooks"][i]


def users_of(site):
    """A phrase for each user of a site."""
    if int(site["tramp"]):
        for hook in hooks_of(site["tramp"]):
            yield f"{constant('HOOK_', hook['kind'])} program {text_of(hook['name'])}"
    if address(site["ftrace"]):
        yield f"callbacks of ftrace, through {symbol(address(site['ftrace']))}"


class Site(Command):
    """Show the five bytes of a function, and who uses them.
Usage: fivebyte-site FUNC
FUNC is a function, a program, or FUNC+OFFSET. Example: fivebyte-site kfree_skb"""

    usage = "FUNC"

    def run(self, func):
        addr = site_address(func)
        code = read(addr, SITE_LEN)
        print(f"{func} at {addr:x}")
        print(f"  {code.hex(' ')}   {instruction(code, addr)}")
        site = site_struct(addr)
        users = list(users_of(site)) if site is not None else []
        for user in users:
            print(f"  used by {user}")
        if not users:
            print("  nothing is attached")
        change = changes_in_progress().get(addr)
        if change:
            print(f"  a change is in progress, from {change[0].hex(' ')} to {change[1].hex(' ')}")


class Tramp(Command):
    """Show the image that a traced function's site leads to.
Usage: fivebyte-tramp FUNC
Its hooks, in order, and its instructions, below each step of the plan those that
were made from it. Example: fivebyte-tramp kfree_skb"""

    usage = "FUNC"

    def run(self, func):
        site = site_struct(site_address(func))
        tramp = site["tramp"] if site is not None else 0
        # During a change the next image is built and the site may lead to it already.
        image = (tramp["next"] if int(tramp["next"]) else tramp["image"]) if int(tramp) else 0
        if not int(image):
            raise gdb.GdbError(f"{func} has no image: no program is attached to it.")
        base, length = address(image["text"]["base"]), int(image["text"]["len"])
        how = "jmp" if image["by_jmp"] else "call"
        print(f"{func}: {text_of(image['text']['name'])}")
        print(f"  {length} bytes at {base:x}, entered by {how}")
        for hook in hooks_of(tramp):
            print(f"  {constant('HOOK_', hook['kind']):8} {text_of(hook['name'])} at {address(hook['code']):x}")
        step = None
        for i in gdb.selected_inferior().architecture().disassemble(base, base + length - 1):
            asm = re.sub("0x[0-9a-f]+ <(.*)>", r"\1", " ".join(i["asm"].split()))
            step, before = self.step(gdb.find_pc_line(i["addr"])), step
            if step and step != before:
                print(f"  {step}")
            print(f"  {i['addr'] - base:4x} {read(i['addr'], i['length']).hex():20} {asm}".rstrip())

    def step(self, line):
        """The step of the plan, which symbols.py gives an instruction as its line."""
        if not line.symtab:
            return ""
        with open(line.symtab.fullname()) as f:
            return f.read().split("\n")[line.line - 1]


class Write(gdb.Breakpoint):
    """Stops before the kernel writes to five bytes. QEMU now and then makes no step when GDB asks for one to go on
    from a breakpoint; then the same write is met again."""

    def __init__(self, func, addr):
        super().__init__("*text_patch")
        self.func, self.addr, self.seen = func, addr, None

    def stop(self):
        frame = gdb.newest_frame()
        sp, at, bytes_at, count = (address(frame.read_register(r)) for r in ("rsp", "rdi", "rsi", "rdx"))
        first, end = max(at, self.addr), min(at + count, self.addr + SITE_LEN)
        if first >= end:
            return False
        new, old, caller = read(bytes_at + first - at, end - first), read(first, end - first), frame.older()
        if self.seen == (sp, first, new, old):
            return False
        self.seen = sp, first, new, old
        print(f"CPU {gdb.selected_thread().num - 1} writes {new.hex(' ')} to byte {first - self.addr} of {self.func}, "
              f"which holds {old.hex(' ')}:")
        print(f"  {caller.name()} at {caller.find_sal().symtab}:{caller.find_sal().line}")
        return True


class Watch(Command):
    """Stop before each write to a function's five bytes.
Usage: fivebyte-watch FUNC
A watchpoint of GDB on these bytes never fires: it compares virtual addresses,
and the kernel writes text through a second mapping of the same memory. So this
is a breakpoint where text is written, with a condition on the address; `delete`
takes it away. FUNC+OFFSET is a place of a kprobe.
Example: fivebyte-watch kfree_skb"""

    usage = "FUNC"

    def run(self, func):
        stop = Write(func, poke_address(func))
        print(f"Breakpoint {stop.number} stops before each write to the five bytes at {func}.")
        print("A watchpoint would never fire: text is written through another mapping.")


Site("fivebyte-site")
Tramp("fivebyte-tramp")
Watch("fivebyte-watch")

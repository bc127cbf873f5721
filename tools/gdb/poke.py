# SPDX-License-Identifier: MIT
# fivebyte-poke: goes from step to step of a change of five bytes (tramp/text/poke.c).
import re

import gdb

STEPS = (
    "compared: the old bytes are there",
    "published for the int3 handler",
    "int3 on the first byte, all CPUs synced",
    "the other four bytes, all CPUs synced",
    "the new first byte, all CPUs synced",
    "the same byte once more, for QEMU",
    "withdrawn; no handler looks into it",
)


def step_places():
    """(step, place) of each line of poke.c that says done(STEP)."""
    symtab = gdb.lookup_global_symbol("poke_batch").symtab
    try:
        with open(symtab.fullname()) as f:
            lines = f.read().split("\n")
    except OSError:
        raise gdb.GdbError(f"fivebyte-poke finds the steps in {symtab.filename}, which it cannot read.")
    for number, line in enumerate(lines, 1):
        step = re.match(r"\s*done\(([1-7])\);", line)
        if step:
            yield int(step[1]), f"{symtab.filename}:{number}"


class Step(gdb.Breakpoint):
    """Stops behind a step of the pokes that change `poke.addr`."""

    def __init__(self, poke, step, place):
        super().__init__(place, internal=True)
        self.silent = True
        self.poke, self.step, self.place = poke, step, place

    def batch(self):
        if self.step > 1:
            return changes_in_progress()
        frame = gdb.newest_frame()
        while frame.name() != "poke_batch":
            frame = frame.older()
        return changes(frame.read_var("batch"), frame.read_var("count"))

    def stop(self):
        if self.step < 7:
            self.poke.change = self.batch().get(self.poke.addr)
        now = self.step, int(static("poke.c", "stats")["batches"])
        if not self.poke.change or self.poke.seen == now:  # the same stop again: see Write in sites.py
            return False
        self.poke.reached, self.poke.seen = self, now
        return True


class Poke(Command):
    """Go to the next step of a change of a function's five bytes.
Usage: fivebyte-poke FUNC
It lets the machine run until the kernel has done a step of tramp/text/poke.c
for FUNC, and shows the bytes, what a CPU does that comes to them now, and where
each CPU is. Each further fivebyte-poke goes one step on (Enter repeats it), and
from step 7 to the next change. Other breakpoints stop the machine as always.
FUNC+OFFSET is the place of a kprobe by jump. A kprobe by int3 changes one byte
without these steps: fivebyte-watch shows that. Example: fivebyte-poke kfree_skb"""

    usage = "FUNC"
    addr, change, reached, seen = 0, None, None, None

    def run(self, func):
        addr = poke_address(func)
        if addr != self.addr:
            self.addr, self.change, self.seen = addr, None, None
        self.reached = None
        steps = [Step(self, step, place) for step, place in step_places()]
        try:
            with gdb.with_parameter("trace-commands", False):
                seen = gdb.execute("continue", to_string=True)
        except gdb.error as e:
            raise gdb.GdbError(f"The machine has ended, and {func} was not changed ({e}).")
        finally:
            for step in steps:
                step.delete()
        if self.reached:
            self.show(func)
        else:
            print(seen, end="")

    def show(self, func):
        step, (old, new) = self.reached.step, self.change
        code = read(self.addr, SITE_LEN)
        print(f"{func}, step {step} of 7: {STEPS[step - 1]}")
        print(f"  {code.hex(' ')}   from {old.hex(' ')} to {new.hex(' ')}; {self.reached.place}")
        print(f"  a CPU that comes here {self.what_happens(step, code, new)}")
        for cpu, thread, task in cpus():
            found = calls(thread, 12)
            head = f"  CPU {cpu}  {task:11} {self.at_the_site(found)}"
            print(head + calls_text(found, WIDTH - len(head)))
        if step == 7:
            self.change = None

    def at_the_site(self, found):
        """Marks a CPU that is among the five bytes, or whose int3 is being handled."""
        offset = found[0][1] - self.addr
        if 0 <= offset < SITE_LEN:
            return f"AT BYTE {offset}: "
        trapped = any(name == "poke_trap" or pc == self.addr + 1 for name, pc in found[1:])
        return "TRAPPED: " if trapped else ""

    def what_happens(self, step, code, new):
        if code[0] != INT3:
            return "executes " + instruction(code, self.addr)
        if step == 1 or new[0] == INT3:
            return "traps on the int3 of a kprobe"
        return "traps; the handler does " + instruction(new, self.addr)


Poke("fivebyte-poke")

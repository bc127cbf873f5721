# SPDX-License-Identifier: MIT
# GDB reads this in a machine that does `work wake 1` twice: untraced, then traced. It steps through one wake-up of
# each, an instruction at a time, and reads the page tables. It writes what it found to OUT as JSON.
#
# QEMU holds interrupts back while GDB steps, so that nothing comes between.
import json

import gdb

FUNCTION = "wake_up_process"
MOST = 20000  # instructions
PRESENT, WRITE, UNCACHED, LARGE, NO_EXECUTE = 1, 1 << 1, 1 << 4, 1 << 7, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
KERNEL_BASE = 0xFFFFFFFF80000000


def register(name):
    return address(gdb.parse_and_eval("$" + name))


def run_to(name):
    place = gdb.Breakpoint("*" + name, type=gdb.BP_HARDWARE_BREAKPOINT)
    gdb.execute("continue", to_string=True)
    place.delete()


def step():
    """One instruction. QEMU 7.2 now and then makes none, when it leaves a breakpoint."""
    before = register("pc")
    while register("pc") == before:
        gdb.execute("stepi", to_string=True)


def wake_up():
    """Steps through the next wake-up, from the function's first byte until it has returned. Returns who was woken,
    by which function, and where the instructions were: [name, how many] as long as they stay in one function."""
    run_to("traffic_wake")
    run_to(FUNCTION)
    task, stack, runs = gdb.parse_and_eval("p"), register("rsp"), []
    found = {"woken": task["comm"].string(), "by": gdb.newest_frame().older().name(), "runs": runs}
    for _ in range(MOST):
        name = symbol(register("pc")).split("+")[0]
        if not runs or runs[-1][0] != name or len(runs) == 1:
            runs.append([name, 0])  # the five bytes stand alone
        runs[-1][1] += 1
        step()
        if register("rsp") > stack:
            return found
    raise gdb.GdbError(f"{FUNCTION} has not returned after {MOST} instructions")


def pages(table, level=3, start=0, rights=WRITE | NO_EXECUTE):
    """(address, bytes, writable, executable, uncached) of each page, as a CPU finds it. rights: those that all
    tables above allow, with NO_EXECUTE as the right to execute."""
    size = 4096 << 9 * level
    entries = memoryview(read(KERNEL_BASE + table, 4096)).cast("Q")
    for at, entry in enumerate(entries):
        now = rights & (entry ^ NO_EXECUTE)
        where = start + at * size
        if not entry & PRESENT:
            continue
        if level and not entry & LARGE:
            yield from pages(entry & ADDRESS, level - 1, where, now)
        else:
            canonical = where | (0xFFFF << 48 if where >> 47 else 0)
            yield canonical, size, bool(now & WRITE), bool(now & NO_EXECUTE), bool(entry & UNCACHED)


def ranges():
    """Neighbouring pages of one size with the same rights are one range."""
    found = []
    for where, size, *rights in pages(register("cr3") & ADDRESS):
        last = found[-1] if found else None
        if last and last["end"] == where and (last["page"], last["rights"]) == (size, rights):
            last["end"] += size
        else:
            found.append({"start": where, "end": where + size, "page": size, "rights": rights})
    return found


def stacks():
    """[lowest byte, bytes, whose] of the tasks, of those that may come, and of exceptions on CPU 0."""
    head = gdb.parse_and_eval("init_task")
    size = address_of("boot_stack_top") - address_of("boot_stack_guard") - 4096
    for task in [head] + list(in_list(head["tasks"], "struct task_struct", "tasks")):
        yield address(task["stack"]), size, "stack of " + task["comm"].string()
    for task in in_list(static("task.c", "free_tasks"), "struct task_struct", "tasks"):
        yield address(task["stack"]), size, "stack without a task"
    tss = static("trap.c", "tsss")[0]
    for i, name in ((1, "NMIs"), (2, "double faults"), (3, "machine checks")):
        top = address(tss["ist"][i - 1])
        size = (4096 << int(fixed("IST_ORDER"))) - 4096
        yield top - size, size, "stack for " + name


def generated():
    """[start, bytes] of the memory for generated code."""
    chunks, granule = static("text.c", "chunks"), int(fixed("GRANULE"))
    return [[int(chunks[i]["base"]), int(chunks[i]["granules"]) * granule]
            for i in range(int(static("text.c", "chunk_count")))]


gdb.execute("delete")
untraced, traced = wake_up(), wake_up()
names = ["text_start", "text_end", "rodata_end", "data_end", "image_end"]
with open(OUT, "w") as f:
    json.dump({"untraced": untraced, "traced": traced, "ranges": ranges(), "stacks": list(stacks()),
               "generated": generated(), "marks": {n: address_of(n) for n in names}}, f)

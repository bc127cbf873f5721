# SPDX-License-Identifier: MIT
# Figure 1: the five bytes at each step of a change and of the change back, and what each of four CPUs does.
from tools.figures.svg import Drawing

CPUS = 4
COMMAND = "poke kfree_skb -j"
INT3 = "cc"


def colours(steps):
    """For each step the class of each byte: of the nop, the int3, or the call."""
    now, other, found = ["nop"] * 5, "call", []
    for step in steps:
        changed = [int(n) - 1 for n in step["changed"].split()]
        if step["step"] == "after":  # bytes that both have alike
            now = [other] * 5
            other = "call" if other == "nop" else "nop"
        for i in changed:
            now[i] = "int3" if step["bytes"].split()[i] == INT3 else other
        found.append(list(now))
    return found


def does(step, traps):
    """What a CPU that comes by does: a class, and words."""
    arrival = step["a_CPU_that_comes_by"]
    if arrival.startswith("traps"):
        return "int3", f"{traps} traps" if traps else "traps"
    what = arrival.split()[-1]
    return ("int3" if traps else what), what + (f", {traps} traps" if traps else "")


def draw(width, poke):
    d = Drawing(width)
    steps, wide = poke["steps"], d.is_wide()
    traps = {(t["step"], t["cpu"]): t["traps"] for t in poke["traps"]}
    row, size = (22, 12) if wide else (21, 9.5)
    bytes_at, box = (150, 34) if wide else (76, 20)
    cpus_at = bytes_at + 5 * box + (30 if wide else 6)
    cell = (width - cpus_at) / CPUS
    y = 14
    d.text(0, y, "step", "dim", size)
    d.text(bytes_at, y, "the five bytes", "dim", size)
    for cpu in range(CPUS):
        d.text(cpus_at + cell * (cpu + 0.5), y, f"CPU {cpu}", "dim", size, "middle")
    y += 8
    middle = next(i for i, s in enumerate(steps) if s["step"] == "after") + 1
    for i, (step, colour) in enumerate(zip(steps, colours(steps))):
        if i in (1, middle):
            y += 22
            d.text(0, y, "A hook is attached: nop becomes call" if i == 1 else
                   "The hook is detached: call becomes nop", "b", size + 1)
            y += 7
        name, _, sync = step["step"].partition(", ")
        d.text(0, y + row * 0.68, name, "", size)
        for n, (byte, class_) in enumerate(zip(step["bytes"].split(), colour)):
            changed = str(n + 1) in step["changed"].split()
            d.rect(bytes_at + n * box + 1, y + 2, box - 2, row - 4, f"byte {class_}" + " changed" * changed)
            d.text(bytes_at + (n + 0.5) * box, y + row * 0.68, byte, "mono onfill", size, "middle")
        for cpu in range(CPUS):
            class_, words = does(step, traps.get((i, cpu), 0))
            if not wide:
                words = words.replace(" traps", "×").replace("call, ", "").replace("nop, ", "")
            d.rect(cpus_at + cpu * cell + 1, y + 2, cell - 2, row - 4, "lane " + class_)
            d.text(cpus_at + (cpu + 0.5) * cell, y + row * 0.68, words, "", size - 0.5, "middle")
        y += row
        if sync:
            d.line(bytes_at, y + 2, width, y + 2, "sync")
            y += 4
    y += 20
    x = 0
    for class_, words in (("nop", "nop"), ("int3", "int3" if not wide else "int3: a CPU that comes by traps"),
                          ("call", "call")):
        d.rect(x, y - 9, 11, 11, "byte " + class_)
        d.text(x + 16, y, words, "", size)
        x += 30 + len(words) * size * 0.55
    d.line(x, y - 4, x + 24, y - 4, "sync")
    d.text(x + 30, y, "every CPU is synced" if wide else "all CPUs synced", "", size)
    d.down_to(y + 6)
    return d


def tables(poke):
    rows = []
    for i, step in enumerate(poke["steps"]):
        on = {t["cpu"]: t["traps"] for t in poke["traps"] if t["step"] == i}
        rows.append([step["step"], step["bytes"], step["changed"] or "-", step["a_CPU_that_comes_by"],
                     " ".join(str(on.get(cpu, 0)) for cpu in range(CPUS))])
    return [("Steps, bytes, and the traps on CPU 0 to 3",
             ["step", "bytes", "changed", "a CPU that comes by", "traps"], rows)]


def figure(poke):
    return {
        "id": "bytes",
        "title": "The five bytes at each step, on each CPU",
        "see": "The first byte changes twice, and the other four only while it is an int3. So no CPU ever executes a "
               "mixture of nop and call: it executes the old instruction, or traps, or executes the new one.",
        "more": "The hook does nothing. Traps stand at the step that was open, or had just been made. " + " ".join(line[0].upper() + line[1:] + "." for line in
                                                      poke["note"].splitlines()[1:]),
        "from": f"tools/fivebyte --smp {CPUS} --quiet --exec '{COMMAND}'",
        "draw": lambda width: draw(width, poke),
        "tables": tables(poke),
    }

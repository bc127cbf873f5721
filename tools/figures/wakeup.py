# SPDX-License-Identifier: MIT
# Figure 5: one wake-up, instruction by instruction: through the five bytes, the image, the programs, the original.
import re

from tools.figures.svg import Drawing

COMMANDS = ["work wake 1", "attach latency wake_up_process", "work wake 1", "detach all"]
FUNCTION = "wake_up_process"
LANES = [
    ("five bytes", "the five bytes", "site"),
    ("image", "the image", "image"),
    ("program", "the programs", "program"),
    ("helper", "what programs call", "helper"),
    ("body", "the original", "body"),
    ("callee", "what it calls", "callee"),
]


def spans(runs):
    """[lane, name, first instruction, how many] of each run. The first instruction of the function is its site."""
    found, at, inside = [], 0, "body"
    for i, (name, count) in enumerate(runs):
        program = re.match(r"bpf_prog_[0-9a-f]{16}_(\w+)", name)
        if i == 0:
            lane = "five bytes"
        elif name.startswith("bpf_trampoline_"):
            lane = inside = "image"
        elif program:
            lane = inside = "program"
            name = program[1]
        elif name == FUNCTION:
            lane = inside = "body"
        else:
            lane = {"program": "helper", "body": "callee", "image": "image"}[inside]
        found.append([lane, name, at, count])
        at += count
    return found


def total(parts, lane=None):
    return sum(count for l, _, _, count in parts if lane in (None, l))


def draw_one(d, parts, whole, y, title, left):
    """The lanes that have anything; x is instructions, `whole` of them fill the width."""
    scale = (d.width - left - 40) / whole
    d.text(0, y, title, "b", 12)
    y += 10
    for lane, words, class_ in LANES:
        mine = [p for p in parts if p[0] == lane]
        if not mine:
            continue
        d.text(0, y + 13, words, "", 11)
        d.line(left, y + 18, left + whole * scale, y + 18, "rule")
        for _, name, at, count in mine:
            d.rect(left + at * scale, y + 3, max(count * scale, 0.8), 14, "span " + class_, 0,
                   says=f"{name}: {count} from {at} on")
        if lane == "program":
            label_programs(d, parts, left, scale, y)
        d.text(d.width, y + 13, f"{total(mine):,}", "dim", 11, "end")
        y += 22 + (12 if lane == "program" else 0)
    return y, scale


def label_programs(d, parts, left, scale, y):
    """The names of the programs under their lane, where each begins."""
    seen, end = set(), 0
    for lane, name, at, _ in parts:
        if lane != "program" or name in seen:
            continue
        seen.add(name)
        x = max(left + at * scale, end)
        x = min(x, d.width - 40 - len(name) * 5.8)
        d.text(x, y + 29, name, "mono dim", 9.5)
        end = x + len(name) * 5.8 + 6


def draw(width, found):
    d = Drawing(width)
    left = 124 if d.is_wide() else 106
    traced, untraced = spans(found["traced"]["runs"]), spans(found["untraced"]["runs"])
    whole = total(traced)
    y, scale = draw_one(d, traced, whole, 14, f"traced: {whole:,} instructions", left)
    y, _ = draw_one(d, untraced, whole, y + 24, f"not traced: {total(untraced):,} instructions", left)
    every = 100 if d.is_wide() else 200
    for at in range(0, whole + 1, every):
        x = left + at * scale
        d.line(x, y + 2, x, y + 6, "axis")
        d.text(x, y + 18, str(at), "dim", 9.5, "middle")
    d.line(left, y + 2, left + whole * scale, y + 2, "axis")
    d.text(left, y + 33, "instructions since the call", "dim", 11)
    d.down_to(y + 38)
    return d


def figure(found):
    traced, untraced = spans(found["traced"]["runs"]), spans(found["untraced"]["runs"])
    both, helpers = total(traced, "program") + total(traced, "helper"), total(traced, "helper")
    rows = [[lane_words[lane], name, str(at), str(count)] for lane_words in [{l: w for l, w, _ in LANES}]
            for lane, name, at, count in traced]
    return {
        "id": "wakeup",
        "title": "One wake-up through image, programs and original",
        "see": f"The five bytes take {total(traced, 'five bytes')} instruction and the image {total(traced, 'image')}. The "
               f"programs take {both}, of which {helpers} are in the functions that they call: a clock, and a hash map "
               "that is searched. What tracing costs is what the program does.",
        "more": f"{found['traced']['by']} wakes {found['traced']['woken']}. latency_begins (fentry) notes the time, "
                "latency_ends (fexit) takes the difference; between them the image calls the original, behind its five "
                "bytes. GDB made every step, while QEMU held interrupts back. Times are guest instructions. A thin bar "
                "may be wider than it should be, so that it can be seen; the numbers at the right are exact.",
        "from": f"tools/report; GDB makes the steps (tools/figures/in_gdb.py) while the shell runs '{'; '.join(COMMANDS)}'",
        "draw": lambda width: draw(width, found),
        "tables": [("Where the instructions of the traced wake-up were", ["lane", "function", "from", "instructions"],
                    rows),
                   ("The wake-up that was not traced", ["function", "from", "instructions"],
                    [[name, str(at), str(count)] for _, name, at, count in untraced])],
    }

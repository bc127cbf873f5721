# SPDX-License-Identifier: MIT
# Figure 3: one program four times: the plan of the image that calls it, its C, its eBPF, its machine code; with
# lines between what belongs together.
from tools.figures.svg import MONO, Drawing, fold

PROGRAM, OBJECT, FUNCTION = "my_wake_up", "wakeup", "wake_up_process"
COMMANDS = [f"attach {OBJECT}", f"tramp {FUNCTION} -j", f"prog dump {PROGRAM} -j", f"prog dump {PROGRAM} jited -j",
            "detach all"]
HUES = 6
COLD = "a skipped run"  # behind the steps: where an image counts a miss
ROW, SIZE = 16, 10.5


class Listing:
    """What was read: steps of the plan, each with its instructions; and lines of C, each with its eBPF and machine
    instructions. Instructions have a text and bytes."""

    def __init__(self, image, ebpf, machine_code):
        self.head = image["images"][0]
        self.steps = []
        for row in image["instructions"]:
            if not self.steps or self.steps[-1][0] != row["step"]:
                self.steps.append((row["step"], row["does"], []))
            self.steps[-1][2].append((row["at"], row["instruction"], row["bytes"]))
        self.c_text = {}
        self.ebpf = []  # insn, text, line of C
        line = None
        for row in ebpf:
            if row["line"]:
                line = row["line"]
                self.c_text[line] = row["source"]
            self.ebpf.append((row["insn"], row["text"], line))
        self.machine = []  # offset, text, bytes, the eBPF instructions that it carries out
        begun = -1
        for row in machine_code:
            here = [insn for insn, _, _ in self.ebpf if begun < insn <= row["insn"]]
            insns = here or self.machine[-1][3]
            self.machine.append((row["at"], row["text"], row["bytes"], insns))
            begun = row["insn"]

    def line_of(self, insn):
        return next(line for i, _, line in self.ebpf if i == insn)

    def hue(self, line):
        return sorted(self.c_text).index(line) % HUES + 1


def link(d, x1, y1, x2, y2, class_):
    """A line from the right edge of one text to the left edge of another."""
    bend = (x2 - x1) / 2
    d.path(f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", class_)


def mark(d, x, y, width, lines, class_):
    """The ground of some rows, and the lines of text on it. y is the top."""
    d.rect(x, y + 1, width, len(lines) * ROW - 2, "ground " + class_, 2)
    for i, text in enumerate(lines):
        d.text(x + 5, y + i * ROW + 11.5, text, "mono", SIZE)


def letters(width):
    return int((width - 8) / (SIZE * MONO))


def draw_plan(d, listing, y):
    """The plan, the instructions of its image, and their bytes. Returns where the program is called."""
    plan, gap, insns = 260, 46, 330
    at_insns, at_bytes = plan + gap, plan + gap + insns + 8
    d.text(0, y, "the plan", "b", 12)
    d.text(at_insns, y, f"machine code: the image, {listing.head['bytes']} bytes", "b", 12)
    y, call = y + 8, None
    for n, (step, does, insns_of) in enumerate(listing.steps):
        hue = f"h{n % HUES + 1}"
        words = fold(does, letters(plan))
        height = max(len(words), len(insns_of)) * ROW
        d.begin(class_="part", tabindex=0, role="img", aria_label=does)
        mark(d, 0, y, plan, words, hue)
        for i, (at, text, code) in enumerate(insns_of):
            top = y + i * ROW
            link(d, plan, y + len(words) * ROW / 2, at_insns, top + ROW / 2, "tie " + hue)
            mark(d, at_insns, top, insns, [f"{at:2x}  {text}"], hue)
            d.text(at_bytes, top + 11.5, code, "mono dim", 9.5)
            if text == "call " + PROGRAM:
                call = at_bytes + len(code) * 9.5 * MONO + 6, top + ROW / 2
        d.end()
        y += height + 4
    return y, call


def draw_program(d, listing, y, call):
    """C, eBPF and machine code. call: the place of the call in the image, from which an arrow leads here."""
    c, gap, ebpf, code = 214, 34, 258, 266
    at_ebpf = c + gap
    at_code = at_ebpf + ebpf + gap
    d.text(0, y, "C", "b", 12)
    d.text(at_ebpf, y, "eBPF", "b", 12)
    last = listing.machine[-1]
    d.text(at_code, y, f"machine code: the program, {last[0] + len(last[2].split())} bytes", "b", 12)
    top, (call_x, call_y) = y + 8, call
    edge = d.width - 4
    d.path(f"M{call_x:.1f} {call_y:.1f}H{edge}V{top + ROW / 2:.1f}H{at_code + code + 2}", "arrow")
    d.path(f"M{at_code + code + 8:.1f} {top + ROW / 2 - 4:.1f}l-7 4l7 4z", "head")
    height = max(len(listing.machine), len(listing.ebpf)) * ROW
    slack = (height - len(listing.ebpf) * ROW) / max(len(listing.ebpf) - 1, 1)
    rows = {insn: top + i * (ROW + slack) for i, (insn, _, _) in enumerate(listing.ebpf)}
    at = {}  # where each line of C is drawn: beside the middle of its instructions, below the one before
    below = top
    for line in sorted(listing.c_text):
        mine = [rows[insn] for insn, _, l in listing.ebpf if l == line]
        words = fold(listing.c_text[line], letters(c))
        y = max(below, min(mine) if not at else sum(mine) / len(mine) - len(words) * ROW / 2)
        at[line] = y, words
        below = y + len(words) * ROW + 6
    for line, (y, words) in at.items():
        hue = f"h{listing.hue(line)}"
        d.begin(class_="part", tabindex=0, role="img", aria_label=listing.c_text[line])
        mark(d, 0, y, c, words, hue)
        for insn, text, l in listing.ebpf:
            if l == line:
                link(d, c, y + len(words) * ROW / 2, at_ebpf, rows[insn] + ROW / 2, "tie " + hue)
                mark(d, at_ebpf, rows[insn], ebpf, [f"{insn:2}  {text}"], hue)
        for i, (offset, text, _, insns) in enumerate(listing.machine):
            here = top + i * ROW
            if listing.line_of(insns[-1]) == line:
                mark(d, at_code, here, code, [f"{offset:2x}  {text}"], hue)
            for insn in insns:
                if listing.line_of(insn) == line:
                    link(d, at_ebpf + ebpf, rows[insn] + ROW / 2, at_code, here + ROW / 2, "tie " + hue)
        d.end()
    d.down_to(max(below, top + height) + 4)


def draw_narrow(d, listing):
    """The same between the lines: under each step or line of C what became of it."""
    def block(y, hue, head, rows):
        d.begin(class_="part", tabindex=0, role="img", aria_label=head)
        words = fold(head, letters(d.width))
        mark(d, 0, y, d.width, words, hue)
        y += len(words) * ROW
        for indent, text, class_ in rows:
            d.line(3 + indent * 8, y, 3 + indent * 8, y + ROW, "tie " + hue)
            for i, part in enumerate(fold(text, letters(d.width - 14 * indent))):
                d.text(6 + 14 * indent, y + 11.5, part, class_, SIZE)
                y += ROW
        d.end()
        return y + 5

    y = 14
    d.text(0, y, "The plan, and the image's machine code", "b", 12)
    y += 8
    for n, (step, does, insns) in enumerate(listing.steps):
        y = block(y, f"h{n % HUES + 1}", does, [(1, f"{at:2x} {text}", "mono") for at, text, _ in insns])
    y += 18
    d.text(0, y, "C, eBPF and the program's machine code", "b", 12)
    y += 8
    for line in sorted(listing.c_text):
        rows = []
        for insn, text, l in listing.ebpf:
            if l != line:
                continue
            rows.append((1, f"{insn:2} {text}", "mono"))
            for at, code, _, insns in listing.machine:
                if insns[-1] == insn:
                    rows.append((2, f"{at:2x} {code}", "mono dim"))
        y = block(y, f"h{listing.hue(line)}", listing.c_text[line], rows)
    d.down_to(y)


def draw(width, listing):
    d = Drawing(width)
    if d.is_wide():
        y, call = draw_plan(d, listing, 14)
        draw_program(d, listing, y + 26, call)
    else:
        draw_narrow(d, listing)
    return d


def tables(listing):
    plan = [[does, f"{at:x}", text, code] for _, does, insns in listing.steps for at, text, code in insns]
    program = []
    for at, text, code, insns in listing.machine:
        ebpf = "; ".join(f"{i}: {t}" for i, t, _ in listing.ebpf if i in insns)
        program.append([listing.c_text[listing.line_of(insns[-1])], ebpf, f"{at:x}", text, code])
    return [("The plan of the image", ["step", "at", "code", "bytes"], plan),
            ("The program", ["C", "eBPF", "at", "code", "bytes"], program)]


def figure(image, ebpf, machine_code):
    listing = Listing(image, ebpf, machine_code)
    steps = [insns for _, does, insns in listing.steps if does != COLD]
    insns = sum(map(len, steps))
    return {
        "id": "listing",
        "title": "One program: plan, C, eBPF and machine code",
        "see": f"{len(steps)} steps of the plan became {insns} instructions, one to {max(map(len, steps))} each. The program has "
               f"{len(listing.ebpf)} eBPF instructions and {len(listing.machine)} of the CPU: almost one for one, "
               "because eBPF resembles a CPU.",
        "more": f"{PROGRAM} is the program of progs/{OBJECT}.bpf.c, attached to {FUNCTION}. A colour joins what belongs "
                "together. Point at a part, tap it, or reach it with Tab: the rest becomes pale. What a skipped run does stands behind the steps of the plan.",
        "from": f"tools/fivebyte --smp 1 --icount --quiet --exec '{'; '.join(COMMANDS[:-1])}'",
        "draw": lambda width: draw(width, listing),
        "tables": tables(listing),
    }

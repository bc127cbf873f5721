# SPDX-License-Identifier: MIT
# Figure 2: what each image keeps on the stack, to scale, beside the frame of ftrace's callers.
import re

from tools.figures import machine
from tools.figures.svg import Drawing

FUNCTION = "wake_up_process"
WORD = 8  # bytes
# Title, programs, and how images that call the body are entered.
IMAGES = [
    ("fentry", ["count_fentry"], "jmp"),
    ("fexit, by jmp", ["count_fexit"], "jmp"),
    ("fexit, by call", ["count_fexit"], "call"),
    ("fmod_ret", ["count_fmod_ret"], "jmp"),
    ("fsession", ["count_fsession"], "jmp"),
    ("all four", ["count_fentry", "count_fexit", "count_fmod_ret", "count_fsession"], "jmp"),
]


def commands():
    for _, programs, entry in IMAGES:
        yield f"entry {entry}"
        yield from (f"attach {p} {FUNCTION}" for p in programs)
        yield f"tramp {FUNCTION} -j"
        yield "detach all"
    yield "entry jmp"


# What a word holds, by what the step does that stores it.
HOLDS = [
    (r"save argument slot (\d+)", r"argument \1", "argument"),
    (r"save the hidden result pointer", "result pointer", "argument"),
    (r"keep .*|there is no result yet", "result", "result"),
    (r"context\[-1\]:.*", "slot count", "context"),
    (r"context\[-2\]:.*", "function", "context"),
    (r"context\[-3\]:.*", "cookie", "context"),
    (r"session word (\d+) is 0", r"session \1", "session"),
]


def image_words(image):
    """The words of an image's frame from the top down: what each holds, and its class. They are found in the
    instructions that store below the frame pointer."""
    head, found = image["images"][0], {0: ("frame pointer", "frame")}
    for row in image["instructions"]:
        store = re.match(r"mov (?:qword )?\[rbp-(\w+)\], ", row["instruction"])
        for pattern, words, class_ in HOLDS if store else []:
            if re.fullmatch(pattern, row["does"]):
                found[int(store[1], 0)] = re.sub(pattern, words, row["does"]), class_
    assert len(found) * WORD == head["saved"], (found, head)
    return [found.get(at, ("padding", "empty")) for at in range(0, head["stack"], WORD)]


def ftrace_words(regs, way):
    """The same of ftrace's caller, whose frame is drawn in tramp/ftrace/caller_x86_64.c: two frames for the frame
    pointers, below them a struct pt_regs, of which the plain caller fills a part."""
    struct = re.search(r"struct pt_regs \{(.*?)\};", machine.source("build/vmlinux.h"), re.S)[1]
    fields = re.findall(r"(\w+);", struct)
    code = machine.source("tramp/ftrace/caller_x86_64.c")
    saved = re.findall(r"\{ R\w+, REGS\((\w+)\) \}", code)
    if not regs:
        saved = saved[: int(re.search(r"PLAIN_SAVED = (\d+)", code)[1])]
    saved += ["bp"] + ["flags"] * regs
    assert len(saved) == way["regs"], (saved, way)
    filled = saved + ["ip", "sp"] + ["cs", "ss", "orig_ax"] * regs
    frames = [("frame pointer", "frame"), ("return address", "frame")] * 2 + [("frame pointer", "frame")]
    words = frames + [(f, ("argument" if f in saved else "context") if f in filled else "empty")
                      for f in reversed(fields)]
    assert len(words) * WORD == way["stack"], (len(words), way)
    return words


def stacks(images, compare):
    """(title, words) of everything that is drawn."""
    ways = {w["way"]: w for w in compare["ways"]}
    found = [(title, image_words(image)) for (title, _, _), image in zip(IMAGES, images)]
    return found + [(name, ftrace_words("regs" in name, ways[name])) for name in ("ftrace, plain", "ftrace, regs")]


def draw_wide(d, all_stacks):
    gap, unit, top = 8, 15, 44
    room = (d.width + gap) / len(all_stacks)
    for i, (title, words) in enumerate(all_stacks):
        x = i * room
        d.text(x, 13, title, "b", 12)
        d.text(x, 28, f"{len(words) * WORD} bytes", "dim", 11.5)
        for n, (name, class_) in enumerate(words):
            d.rect(x + 0.5, top + n * unit + 0.5, room - gap - 1, unit - 1, "word " + class_, 1)
            d.text(x + 5, top + n * unit + 11, name, "mono" + (" dim" if class_ == "empty" else " onfill"), 9.5)
    d.line(0, top - 4, d.width, top - 4, "rule")
    y = d.height + 16
    legend(d, 0, y)


def draw_narrow(d, all_stacks):
    most = max(len(words) for _, words in all_stacks)
    unit, y = d.width / most, 0
    for title, words in all_stacks:
        y += 16
        d.text(0, y, title, "b", 12)
        d.text(d.width, y, f"{len(words) * WORD} bytes", "dim", 11.5, "end")
        y += 6
        for n, (_, class_) in enumerate(words):
            d.rect(n * unit + 0.5, y, unit - 1, 16, "word " + class_, 1)
        y += 20
    legend(d, 0, y + 14)


LEGEND = [("frame", "frame pointers"), ("argument", "registers"), ("result", "result"),
          ("context", "facts about the call"), ("session", "a session's own word"), ("empty", "reserved, not written")]


def legend(d, x, y):
    for class_, words in LEGEND:
        length = 30 + len(words) * 11 * 0.56
        if x + length > d.width + 14:
            x, y = 0, y + 18
        d.rect(x, y - 9, 11, 11, "word " + class_, 1)
        d.text(x + 16, y, words, "", 11)
        x += length


def draw(width, all_stacks):
    d = Drawing(width)
    (draw_wide if d.is_wide() else draw_narrow)(d, all_stacks)
    d.down_to(d.height + 4)
    return d


def figure(images, compare):
    all_stacks = stacks(images, compare)
    sizes = {title: len(words) * WORD for title, words in all_stacks}
    rows = [[title, str(len(words) * WORD), ", ".join(name for name, _ in words)] for title, words in all_stacks]
    return {
        "id": "frames",
        "title": "The frame of each image, to scale",
        "see": f"An image stores the arguments, a result if there is one, and what else its programs read: "
               f"{sizes['fentry']} bytes for a fentry program. "
               f"ftrace's callers reserve {sizes['ftrace, plain']} bytes, {sizes['ftrace, plain'] // sizes['fentry']} "
               "times as many, for whatever a callback may want.",
        "more": f"The stack grows downwards, or to the right on a narrow page. All images are of {FUNCTION}, which has one "
                "argument and a result. The return address above each frame is not counted. The figure names registers "
                "of struct pt_regs as C does.",
        "from": f"tools/fivebyte --smp 1 --icount --quiet --exec 'attach count_fentry {FUNCTION}; tramp {FUNCTION} -j'; "
                "ftrace's bytes and registers from compare kfree_skb -j",
        "draw": lambda width: draw(width, all_stacks),
        "tables": [("Words of each frame, from the top down", ["frame", "bytes", "words"], rows)],
    }

# SPDX-License-Identifier: MIT
# Gives generated code its names and lines while it exists.
#
# The kernel calls text_changed (kernel/mem/text.c) when blocks of code are complete, before a CPU can enter
# one. An internal breakpoint there reads the table of blocks from the machine's memory. `as` writes an object
# file for each block that is new:
#
#   a program   bpf_prog_TAG_NAME and NAME, so for each of its functions, with the lines of its C file
#               (.BTF.ext; struct prog, lines)
#   an image    bpf_trampoline_FUNC, with the file FUNC.plan: a line for each step of the plan, as `tramp`
#               prints it. An image that was replaced is bpf_trampoline_FUNC#1 as long as a task is in it, and
#               its file is old1/FUNC.plan: `break FUNC.plan:9` stops in all of them.
#   the others  the name that kernel/mem/text.c has for the block
import functools
import os
import re
import shutil
import subprocess
import tempfile

import gdb

PROG, IMAGE = "bpf_prog_", "bpf_trampoline_"
COLD = "a program runs here already: count a miss"
CALL_OP = 0x85  # of eBPF; with src 1 it calls a function of the program
# A program's C file is looked for here if it is not where clang found it.
SOURCES = os.path.join(ROOT, "progs")


def owner_of(text, tag):
    """The struct that holds this struct text."""
    return container_of(address(text.address), "struct " + tag, "text")


def read_blocks():
    """Returns the struct text of each block of generated code, by address and serial number; not ready: 0."""
    chunks = static("text.c", "chunks")
    owners = set()
    for i in range(int(static("text.c", "chunk_count"))):
        table = read(int(chunks[i]["owner"]), int(chunks[i]["granules"]) * 8)
        owners.update(memoryview(table).cast("Q"))
    kind = gdb.lookup_type("struct text").pointer()
    texts = [gdb.Value(at).cast(kind).dereference() for at in owners if at]
    return {(int(text.address), int(text["serial"])): text for text in texts if text["serial"]}


def source_name(name):
    """Relative to the root if it is one of ours."""
    base = os.path.basename(name)
    return "progs/" + base if os.path.exists(os.path.join(SOURCES, base)) else name


def prog_lines(prog):
    """Where each line of C begins: offset, file, line."""
    if not prog["insn_at"]:
        return
    strings = prog["object"]["btf"]["strings"]
    for i in range(int(prog["line_count"])):
        info = prog["lines"][i]
        name = source_name((strings + int(info["file_off"])).string())
        # The nop at its entry belongs to its first line.
        start = int(prog["insn_at"][int(info["insn_idx"])]) if i else 0
        yield start, name, int(info["line"])


def called_functions(prog):
    """The other functions of a program, which its instructions call or take the address of: offset, name."""
    insns, first = prog["insns"], {int(prog["taken"][i]) for i in range(int(prog["taken_count"]))}
    for i in range(int(prog["insn_count"])):
        if int(insns[i]["op"]) == CALL_OP and int(insns[i]["src"]) == 1:
            first.add(i + 1 + int(insns[i]["imm"]))
    infos = [prog["lines"][i] for i in range(int(prog["line_count"]))]
    strings = prog["object"]["btf"]["strings"]
    texts = {int(info["insn_idx"]): strings + int(info["line_off"]) for info in infos}
    for idx in sorted(first):
        text = texts[idx].string() if idx in texts else ""
        words = [w for w in re.findall(r"(\w+)\(", text) if not w.startswith("__")]
        yield int(prog["insn_at"][idx]), words[0] if words else f"function_{idx}"


def hook_name(call):
    """The function that the call instruction at this address calls."""
    to = target(read(call, SITE_LEN), call)
    return next((b.title for b in blocks.values() if b.base == to), None) or symbol(to)


@functools.lru_cache
def step_words():
    texts = gdb.parse_and_eval("step_print::texts")
    return [texts[i].string() for i in range(texts.type.range()[1] + 1)]


def plan_lines(image):
    """The steps of an image: where each begins, and its words."""
    words = step_words()
    base, steps = int(image["text"]["base"]), image["steps"]
    steps = [[int(steps[i][f]) for f in ("start", "kind", "n")] for i in range(int(image["step_count"]))]
    names = {}
    for i, (_, kind, n) in enumerate(steps[:-1]):
        if words[kind] == "call %s":
            names[n] = hook_name(base + steps[i + 1][0] - SITE_LEN)
    for start, kind, n in steps[:-1]:
        yield start, words[kind].replace("%u", str(n)).replace("%s", names.get(n, ""))
    if steps[-1][0] < int(image["text"]["len"]):
        yield steps[-1][0], COLD


class Block:
    """What is known about a block of code. `old`: its number among the replaced images of its function."""

    def __init__(self, text):
        self.base, self.len, self.name = address(text["base"]), int(text["len"]), text["name"].string()
        self.serial, self.old, self.file = int(text["serial"]), 0, None
        self.title, self.lines, self.plan, self.functions = self.name, [], None, [(0, self.name)]
        if self.name.startswith(PROG):
            prog = owner_of(text, "prog")
            self.title, self.lines = prog["name"].string(), list(prog_lines(prog))
            self.functions[0] = 0, self.title
            self.functions += called_functions(prog) if self.lines else []
        elif self.name.startswith(IMAGE):
            steps = list(plan_lines(owner_of(text, "image")))
            self.plan = [words for _, words in steps]
            name = self.name[len(IMAGE):] + ".plan"
            self.lines = [(start, name, i + 1) for i, (start, _) in enumerate(steps)]

    def folder(self):
        return f"old{self.old}/" if self.old else ""

    def symbol(self, function):
        """As the kernel and Linux call it."""
        if self.name.startswith(PROG):
            return f'"{self.name[:-len(self.title)]}{function}"'
        return f'"{self.name}#{self.old}"' if self.old else f'"{self.name}"'

    def assembly(self):
        """Names, and a hole of the block's length with its lines."""
        functions, symbol = dict(self.functions), None
        lines = {start: (file, line) for start, file, line in self.lines if start < self.len}
        files = {}
        for at in sorted(set(functions) | set(lines)):
            yield f".org {at}"
            if at in functions:
                if symbol:
                    yield f".size {symbol},.-{symbol}"
                name, symbol = functions[at], self.symbol(functions[at])
                yield f".globl {symbol}\n.type {symbol},@function\n{symbol}:"
                if name != self.name and is_free_name(name):
                    yield f'.globl "{name}"\n.set "{name}",{symbol}'
            if at in lines:
                file, line = lines[at]
                if file not in files:
                    files[file] = len(files) + 1
                    yield f'.file {files[file]} "{self.folder() + file}"'
                yield f".loc {files[file]} {line}\nnop"  # .loc belongs to an instruction
        yield f".org {self.len}\n.size {symbol},.-{symbol}\n"

    def add(self):
        """Writes and loads the object file."""
        folder = os.path.join(TMP, self.folder())
        os.makedirs(folder, exist_ok=True)
        if self.plan:
            with open(os.path.join(folder, self.lines[0][1]), "w") as f:
                f.write("\n".join(self.plan) + "\n")
        self.file = os.path.join(folder, f"{self.serial}.o")
        code = "\n".join(self.assembly())
        # In the root, since GDB looks for sources from there.
        subprocess.run(["as", "-o", self.file], input=code, text=True, cwd=ROOT, check=True)
        gdb.execute(f"add-symbol-file {self.file} {self.base:#x}", to_string=True)

    def remove(self):
        """GDB forgets the object file, if there is one."""
        if self.file:
            gdb.execute("remove-symbol-file " + self.file, to_string=True)
            os.unlink(self.file)
            self.file = None


def is_free_name(name):
    return not gdb.lookup_global_symbol(name) and not gdb.lookup_static_symbol(name)


TMP = tempfile.mkdtemp(prefix="fivebyte-gdb-")
blocks = {}  # what GDB knows
last_changes = 0


def number_old_images():
    """An image is old if there is a newer one of its function. Returns those that have become old, or are the
    newest again, after a change that failed."""
    newest = {b.name: b for b in sorted(blocks.values(), key=lambda b: b.serial) if b.plan}
    wrong = [b for b in blocks.values() if b.plan and bool(b.old) == (newest[b.name] is b)]
    for block in wrong:
        block.old = 0 if block.old else 1 + max(b.old for b in blocks.values() if b.name == block.name)
    return wrong


def update():
    """Makes GDB know the blocks that exist now. Returns whether there was anything to do."""
    global last_changes
    changes = int(static("text.c", "changes"))
    if changes == last_changes:
        return False
    last_changes = changes
    texts = read_blocks()
    for key in [key for key in blocks if key not in texts]:
        blocks.pop(key).remove()
    for key in sorted(texts, key=lambda key: key[1]):
        blocks[key] = blocks.get(key) or Block(texts[key])
    for block in number_old_images():
        block.remove()
    for block in blocks.values():
        if not block.file:
            block.add()
    gdb.execute("maintenance flush source-cache", to_string=True)
    return True


def try_update():
    try:
        return update()
    except gdb.MemoryError:
        return False  # it has not set up its memory yet


class Changed(gdb.Breakpoint):
    """The kernel has new code, and does not wait for it to be known: this only looks on."""

    def __init__(self):
        # Before long mode is on, it is not mapped and could not take an int3.
        super().__init__("*text_changed", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.silent = True

    def stop(self):
        try_update()
        return False


def stopped(_=None):
    global changed
    changed = changed or Changed()  # a hardware breakpoint needs a target
    # A block was freed since, of which the kernel does not tell. GDB has shown already where it stopped, and
    # forgets what `list` shows next when an object file goes: `frame` makes it known again.
    if try_update():
        gdb.execute("frame", to_string=True)


changed = None
gdb.execute(f"directory {TMP}:{ROOT}", to_string=True)
gdb.events.stop.connect(stopped)
gdb.events.gdb_exiting.connect(lambda _: shutil.rmtree(TMP, ignore_errors=True))
if gdb.selected_thread():
    stopped()

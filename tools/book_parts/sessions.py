# SPDX-License-Identifier: MIT
"""Sessions: which commands share a boot, and their outputs.

A `run` block holds commands of the machine's shell, `gdb` those of GDB, `sh` those of the reader's shell; the
`output` block directly below holds what they printed. A `session` block holds both, as a screen does.
"""
import re

from book_parts import compare, drawings, machine
from book_parts.document import Problem

KINDS = ('run', 'gdb', 'sh', 'session')
BOOT = ('smp', 'load')
# What may stand behind each kind of block, and the kinds that only show.
BEHIND = {'run': {'smp', 'load', 'test', 'alone', 'loose'}, 'gdb': {'smp', 'exec', 'loose'}, 'sh': {'loose'}}
BEHIND['session'] = BEHIND['run']
SHOWN = {'', 'output', 'c', 'nasm', 'text', *drawings.KINDS}
MOST_LINES = 24
MOST_COLUMNS = {'run': 80, 'session': 80, 'gdb': 110, 'sh': 110}
# Commands, and what the machine itself does not break: lines of the trace, errors, and the kernel's messages.
LONG = re.compile(r'fivebyte> |\(gdb\) |\$ |error E| +\S+-\d+ +\[\d{3}\] ')
MEND = 'if it should be so: make book-accept FILES={}'


class Session:
    """A block of commands and the block that shows their output."""

    def __init__(self, doc, block, output):
        self.doc, self.block, self.output = doc, block, output
        self.kind = block.kind
        self.loose = 'loose' in block.flags or block.options.get('smp', '1') != '1'
        if self.kind == 'session':
            self.commands = [line[len(machine.PROMPT):].strip() for line in block.lines
                             if line.startswith(machine.PROMPT)]
        else:
            self.commands = [line for line in block.lines if line.strip() and not line.lstrip().startswith('# ')]
        self.printed = None    # all lines, as they are to be shown

    def boot(self):
        """What a boot must be like, as a key: sessions with the same key share it."""
        options = tuple(sorted((key, value) for key, value in self.block.options.items() if key in BOOT))
        alone = self.block.line if 'alone' in self.block.flags else 0
        return options, 'test' in self.block.flags, alone, self.doc.path if alone else ''

    def take(self, outputs):
        """Takes what each line of commands printed."""
        missing = next((command for command, output in zip(self.commands, outputs) if output is None), None)
        if missing is not None:
            raise Problem(self.doc, self.block.line, f'the machine did not come to `{missing}`')
        if len(self.commands) == 1 and self.kind != 'session':
            self.printed = outputs[0]
            return
        prompt = {'sh': '$ '}.get(self.kind, machine.PROMPT)
        self.printed = []
        for command, output in zip(self.commands, outputs):
            self.printed += [prompt + command] + output

    def shown(self):
        """What the file shows, without the empty lines that part commands on a screen."""
        if self.kind != 'session':
            return machine.tidy(self.output.lines)
        return [line.rstrip() for line, after in zip(self.block.lines, self.block.lines[1:] + ['end'])
                if line.strip() or not (after.startswith(machine.PROMPT) or after == 'end')]

    def line_of(self, index):
        """The line of the file that holds the line `index` of what is shown."""
        block = self.block if self.kind == 'session' else self.output
        at = block.line
        for line, after in zip(block.lines, block.lines[1:] + ['end']):
            at += 1
            if self.kind == 'session' and not line.strip() and (after.startswith(machine.PROMPT) or after == 'end'):
                continue
            if index == 0:
                return at
            index -= 1
        return block.end

    def spaced(self, lines):
        """Lines of a screen, with an empty line before each command if the file has them."""
        if self.kind != 'session' or '' not in (line.strip() for line in self.block.lines):
            return lines
        spaced = []
        for line in lines:
            if line.startswith(machine.PROMPT) and spaced:
                spaced.append('')
            spaced.append(line)
        return spaced


def sessions_of(doc):
    """The sessions of a file, in order. Raises Problem for an output that belongs to no commands."""
    found, blocks = [], doc.blocks
    for i, block in enumerate(blocks):
        below = blocks[i + 1] if i + 1 < len(blocks) and doc.follows(block, blocks[i + 1]) else None
        if block.kind in KINDS:
            output = below if below and below.kind == 'output' else None
            found.append(Session(doc, block, output))
        elif block.kind == 'output':
            above = blocks[i - 1] if i else None
            if not above or above.kind not in KINDS or above.kind == 'session' or not doc.follows(above, block):
                raise Problem(doc, block.line, 'an `output` stands directly below its `run`, `gdb` or `sh`')
    return found


def jobs(sessions):
    """Functions that run these sessions of one chapter, each in a machine of its own; then Session.printed is set.
    A job returns a list of Problems."""
    boots = {}
    for one in sessions:
        if one.kind in ('run', 'session'):
            boots.setdefault(one.boot(), []).append(one)
    work = [lambda key=key, those=those: run_boot(key, those) for key, those in boots.items()]
    work += [lambda one=one: run_gdb(one) for one in sessions if one.kind == 'gdb']
    work += [lambda those=[one for one in sessions if one.kind == 'sh']: run_shell(those)]
    return work


def run_boot(key, sessions):
    options = dict(key[0])
    if key[1]:
        options['test'] = True
    try:
        outputs = machine.in_shell([line for one in sessions for line in one.commands], options)
    except machine.Silent as why:
        return [Problem(sessions[0].doc, sessions[0].block.line, str(why))]
    return hand_out(sessions, outputs)


def hand_out(sessions, outputs):
    problems, at = [], 0
    for one in sessions:
        try:
            one.take(outputs[at:at + len(one.commands)])
        except Problem as problem:
            problems.append(problem)
        at += len(one.commands)
    return problems


def run_gdb(one):
    """In three tries, as tests/e2e/gdb_sessions.sh: QEMU 7.2 makes no step about once in 300 times that GDB asks
    for one."""
    for _ in range(3):
        one.printed = machine.in_gdb(one.commands, one.block.options)
        if one.printed is not None and not differs(one, compare.Relations()):
            return []
    if one.printed is None:
        return [Problem(one.doc, one.block.line, 'GDB did not come to the first command')]
    return []


def run_shell(sessions):
    if not sessions:
        return []
    return hand_out(sessions, machine.in_own_shell([line for one in sessions for line in one.commands]))


def differs(one, relations):
    """None, or the Problem of a session that has run."""
    if one.printed is None or (one.output is None and one.kind != 'session'):
        return None
    try:
        compare.check(one.shown(), one.printed, relations, one.loose)
    except compare.Mismatch as mismatch:
        return Problem(one.doc, one.line_of(mismatch.index), f'{mismatch}; {MEND.format(one.doc.path)}')
    return None


def check(sessions):
    """The Problems of the sessions of one chapter, which have run."""
    relations = compare.Relations()
    return [problem for problem in (differs(one, relations) for one in sessions) if problem]


def check_kinds(doc):
    """A word that is not known would make a block that nothing checks."""
    problems = []
    for block in doc.blocks:
        if block.kind not in KINDS and block.kind not in SHOWN:
            problems.append(Problem(doc, block.line, f'there is no kind of block "{block.kind}"'))
        for word in sorted((block.flags | set(block.options)) - BEHIND.get(block.kind, set())):
            problems.append(Problem(doc, block.line, f'"{word}" says nothing behind "{block.kind}"'))
    return problems


def check_size(sessions, most_lines=MOST_LINES):
    """The outputs fit on a screen."""
    problems = []
    for one in sessions:
        block = one.block if one.kind == 'session' else one.output
        if not block:
            continue
        if len(block.lines) > most_lines:
            problems.append(Problem(one.doc, block.line, f'an output of {len(block.lines)} lines; at most '
                                    f'{most_lines}: cut it by a line `{compare.CUT}`'))
        for number, line in enumerate(block.lines, block.line + 1):
            columns = len(line.expandtabs())
            if columns > MOST_COLUMNS[one.kind] and not LONG.match(line):
                problems.append(Problem(one.doc, number, f'{columns} columns; at most {MOST_COLUMNS[one.kind]}'))
    return problems


def renew(doc, sessions):
    """Writes what was printed into the blocks of `doc`. Returns what a person must look at."""
    changes, notes = [], []
    for one in sessions:
        if one.doc is not doc or one.printed is None or (one.output is None and one.kind != 'session'):
            continue
        block = one.block if one.kind == 'session' else one.output
        if one.loose and not differs(one, compare.Relations()):
            continue    # other numbers would only be other numbers
        lines, lost = compare.renewed(one.shown(), one.printed)
        for line in lost:
            notes.append(f'{doc.path}:{block.line}: the cut at "{line.strip()}" is lost: no line is like it')
        changes.append((block, one.spaced(lines)))
    doc.replace(changes)
    return notes

# SPDX-License-Identifier: MIT
"""Runs in GDB: one function of a lab's check.py, on a machine that stands at kmain."""
import importlib.util
import json
import os
import random
import re
import traceback

import gdb


COMMANDS = 'define end if else while set print printf output echo x'
ALLOWED = re.compile(r'(define|end|if|else|while|print|p|printf|output|echo|x|set (var )?[$({*])'
                     r'(/\w+)?(\b|(?<=\W))')


class Different(Exception):
    pass


class Lab:
    """What a function of check.py gets. The first difference ends it."""

    def __init__(self):
        self.answer = os.environ['LAB_ANSWER']
        self.drawn = json.loads(os.environ['LAB_DRAWN'])
        self.rng = random.Random(os.environ['LAB_SEED'])
        self.said = {'ok': False, 'did': '', 'want': '', 'got': ''}

    def did(self, text):
        self.said['did'] = text

    def fail(self, want, got):
        self.said.update(want=str(want), got=str(got))
        raise Different

    def eq(self, want, got, what=''):
        if want != got:
            self.fail(f'{what} {shown(want)}'.strip(), shown(got))

    def run_to(self, place):
        """Lets the machine run to a place ("kfree_skb", "*0xffff..."); no software breakpoint, which would be a byte
        of the text."""
        point = gdb.Breakpoint(place, type=gdb.BP_HARDWARE_BREAKPOINT, temporary=True)
        gdb.execute('continue', to_string=True)
        if point.is_valid():
            point.delete()

    def bytes_at(self, addr, count):
        return bytes(gdb.selected_inferior().read_memory(addr, count))

    def value(self, expression):
        return int(gdb.parse_and_eval(expression))

    def source_answer(self):
        """Reads the student's script. It may compute, look and write memory, and nothing else: a script of GDB could
        do anything to the machine that grades it."""
        with open(self.answer, encoding='utf-8') as f:
            lines = f.read().splitlines()
        for number, line in enumerate(lines, 1):
            words = line.strip()
            if words and not words.startswith('#') and (not ALLOWED.match(words) or '$_' in words):
                self.did(f'line {number} of the script: {words}')
                self.fail(f'one of the commands {COMMANDS}', 'another one')
        self.did('source ' + os.path.basename(self.answer))
        self.student('source ' + self.answer)

    def student(self, command):
        """A command of the student's; an error in it is a wrong answer."""
        try:
            return gdb.execute(command, to_string=True)
        except gdb.error as e:
            self.fail(f'"{command}" without an error', e)


def shown(value):
    if isinstance(value, bytes):
        return value.hex(' ')
    return f'{value:#x}' if isinstance(value, int) and value > 9 else str(value)


def write(said):
    with open(os.environ['LAB_VERDICT'], 'w', encoding='utf-8') as f:
        json.dump(dict(said, word=word), f)


word = os.environ.pop('LAB_WORD')
lab = Lab()
try:
    gdb.execute('set trace-commands off')
    spec = importlib.util.spec_from_file_location('check', os.environ['LAB_CHECK'])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    getattr(module, os.environ['LAB_CASE'])(lab)
    write(dict(lab.said, ok=True))
except Different:
    write(lab.said)
except Exception:
    traceback.print_exc()
    write(dict(lab.said, mistake=traceback.format_exc().strip().splitlines()[-1]))

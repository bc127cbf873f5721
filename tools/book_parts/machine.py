# SPDX-License-Identifier: MIT
"""Runs the commands of sessions: in the machine's shell, in GDB, in the reader's own shell.

Each function returns what each line of commands printed, as a list of lines; None for a line that was not
reached.
"""
import os
import subprocess
import tempfile

from book_parts.document import ROOT

PROMPT = 'fivebyte> '
GDB_PROMPT = '(gdb) '
SECONDS = 120
LONGEST = 5000    # of commands, on the boot command line


def run(args, text=None, **more):
    """What a program prints that reads `text`, and what it says about errors."""
    given = {'stdin': subprocess.DEVNULL} if text is None else {'input': text}
    try:
        done = subprocess.run(args, cwd=ROOT, timeout=SECONDS, stdout=subprocess.PIPE, encoding='utf-8',
                              errors='replace', check=False, **given, **more)
    except subprocess.TimeoutExpired:
        return '', f'no end after {SECONDS} seconds'
    return done.stdout.replace('\r', ''), done.stderr or ''


def tidy(lines):
    """Without empty lines at both ends and spaces at the ends of lines."""
    text = '\n'.join(line.rstrip() for line in lines).strip('\n')
    return text.split('\n') if text else []


def parts(line):
    """The commands of a line."""
    return [part.strip() for part in line.split(';') if part.strip()]


class Silent(Exception):
    """The machine came to no command: why."""


def in_shell(commands, options):
    """Boots with these options {smp, test, load} and runs the lines, each of which may be several commands. What is
    loaded is made before. Raises Silent."""
    args = ['tools/fivebyte', '--smp', options.get('smp', '1'), '--timeout', str(SECONDS)]
    if options.get('smp', '1') == '1':
        args.append('--icount')
    if 'test' in options:
        args += ['--kernel', 'build/fivebyte-test.elf']
    for file in options['load'].split(',') if 'load' in options else ():
        run(['make', '-s', file], stderr=subprocess.STDOUT)
        args += ['--load', file]
    script = '; '.join(command for line in commands for command in parts(line))
    if len(script) > LONGEST:
        text, why = run(args, '\n'.join(commands) + '\n', stderr=subprocess.PIPE)
    else:
        text, why = run(args + ['--exec', script], stderr=subprocess.PIPE)
    outputs = split_at_prompts(text.split('\n'), commands)
    if outputs and outputs[0] is None:
        raise Silent(' '.join(why.split('\n')[:2]).strip() or 'the machine ended before the first command')
    return outputs


def split_at_prompts(lines, commands):
    """The shell prints each command before it runs it."""
    outputs, at = [], 0
    for line in commands:
        output = None
        for command in parts(line):
            prompt = PROMPT + command
            while at < len(lines) and lines[at].rstrip() != prompt:
                if output is None and not outputs:
                    at += 1    # what the boot prints
                    continue
                break
            if at == len(lines) or lines[at].rstrip() != prompt:
                return outputs + [output] + [None] * (len(commands) - len(outputs) - 1)
            begin = at = at + 1
            while at < len(lines) and not lines[at].startswith(PROMPT):
                at += 1
            output = (output or []) + lines[begin:at]
        outputs.append(tidy(output or []))
    return outputs


def in_gdb(commands, options):
    """Starts a machine and GDB, which reads the lines. The output is one list: GDB shows each command."""
    with tempfile.NamedTemporaryFile('w', suffix='.gdb') as script:
        script.write('\n'.join(commands) + '\n')
        script.flush()
        text, _ = run(['timeout', '-k', '5', '60', 'tools/gdb/session', '--script', script.name, '--smp',
                       options.get('smp', '1'), '--exec', options.get('exec', 'help')], stderr=subprocess.STDOUT)
    lines = [line for line in text.split('\n') if not line.startswith('[Inferior 1 (Remote target) ')]
    first = next((i for i, line in enumerate(lines) if line.startswith(GDB_PROMPT)), None)
    if first is None:
        return None
    if len(commands) == 1:
        first += 1
    return tidy(lines[first:])


def in_own_shell(commands):
    """Runs the lines in one shell, in the root of the tree."""
    mark = '\x01'
    script = ''.join(f"printf '\\n{mark}\\n'\n{line}\n" for line in commands)
    env = dict(os.environ, LC_ALL='C.UTF-8', NO_COLOR='1', COLUMNS='80')
    text, _ = run(['sh', '-c', script], stderr=subprocess.STDOUT, env=env)
    outputs = [tidy(part.split('\n')) for part in text.split(f'\n{mark}\n')[1:]]
    return outputs + [None] * (len(commands) - len(outputs))

# SPDX-License-Identifier: MIT
"""Runs one case. The verdict is the state of the machine: its exit status, its JSON, its memory read by GDB."""
import ast
import json
import operator
import os
import random
import re
import secrets

from lablib.form import Mistake, ROOT
from lablib.tree import run

PASS, WRONG, BUILD, HANG, NOT_RUN, NOT_GRADED = 'pass', 'wrong', 'build', 'hang', 'not run', 'not graded'


class Result:
    def __init__(self, case, verdict, did='', want='', got='', note=''):
        self.case, self.verdict, self.did, self.want, self.got, self.note = case, verdict, did, want, got, note

    def text(self):
        return '\n'.join(f'{k} {v}' for k, v in (('did', self.did), ('want', self.want), ('got', self.got),
                                                 ('note', self.note)) if v)


def draw(case, seed):
    """The drawn numbers and names of a case, by the seed."""
    rng, drawn = random.Random(f'{seed} {case.name}'), {}
    for line in case.draw:
        name, _, what = line.partition(' ')
        numbers = re.fullmatch(r'\s*(\d+)\.\.(\d+)\s*', what)
        if numbers:
            drawn[name] = rng.randint(*map(int, numbers.groups()))
        elif what.startswith('one of '):
            drawn[name] = rng.choice(what.split()[2:])
        else:
            raise Mistake(f'case "{case.name}": draw: not "NAME A..B" or "NAME one of A B C": {line}')
    return drawn


def fill_in(text, drawn):
    """{n}, and sums and products of drawn numbers: {16*n + 1}."""
    return re.sub(r'\{([\w +*()/%-]+)\}', lambda m: str(value_of(ast.parse(m[1], mode='eval').body, drawn)), text)


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
             ast.Mod: operator.mod}


def value_of(node, drawn):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in drawn:
        return drawn[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](value_of(node.left, drawn), value_of(node.right, drawn))
    raise Mistake(f'in braces may stand drawn names and + - * // %, not {ast.unparse(node)}')


def run_case(tree, case, seed, log, answer_dir=None):
    log.write(f'\n== {case.name}\n')
    kind = case.test and by_test or case.steps and by_shell or case.gdb and by_gdb or by_host
    return kind(tree, case, seed, log)


def launcher(tree, case, options, seed, log):
    command = [ROOT + '/tools/fivebyte', '--kernel', tree.kernel_of(case), '--smp', str(case.smp), '--icount',
               '--seed', str(seed), '--timeout', str(case.wall)] + options
    log.write('$ tools/fivebyte ' + ' '.join(f"'{o}'" if ' ' in o or ';' in o else o for o in command[1:]) + '\n')
    status, out = run(command, ROOT, case.wall + 30)
    log.write(out + f'(exit status {status})\n')
    return status, out


def died(tree, case, status, out, did):
    """What happened to a machine that gave no verdict of its own; None if it gave one."""
    broken = re.search(r'^fivebyte: (QEMU ended|there is no|the commands are too long).*', out, flags=re.M)
    if broken:
        raise Mistake(broken[0])
    if status == 124:
        return Result(case, HANG, did, 'an end', f'none after {case.wall} s')
    if status == 3:
        return Result(case, WRONG, did, 'a machine that goes on', 'it reset itself (a triple fault)')
    if re.search('^panic: ', out, flags=re.M):
        return Result(case, WRONG, did, 'a machine that goes on', '\n        '.join(panic_lines(tree, case, out)))
    if status not in (0, 1, 130):
        raise Mistake(f'tools/fivebyte ended with status {status}')
    return None


def panic_lines(tree, case, out):
    """The words of a panic and its first three functions, with the lines of the student's files. The registers are in
    the log."""
    lines = out[re.search('^panic: ', out, flags=re.M).start():].splitlines()
    words = [l for l in lines[:4] if not re.match(r' +([a-z]{2}|r\d+) [0-9a-f]{16}| +#', l)]
    functions = [l.strip() for l in lines if re.match(r' +#\d+ \w', l)][:3]
    places = [re.sub(r'#\d+ ', '', f) for f in functions]
    _, found = run(['addr2line', '-e', tree.kernel_of(case)] + places, tree.at, 30)
    mine = {tree.lab.path_in_tree(e): f'labs/{tree.lab.name}/{e}' for e in tree.lab.edits}
    for i, line in enumerate(found.splitlines()[:len(functions)]):
        path, _, number = line.split(' ')[0].removeprefix(tree.at + '/').rpartition(':')
        if path in mine:
            functions[i] += f', {mine[path]}:{number}'
    return words + functions


def by_tests(tree, some, seed, log):
    """One boot for several tests in the machine: a Result for each that has ended, by the case's name. The tests tell
    their verdicts by a port of the emulator. What was printed only says why. A test that hangs, or in which the
    machine ends, has no Result here, and neither have those that would have come then."""
    prefix = os.path.commonprefix([c.test for c in some])
    if len(some) < 2 or not prefix.startswith('lab'):
        return {}
    told = os.path.dirname(tree.at) + '/verdicts'
    with open(told, 'w', encoding='utf-8'):
        pass
    options = ['--quiet', '--test', prefix + '*', '--qemu',
               f'-debugcon file:{os.path.relpath(told, ROOT)} -global isa-debugcon.iobase=0xe9']  # no spaces
    _, out = launcher(tree, some[0], options, seed, log)
    with open(told, encoding='utf-8', errors='replace') as f:
        verdicts = dict(line.split(' ', 1) for line in f.read().splitlines() if ' ' in line)
    results = {}
    for case in some:
        printed = printed_by(case.test, out)
        if verdicts.get(case.test) == 'passed':
            results[case.name] = Result(case, PASS)
        elif verdicts.get(case.test) == 'failed' and 'lab: want ' in printed:
            results[case.name] = failed_test(case, printed)
    return results


def printed_by(test, out):
    """What the machine printed from the end of the test before to the end of this one."""
    printed = ''
    for line in out.splitlines(keepends=True):
        printed += line
        end = re.match(r'(?:PASS|FAIL|SKIP) (\w+)', line)
        if end and end[1] == test:
            return printed
        if end:
            printed = ''
    return ''


def failed_test(case, out):
    """The Result of a test that failed, from what it printed."""
    said = dict(re.findall(r'^lab: (did|want|got) (.*)', out, flags=re.M))
    note = ''.join(re.findall(r'^(lab \d+: .* is not written yet)', out, flags=re.M)[:1])
    return Result(case, WRONG, case.did or said.get('did', ''), said.get('want', ''), said.get('got', ''), note)


def by_test(tree, case, seed, log):
    status, out = launcher(tree, case, ['--quiet', '--test', case.test], seed, log)
    result = failed_test(case, out)
    if status == 130:
        return Result(case, HANG, result.did, 'an end', 'none in the time that the check allows', result.note)
    if died(tree, case, status, out, result.did):
        return died(tree, case, status, out, result.did)
    if status == 0:
        return Result(case, PASS)
    if '0 passed, 0 failed' in out:
        raise Mistake(f'{tree.lab.name}/check.c has no test {case.test}')
    if not result.want:
        result.got = '; '.join(re.findall(r'^FAIL .*', out, flags=re.M)[:2]) or 'nothing'
    return result


def by_shell(tree, case, seed, log):
    drawn = draw(case, seed)
    commands = [fill_in(c, drawn) for c, _ in case.steps]
    asked = [(fill_in(c, drawn), lines) for c, lines in case.steps if lines is not None]
    options = ['--quiet', '--exec', '; '.join(commands)]
    for program in case.load:
        options += ['--load', tree.object_of(program)]
    status, out = launcher(tree, case, options, seed, log)
    did = fill_in(case.did, drawn) if case.did else '; '.join(commands)
    result = died(tree, case, status, out, did)
    if result:
        return result
    complaint = '\n        '.join(l for l in out.splitlines() if not l.startswith(('[', '{')))[-400:]
    if status != case.status:
        return Result(case, WRONG, did, f'exit status {case.status}', f'{status}: {complaint}')
    if case.expect and not re.search(fill_in(case.expect, drawn), out):
        return Result(case, WRONG, did, f'the words "{fill_in(case.expect, drawn)}"', complaint or 'nothing')
    documents = [l for l in out.splitlines() if l.startswith(('[', '{'))]
    if len(documents) != len(asked):
        return Result(case, WRONG, did, f'{len(asked)} lines of JSON', complaint or f'{len(documents)} lines')
    for (command, lines), text in zip(asked, documents):
        for key, line in lines:
            if key == 'keep':  # NAME PATH: what later lines call {NAME}
                name, _, path = line.partition(' ')
                drawn[name] = at_path(json.loads(text), path.strip())
                continue
            ok, found = holds(json.loads(text), fill_in(line, drawn))
            if not ok:
                return Result(case, WRONG, did, f'{fill_in(line, drawn)} (of {command})', found)
    return Result(case, PASS)


def holds(document, want):
    """Whether "PATH OP VALUE" holds for the document, and what was found there."""
    m = re.fullmatch(r'(.*?) *(==|!=|<=|>=|<|>|~) *(.*)', want)
    if not m:
        raise Mistake(f'not "PATH OP VALUE": {want}')
    path, op, value = m.groups()
    found = at_path(document, path)
    if found is None:
        return False, f'none: {json.dumps(document)[:200]}'
    if op == '~':
        return bool(re.search(value, str(found))), str(found)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        value = int(value, 0)
    else:
        found = str(found)
    ok = {'==': found == value, '!=': found != value}.get(op)
    if ok is None:
        ok = {'<': found < value, '<=': found <= value, '>': found > value, '>=': found >= value}[op]
    return ok, str(found)


def at_path(document, path):
    steps = path.split('.')
    while steps:
        step = steps.pop(0)
        if document is None:
            return None
        if step == 'len':
            document = len(document)
        elif step == 'sum':
            rest = '.'.join(steps)
            return sum(at_path(row, rest) or 0 if rest else row for row in document)
        elif '=' in step:
            key, _, value = step.partition('=')
            document = next((row for row in document if str(row.get(key)) == value), None)
        elif isinstance(document, list):
            document = document[int(step)] if int(step) < len(document) else None
        else:
            document = document.get(step)
    return document


def by_gdb(tree, case, seed, log):
    """tools/lablib/gdb_case.py runs the function of check.py in GDB. It writes the verdict to a file, with a word that
    is new each time; a script that leaves GDB leaves no verdict."""
    work = os.path.dirname(tree.at)
    verdict, word = f'{work}/verdict', secrets.token_hex(8)
    if os.path.exists(verdict):
        os.unlink(verdict)
    drawn = draw(case, seed)
    env = {'LAB_CHECK': f'{tree.lab.dir}/check.py', 'LAB_CASE': case.gdb, 'LAB_VERDICT': verdict, 'LAB_WORD': word,
           'LAB_SEED': str(seed), 'LAB_ANSWER': f'{tree.at}/{tree.lab.path_in_tree(tree.lab.edits[0])}',
           'LAB_DRAWN': json.dumps(drawn), 'PYTHONDONTWRITEBYTECODE': '1'}
    command = [ROOT + '/tools/gdb/session', '--script', ROOT + '/tools/lablib/gdb_case.py', '--smp', str(case.smp),
               '--icount', '--quiet', '--exec', fill_in(case.exec or 'help', drawn)]
    status, out = run(command, ROOT, case.wall, env)
    log.write(out + f'(exit status {status})\n')
    did = case.did and fill_in(case.did, drawn)
    try:
        with open(verdict, encoding='utf-8') as f:
            said = json.load(f)
        if said.pop('word') != word:
            raise ValueError
    except (OSError, ValueError):
        last = '\n        '.join(out.strip().splitlines()[-3:])
        if status == 124:
            return Result(case, HANG, did, 'an end', f'none after {case.wall} s')
        return Result(case, WRONG, did, 'a verdict of the check', f'GDB ended before it: {last}')
    if said.get('mistake'):
        raise Mistake(f'check.py: {said["mistake"]}')
    verdict = PASS if said['ok'] else WRONG
    return Result(case, verdict, did or said['did'], said['want'], said['got'])


def by_host(tree, case, seed, log):
    command = fill_in(case.host, draw(case, seed))
    status, out = run(['sh', '-c', command], tree.at, case.wall, {'LAB_SEED': str(seed), 'LAB_DIR': tree.lab.dir})
    log.write(f'$ {command}\n{out}(exit status {status})\n')
    said = dict(re.findall(r'^(did|want|got) (.*)', out, flags=re.M))
    did = case.did or said.get('did') or command
    if status == 124:
        return Result(case, HANG, did, 'an end', f'none after {case.wall} s')
    if status == 0:
        return Result(case, PASS)
    got = said.get('got') or '\n        '.join(out.strip().splitlines()[-4:])
    return Result(case, WRONG, did, said.get('want', 'exit status 0'), got or f'exit status {status}')

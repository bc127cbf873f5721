# SPDX-License-Identifier: MIT
"""Compares what a machine printed with what a file shows.

What differs between two builds is masked by name. Where it says which things are the same thing (an address,
the distance of a call), it is a relation: what was equal must be equal again, within one chapter.
"""
import difflib
import re

CUT = '...'

# (name, is it a relation, pattern). The first pattern that matches at a place names it; a name of None keeps
# the text as it is.
MASKS = [
    (None, False, r'\b0f ?1f ?44 ?00 ?00\b|\b1f 44 00 00\b'),
    ('DISTANCE', True, r'(?:(?<=\be8 )|(?<=\be9 )|(?<=\bcc ))(?:[0-9a-f]{2} ){3}[0-9a-f]{2}\b'),
    ('DISTANCE', True, r'(?:(?<=\be8)|(?<=\be9))[0-9a-f]{8}\b'),
    ('DISTANCE', True, r'(?:(?<=\b0xe8\t)|(?<=\b0xe9\t)|(?<=\b0xcc\t))(?!0x1f\t)(?:0x[0-9a-f]{2}\t){3}0x[0-9a-f]{2}\b'),
    ('TAG', True, r'(?<=bpf_prog_)[0-9a-f]{16}(?=_)|(?<=\btag )[0-9a-f]{16}\b'),
    ('ADDRESS', True, r'\b(?:0x)?ffff[0-9a-f]{12}\b'),
    ('VALUE', False, r'\b0x[0-9a-f]{5,16}\b|\b[0-9a-f]{16}\b|\b[0-9]{18,20}\b'),
    ('TIME', False, r'\b\d+\.\d{6}(?=:)|\b\d+(?:\.\d+)? (?:ns|us|µs|ms|s)\b'),
    ('FLAGS', False, r'(?<=\d\] )[.dDbB][.NnpPlLB][.hHsSzZ][.\da-f]\d?(?= +TIME| +\d+\.)'),
    ('TICKS', False, r'\b\d+(?= ticks\b)|(?<=ticks, )\d+'),
    ('COUNT', False, r'\b\d{3,}(?= functions\b| sites\b| bytes of text\b)'),
    ('COUNT', False, r'\b\d+(?= older ones left out)'),
    ('LINE', False, r'(?:(?<=\.c:)|(?<=\.h:)|(?<=\.asm:)|(?<=, line ))\d+\b|^\d+(?=\t)'),
    ('NUMBER', False, r'(?<=magic=)\d+|(?<=info=)\d+'),
    ('REACH', False, r'(?<=rip)[+-]0x[0-9a-f]+'),
]
MASK = re.compile('|'.join(f'(?P<m{i}>{pattern})' for i, (_, _, pattern) in enumerate(MASKS)))

# Lines whose other numbers differ from build to build: (which lines, what of them).
IN_LINES = [
    (re.compile(r'^(?:pages|heap|pokes) '), re.compile(r'\b\d+\b')),
    (re.compile(r'^(?:load|walk|compile) +\d'), re.compile(r'\b\d+\b')),    # of `cost load`
    (re.compile(r'^\d (?:int3|tail|head)[ ,]'), re.compile(r'\b\d{3,}\b')),    # traps, of `poke`
    (re.compile(r'^(?:kprobe, \w+|kretprobe) +\d'), re.compile(r'\d[\d.]*')),    # of `compare`: addresses are hashed
    (re.compile(r'\bcall\b.*<\w+\+\d+>'), re.compile(r'<\w+\+(?!5>)\d+>')),    # of a call whose bytes are wrong
    (re.compile(r'\[rip'), re.compile(r'(?<![0-9a-f] )(?:\b[0-9a-f]{2} ){4,}')),
]
ADDRESS = re.compile(r'ffffffff([0-9a-f]{8})\b')
LABELS = re.compile('|'.join({label for label, _, _ in MASKS if label} | {'NUMBER', 'BYTES'}))
SPACES = re.compile(r'\s+')
NUMBERS = re.compile(r'\b(?:0x)?[0-9a-f]*\d[0-9a-f]*(?:\.\d+)?\b')


def masked(line, loose=False):
    """The line as it is compared, and its relations [(name, text)]."""
    for low in ADDRESS.findall(line):    # the same address as bytes of code
        pairs = [low[i:i + 2] for i in (6, 4, 2, 0)]
        line = line.replace(' '.join(pairs), 'BYTES').replace(''.join(pairs), 'BYTES')
    for which, what in IN_LINES:
        if which.search(line):
            line = what.sub('NUMBER ', line)
    relations = []

    def name(match):
        label, related, _ = MASKS[int(match.lastgroup[1:])]
        if not label:
            return match[0]
        if related:
            relations.append((label, re.sub(r'0x|\s', '', match[0])))
        return label
    line = MASK.sub(name, line)
    if loose:
        line, relations = re.sub('#+', '#', NUMBERS.sub('N', LABELS.sub('N', line))), []
    return SPACES.sub(' ', line).strip(), relations


class Relations:
    """Which address of the file is which of the machine, one to one, through a chapter."""

    def __init__(self):
        self.there, self.back = {}, {}

    def differ(self, shown, got):
        """None, or a sentence: which relation the two lines break."""
        for (kind, old), (_, new) in zip(masked(shown)[1], masked(got)[1]):
            first = self.there.setdefault((kind, old), new)
            if first != new:
                return f'{old} is {new} here, but {first} further up in this chapter'
            first = self.back.setdefault((kind, new), old)
            if first != old:
                return f'{new} is shown as {old} here, but as {first} further up in this chapter'
        return None


def segments(lines):
    """The runs of lines between the cuts."""
    runs = [[]]
    for line in lines:
        if line.strip() == CUT:
            runs.append([])
        else:
            runs[-1].append(line)
    return runs


def find_run(want, keys, start):
    """Where the lines `want` begin in `keys`, at `start` or behind it: where most of them are. -1: nowhere."""
    best, most = -1, 0
    for at in range(start, len(keys)):
        same = 0
        while same < len(want) and at + same < len(keys) and keys[at + same] == want[same]:
            same += 1
        if same > most:
            best, most = at, same
    return best


def align(shown, got, loose=False):
    """Pairs (index of shown, index of got) of all lines that are shown, or raises Mismatch."""
    keys = [masked(line, loose)[0] for line in got]
    pairs, at, line = [], 0, 0
    runs = segments(shown)
    for number, run in enumerate(runs):
        want = [masked(text, loose)[0] for text in run]
        if number == 0:
            begin = 0
        elif number == len(runs) - 1 and keys[max(at, len(keys) - len(want)):] == want:
            begin = len(keys) - len(want)
        else:
            begin = find_run(want, keys, at) if want else at
            if begin < 0:
                raise Mismatch(line, run[0], None)
        for i, key in enumerate(want):
            if begin + i >= len(keys) or keys[begin + i] != key:
                raise Mismatch(line + i, run[i], got[begin + i] if begin + i < len(got) else None)
            pairs.append((line + i, begin + i))
        at = begin + len(want)
        line += len(want) + 1
    if at < len(keys):
        raise Mismatch(len(shown), None, got[at])
    return pairs


class Mismatch(Exception):
    """The first line that differs: its index, what the file shows, what the machine printed; None: no line."""

    def __init__(self, index, want, got, broken=None):
        super().__init__()
        self.index, self.want, self.got, self.broken = index, want, got, broken

    def __str__(self):
        if self.broken:
            return self.broken
        if self.want is None:
            return f'want no more lines, got "{self.got.strip()}"'
        if self.got is None:
            return f'want "{self.want.strip()}", got no such line'
        return f'want "{self.want.strip()}", got "{self.got.strip()}"'


def check(shown, got, relations, loose=False):
    """Raises Mismatch if the machine printed something else than what is shown."""
    for i, j in align(shown, got, loose):
        if loose:
            continue
        broken = relations.differ(shown[i], got[j])
        if broken:
            raise Mismatch(i, shown[i], got[j], broken)


def nearest(line, got, start):
    """The index, from `start` on, of the line of `got` that is most like `line`; -1 if none is like it."""
    key = masked(line)[0]
    keys = [masked(text)[0] for text in got]
    if key in keys[start:]:
        return keys.index(key, start)
    like = [(difflib.SequenceMatcher(None, key, other).ratio(), -i) for i, other in enumerate(keys) if i >= start]
    ratio, at = max(like, default=(0, 0))
    return -at if ratio > 0.7 else -1


def renewed(shown, got):
    """The lines to show now: those of `got`, cut where `shown` was cut. And the cuts that were lost, as the line
    in front of each."""
    lines, lost, at = [], [], 0
    cuts = [i for i, line in enumerate(shown) if line.strip() == CUT]
    for cut in cuts:
        begin = nearest(shown[cut - 1], got, at) if cut else -1
        if cut and begin < 0:
            lost.append(shown[cut - 1])
            continue
        end = nearest(shown[cut + 1], got, begin + 1) if cut + 1 < len(shown) else len(got)
        if end < 0:
            lost.append(shown[cut - 1] if cut else shown[cut + 1])
            continue
        lines += got[at:begin + 1]
        if end > begin + 1:
            lines.append(CUT)
        at = end
    return lines + got[at:], lost

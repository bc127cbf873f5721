# SPDX-License-Identifier: MIT
"""What stands in inline code exists: files, commands, `make` targets, options, sections, names of the tree.

A word is known if the source has it (without its comments), if a block of the same file shows it, if it is a
register or an instruction, or if it is one of Linux's that docs/linux.md or docs/book/linux-names.txt names. A
comment `<!-- names: WORD WORD -->` allows a file a word more: one that is made by a macro, or does not exist yet.
"""
import functools
import glob
import os
import re
import shlex

from book_parts.document import ROOT, SPAN, Problem, line_at, read_text

BYTES = re.compile(r'^(?:[0-9a-fA-F?x]{2})(?: (?:[0-9a-fA-F]{2}|\?\?|d\d|\.\.))*$|^[0-9a-f]{8,16}$')
PATH = re.compile(r'^\.{0,2}[\w.*-]*(?:/[\w.*+-]+)+/?$|^[\w-]+\.(?:c|h|asm|md|py|gdb|out|txt|mk|ld|pml|tsv)$')
WORD = re.compile(r'[A-Za-z_][\w]*')
ALLOWED = re.compile(r'<!-- names: (.*?) -->', re.DOTALL)
COMMENTS = re.compile(r'//[^\n]*|/\*.*?\*/', re.DOTALL)
SECTIONS = {'fentry', 'fexit', 'fmod_ret', 'fsession', 'kprobe', 'kretprobe', 'raw_tp', 'tp_btf', 'ksyscall', 'lsm',
            'tracepoint', 'uprobe', 'kprobe.multi', 'perf_event', 'struct_ops', 'freplace', 'iter'}

SOURCES = ('boot', 'kernel', 'tramp', 'vm', 'attach', 'shell', 'progs', 'tests', 'tools', 'labs')
FILES = ('Makefile', 'linker.ld', '.clang-format', '/usr/include/bpf/bpf_helpers.h', '/usr/include/bpf/bpf_tracing.h',
         '/usr/include/bpf/bpf_core_read.h', '/usr/include/bpf/bpf_helper_defs.h')

# What manuals name and no source need name.
ARCHITECTURE = set('''
    rax rbx rcx rdx rsi rdi rbp rsp rip rflags r8 r9 r10 r11 r12 r13 r14 r15 eax ebx ecx edx esi edi ebp esp eip
    r8d r9d r10d r11d r12d r13d r14d r15d ax bx cx dx si di bp sp ip al bl cl dl ah bh ch dh sil dil bpl spl
    cs ds es fs gs ss cr0 cr2 cr3 cr4 cr8 efer xmm0 ymm0 zmm0
    nop nopl nopw call jmp je jne jz jnz ja jae jb jbe jg jge jl jle js jns ret retq iret iretq int3 int push pop
    pushf popf pushfq popfq mov movabs movzx movsx movsxd movb movw movl movq lea add sub adc sbb and or xor not neg
    inc dec cmp test shl shr sar rol ror mul imul div idiv cqo cdq bswap xchg cmpxchg xadd lock rep movsb stosb leave
    enter hlt cli sti sgdt lgdt lidt invlpg cpuid rdtsc rdtscp rdmsr wrmsr syscall sysret swapgs endbr64 ud2 pause
    mfence lfence sfence clflush byte word dword qword ptr rel32 rel8 disp32 imm32 modrm rex sib
    w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 r0 r1 r2 r3 r4 r5 r6 r7 exit goto pc insn off imm src dst ctx be16 be32 be64 le16
    u8 u16 u32 u64 s8 s16 s32 s64 void char short long unsigned signed struct union enum const static inline extern
    volatile typedef sizeof return if else for while switch case break continue default bool true false NULL
    backtrace bt break tbreak thbreak hbreak watch continue stepi nexti step next finish until print list display
    delete disassemble info registers x quit kill set frame up down run load source target remote ls cat grep
    sed less git clone cd cp mkdir sudo objdump readelf nm gdb gcc clang ld nasm pahole bpftool python3 diff'''.split())


def code_of(path, text):
    """The text of a source without comments."""
    if path.endswith(('.c', '.h', '.ld')):
        return COMMENTS.sub(' ', text)
    if path.endswith('.asm'):
        return re.sub(r';[^\n]*', '', text)
    return text


@functools.lru_cache(None)
def tree_words():
    """All words of the source."""
    found = set(ARCHITECTURE)
    paths = list(FILES)
    for folder in SOURCES:
        for base, _, names in os.walk(os.path.join(ROOT, folder)):
            paths += [os.path.join(base, name) for name in names if not name.endswith(('.md', '.pyc'))]
    for path in paths:
        found |= set(WORD.findall(code_of(path, read_text(path) or '')))
        found.add(os.path.basename(path).split('.')[0])
    return found


@functools.lru_cache(None)
def linux_words():
    """Linux's names: (words, files)."""
    text = read_text('docs/linux.md') or ''
    spans = ' '.join(SPAN.findall(text)) + ' ' + (read_text('docs/book/linux-names.txt') or '')
    return set(WORD.findall(spans)), set(re.findall(r'[\w.-]+(?:/[\w.-]+)+', spans))


@functools.lru_cache(None)
def makefiles():
    paths = ['Makefile']
    for folder in SOURCES:
        for base, _, names in os.walk(os.path.join(ROOT, folder)):
            paths += [os.path.join(base, name) for name in names if name.endswith('.mk')]
    return '\n'.join(read_text(path) or '' for path in paths)


@functools.lru_cache(None)
def make_targets():
    found = set()
    for line in re.findall(r'^([a-z][\w .%-]*?):(?![:=])', makefiles(), re.MULTILINE):
        found |= set(line.split())
    return found


@functools.lru_cache(None)
def shell_commands():
    """The commands that `help` lists: the names of the tables `..._commands` in shell/."""
    found = set()
    for base, _, names in os.walk(os.path.join(ROOT, 'shell')):
        for name in names:
            text = read_text(os.path.join(base, name)) or ''
            for table in re.findall(r'\bstruct command \w+_commands\[\] = \{(.*?)\n\};', text, re.DOTALL):
                found |= set(re.findall(r'^\t\{ "([a-z-]+)"', table, re.MULTILINE))
    return found


@functools.lru_cache(None)
def help_text():
    """What the launcher and the tools say about themselves: for options."""
    tools = ('tools/fivebyte', 'tools/gdb/session', 'tools/book', 'tools/check-linux')
    return '\n'.join(read_text(path) or '' for path in tools) + makefiles()


def split(command):
    """The words of a command, as a shell takes them; one that is cut within quotes, at its spaces."""
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def wrong_make(words):
    """Why a `make` command is wrong, or None."""
    for word in words[1:]:
        if word in ('-C', '-j', '&&', ';'):
            break
        if '=' in word:
            name = word.split('=')[0]
            if not re.search(rf'\b{re.escape(name)}\b', makefiles()):
                return f'no makefile reads {name}'
        elif not word.startswith('-') and '/' not in word and word not in make_targets():
            return f'there is no target {word}'
    return None


def wrong_options(words):
    """The first option that no tool of the tree has, or None."""
    for word in words:
        option = word.split('=')[0]
        if re.match(r'--[a-z]', option) and not re.search(rf'(?<![\w-]){re.escape(option)}(?![\w-])', help_text()):
            return option
    return None


@functools.lru_cache(None)
def file_names():
    """The names of all files of the tree, and of libbpf's headers."""
    found = {'vmlinux.h'}
    for folder in SOURCES + ('docs', '/usr/include/bpf'):
        for _, folders, names in os.walk(os.path.join(ROOT, folder)):
            found |= set(names)
    return found | {f'bpf/{name}' for name in found}


def is_students(path):
    """lab/3/tramp/plan.c: a file that the student of lab 3 edits, or lab/3/ itself."""
    match = re.fullmatch(r'lab/(\d+)/(.*)', path)
    labs = match and glob.glob(f'{ROOT}/labs/{int(match[1]):02}-*/lab')
    if not labs:
        return False
    with open(labs[0], encoding='utf-8') as file:
        return not match[2] or f'edit: {match[2]}' in file.read().splitlines()


def path_exists(path, doc):
    """A path of the tree, from the root or from the file that names it; `*` and capitals stand for something."""
    if re.search(r'\*|\b[A-Z]{1,}[A-Z]*\b|NN', path) and not os.path.exists(os.path.join(ROOT, path)):
        stem = re.split(r'[^/]*(?:\*|[A-Z]{2,}|\bN\b)', path)[0]
        bases = ('', os.path.dirname(doc.path))
        return stem.startswith('build/') or any(os.path.isdir(os.path.join(ROOT, base, stem)) for base in bases)
    for base in (ROOT, os.path.join(ROOT, os.path.dirname(doc.path))):
        if os.path.exists(os.path.join(base, path)):
            return True
    if is_students(path):
        return True
    return path.startswith('build/') and path.split('/')[-1] in makefiles() or path in ('build/book', 'build/book/')


def known_words(doc):
    """The words of the tree, those that the blocks of a file show, and those that it allows itself."""
    shown = '\n'.join('\n'.join(block.lines) for block in doc.blocks)
    return tree_words() | set(WORD.findall(shown)) | set(WORD.findall(' '.join(ALLOWED.findall(doc.text()))))


def wrong(span, doc, known):
    """Why a span names nothing that exists, or None."""
    text = span.strip()
    words = text.split()
    if BYTES.match(text) or '@' in text or text.startswith('/'):    # bytes of code; the name of a mail; a pattern
        return None
    if words[0] == 'make':
        return wrong_make(split(text))
    if len(words) == 1 and text.rstrip('/') in linux_words()[1]:
        return None
    if words[0].startswith(('tools/', './tools/')) or words[0] == 'NO_COLOR=1':
        tool = next(word for word in words if '/' in word)
        if not path_exists(tool, doc):
            return f'there is no file {tool}'
        option = wrong_options(words[1:])
        return option and f'no tool of the tree has an option {option}'
    if re.match(r'--[a-z]', words[0]):
        option = wrong_options(words)
        return option and f'no tool of the tree has an option {option}'
    if len(words) == 1 and PATH.match(text):
        if path_exists(text, doc) or text in file_names() or text.startswith('lab/'):    # the reader's own
            return None
        first = text.split('/')[0]
        is_object = os.path.exists(os.path.join(ROOT, 'progs', f'{first}.bpf.c'))
        if first.split('.')[0] in SECTIONS or is_object:
            return unknown(text.split('/', 1)[1], known)
        if '/' in text and any(path.startswith(text.rstrip('/') + '/') for path in linux_words()[1]):
            return None
        return f'there is no file {text}; one of Linux is named in docs/linux.md or docs/book/linux-names.txt'
    if words[0] in shell_commands():
        return None
    return unknown(text, known)


def unknown(text, known):
    """The first word that nothing knows, as a sentence, or None."""
    text = re.sub(r'0x[0-9a-fA-F]+|"[^"]*"|\b\d\w*|(?<![\w])-\w[\w-]*(?:=[\w-]+)?', ' ', text)
    for word in WORD.findall(text):
        stands_for_another = len(word) == 1 or len(word) < 6 and re.fullmatch(r'[A-Z][A-Z_]*', word)
        if word in known or word in linux_words()[0] or stands_for_another:
            continue
        return f'nothing in the tree is called {word}, and docs/linux.md does not name it as one of Linux'
    return None


def commands_of(doc):
    """(line, command) of the commands of make and of tools in blocks that nothing runs."""
    shown = [(line, text) for line, text in doc.prose if text.startswith('    ')]
    for block in doc.blocks:
        if not block.kind:
            shown += enumerate(block.lines, block.line + 1)
    for line, text in shown:
        command = re.split(r'\s+#\s|\s[|<>&;]', text.strip())[0].strip()
        if re.match(r'(?:make|tools/\w[\w-]*)(?: |$)', command):
            yield line, command


def check(doc):
    known = known_words(doc)
    problems = []
    text = doc.flow()
    for span in SPAN.finditer(text):
        name = ' '.join(span[1].split())
        why = name and wrong(name, doc, known)
        if why:
            problems.append(Problem(doc, line_at(text, span.start()), f'`{name}`: {why}'))
    for line, command in commands_of(doc):
        why = wrong(command, doc, known)
        if why:
            problems.append(Problem(doc, line, f'`{command}`: {why}'))
    return problems

# SPDX-License-Identifier: MIT
"""Lab 2. Each function runs in GDB, on a machine that stands at kmain."""
import struct

import gdb

NOP = bytes.fromhex('0f1f440000')
SITES = ['kfree_skb', 'consume_skb', 'alloc_skb', 'wake_up_process', 'netif_receive_skb', 'schedule']


def call_of(site, target):
    return b'\xe8' + struct.pack('<i', target - (site + 5))


def address(lab, name):
    return lab.value(f'(unsigned long)&{name}')


def ask(lab, command, site, want):
    """Runs a command of the student's. Its site must hold `want` then, and the bytes around it what they did."""
    before, behind = lab.bytes_at(site - 3, 3), lab.bytes_at(site + 5, 3)
    lab.did(f'{command}; x/5xb {site:#x}')
    lab.student(command)
    lab.eq(want, lab.bytes_at(site, 5))
    lab.did(f'{command}; the bytes beside the site')
    lab.eq(before + behind, lab.bytes_at(site - 3, 3) + lab.bytes_at(site + 5, 3))


def put(lab, site, target):
    ask(lab, f'put-call {site:#x} {target:#x}', site, call_of(site, target))


def take(lab, site):
    ask(lab, f'take-back {site:#x}', site, NOP)


def some_site(lab):
    return address(lab, lab.rng.choice(SITES))


def forwards(lab):
    lab.source_answer()
    site = some_site(lab)
    put(lab, site, site + lab.rng.randrange(0x100, 0x7fe00000))


def backwards(lab):
    lab.source_answer()
    site = some_site(lab)
    put(lab, site, site - lab.rng.randrange(0x100, 0x7fffff00))


def again(lab):
    lab.source_answer()
    site = some_site(lab)
    put(lab, site, site + lab.rng.randrange(0x100, 0x7fe00000))
    take(lab, site)


def compares(lab):
    """What the commands must leave alone: another nop, a jmp, and the five bytes while a change is in progress."""
    lab.source_answer()
    site = some_site(lab)
    memory = gdb.selected_inferior()
    for found in ('0f1f440008', '0f1f440100', 'e911223344', 'cc1f440000'):
        for command in (f'put-call {site:#x} {site + 0x1000:#x}', f'take-back {site:#x}'):
            memory.write_memory(site, bytes.fromhex(found))
            lab.did(f'{command}, where the site holds {bytes.fromhex(found).hex(" ")}')
            lab.student(command)
            lab.eq(bytes.fromhex(found), lab.bytes_at(site, 5), 'nothing changed:')
    memory.write_memory(site, call_of(site, site + 0x2000))
    lab.did('put-call, where the site holds a call already')
    lab.student(f'put-call {site:#x} {site + 0x1000:#x}')
    lab.eq(call_of(site, site + 0x2000), lab.bytes_at(site, 5), 'nothing changed:')


def put_into_the_live_machine(lab):
    """skbcount is attached to kfree_skb. consume_skb is made to call the same image, and is called."""
    lab.source_answer()
    lab.run_to('traffic_net')
    traced, site = address(lab, 'kfree_skb'), address(lab, 'consume_skb')
    code = lab.bytes_at(traced, 5)
    image = traced + 5 + struct.unpack('<i', code[1:])[0]
    put(lab, site, image)
    lab.did('put-call at consume_skb, with the image of kfree_skb; continue')
    lab.run_to(f'*{image:#x} if *(unsigned long *)$rsp == {site + 5:#x}')
    lab.eq(image, lab.value('(unsigned long)$pc'), 'the CPU in the image, at')
    return site, image


def runs(lab):
    put_into_the_live_machine(lab)


def nothing_left(lab):
    """The image is still on the CPU when the site is taken back."""
    site, image = put_into_the_live_machine(lab)
    take(lab, site)
    lab.did('take-back at consume_skb while a CPU is in the image; detach all; fivebyte-audit')
    lab.run_to('audit')
    said = gdb.execute('fivebyte-audit', to_string=True)
    if not said.rstrip().endswith(', 0 not'):
        lab.fail('no difference from the ELF file', said.strip())

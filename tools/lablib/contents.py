# SPDX-License-Identifier: MIT
"""make lab-list: the table of contents."""
from lablib.form import LEVELS, all_labs


def command(options):
    """Each lab, and the hours of each level and of all."""
    labs = all_labs()
    print(f'{"lab":>3}  {"title":<50} {"level":<7} {"minutes":>7}  kind')
    for lab in labs:
        print(f'{lab.number:>3}  {lab.title:<50} {lab.level:<7} {lab.minutes:>7}  {lab.kind}')
    for level in LEVELS:
        some = [lab.minutes for lab in labs if lab.level == level]
        print(f'     {len(some)} {level}: {sum(some) / 60:.1f} hours')
    print(f'     {len(labs)} in all: {sum(lab.minutes for lab in labs) / 60:.1f} hours')
    return 0

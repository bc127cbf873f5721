# SPDX-License-Identifier: MIT
# replaces: by-hand.gdb
# fails: a call forwards
# with: one of the commands
# Lab 2: the five bytes, by hand. Both commands run while the whole machine stands still.

# put-call SITE TARGET: if the site holds the compiler's nop, makes it a call of TARGET. Otherwise changes nothing.
define document
end
document put-call
shell echo hello
end
define put-call
  if {unsigned int}($arg0) == 0x00441f0f && {unsigned char}($arg0 + 4) == 0
    set {unsigned char}($arg0) = 0xe8
    set {int}($arg0 + 1) = $arg1 - ($arg0 + 5)
  else
    echo not a nop: nothing changed\n
  end
end

# take-back SITE: if the site holds a call, makes it the compiler's nop. Otherwise changes nothing.
define take-back
  if {unsigned char}($arg0) == 0xe8
    set {unsigned int}($arg0) = 0x00441f0f
    set {unsigned char}($arg0 + 4) = 0
  else
    echo not a call: nothing changed\n
  end
end

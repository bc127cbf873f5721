# SPDX-License-Identifier: MIT
# Lab 2: the five bytes, by hand. Both commands run while the whole machine stands still.

# put-call SITE TARGET: if the site holds the compiler's nop, makes it a call of TARGET. Otherwise changes nothing.
define put-call
  echo lab 2: put-call is not written yet\n
end

# take-back SITE: if the site holds a call, makes it the compiler's nop. Otherwise changes nothing.
define take-back
  echo lab 2: take-back is not written yet\n
end

/* SPDX-License-Identifier: MIT */
/* What a panic prints. */
#pragma once

/* From here on a panic prints. After serial_init and screen_init. */
void report_init(void);

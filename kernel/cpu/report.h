/* SPDX-License-Identifier: MIT */
/* What a panic prints. */
#pragma once

/* A panic reports from here on. After serial_init and screen_init. */
void report_init(void);

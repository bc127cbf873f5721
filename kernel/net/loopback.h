/* SPDX-License-Identifier: MIT */
/* The device "lo": it receives at once what is sent through it. */
#pragma once
#include "kernel/net/net.h"

extern struct net_device loopback_dev;

int loopback_xmit(struct sk_buff *skb, struct net_device *dev);

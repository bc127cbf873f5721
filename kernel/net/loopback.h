/* SPDX-License-Identifier: MIT */
/* The device "lo": what is sent through it is received at once. */
#pragma once
#include "kernel/net/net.h"

extern struct net_device loopback_dev;

int loopback_xmit(struct sk_buff *skb, struct net_device *dev);

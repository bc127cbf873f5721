// SPDX-License-Identifier: MIT
// A driver without hardware.
#include "kernel/net/loopback.h"

enum { ARPHRD_LOOPBACK = 772, IFF_UP = 1, IFF_LOOPBACK = 8 };

traceable int loopback_xmit(struct sk_buff *skb, struct net_device *dev)
{
	skb->protocol = eth_type_trans(skb, dev);
	return netif_rx(skb);
}

static const struct net_device_ops loopback_ops = { .ndo_start_xmit = loopback_xmit };

struct net_device loopback_dev = {
	.name = "lo",
	.ifindex = 1,
	.flags = IFF_UP | IFF_LOOPBACK,
	.mtu = 65535,
	.type = ARPHRD_LOOPBACK,
	.hard_header_len = ETH_HLEN,
	.addr_len = ETH_ALEN,
	.netdev_ops = &loopback_ops,
};

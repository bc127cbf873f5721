// SPDX-License-Identifier: MIT
// The 16550 UART at COM1. Output polls; input is put into a ring by the interrupt. Nothing that was received
// is thrown away: what the ring has no room for stays in the UART, and an emulator's UART takes no more until
// it is read.
#include "kernel/io/serial.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/layout.h"
#include "kernel/sched/lock.h"

enum {
	DATA = COM1,           /* divisor's low byte while DLAB is set */
	IRQ_ENABLE = COM1 + 1, /* divisor's high byte while DLAB is set */
	LINE_CONTROL = COM1 + 3,
	MODEM_CONTROL = COM1 + 4,
	LINE_STATUS = COM1 + 5,
};
enum {
	DLAB = 0x80,
	EIGHT_BITS = 3,
	DTR_RTS_OUT2 = 0x0b, /* OUT2 lets the interrupt through to the bus */
	DIVISOR_115200 = 1,
	DATA_READY = 1,
	ROOM_TO_SEND = 0x20,
	NO_UART = 0xff, /* what a read returns where no UART is */
	IRQ_ON_DATA = 1,
	COM1_IRQ = 4,
	CTRL_C = 3,
};

/* Its indices count up without end. */
static struct {
	char chars[1024];
	u32 head, tail; /* head written by the reader, tail by the filler */
	u32 stop;       /* behind the last Ctrl-C that was received */
	spinlock_t lock;
} ring;
static void (*received)(void);

/* The FIFOs stay as they are, off in an emulator: switching would empty them, and input may be waiting. */
void serial_init(void)
{
	outb(IRQ_ENABLE, 0);
	outb(LINE_CONTROL, DLAB);
	outb(DATA, DIVISOR_115200);
	outb(IRQ_ENABLE, 0);
	outb(LINE_CONTROL, EIGHT_BITS);
	outb(MODEM_CONTROL, DTR_RTS_OUT2);
}

void serial_putc(char ch)
{
	while (!(inb(LINE_STATUS) & ROOM_TO_SEND))
		cpu_pause();
	outb(DATA, (u8)ch);
}

static bool is_received(void)
{
	u8 status = inb(LINE_STATUS);
	return status & DATA_READY && status != NO_UART;
}

/* Moves received characters from the UART into the ring while it has room. Under ring.lock. */
static void fill_ring(void)
{
	while (ring.tail - ring.head < array_len(ring.chars) && is_received()) {
		char ch = (char)inb(DATA);
		ring.chars[ring.tail++ % array_len(ring.chars)] = ch;
		if (ch == CTRL_C)
			ring.stop = ring.tail;
	}
}

/* Fills the ring first: the UART's interrupt is an edge, which does not come again after the ring was full.
 * So when a reader finds no character, the UART is empty too, and the next byte makes an interrupt. */
int serial_try_getc(void)
{
	int ch = -1;
	uptr flags = spin_lock_irqsave(&ring.lock);
	fill_ring();
	if (ring.head != ring.tail)
		ch = (u8)ring.chars[ring.head++ % array_len(ring.chars)];
	spin_unlock_irqrestore(&ring.lock, flags);
	return ch;
}

bool serial_take_ctrl_c(void)
{
	uptr flags = spin_lock_irqsave(&ring.lock);
	fill_ring();
	bool is_there = (i32)(ring.stop - ring.head) > 0;
	if (is_there)
		ring.head = ring.stop;
	spin_unlock_irqrestore(&ring.lock, flags);
	return is_there;
}

static bool interrupt(struct pt_regs *regs unused)
{
	uptr flags = spin_lock_irqsave(&ring.lock);
	fill_ring();
	spin_unlock_irqrestore(&ring.lock, flags);
	received();
	return true;
}

enum err serial_enable_input(void (*call)(void))
{
	received = call;
	enum err e = irq_enable(COM1_IRQ, interrupt);
	outb(IRQ_ENABLE, IRQ_ON_DATA);
	return e;
}

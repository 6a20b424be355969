// SPDX-License-Identifier: GPL-2.0
/*
 * A PL011 UART, as far as Linux uses it: Arm's PrimeCell UART (PL011) Technical
 * Reference Manual, DDI 0183. It sends at once, and receives from a thread.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

enum { DR = 0x000, FR = 0x018, LCR = 0x02c, CR = 0x030, IMSC = 0x038, RIS = 0x03c, MIS = 0x040,
       ICR = 0x044, ID = 0xfe0 };

#define FR_RXFE	(1 << 4)
#define FR_RXFF	(1 << 6)
#define FR_TXFE	(1 << 7)
#define INT_RX	(1 << 4)
#define INT_TX	(1 << 5)

#define FIFO	16

struct uart {
	struct vm *vm;
	uint32_t regs[0x48 / 4];	/* those that are only kept */
	uint32_t mask, raised;
	uint8_t fifo[FIFO];
	unsigned int head, count;
	pthread_cond_t room;
};

static void update(const struct uart *u)
{
	set_irq(u->vm, UART_SPI, u->raised & u->mask);
}

static uint32_t read_reg(struct uart *u, uint64_t offset)
{
	static const uint8_t ids[8] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	uint32_t value;

	switch (offset) {
	case DR:
		if (!u->count)
			return 0;
		value = u->fifo[u->head];
		u->head = (u->head + 1) % FIFO;
		if (!--u->count)
			u->raised &= ~INT_RX;
		pthread_cond_signal(&u->room);
		update(u);
		return value;
	case FR:
		return FR_TXFE | (u->count ? 0 : FR_RXFE) | (u->count == FIFO ? FR_RXFF : 0);
	case IMSC:
		return u->mask;
	case RIS:
		return u->raised;
	case MIS:
		return u->raised & u->mask;
	default:
		if (offset >= ID)
			return ids[(offset - ID) / 4 & 7];
		return offset / 4 < sizeof(u->regs) / 4 ? u->regs[offset / 4] : 0;
	}
}

static void write_reg(struct uart *u, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DR:
		putchar(value & 0xff);
		fflush(stdout);
		u->raised |= INT_TX;
		break;
	case IMSC:
		u->mask = value;
		break;
	case ICR:
		u->raised &= ~value;
		break;
	default:
		if (offset / 4 < sizeof(u->regs) / 4)
			u->regs[offset / 4] = value;
		return;
	}
	update(u);
}

static int uart_read(struct device *dev, uint64_t offset, void *data, unsigned int len)
{
	const uint32_t value = read_reg(dev->state, offset & ~3ull);

	memset(data, 0, len);
	memcpy(data, &value, len < 4 ? len : 4);
	return 0;
}

static int uart_write(struct device *dev, uint64_t offset, const void *data, unsigned int len)
{
	uint32_t value = 0;

	memcpy(&value, data, len < 4 ? len : 4);
	write_reg(dev->state, offset & ~3ull, value);
	return 0;
}

static void *receive(void *opaque)
{
	struct uart *u = opaque;
	uint8_t c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		pthread_mutex_lock(&u->vm->lock);
		while (u->count == FIFO)
			pthread_cond_wait(&u->room, &u->vm->lock);
		u->fifo[(u->head + u->count++) % FIFO] = c;
		u->raised |= INT_RX;
		update(u);
		pthread_mutex_unlock(&u->vm->lock);
	}
	return NULL;
}

void add_uart(struct vm *vm)
{
	struct device *dev = add_device(vm, "uart", UART_BASE, 0x1000);
	struct uart *u = calloc(1, sizeof(*u));
	pthread_t thread;

	if (!u)
		die("out of memory for the UART");
	u->vm = vm;
	pthread_cond_init(&u->room, NULL);
	dev->read = uart_read;
	dev->write = uart_write;
	dev->state = u;
	if (pthread_create(&thread, NULL, receive, u))
		die("cannot create a thread for the UART");
}

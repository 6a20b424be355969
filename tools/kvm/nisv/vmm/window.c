// SPDX-License-Identifier: GPL-2.0
/* A device that is as much memory as its window, and logs each access to it */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

/* In two's powers up to 8 bytes a number, else bytes, both as the guest has them */
static void record(struct device *dev, const char *what, uint64_t offset, const void *data,
		   unsigned int len)
{
	struct vm *vm = dev->state;
	uint64_t value = 0;

	if (!vm->log)
		return;
	fprintf(vm->log, "%s: %s 0x%" PRIx64 ", %u bytes", dev->name, what, dev->base + offset, len);
	if (len <= sizeof(value)) {
		memcpy(&value, data, len);
		fprintf(vm->log, ": 0x%0*" PRIx64, 2 * len, value);
	}
	fputc('\n', vm->log);
	fflush(vm->log);
}

static uint8_t *memory;

static int window_read(struct device *dev, uint64_t offset, void *data, unsigned int len)
{
	memcpy(data, memory + offset, len);
	record(dev, "read", offset, data, len);
	return 0;
}

static int window_write(struct device *dev, uint64_t offset, const void *data, unsigned int len)
{
	memcpy(memory + offset, data, len);
	record(dev, "write", offset, data, len);
	return 0;
}

void add_window(struct vm *vm)
{
	struct device *dev = add_device(vm, "window", vm->window, vm->window_size);

	memory = calloc(1, vm->window_size);
	if (!memory)
		die("out of memory for the device window");
	dev->read = window_read;
	dev->write = window_write;
	dev->state = vm;
}

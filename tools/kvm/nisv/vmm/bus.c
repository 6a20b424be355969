// SPDX-License-Identifier: GPL-2.0
/* Devices, and what libnisv asks about addresses */
#include "vmm.h"

struct device *add_device(struct vm *vm, const char *name, uint64_t base, uint64_t size)
{
	struct device *dev = &vm->devices[vm->ndevices++];

	dev->name = name;
	dev->base = base;
	dev->size = size;
	return dev;
}

static struct device *device_at(struct vm *vm, uint64_t ipa)
{
	for (struct device *dev = vm->devices; dev < vm->devices + vm->ndevices; dev++)
		if (ipa - dev->base < dev->size)
			return dev;
	return NULL;
}

static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram)
{
	struct vm *vm = opaque;
	const struct device *dev = device_at(vm, ipa);
	uint64_t rest = 0;

	(void)write;
	if (ipa - RAM_BASE < vm->ram_size) {
		*ram = vm->ram + (ipa - RAM_BASE);
		rest = vm->ram_size - (ipa - RAM_BASE);
	} else if (dev) {
		rest = dev->size - (ipa - dev->base);
	}
	return len < rest ? len : rest;
}

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	struct device *dev = device_at(opaque, ipa);

	if (!dev || len > dev->size - (ipa - dev->base))
		return -1;
	return dev->read(dev, ipa - dev->base, data, len);
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	struct device *dev = device_at(opaque, ipa);

	if (!dev || len > dev->size - (ipa - dev->base))
		return -1;
	return dev->write(dev, ipa - dev->base, data, len);
}

void make_bus(struct vm *vm)
{
	vm->bus = (struct nisv_bus) {
		.opaque = vm, .at = bus_at, .read = bus_read, .write = bus_write, .monitor = &vm->monitor,
	};
}

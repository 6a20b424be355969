// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's interrupt controller: Documentation/virt/kvm/devices/arm-vgic.rst and
 * arm-vgic-v3.rst
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm.h"

static int gic_fd;

static void set_attr(uint32_t group, uint64_t attr, void *value)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)value };

	if (ioctl(gic_fd, KVM_SET_DEVICE_ATTR, &a))
		die("KVM_SET_DEVICE_ATTR %u, %llu of the GIC: %s", group, (unsigned long long)attr, strerror(errno));
}

static void set_address(uint64_t type, uint64_t address)
{
	set_attr(KVM_DEV_ARM_VGIC_GRP_ADDR, type, &address);
}

/* GICv3, or v2 if the host has no other */
void create_gic(struct vm *vm)
{
	struct kvm_create_device dev = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	int ret = -1;

	if (vm->gic != 2) {
		ret = ioctl(vm->fd, KVM_CREATE_DEVICE, &dev);
		if (!ret)
			vm->gic = 3;
	}
	if (ret && vm->gic != 3) {
		dev.type = KVM_DEV_TYPE_ARM_VGIC_V2;
		ret = ioctl(vm->fd, KVM_CREATE_DEVICE, &dev);
		vm->gic = 2;
	}
	if (ret)
		die("this host has no GIC%s for guests: %s", vm->gic == 3 ? "v3" : "v2", strerror(errno));
	gic_fd = dev.fd;

	if (vm->gic == 3) {
		set_address(KVM_VGIC_V3_ADDR_TYPE_DIST, GICD_BASE);
		set_address(KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR_BASE);
	} else {
		set_address(KVM_VGIC_V2_ADDR_TYPE_DIST, GICD_BASE);
		set_address(KVM_VGIC_V2_ADDR_TYPE_CPU, GICC_BASE);
	}
}

void start_gic(const struct vm *vm)
{
	uint32_t irqs = 64;

	(void)vm;
	set_attr(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs);
	set_attr(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

void set_irq(const struct vm *vm, unsigned int spi, bool level)
{
	struct kvm_irq_level irq = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (32 + spi),
		.level = level,
	};

	if (ioctl(vm->fd, KVM_IRQ_LINE, &irq))
		die("KVM_IRQ_LINE: %s", strerror(errno));
}

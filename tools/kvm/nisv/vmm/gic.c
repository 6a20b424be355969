// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's interrupt controller: Documentation/virt/kvm/devices/arm-vgic.rst and
 * arm-vgic-v3.rst
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

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

/*
 * KVM does what has a syndrome, and libnisv has it do the rest. The registers are KVM's, so
 * is what keeps them apart: without our lock, as KVM_RUN sleeps if another vCPU switches the
 * VM off, and that one's thread needs the lock to end it.
 */
static int gic_read(struct device *dev, uint64_t offset, void *data, unsigned int len)
{
	struct vcpu *vcpu = this_vcpu;
	int ret;

	pthread_mutex_unlock(&vcpu->vm->lock);
	ret = nisv_vgic_read(&vcpu->cpu, vcpu->run, GIC_CODE_BASE, dev->base + offset, data, len);
	pthread_mutex_lock(&vcpu->vm->lock);
	return ret;
}

static int gic_write(struct device *dev, uint64_t offset, const void *data, unsigned int len)
{
	struct vcpu *vcpu = this_vcpu;
	int ret;

	pthread_mutex_unlock(&vcpu->vm->lock);
	ret = nisv_vgic_write(&vcpu->cpu, vcpu->run, GIC_CODE_BASE, dev->base + offset, data, len);
	pthread_mutex_lock(&vcpu->vm->lock);
	return ret;
}

static void add_frame(struct vm *vm, const char *name, uint64_t base, uint64_t size)
{
	struct device *dev = add_device(vm, name, base, size);

	dev->read = gic_read;
	dev->write = gic_write;
}

/* A GICv2's CPU interface is the host's: accesses of it do not exit */
void add_gic(struct vm *vm)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	struct kvm_userspace_memory_region region = {
		.slot = 1, .flags = KVM_MEM_READONLY, .guest_phys_addr = GIC_CODE_BASE, .memory_size = size,
	};
	void *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (code == MAP_FAILED)
		die("no memory for the GIC's code: %s", strerror(errno));
	nisv_vgic_code(code);
	region.userspace_addr = (uintptr_t)code;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION of the GIC's code: %s", strerror(errno));
	if (vm->gic == 3) {
		add_frame(vm, "gicd", GICD_BASE, 0x10000);
		add_frame(vm, "gicr", GICR_BASE, 0x20000 * vm->cpus);
	} else {
		add_frame(vm, "gicd", GICD_BASE, 0x1000);
	}
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

/* SPDX-License-Identifier: GPL-2.0 */
/* The reference VMM for libnisv: what its files share */
#ifndef NISV_VMM_H
#define NISV_VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/kvm.h>

#include "nisv.h"

/* The guest's physical addresses, as on QEMU's virt board */
#define GICD_BASE	0x08000000ull
#define GICC_BASE	0x08010000ull
#define GICR_BASE	0x080a0000ull
#define GIC_CODE_BASE	0x08200000ull	/* the guest is not told */
#define UART_BASE	0x09000000ull
#define RAM_BASE	0x40000000ull

#define UART_SPI	1
#define MAX_CPUS	8
#define MAX_DEVICES	4

/*
 * A device. Its calls get the offset of the access, and 1, 2, 4 or 8 bytes (64 of
 * LD64B and ST64B) as they are in memory; they return 0, or -1 to refuse. They are
 * made with vm->lock held.
 */
struct device {
	const char *name;
	uint64_t base, size;
	int (*read)(struct device *dev, uint64_t offset, void *data, unsigned int len);
	int (*write)(struct device *dev, uint64_t offset, const void *data, unsigned int len);
	void *state;
};

/* It has a thread, in which its accesses of devices are made */
struct vcpu {
	struct vm *vm;
	int fd;
	struct kvm_run *run;
	struct nisv_cpu cpu;
};

struct vm {
	/* From the command line */
	char **arguments;
	const char *kernel, *initrd, *append;
	uint64_t ram_size;
	unsigned int cpus, gic;
	uint64_t window, window_size;
	bool carry_out;
	FILE *log;

	int kvm, fd;
	bool can_inject;
	struct vcpu vcpu[MAX_CPUS];
	uint8_t *ram;
	uint64_t entry, initrd_start, initrd_end, dtb;

	/* Held by a vCPU's thread for the whole of an access; see nisv.h */
	pthread_mutex_t lock;
	struct device devices[MAX_DEVICES];
	unsigned int ndevices;
	struct nisv_bus bus;
	uint64_t monitor;
};

/* die.c: print a message and end the VMM */
void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...);

/* load.c: the guest's memory before it runs */
void load_guest(struct vm *vm);
/* fdt.c: the device tree, at most size bytes of it */
void make_device_tree(const struct vm *vm, void *fdt, size_t size);
/* gic.c: before vCPUs run, and after they have been made; and for accesses without a syndrome */
void create_gic(struct vm *vm);
void start_gic(const struct vm *vm);
void add_gic(struct vm *vm);

/* vcpu.c: as many as vm->cpus, and the first where the guest starts */
void create_vcpus(struct vm *vm);
void *run_vcpu(void *vcpu);		/* a thread of each; it ends with the VMM */
extern __thread struct vcpu *this_vcpu;	/* the one of this thread */

/* bus.c */
void make_bus(struct vm *vm);
struct device *add_device(struct vm *vm, const char *name, uint64_t base, uint64_t size);
void add_uart(struct vm *vm);		/* uart.c: a PL011 on stdin and stdout */
void add_window(struct vm *vm);		/* window.c: memory that logs each access */
void set_irq(const struct vm *vm, unsigned int spi, bool level);

#endif /* NISV_VMM_H */

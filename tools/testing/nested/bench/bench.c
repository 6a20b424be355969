// SPDX-License-Identifier: GPL-2.0
/*
 * What an access costs, in instructions. CNTVCT_EL0 counts them: the emulator runs one
 * CPU with -icount shift=0, which gives each instruction a nanosecond, and the counter
 * has 62.5 MHz.
 *
 * On hardware (tools/testing/nested/bundle) the same figures are nanoseconds.
 *
 * Each line is "NAME INSTRUCTIONS [IOCTLS]", per access, all of it: guest, host's
 * kernel, and this program, which does as little as a VMM can. "-" is what the kernel or
 * the CPU does not have. A figure is the median of ROUNDS, of ACCESSES each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "nisv.h"

#define ROUNDS		9
#define ACCESSES	1000

/* Guest physical memory, and virtual, as they are the same */
#define RAM		0x40000000ull
#define RAM_SIZE	0x100000ull
#define TABLES		(RAM + 0x10000)
#define DEVICE		0x10000000ull	/* in a hole */
#define EVENT		(DEVICE + 0x1000)	/* an ioeventfd's */
#define GICD		0x08000000ull
#define GICR		0x080a0000ull	/* or GICC */

#define CORE(word)	(0x6030000000100000ull | (word))
#define X(n)		CORE(2 * (n))
#define PC		CORE(0x40)
#define PSTATE		CORE(0x42)
#define P(n)		(0x6050000000150400ull | (n) << 5)	/* of 256 bits */
#define SYS(op1, crn, crm, op2) (0x6030000000130000ull | 3 << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define TTBR0_EL1	SYS(0, 2, 0, 0)
#define ZCR_EL1		SYS(0, 1, 2, 0)

/*
 * X0 is the device. What exits to userspace is repeated for ever; what does not, X4 times,
 * and ends with a store to X5. An abort moves PC by one instruction.
 */
__asm__(
"	.pushsection .rodata\n"
"	.globl guest_vectors, guest_end, read_w, write_w, pair, post_index, ld4, ld1b, st1b, in_kernel_read, in_kernel_write, hypercall\n"
"	.balign 0x800\n"
"guest_vectors:\n"
"	.skip	0x200\n"
"	mrs	x6, elr_el1\n"
"	add	x6, x6, #4\n"
"	msr	elr_el1, x6\n"
"	eret\n"
"	.balign 0x800\n"
"read_w:	ldr	w1, [x0]\n"
"	b	read_w\n"
"write_w:\n"
"	str	w1, [x0]\n"
"	b	write_w\n"
"pair:	ldp	x1, x2, [x0]\n"
"	b	pair\n"
"post_index:\n"
"	mov	x3, x0\n"
"	str	w1, [x3], #4\n"
"	b	post_index\n"
"ld4:	ld4	{ v0.16b, v1.16b, v2.16b, v3.16b }, [x0]\n"
"	b	ld4\n"
"	.arch_extension sve\n"
"ld1b:	ld1b	{ z0.b }, p0/z, [x0]\n"
"	b	ld1b\n"
"st1b:	st1b	{ z0.b }, p0, [x0]\n"
"	b	st1b\n"
"	.arch_extension nosve\n"
"in_kernel_read:\n"
"	mov	x3, x4\n"
"1:	ldr	w1, [x0]\n"
"	subs	x3, x3, #1\n"
"	b.ne	1b\n"
"	str	w1, [x5]\n"
"	b	in_kernel_read\n"
"in_kernel_write:\n"
"	mov	x3, x4\n"
"1:	str	w1, [x0]\n"
"	subs	x3, x3, #1\n"
"	b.ne	1b\n"
"	str	w1, [x5]\n"
"	b	in_kernel_write\n"
"hypercall:\n"
"	mov	x8, x4\n"		/* a call changes X0 to X3 */
"1:	mov	w0, #0x4b000000\n"	/* of no service: KVM says so */
"	hvc	#0\n"
"	subs	x8, x8, #1\n"
"	b.ne	1b\n"
"	str	w1, [x5]\n"
"	b	hypercall\n"
"guest_end:\n"
"	.popsection\n"
);
extern const uint8_t guest_vectors[], guest_end[], read_w[], write_w[], pair[], post_index[], ld4[],
	ld1b[], st1b[], in_kernel_read[], in_kernel_write[], hypercall[];

static int kvm, vm, vcpu;
static struct kvm_run *run;
static uint8_t *ram;
static bool has_nisv, has_inject, has_sve;
static struct nisv_cpu cpu, kvm_cpu;
static unsigned int ioctls;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set_reg(uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	ioctls++;
	if (ioctl(vcpu, KVM_SET_ONE_REG, &reg))
		die("KVM_SET_ONE_REG");
}

static void map(uint64_t va, uint64_t attributes)
{
	uint64_t table = TABLES, *entry;
	static uint64_t used = TABLES + 0x1000;

	for (unsigned int level = 0; level < 3; level++) {
		entry = (uint64_t *)(ram + (table - RAM)) + (va >> (39 - 9 * level) & 511);
		if (!*entry) {
			*entry = used | 3;
			used += 0x1000;
		}
		table = *entry & 0xfffffffff000ull;
	}
	entry = (uint64_t *)(ram + (table - RAM)) + (va >> 12 & 511);
	*entry = va | attributes | 1 << 10 | 3;
}

/* As Linux has it: 4K pages, four levels */
static void start_mmu(void)
{
	for (uint64_t at = 0; at < RAM_SIZE; at += 0x1000)
		map(RAM + at, 3 << 8);
	map(DEVICE, 1 << 2);
	map(EVENT, 1 << 2);
	map(GICD, 1 << 2);
	set_reg(SYS(0, 10, 2, 0), 0x04ff);		/* MAIR_EL1: 0 memory, 1 device */
	set_reg(SYS(0, 2, 0, 2), 16 | 1 << 23 | 1 << 8 | 1 << 10 | 3 << 12 | 2ull << 32);
	set_reg(TTBR0_EL1, TABLES);
	set_reg(SYS(0, 12, 0, 0), RAM);			/* VBAR_EL1 */
	set_reg(SYS(0, 1, 0, 2), 3 << 20 | 3 << 16);	/* CPACR_EL1 */
	set_reg(SYS(0, 1, 0, 0), 0x30d00980 | 1 << 12 | 1 << 2 | 1);
}

static void start_gic(void)
{
	struct kvm_create_device gic = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	uint64_t dist = GICD, other = GICR;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_ARM_VGIC_GRP_ADDR, .attr = KVM_VGIC_V3_ADDR_TYPE_DIST, .addr = (uintptr_t)&dist,
	};
	bool v3 = !ioctl(vm, KVM_CREATE_DEVICE, &gic);

	/* As the machine's own */
	if (!v3) {
		gic.type = KVM_DEV_TYPE_ARM_VGIC_V2;
		attr.attr = KVM_VGIC_V2_ADDR_TYPE_DIST;
		if (ioctl(vm, KVM_CREATE_DEVICE, &gic))
			die("GIC");
	}
	if (ioctl(gic.fd, KVM_SET_DEVICE_ATTR, &attr))
		die("GIC");
	attr.attr = v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU;
	attr.addr = (uintptr_t)&other;
	if (ioctl(gic.fd, KVM_SET_DEVICE_ATTR, &attr))
		die("GIC");
	attr = (struct kvm_device_attr) { .group = KVM_DEV_ARM_VGIC_GRP_CTRL, .attr = KVM_DEV_ARM_VGIC_CTRL_INIT };
	if (ioctl(gic.fd, KVM_SET_DEVICE_ATTR, &attr))
		die("GIC");
}

static void start_sve(void)
{
	uint64_t active[4] = { ~0ull, ~0ull, ~0ull, ~0ull };
	struct kvm_one_reg p0 = { .id = P(0), .addr = (uintptr_t)active };
	int feature = KVM_ARM_VCPU_SVE;

	if (ioctl(vcpu, KVM_ARM_VCPU_FINALIZE, &feature) || ioctl(vcpu, KVM_SET_ONE_REG, &p0))
		die("SVE");
}

/* The VM that is measured, from now on */
static void start_vm(bool sve)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };
	struct kvm_userspace_memory_region region = { .guest_phys_addr = RAM, .memory_size = RAM_SIZE };
	struct kvm_ioeventfd event = { .addr = EVENT, .len = 4, .fd = eventfd(0, 0) };
	struct kvm_vcpu_init init;

	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		die("KVM_CREATE_VM");
	has_nisv = !ioctl(vm, KVM_ENABLE_CAP, &cap);
	has_inject = ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_INJECT_EXT_DABT) > 0;
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	region.userspace_addr = (uintptr_t)ram;
	if (ram == MAP_FAILED || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		die("memory");
	memcpy(ram, guest_vectors, guest_end - guest_vectors);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0 || ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init))
		die("vCPU");
	init.features[0] |= sve << KVM_ARM_VCPU_SVE;
	if (ioctl(vcpu, KVM_ARM_VCPU_INIT, &init))
		die("KVM_ARM_VCPU_INIT");
	if (sve)
		start_sve();
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		die("kvm_run");
	start_gic();
	if (ioctl(vm, KVM_IOEVENTFD, &event))
		die("KVM_IOEVENTFD");
	start_mmu();
	nisv_kvm_init(&kvm_cpu, vcpu, init.features[0]);
	cpu = kvm_cpu;
}

/* libnisv, with its ioctls counted */

static int count_get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	ioctls += reg == NISV_VL ? 3 : 1;	/* lengths, ZCR_EL1, SVCR */
	return kvm_cpu.get(opaque, reg, value, words);
}

static int count_set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	ioctls++;
	return kvm_cpu.set(opaque, reg, value, words);
}

static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **host)
{
	(void)opaque;
	(void)write;
	if (ipa - RAM < RAM_SIZE)
		*host = ram + (ipa - RAM);
	return len;
}

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	(void)opaque;
	(void)ipa;
	memset(data, 0, len);
	return 0;
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	(void)opaque;
	(void)ipa;
	(void)data;
	(void)len;
	return 0;
}

static const struct nisv_bus bus = { .at = bus_at, .read = bus_read, .write = bus_write };

/* What answers an exit */

static void complete(void)
{
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
}

static void leave(void)
{
}

/* As a VMM that moves on; but to the same instruction again */
static uint64_t start_pc;

static void move_pc(void)
{
	set_reg(PC, start_pc);
}

static void inject(void)
{
	struct kvm_vcpu_events events = { .exception.ext_dabt_pending = 1 };

	ioctls++;
	if (ioctl(vcpu, KVM_SET_VCPU_EVENTS, &events))
		die("KVM_SET_VCPU_EVENTS");
}

static void carry_out(void)
{
	if (nisv_kvm(&cpu, run, &bus, NULL))
		die("libnisv");
}

/* The same on registers that need no ioctl: what the library itself costs */

static uint64_t soft[96][2];

static int soft_get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	(void)opaque;
	memcpy(value, soft[reg], words * sizeof(*value));
	return 0;
}

static int soft_set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	(void)opaque;
	(void)reg;
	(void)value;
	(void)words;
	return 0;
}

static void carry_out_soft(void)
{
	static struct nisv_cpu soft_cpu = { .get = soft_get, .set = soft_set };

	if (!soft[NISV_PC][0])
		for (unsigned int reg = 0; reg < NISV_DCZID_EL0; reg++)
			kvm_cpu.get(kvm_cpu.opaque, reg, soft[reg], 1);
	if (nisv_kvm(&soft_cpu, run, &bus, NULL))
		die("libnisv");
}

struct path {
	const char *name;
	const uint8_t *code;
	unsigned int exit;
	void (*answer)(void);
	uint64_t device;
	bool in_kernel;
	unsigned int vl;		/* SVE: bytes of a vector */
};

static const struct path paths[] = {
	{ "hvc", hypercall, KVM_EXIT_MMIO, leave, DEVICE, true },
	{ "mmio-read", read_w, KVM_EXIT_MMIO, complete, DEVICE, false },
	{ "mmio-write", write_w, KVM_EXIT_MMIO, complete, DEVICE, false },
	{ "vgic-read", in_kernel_read, KVM_EXIT_MMIO, leave, GICD, true },
	{ "ioeventfd", in_kernel_write, KVM_EXIT_MMIO, leave, EVENT, true },
	{ "nisv", pair, KVM_EXIT_ARM_NISV, leave, DEVICE, false },
	{ "nisv-move-pc", pair, KVM_EXIT_ARM_NISV, move_pc, DEVICE, false },
	{ "nisv-inject", pair, KVM_EXIT_ARM_NISV, inject, DEVICE, false },
	{ "mmio-inject", read_w, KVM_EXIT_MMIO, inject, DEVICE, false },
	{ "libnisv-ldp", pair, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false },
	{ "libnisv-ldp-soft", pair, KVM_EXIT_ARM_NISV, carry_out_soft, DEVICE, false },
	{ "libnisv-str-post", post_index, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false },
	{ "libnisv-ld4", ld4, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false },
	{ "libnisv-sve-read-64", ld1b, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false, 64 },
	{ "libnisv-sve-write-64", st1b, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false, 64 },
	{ "libnisv-sve-read-32", ld1b, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false, 32 },
	{ "libnisv-sve-read-16", ld1b, KVM_EXIT_ARM_NISV, carry_out, DEVICE, false, 16 },
};

static uint64_t ticks(void)
{
	uint64_t t;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r" (t) : : "memory");
	return t;
}

static void accesses(const struct path *p, unsigned int n)
{
	for (unsigned int k = 0; k < (p->in_kernel ? 1 : n); k++) {
		ioctls++;
		if (ioctl(vcpu, KVM_RUN, 0))
			die("KVM_RUN");
		if (run->exit_reason != p->exit) {
			fprintf(stderr, "bench: %s: exit %u\n", p->name, run->exit_reason);
			exit(1);
		}
		p->answer();
	}
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of rounds of so many accesses: one access of the median round */
static double instructions(uint64_t round[ROUNDS])
{
	uint64_t frequency;

	__asm__("mrs %0, cntfrq_el0" : "=r" (frequency));
	qsort(round, ROUNDS, sizeof(round[0]), by_value);
	return round[ROUNDS / 2] * (1e9 / frequency) / ACCESSES;
}

/* What an access by libnisv is made of: the ioctls that it needs, alone */
static void measure_one_reg(const char *name, unsigned long request, uint64_t id)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&(uint64_t){ 0 } };
	uint64_t round[ROUNDS];

	ioctl(vcpu, KVM_GET_ONE_REG, &reg);
	for (unsigned int r = 0; r < ROUNDS; r++) {
		const uint64_t start = ticks();

		for (unsigned int k = 0; k < ACCESSES; k++)
			if (ioctl(vcpu, request, &reg))
				die(name);
		round[r] = ticks() - start;
	}
	printf("%s %.1f 1\n", name, instructions(round));
}

static void measure(const struct path *p)
{
	uint64_t round[ROUNDS];

	if ((p->exit == KVM_EXIT_ARM_NISV && !has_nisv) || (p->answer == inject && !has_inject) ||
	    (p->vl && !has_sve)) {
		printf("%s -\n", p->name);
		return;
	}
	/* Nothing is left of the path before: complete its access */
	run->immediate_exit = 1;
	ioctl(vcpu, KVM_RUN, 0);
	run->immediate_exit = 0;
	start_pc = RAM + (p->code - guest_vectors);
	set_reg(PC, start_pc);
	set_reg(PSTATE, 0x3c5);
	set_reg(X(0), p->device);
	set_reg(X(4), ACCESSES);
	set_reg(X(5), DEVICE);
	if (p->vl)
		set_reg(ZCR_EL1, p->vl / 16 - 1);
	accesses(p, 100);
	for (unsigned int r = 0; r < ROUNDS; r++) {
		const uint64_t start = ticks();

		accesses(p, ACCESSES);
		round[r] = ticks() - start;
	}
	printf("%s %.1f", p->name, instructions(round));
	if (!p->in_kernel) {
		/* Not while it is measured */
		cpu.get = count_get;
		cpu.set = count_set;
		ioctls = 0;
		accesses(p, 1);
		cpu = kvm_cpu;
		printf(" %u", ioctls);
	}
	printf("\n");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	kvm = open("/dev/kvm", O_RDWR);
	has_sve = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) > 0;
	start_vm(false);
	measure_one_reg("get-x", KVM_GET_ONE_REG, X(1));
	measure_one_reg("set-x", KVM_SET_ONE_REG, X(1));
	measure_one_reg("get-ttbr0", KVM_GET_ONE_REG, TTBR0_EL1);
	for (unsigned int n = 0, sve = 0; n < sizeof(paths) / sizeof(paths[0]); n++) {
		/* One that has SVE costs more to enter */
		if (paths[n].vl && has_sve && !sve++)
			start_vm(true);
		measure(&paths[n]);
	}
	return 0;
}

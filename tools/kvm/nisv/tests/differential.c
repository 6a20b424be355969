// SPDX-License-Identifier: GPL-2.0
/*
 * differential [-n INSTANCES] [-s SEED] [-v] [FAMILY]: hold what libnisv does against
 * what the CPU does
 *
 * In a guest with its MMU on, each form of load and store runs twice, with the same
 * registers and the same virtual addresses. Once the addresses lead to RAM: the CPU
 * carries it out. Then they lead to a hole, or partly to RAM: KVM exits and libnisv
 * does it. All registers, NZCV, SP, and all of what was accessed must be the same, to
 * the bit. Registers, data, offsets, alignment, EL, endianness, page size, and half of
 * the address space are random.
 *
 * Accesses that do have a syndrome exit as KVM_EXIT_MMIO, which is KVM's to complete;
 * for these libnisv works on a copy of the registers.
 *
 * Prints KTAP: a test per family, and a line "# form NAME: N" for each form.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "nisv.h"

#define CAP_ARM_NISV_TO_USER	177
#define EXIT_ARM_NISV		28

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Guest physical memory */
#define RAM		0x40000000ull
#define RAM_SIZE	0x400000ull
#define CODE		(RAM + 0x000000)	/* a page each, of up to 64K */
#define CONTEXT		(RAM + 0x010000)
#define WINDOW		(RAM + 0x020000)	/* WINDOW_PAGES of what is accessed in RAM */
#define INSIDE		(RAM + 0x070000)	/* the page of the hole's window that is RAM */
#define TABLES		(RAM + 0x100000)	/* two sets */
#define TABLES_SIZE	0x100000ull
#define HOLE		0x10000000ull
#define DONE		0x20000000ull
#define NEAR		256			/* bytes; no access is longer */
#define HANGS		10			/* seconds that no instance takes */

#define WINDOW_PAGES	4
#define RAM_PAGE	2			/* of the window, when it is in the hole */

/* Pages from the base of the virtual addresses on */
enum { VPAGE_CODE, VPAGE_CONTEXT, VPAGE_DONE, VPAGE_WINDOW = 4 };

/* What the guest loads before, and stores after the instruction */
struct context {
	uint64_t v[32][2];
	uint64_t x[31];
	uint64_t sp;
	uint64_t nzcv;
	uint64_t done;
};

struct page {
	struct context in;
	uint8_t pad[1024 - sizeof(struct context)];
	struct context out;
};

/* The guest; its context is at TPIDRRO_EL0, DONE at TPIDR_EL1. VBAR_EL1 is at the second part. */
__asm__(
"	.pushsection .rodata\n"
"	.arch armv8-a\n"
"	.globl guest_code, guest_slot, guest_vectors, guest_end\n"
"	.macro each op\n"
"	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
"	\\op	x\\n, [x0, #512 + 8 * \\n]\n"
"	.endr\n"
"	.endm\n"
"	.macro each_v op\n"
"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
"	\\op	q\\n, [x0, #16 * \\n]\n"
"	.endr\n"
"	.endm\n"
"	.balign 0x800\n"
"guest_code:\n"
"	isb\n"
"	mrs	x0, tpidrro_el0\n"
"	each_v	ldr\n"
"	ldr	x1, [x0, #768]\n"
"	msr	nzcv, x1\n"
"	ldr	x1, [x0, #760]\n"
"	mov	sp, x1\n"
"	each	ldr\n"
"	ldr	x0, [x0, #512]\n"
"guest_slot:\n"
"	nop\n"
"	nop\n"
"	msr	tpidr_el0, x0\n"
"	mrs	x0, tpidrro_el0\n"
"	add	x0, x0, #1024\n"
"	each_v	str\n"
"	each	str\n"
"	mrs	x1, tpidr_el0\n"
"	str	x1, [x0, #512]\n"
"	mov	x1, sp\n"
"	str	x1, [x0, #760]\n"
"	mrs	x1, nzcv\n"
"	str	x1, [x0, #768]\n"
"	ldur	x1, [x0, #776 - 1024]\n"
"	str	wzr, [x1]\n"
"	b	.\n"
"	.balign 0x800\n"
"guest_vectors:\n"
"	.rept	16\n"
"	mrs	x1, tpidr_el1\n"
"	mrs	x0, esr_el1\n"
"	str	x0, [x1, #8]\n"
"	b	.\n"
"	.balign 0x80\n"
"	.endr\n"
"guest_end:\n"
"	.popsection\n"
);
extern const uint8_t guest_code[], guest_slot[], guest_vectors[], guest_end[];

_Static_assert(offsetof(struct context, x) == 512 && offsetof(struct context, sp) == 760 &&
	       offsetof(struct context, nzcv) == 768 && offsetof(struct context, done) == 776 &&
	       offsetof(struct page, out) == 1024, "as the guest's code has it");

/* What random instances are made of */
struct world {
	unsigned int granule;		/* log2 of the page size */
	bool upper, el0, big;
	uint64_t va;			/* of the first page */
};

static int kvm, vm, vcpu;
static struct kvm_run *run;
static uint8_t *ram;
static uint8_t *hole;			/* WINDOW_PAGES of it */
static struct world world;
static uint64_t tables_used;
static struct nisv_cpu cpu;
static uint64_t seed = 1;
static bool verbose;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static void __attribute__((noreturn)) die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *at_pa(uint64_t pa)
{
	return ram + (pa - RAM);
}

/* KVM */

#define CORE(word)	(0x6030000000100000ull | (word))
#define PC		CORE(0x40)
#define PSTATE		CORE(0x42)
#define SYS(op1, crn, crm, op2) (0x6030000000130000ull | 3 << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static void set_reg(uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(vcpu, KVM_SET_ONE_REG, &reg))
		die("KVM_SET_ONE_REG");
}

static uint64_t get_kvm(uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(vcpu, KVM_GET_ONE_REG, &reg))
		die("KVM_GET_ONE_REG");
	return value;
}

/*
 * 6.12 offers authentication to the vCPUs of a host in protected mode, too, but does not
 * enable it for them, and warns when they use it.
 */
static bool in_protected_mode(void)
{
	char cmdline[4096] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	if (f) {
		if (!fgets(cmdline, sizeof(cmdline), f))
			cmdline[0] = 0;
		fclose(f);
	}
	return strstr(cmdline, "kvm-arm.mode=protected");
}

static void start_vm(void)
{
	struct kvm_enable_cap cap = { .cap = CAP_ARM_NISV_TO_USER };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM, .memory_size = RAM_SIZE,
	};
	struct kvm_vcpu_init init;
	int size;

	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0)
		die("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		die("KVM_CREATE_VM");
	if (ioctl(vm, KVM_ENABLE_CAP, &cap)) {
		printf("1..0 # SKIP this kernel does not have KVM_CAP_ARM_NISV_TO_USER\n");
		exit(4);
	}
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hole = calloc(WINDOW_PAGES, 0x10000);
	region.userspace_addr = (uintptr_t)ram;
	if (ram == MAP_FAILED || !hole || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		die("memory");
	if (ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init))
		die("KVM_ARM_PREFERRED_TARGET");
	/* Address and generic authentication, of which KVM has both or neither */
	if (ioctl(kvm, KVM_CHECK_EXTENSION, 171) == 1 && ioctl(kvm, KVM_CHECK_EXTENSION, 172) == 1 &&
	    !in_protected_mode())
		init.features[0] |= 1 << 5 | 1 << 6;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0 || ioctl(vcpu, KVM_ARM_VCPU_INIT, &init))
		die("vCPU");
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		die("kvm_run");
	nisv_kvm_init(&cpu, vcpu, false);
}

/* Page tables */

static uint64_t guest64(uint64_t v)
{
	return world.big && !world.el0 ? __builtin_bswap64(v) : v;
}

/* The data's endianness at EL0 is its own, and the context is data */
static uint64_t data64(uint64_t v)
{
	return world.big ? __builtin_bswap64(v) : v;
}

static void map(uint64_t root, uint64_t va, uint64_t pa, uint64_t attributes)
{
	const unsigned int stride = world.granule - 3;
	const unsigned int levels = (48 - world.granule + stride - 1) / stride;
	uint64_t table = root, *entry;

	for (unsigned int level = 4 - levels; ; level++) {
		const unsigned int low = world.granule + (3 - level) * stride;
		const unsigned int high = low + stride < 48 ? low + stride : 48;

		entry = (uint64_t *)at_pa(table) + (va >> low & ((1ull << (high - low)) - 1));
		if (level == 3)
			break;
		if (!*entry) {
			*entry = guest64(tables_used | 3);
			memset(at_pa(tables_used), 0, 1 << world.granule);
			tables_used += 1 << world.granule;
		}
		table = guest64(*entry) & 0xfffffffff000ull;
	}
	*entry = guest64(pa | attributes | 1 << 11 | 1 << 10 | 3 << 8 | 3);	/* nG, AF, SH */
}

static uint64_t vpage(unsigned int n)
{
	return world.va + ((uint64_t)n << world.granule);
}

/* Where a page of the window is, when it is in the hole */
static uint64_t hole_page(unsigned int n)
{
	return n == RAM_PAGE ? INSIDE : HOLE + ((uint64_t)n << world.granule);
}

static uint64_t make_tables(bool in_hole)
{
	const uint64_t root = TABLES + in_hole * TABLES_SIZE;
	const uint64_t user = world.el0 ? 1 << 6 : 0, normal = 0 << 2;

	tables_used = root + (1 << world.granule);
	memset(at_pa(root), 0, 1 << world.granule);
	map(root, vpage(VPAGE_CODE), CODE, normal | user | (world.el0 ? 1 << 7 : 0));
	map(root, vpage(VPAGE_CONTEXT), CONTEXT, normal | user);
	map(root, vpage(VPAGE_DONE), DONE, normal | user);
	for (unsigned int n = 0; n < WINDOW_PAGES; n++)
		map(root, vpage(VPAGE_WINDOW + n),
		    in_hole ? hole_page(n) : WINDOW + ((uint64_t)n << world.granule), normal | 1 << 6);
	return root;
}

static uint64_t roots[2];

/* ID_AA64MMFR0_EL1.TGran4, TGran64, TGran16 */
static bool has_granule(unsigned int granule)
{
	const uint64_t mmfr0 = get_kvm(SYS(0, 0, 7, 0));

	switch (granule) {
	case 12:
		return (mmfr0 >> 28 & 15) != 15;
	case 16:
		return (mmfr0 >> 24 & 15) != 15;
	default:
		return mmfr0 >> 20 & 15;
	}
}

/* A new world: everything but what is accessed, and how */
static void new_world(void)
{
	static const uint8_t granules[] = { 12, 14, 16 };
	static const uint8_t tg0[] = { [12] = 0, [14] = 2, [16] = 1 }, tg1[] = { [12] = 2, [14] = 1, [16] = 3 };
	uint64_t sctlr = 0x30d00980 | 1 << 12 | 1 << 2 | 1 << 0;	/* RES1, I, C, M */
	uint64_t tcr;

	do
		world.granule = granules[rnd() % 3];
	while (!has_granule(world.granule));
	world.upper = rnd() & 1;
	world.el0 = rnd() & 1;
	world.big = rnd() & 1;
	world.va = (rnd() & 0x7ffffff00000ull) | (world.upper ? 0xffff800000000000ull : 0);

	tcr = 16 | 16 << 16 | 1ull << 8 | 1ull << 10 | 3ull << 12 |
	      1ull << 24 | 1ull << 26 | 3ull << 28 | 5ull << 32 |
	      (uint64_t)tg0[world.granule] << 14 | (uint64_t)tg1[world.granule] << 30;
	sctlr |= 1 << 14 | 1 << 15 | 1 << 26;				/* DZE, UCT, UCI */
	if (world.big)
		sctlr |= 1 << (world.el0 ? 24 : 25);			/* E0E, EE */
	sctlr |= 1u << 31 | 1 << 30 | 1 << 27 | 1 << 13;		/* EnIA IB DA DB */
	roots[0] = make_tables(false);
	roots[1] = make_tables(true);

	set_reg(SYS(0, 1, 0, 0), sctlr);
	set_reg(SYS(0, 2, 0, 2), tcr);
	set_reg(SYS(0, 10, 2, 0), 0xff);				/* MAIR: write-back */
	set_reg(SYS(0, 1, 0, 2), 3 << 20);				/* CPACR: no trap of FP */
	set_reg(SYS(0, 12, 0, 0), vpage(VPAGE_CODE) + (guest_vectors - guest_code));
	set_reg(SYS(3, 13, 0, 3), vpage(VPAGE_CONTEXT));		/* TPIDRRO_EL0 */
	set_reg(SYS(0, 13, 0, 4), vpage(VPAGE_DONE));			/* TPIDR_EL1 */
}

/* An address space of its own each time, so that no translation is left of others */
static void enter(bool in_hole)
{
	static unsigned int asid;

	asid = (asid + 1) & 0xff;
	set_reg(SYS(0, 2, 0, world.upper), roots[in_hole] | (uint64_t)asid << 48);
	if (world.upper)
		set_reg(SYS(0, 2, 0, 0), (uint64_t)asid << 48 | roots[in_hole]);
	set_reg(PC, vpage(VPAGE_CODE));
	set_reg(PSTATE, world.el0 ? 0x3c0 : 0x3c5);
}

/* What the window leads to, for libnisv */

static uint8_t *device_at(uint64_t ipa, uint64_t len, unsigned int *page)
{
	const uint64_t at = ipa - HOLE;

	*page = at >> world.granule;
	if (at >= (uint64_t)WINDOW_PAGES << world.granule || *page == RAM_PAGE ||
	    (at & ((1ull << world.granule) - 1)) + len > 1ull << world.granule)
		return NULL;
	return hole + at;
}

/* Each page of the hole is a device of its own */
static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **at)
{
	const uint64_t page = 1ull << world.granule, rest = page - (ipa & (page - 1));
	unsigned int n;

	(void)opaque;
	(void)write;
	if (ipa >= RAM && ipa < RAM + RAM_SIZE) {
		*at = at_pa(ipa);
		return len < RAM + RAM_SIZE - ipa ? len : RAM + RAM_SIZE - ipa;
	}
	return device_at(ipa, 1, &n) ? len < rest ? len : rest : 0;
}

static bool bad_callback;

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	unsigned int n;
	const uint8_t *device = device_at(ipa, len, &n);

	(void)opaque;
	bad_callback |= !device;
	if (!device)
		return -1;
	memcpy(data, device, len);
	return 0;
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	unsigned int n;
	uint8_t *device = device_at(ipa, len, &n);

	(void)opaque;
	bad_callback |= !device;
	if (!device)
		return -1;
	memcpy(device, data, len);
	return 0;
}

static const struct nisv_bus bus = { .at = bus_at, .read = bus_read, .write = bus_write };

/* Registers that are not KVM's, for accesses that KVM completes */

static uint64_t soft[96][2];

static int soft_get(void *opaque, unsigned int reg, uint64_t value[2])
{
	(void)opaque;
	memcpy(value, soft[reg], reg >= NISV_V0 ? 16 : 8);
	return 0;
}

static int soft_set(void *opaque, unsigned int reg, const uint64_t value[2])
{
	(void)opaque;
	memcpy(soft[reg], value, reg >= NISV_V0 ? 16 : 8);
	return 0;
}

static struct nisv_cpu soft_cpu = { .get = soft_get, .set = soft_set };

/* All but the general-purpose and SIMD&FP registers */
static void soft_init(void)
{
	static const unsigned int regs[] = {
		NISV_SP_EL0, NISV_SP_EL1, NISV_PC, NISV_PSTATE,
		NISV_SCTLR_EL1, NISV_TCR_EL1, NISV_TTBR0_EL1, NISV_TTBR1_EL1,
	};
	static const uint64_t ids[] = {
		CORE(0x3e), CORE(0x44), PC, PSTATE,
		SYS(0, 1, 0, 0), SYS(0, 2, 0, 2), SYS(0, 2, 0, 0), SYS(0, 2, 0, 1),
	};

	for (unsigned int n = 0; n < ARRAY_SIZE(regs); n++)
		soft[regs[n]][0] = get_kvm(ids[n]);
}

static int soft_access(uint64_t ipa, bool write, struct nisv_insn *i)
{
	soft_init();
	for (unsigned int n = 0; n < 31; n++)
		soft[n][0] = get_kvm(CORE(2 * n));
	for (unsigned int n = 0; n < 32; n++) {
		struct kvm_one_reg reg = {
			.id = 0x6040000000100054ull + 4 * n, .addr = (uintptr_t)soft[NISV_V0 + n],
		};

		if (ioctl(vcpu, KVM_GET_ONE_REG, &reg))
			die("KVM_GET_ONE_REG");
	}
	return nisv_access(&soft_cpu, &bus, ipa, write ? 1 << 6 : 0, i);
}

/* The soft registers, as the guest would have stored them */
static void soft_out(struct context *out)
{
	for (unsigned int n = 0; n < 32; n++) {
		out->v[n][world.big] = data64(soft[NISV_V0 + n][0]);
		out->v[n][!world.big] = data64(soft[NISV_V0 + n][1]);
	}
	for (unsigned int n = 0; n < 31; n++)
		out->x[n] = data64(soft[n][0]);
	out->sp = data64(soft[world.el0 ? NISV_SP_EL0 : NISV_SP_EL1][0]);
	out->nzcv = data64(soft[NISV_PSTATE][0] & 0xf0000000);
}

enum end { COMPLETED, EXCEPTION, SOFT, WRONG };

static char wrong[200];

/* Run until the guest says that it is through */
static enum end go(struct nisv_insn *last)
{
	for (unsigned int exits = 0; exits < 64; exits++) {
		int ret;

		alarm(HANGS);
		ret = ioctl(vcpu, KVM_RUN, 0);
		alarm(0);
		if (ret) {
			snprintf(wrong, sizeof(wrong), "KVM_RUN: %s at PC 0x%llx, ELR_EL1 0x%llx", strerror(errno),
				 (unsigned long long)get_kvm(PC), (unsigned long long)get_kvm(CORE(0x46)));
			return WRONG;
		}
		if (run->exit_reason == EXIT_ARM_NISV) {
			ret = nisv_kvm(&cpu, run, &bus, last);
			if (ret < 0) {
				snprintf(wrong, sizeof(wrong), "refused: %s", nisv_strerror(ret));
				return WRONG;
			}
			continue;
		}
		if (run->exit_reason != KVM_EXIT_MMIO) {
			snprintf(wrong, sizeof(wrong), "exit %u", run->exit_reason);
			return WRONG;
		}
		if (run->mmio.phys_addr == DONE)
			return COMPLETED;
		if (run->mmio.phys_addr == DONE + 8)
			return EXCEPTION;
		ret = soft_access(run->mmio.phys_addr, run->mmio.is_write, last);
		/* Let KVM complete its access, so that none is pending */
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
		run->immediate_exit = 1;
		ioctl(vcpu, KVM_RUN, 0);
		run->immediate_exit = 0;
		if (ret) {
			snprintf(wrong, sizeof(wrong), "refused: %s", nisv_strerror(ret));
			return WRONG;
		}
		return SOFT;
	}
	snprintf(wrong, sizeof(wrong), "it exits for ever");
	return WRONG;
}

/*
 * Forms: the rows of the decoder's table, by operation, register file and structure.
 * Registers, offsets, sizes, ordering and lanes are what instances differ in.
 */

struct form {
	char name[64];
	uint64_t key;
	uint8_t family;
	uint32_t word;		/* one of them */
	unsigned int passed, faulted, undefined;
};

static struct form forms[512];
static unsigned int nforms;

static uint64_t key_of(const struct nisv_insn *i)
{
	const uint32_t same = NISV_SIMD | NISV_SIGNED | NISV_REPLICATE | NISV_AUTH_A | NISV_AUTH_B;

	return i->family | i->op << 8 | i->selem << 16 | (uint64_t)i->nregs << 24 |
	       (uint64_t)(i->lane == NISV_NONE) << 32 | (uint64_t)i->mode << 40 |
	       (uint64_t)(i->flags & same) << 48;
}

static void name_of(const struct nisv_insn *i, char *name, size_t size)
{
	static const char * const ops[] = {
		"load", "store", "add", "clear bits", "exclusive or", "set bits", "signed maximum",
		"signed minimum", "unsigned maximum", "unsigned minimum", "swap", "compare and swap", "zero",
	};
	char what[40] = "";

	if (i->flags & NISV_STRUCTURE)
		snprintf(what, sizeof(what), i->flags & NISV_REPLICATE ? " %u-element structure, all lanes" :
			 i->lane == NISV_NONE ? " %u-element structures, %u registers" :
			 " %u-element structure, one lane", i->selem, i->nregs);
	else
		snprintf(what, sizeof(what), "%s%s%s", i->flags & NISV_SIMD ? ", SIMD&FP" : "",
			 i->flags & NISV_SIGNED ? ", signed" : "",
			 i->flags & NISV_AUTH_A ? ", key A" : i->flags & NISV_AUTH_B ? ", key B" : "");
	snprintf(name, size, "%s%s%s", ops[i->op], what,
		 i->family == NISV_PAC && i->flags & NISV_WRITEBACK ? ", pre-indexed" : "");
}

static void add_form(uint32_t word)
{
	struct nisv_insn i;
	struct form *f;

	if (nisv_decode(NISV_A64, word, &i) != NISV_DONE)
		return;
	for (f = forms; f < forms + nforms; f++)
		if (f->key == key_of(&i))
			return;
	if (nforms == ARRAY_SIZE(forms))
		die("too many forms");
	nforms++;
	name_of(&i, f->name, sizeof(f->name));
	f->key = key_of(&i);
	f->family = i.family;
	f->word = word;
}

static void find_forms(void)
{
	/* Where bits 20 to 16 are a register, it may have to be even, or 31, or 0 */
	static const uint32_t rm[] = { 0, 2, 31 };

	for (uint32_t v = 0; v < 1 << 17; v++)
		for (unsigned int n = 0; n < ARRAY_SIZE(rm); n++)
			add_form((v >> 6) << 21 | rm[n] << 16 | (v & 63) << 10 | 0x44);
	add_form(0xd50b7423);	/* DC ZVA is not among these */
}

static uint32_t another(const struct form *f, struct nisv_insn *i)
{
	for (;;) {
		const uint32_t w = f->word ^ (rnd() & (rnd() & 1 ? 0x003fffff : 0xc0ffffff));

		if (nisv_decode(NISV_A64, w, i) == NISV_DONE && key_of(i) == f->key)
			return w;
	}
}

static unsigned int bytes_of(const struct nisv_insn *i)
{
	if (i->op == NISV_ZERO)
		return 64;
	if (i->flags & NISV_STRUCTURE)
		return (i->lanes && !(i->flags & NISV_REPLICATE) ? i->nregs * i->lanes : i->selem) << i->size;
	return (i->rt2 != NISV_NONE ? 2 : 1) << i->size;
}

/* Not the library's own: were that wrong, the CPU would find nothing at this address */
static uint64_t rm_offset(const struct nisv_insn *i, uint64_t rm)
{
	switch (i->extend) {
	case NISV_UXTW:
		return (uint64_t)(uint32_t)rm << i->shift;
	case NISV_SXTW:
		return (uint64_t)(int64_t)(int32_t)rm << i->shift;
	default:
		return rm << i->shift;
	}
}

static void put_x(struct context *c, unsigned int reg, uint64_t value)
{
	if (reg < 31)
		c->x[reg] = data64(value);
}

/*
 * Where the access goes, and the registers that lead there. Returns false if this
 * instance cannot: a register that has to be two things at once.
 */
static bool aim(struct context *c, const struct nisv_insn *i, uint64_t slot, uint64_t *target)
{
	const uint64_t size = (uint64_t)WINDOW_PAGES << world.granule, page = 1ull << world.granule;
	const unsigned int len = bytes_of(i);
	const bool one_place = i->flags & NISV_EXCLUSIVE_ACCESS || i->op > NISV_STORE;
	uint64_t offset = (int64_t)i->imm, at = rnd() % (size - 256) + 128;

	/* Mostly where it is aligned; or across an edge */
	if (one_place || rnd() & 1)
		at &= ~(uint64_t)((len & (len - 1) ? 1u << i->size : len) - 1);
	else if (rnd() & 1)
		at = (1 + rnd() % (WINDOW_PAGES - 1)) * page - 1 - rnd() % len;
	*target = vpage(VPAGE_WINDOW) + at;

	if (i->mode == NISV_PC_RELATIVE) {
		*target = slot + offset;
		at = *target - vpage(VPAGE_WINDOW);
		return at + 128 < size && *target >= vpage(VPAGE_WINDOW);
	}
	if (i->op == NISV_ZERO) {
		if (i->rt == 31)
			return false;
		put_x(c, i->rt, *target + rnd() % 64);
		return true;
	}
	if (i->rm != NISV_NONE) {
		if (i->rm == i->rn)
			return false;
		offset = i->rm == 31 ? 0 : rm_offset(i, data64(c->x[i->rm]));
		if (i->mode == NISV_POST_INDEX)
			offset = 0;
	} else if (i->mode == NISV_POST_INDEX) {
		offset = 0;
	}
	/* With several CPUs QEMU 7.2 takes XZR, as the second of these registers, for SP */
	if (i->family == NISV_CASP && i->rs == 30)
		return false;
	/* The code before it authenticates a register, and SP is none */
	if (i->rn == 31 && i->family == NISV_PAC)
		return false;
	if (i->rn == 31) {
		/* SP has to be aligned to 16 if that is checked; SCTLR_EL1.SA is not set */
		c->sp = data64(*target - offset);
		return true;
	}
	put_x(c, i->rn, *target - offset);
	/* A register that is loaded as Rs, and is the base at the same time */
	return !(i->op == NISV_CAS && (i->rs == i->rn || (i->rt2 != NISV_NONE && i->rs + 1 == i->rn)));
}

static void explain(const struct form *f, uint32_t word, const struct nisv_insn *i, const char *what)
{
	char text[128] = "";

	if (i->length)
		nisv_text(i, text, sizeof(text));
	printf("# %s: %08x %s, %s, %s endian, %uK, TTBR%u: %s\n", f->name, word, text,
	       world.el0 ? "EL0" : "EL1", world.big ? "big" : "little",
	       1 << (world.granule - 10), world.upper, what);
}

static void compare(const struct context *a, const struct context *b, char *what, size_t size)
{
	what[0] = 0;
	for (unsigned int n = 0; n < 31; n++)
		if (a->x[n] != b->x[n] && !what[0])
			snprintf(what, size, "x%u is 0x%llx, not 0x%llx", n,
				 (unsigned long long)data64(b->x[n]), (unsigned long long)data64(a->x[n]));
	for (unsigned int n = 0; n < 32; n++)
		if (memcmp(a->v[n], b->v[n], 16) && !what[0])
			snprintf(what, size, "v%u is 0x%016llx%016llx, not 0x%016llx%016llx", n,
				 (unsigned long long)data64(b->v[n][!world.big]), (unsigned long long)data64(b->v[n][world.big]),
				 (unsigned long long)data64(a->v[n][!world.big]), (unsigned long long)data64(a->v[n][world.big]));
	if (a->sp != b->sp && !what[0])
		snprintf(what, size, "sp is 0x%llx, not 0x%llx",
			 (unsigned long long)data64(b->sp), (unsigned long long)data64(a->sp));
	if (a->nzcv != b->nzcv && !what[0])
		snprintf(what, size, "nzcv differs");
}

/* The byte of the window, when it is in the hole */
static uint8_t *in_hole(uint64_t at)
{
	const uint64_t page = 1ull << world.granule;

	return at >> world.granule == RAM_PAGE ? (uint8_t *)at_pa(INSIDE) + (at & (page - 1)) : hole + at;
}

/*
 * An exclusive store in a hole, after its load: libnisv's monitor says that it
 * succeeds, but the CPU's does not, and then an access may not even be tried, so that
 * KVM never sees it. Both are made on a copy of the registers.
 */
static enum end soft_exclusive(const struct context *in, uint64_t slot, uint64_t target,
			       struct nisv_insn *last)
{
	const uint64_t at = target - vpage(VPAGE_WINDOW), page = 1ull << world.granule;
	int ret = NISV_DONE;

	soft_init();
	for (unsigned int n = 0; n < 31; n++)
		soft[n][0] = data64(in->x[n]);
	soft[NISV_SP_EL0][0] = data64(in->sp);
	soft[NISV_SP_EL1][0] = data64(in->sp);
	soft[NISV_PSTATE][0] |= data64(in->nzcv);
	soft[NISV_PC][0] = slot;
	for (unsigned int n = 0; n < 32; n++) {
		soft[NISV_V0 + n][0] = data64(in->v[n][world.big]);
		soft[NISV_V0 + n][1] = data64(in->v[n][!world.big]);
	}
	for (unsigned int n = 0; n < 2 && !ret; n++)
		ret = nisv_access(&soft_cpu, &bus, hole_page(at >> world.granule) + (at & (page - 1)),
				  n ? 1 << 6 : 0, last);
	if (ret)
		snprintf(wrong, sizeof(wrong), "refused: %s", nisv_strerror(ret));
	return ret ? WRONG : SOFT;
}

static bool instance(struct form *f)
{
	static uint8_t image[WINDOW_PAGES << 16];
	const uint64_t window = (uint64_t)WINDOW_PAGES << world.granule;
	uint8_t *on_ram_window = at_pa(WINDOW);
	const unsigned int slot_at = guest_slot - guest_code;
	struct page *ctx = at_pa(CONTEXT);
	uint32_t *slot = (uint32_t *)((uint8_t *)at_pa(CODE) + slot_at);
	struct nisv_insn i, last = { 0 };
	struct context on_ram, on_hole = { 0 };
	bool pair_of_exclusives = false;
	uint64_t *p, target, near, end_near;
	char what[160];
	uint32_t word;
	enum end end;

	word = another(f, &i);
	for (p = (uint64_t *)&ctx->in; p < (uint64_t *)(&ctx->in + 1); p++)
		*p = rnd();
	ctx->in.nzcv = data64(rnd() & 0xf0000000);
	ctx->in.done = data64(vpage(VPAGE_DONE));
	if (i.rm < 31 && rnd() & 1)
		put_x(&ctx->in, i.rm, (int64_t)(rnd() % 512) - 256);
	if (!aim(&ctx->in, &i, vpage(VPAGE_CODE) + slot_at, &target))
		return true;

	/* Only near the target should anything change */
	near = (target - vpage(VPAGE_WINDOW)) & ~(NEAR - 1ull);
	near = near < NEAR ? 0 : near - NEAR;
	end_near = near + 3 * NEAR < window ? near + 3 * NEAR : window;
	for (uint64_t at = near; at < end_near; at += 8) {
		*(uint64_t *)(image + at) = rnd();
		*(uint64_t *)(on_ram_window + at) = *(uint64_t *)(image + at);
		*(uint64_t *)in_hole(at) = *(uint64_t *)(image + at);
	}
	/* Most compares find what they expect, or half of it */
	if (i.op == NISV_CAS) {
		const uint8_t *at = image + (target - vpage(VPAGE_WINDOW));
		const unsigned int len = 1 << i.size;

		for (unsigned int k = 0; k < (i.rt2 != NISV_NONE ? 2 : 1); k++) {
			uint64_t expected = rnd();

			if (len < 8)
				expected <<= 8 * len;
			else
				expected = 0;
			for (unsigned int b = 0; b < len; b++)
				expected |= (uint64_t)at[k * len + b] << 8 * (world.big ? len - 1 - b : b);
			if (rnd() & 3)
				put_x(&ctx->in, i.rs + k, expected);
		}
	}

	slot[0] = word;
	slot[1] = 0xd503201f;
	/* An exclusive store, with the load that it needs before it, or without */
	if (i.op == NISV_STORE && i.flags & NISV_EXCLUSIVE_ACCESS && rnd() & 1) {
		/* ldxr wzr; or ldxp of two registers that are not the base */
		slot[0] = (word & 0xffe003e0) | 1 << 22 | 0x1f0000 | 0x7c00 | 31;
		if (i.rt2 != NISV_NONE)
			slot[0] = (slot[0] & ~0x7c00u) | (i.rn == 17 ? 18 : 17) << 10;
		slot[1] = word;
		pair_of_exclusives = true;
	} else if (i.family == NISV_PAC) {
		/* pacdza or pacdzb */
		slot[0] = (i.flags & NISV_AUTH_A ? 0xdac12be0 : 0xdac12fe0) | i.rn;
		slot[1] = word;
	}
	__builtin___clear_cache((char *)slot, (char *)(slot + 2));

	memset(&ctx->out, 0, sizeof(ctx->out));
	enter(false);
	end = go(&last);
	if (end == EXCEPTION) {
		const uint64_t raw = *(uint64_t *)run->mmio.data, esr = guest64(raw);

		/* Alignment is the only thing that may be wrong, or the whole instruction */
		f->faulted++;
		f->undefined += esr >> 26 == 0;
		if (verbose || (esr >> 26 && (esr & 0x3f) != 0x21)) {
			snprintf(what, sizeof(what), "ESR_EL1 0x%llx", (unsigned long long)esr);
			explain(f, word, &i, what);
		}
		return esr >> 26 == 0 || (esr & 0x3f) == 0x21;
	}
	if (end != COMPLETED) {
		explain(f, word, &last, wrong);
		return false;
	}
	on_ram = ctx->out;

	memset(&ctx->out, 0, sizeof(ctx->out));
	memset(&last, 0, sizeof(last));
	bad_callback = false;
	enter(true);
	if (pair_of_exclusives)
		end = soft_exclusive(&ctx->in, vpage(VPAGE_CODE) + slot_at, target, &last);
	else
		end = go(&last);
	if (end == COMPLETED)
		on_hole = ctx->out;
	else if (end == SOFT)
		soft_out(&on_hole);
	if (end == WRONG || end == EXCEPTION || bad_callback) {
		explain(f, word, &i, end == WRONG ? wrong : end == EXCEPTION ? "an exception in the hole" :
			"accessed what it must not");
		return false;
	}
	on_ram.done = on_hole.done;
	compare(&on_ram, &on_hole, what, sizeof(what));
	for (uint64_t at = near; at < end_near && !what[0]; at += 8)
		if (*(uint64_t *)in_hole(at) != *(uint64_t *)(on_ram_window + at))
			snprintf(what, sizeof(what), "at %lld from the access there is 0x%016llx, not 0x%016llx",
				 (long long)(vpage(VPAGE_WINDOW) + at - target),
				 (unsigned long long)be64toh(*(uint64_t *)in_hole(at)),
				 (unsigned long long)be64toh(*(uint64_t *)(on_ram_window + at)));
	if (what[0]) {
		explain(f, word, &i, what);
		return false;
	}
	f->passed++;
	return true;
}

static void on_alarm(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	unsigned int per_form = 1000, test = 0, failures[NISV_FAMILIES] = {}, families = 0;
	const char *only = NULL;
	int opt, ret = 0;

	while ((opt = getopt(argc, argv, "n:s:v")) != -1) {
		if (opt == 'n' && atoi(optarg) > 0) {
			per_form = atoi(optarg);
		} else if (opt == 's') {
			seed = strtoull(optarg, NULL, 0) | 1;
		} else if (opt == 'v') {
			verbose = true;
		} else {
			fprintf(stderr, "usage: differential [-n INSTANCES] [-s SEED] [-v] [FAMILY]\n");
			return 2;
		}
	}
	only = argv[optind];
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	sigaction(SIGALRM, &(struct sigaction) { .sa_handler = on_alarm }, NULL);
	start_vm();
	memcpy(at_pa(CODE), guest_code, guest_end - guest_code);
	__builtin___clear_cache((char *)at_pa(CODE), (char *)at_pa(CODE) + 0x10000);
	find_forms();
	for (unsigned int f = 1; f < NISV_FAMILIES; f++)
		for (unsigned int n = 0; n < nforms; n++)
			if (forms[n].family == f && (!only || strstr(nisv_family_name(f), only))) {
				families++;
				break;
			}
	printf("1..%u\n# %u forms, %u instances each, seed %llu\n", families, nforms, per_form,
	       (unsigned long long)seed);

	for (unsigned int family = 1; family < NISV_FAMILIES; family++) {
		unsigned int passed = 0, members = 0;

		if (only && !strstr(nisv_family_name(family), only))
			continue;
		for (unsigned int n = 0; n < nforms; n++) {
			struct form *f = &forms[n];

			if (f->family != family)
				continue;
			members++;
			for (unsigned int tries = 0; f->passed < per_form && failures[family] < 5; tries++) {
				if (tries % 64 == 0)
					new_world();
				if (tries % 20000 == 19999)
					printf("# %s: %u so far\n", f->name, f->passed);
				if (!instance(f))
					failures[family]++;
				/* An instruction that this CPU does not have */
				if (f->undefined > 64 && !f->passed)
					break;
				if (tries > 64 * per_form + 4096) {
					printf("# form %s: too few of its instances can be made\n", f->name);
					failures[family]++;
				}
			}
			passed += f->passed;
			printf("# form %s: %u%s\n", f->name, f->passed,
			       f->passed ? "" : f->undefined ? ", not on this CPU" : "");
		}
		if (!members)
			continue;
		ret |= failures[family];
		printf("%sok %u %s%s\n", failures[family] ? "not " : "", ++test, nisv_family_name(family),
		       passed || failures[family] ? "" : " # SKIP this CPU does not have it");
	}
	return ret != 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * vectors FILE...: what the library makes of an access, in files of one line a case
 *
 *	NAME STATE => STATE	# comment
 *
 * What a vCPU has and exited with, and then: the answer, and all that has changed. Each
 * case runs twice, by nisv_access() and by nisv_kvm() with an ioctl() of this file's. A
 * case that fails is a line, with what was expected and what came.
 *
 * On both sides of the arrow, in hex:
 *	x0=..x30= sp= (SP_EL1) sp0= pc= ps= (PSTATE)
 *	r0=..r14=		of the AArch32 mode in PSTATE; after isa= and ps=
 *	v0=LOW:HIGH..v31=	also Z0 to Z31, of vectors of 16 bytes, if there is vl=10
 *	p0=..p15= ffr=		of these
 *	1:REGISTER=		of the second vCPU (cpus=), which else begins as the first; after its
 *	m:ADDRESS=BYTES		memory, in its order
 * before it only, in hex:
 *	isa=a32, isa=t32	else A64
 *	w=WORD,WORD...		code, from PC on. After the last word PC goes to the first
 *	ipa= iss=		fault_ipa, else 9000000; esr_iss, else 7, or 47 with
 *	wr=1			a write
 *	sctlr= tcr= ttbr0= ttbr1= dczid= tcr2= dacr= accdata= vl=
 *	map:PAGE=DESCRIPTOR	a 4K page, and the MMU on: 39 bits of each half of the address
 *				space, and RAM mapped to itself. Or, by feat= and tcr=, of
 *				AArch32, with the short descriptors or the long ones
 *	ram:ADDRESS=LENGTH	more of it; dev: a device; rom: RAM to read, and nothing to write
 *	status=			what a device answers to ST64BV, else there is no call for that
 *	feat=			nisv_cpu.features, else 0, and 2 (EL1_32BIT) if not A64
 * in decimal:
 *	n=			calls in a row, else as many as w=, ipa=, iss=, wr= or cpus= has
 *				(the shorter ones begin again)
 *	cpus=0,1...		which vCPU makes the calls
 *	fail=N			a device refuses the Nth access
 *	silent=1		a device's read leaves the data alone
 *	flip=1			what is there has gone, after the first question about it
 *	exit=REASON		by nisv_kvm() only; else 28
 *	mon=N			before the Nth call the VMM adds 1 to the monitor; 0: it has none
 *	reset=N			before the Nth call there is nisv_reset()
 *	no=REGISTER		which cannot be read or written
 * after it only:
 *	ret=			the last call's answer
 *	log=R2@8000000,W4@...	what devices saw: bytes in decimal; at the end D8@..., RAM that
 *				wrote() was told of. log=none: nothing
 *
 * What is not given: all is 0; PSTATE 3c5 (A32 1d3, T32 1f3), MMU off, PC in RAM at the
 * code. PC goes on by an instruction's length if the answer is DONE. The rest stays.
 *
 * RAM is at 40000000, a device at 9000000 to 9001fff, another one at 9002000 to 9002fff,
 * flash (memory to read, a device to write) at 8000000. Code is in the first page of RAM,
 * or runs into the second, data from 40002000 on, tables from 40008000 on.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "nisv.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define RAM		0x40000000ull
#define DATA		(RAM + 0x2000)
#define TABLES		(RAM + 0x8000)
#define RAM_END		(RAM + 0x10000)
#define MEMORY		0x18000			/* of all regions */
#define VCPUS		2
#define FD		100			/* of the first vCPU */
#define MOST		64			/* values in a list, questions in a call */

struct vcpu {
	uint64_t x[NISV_ACCDATA_EL1 + 1];	/* enum nisv_reg */
	uint64_t v[32][2];
	uint64_t vl, p[16], ffr;
};

struct machine {
	struct vcpu vcpu[VCPUS];
	uint8_t memory[MEMORY];
};

/* What a case says */
static struct {
	unsigned int line;
	char *name;
	enum nisv_isa isa;
	uint64_t features, calls, fail, silent, flip, exit, mon, has_mon, reset, status;
	struct list {
		uint64_t value[MOST];
		unsigned int n;
	} words, ipa, iss, wr, cpus, map, desc;
	int no;
	bool has_status, given[NISV_ACCDATA_EL1 + 1], saw_r, saw_second, has_ret;
	int ret;
	char *log;
} want;

static const char *file;
static struct machine first, last, now;		/* before, as expected, as it is */
static uint64_t code;				/* where PC begins */
static char why[8192], seen_log[8192];

static struct region {
	uint64_t base, len;
	unsigned int at;			/* in machine.memory */
	enum { IS_RAM, IS_DEVICE, IS_FLASH, IS_ROM } is;
} regions[8];
static unsigned int used;

/* One call, and one run of a case */
static unsigned int accesses;
static uint64_t monitor;
static bool has_written;			/* a register */
static uint8_t told[MEMORY];			/* to wrote() */
static struct { uint64_t ipa, len; bool write; } asked[MOST];
static unsigned int questions;

static void __attribute__((format(printf, 1, 2), noreturn)) bad(const char *fmt, ...)
{
	va_list args;

	printf("%s:%u: %s: ", file, want.line, want.name ? want.name : "?");
	va_start(args, fmt);
	vprintf(fmt, args);
	puts("");
	exit(2);
}

static void add(char *to, size_t size, const char *separator, const char *fmt, va_list args)
{
	size_t n = strlen(to);

	n += snprintf(to + n, size - n, "%s", n ? separator : "");
	if (n < size)
		vsnprintf(to + n, size - n, fmt, args);
}

static void __attribute__((format(printf, 1, 2))) differs(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(why, sizeof(why), "; ", fmt, args);
	va_end(args);
}

static void __attribute__((format(printf, 1, 2))) add_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(seen_log, sizeof(seen_log), ",", fmt, args);
	va_end(args);
}

/* Memory */

static void add_region(uint64_t base, uint64_t len, int is)
{
	unsigned int at = 0;

	if (used)
		at = regions[used - 1].at + regions[used - 1].len;
	at = ((at + 63) & ~63u) + (base & 63);	/* as aligned as the guest has it */
	if (used == ARRAY_SIZE(regions) || at + len > MEMORY)
		bad("too much memory");
	regions[used++] = (struct region) { base, len, at, is };
}

static const struct region *region_of(uint64_t ipa)
{
	for (unsigned int n = 0; n < used; n++)
		if (ipa - regions[n].base < regions[n].len)
			return &regions[n];
	return NULL;
}

static uint8_t *byte_at(struct machine *m, uint64_t ipa)
{
	const struct region *r = region_of(ipa);

	return r ? m->memory + r->at + (ipa - r->base) : NULL;
}

static void put(struct machine *m, uint64_t ipa, uint64_t value, unsigned int len, bool big)
{
	for (unsigned int n = 0; n < len; n++) {
		uint8_t *p = byte_at(m, ipa + n);

		if (!p)
			bad("no memory at %llx", (unsigned long long)(ipa + n));
		*p = value >> 8 * (big ? len - 1 - n : n);
	}
}

static uint64_t get_number(struct machine *m, uint64_t ipa, unsigned int len, bool big)
{
	uint64_t value = 0;

	for (unsigned int n = 0; n < len; n++)
		value |= (uint64_t)*byte_at(m, ipa + n) << 8 * (big ? len - 1 - n : n);
	return value;
}

/* The bus */

/* An access is asked about once; the code and the tables are others */
static bool asked_before(uint64_t ipa, uint64_t len, bool write)
{
	bool before = false;

	if (!write && ((ipa >= RAM && ipa < DATA) || (ipa >= TABLES && ipa < RAM_END)))
		return false;
	for (unsigned int n = 0; n < questions && n < MOST; n++)
		before |= asked[n].write == write && ipa < asked[n].ipa + asked[n].len && asked[n].ipa < ipa + len;
	if (questions < MOST) {
		asked[questions].ipa = ipa;
		asked[questions].len = len;
		asked[questions].write = write;
	}
	questions++;
	return before;
}

static uint64_t at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram)
{
	const struct region *r = region_of(ipa);
	const uint64_t rest = r ? r->len - (ipa - r->base) : 1, answer = len < rest ? len : rest;
	const bool again = asked_before(ipa, answer, write);

	(void)opaque;
	if (!len || *ram)
		differs("at(%llx) of %llu bytes, with *ram %p", (unsigned long long)ipa, (unsigned long long)len, *ram);
	if (again)
		differs("at(%llx) again", (unsigned long long)ipa);
	if (!r || (r->is == IS_ROM && write) || (again && want.flip))
		return 0;
	if (r->is != IS_DEVICE && !(r->is == IS_FLASH && write))
		*ram = byte_at(&now, ipa);
	return answer;
}

static int device(uint64_t ipa, uint8_t *data, unsigned int len, bool write)
{
	const struct region *r = region_of(ipa);

	add_log("%c%u@%llx", write ? 'W' : 'R', len, (unsigned long long)ipa);
	if (has_written)
		differs("a device is accessed after a register was written");
	if (!r || (r->is != IS_DEVICE && !(r->is == IS_FLASH && write)) || r->len - (ipa - r->base) < len) {
		differs("no device at %llx", (unsigned long long)ipa);
		return -1;
	}
	if (++accesses == want.fail)
		return -1;
	for (unsigned int n = 0; n < len; n++) {
		if (write)
			*byte_at(&now, ipa + n) = data[n];
		else if (!want.silent)
			data[n] = *byte_at(&now, ipa + n);
	}
	return 0;
}

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	(void)opaque;
	return device(ipa, data, len, false);
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	(void)opaque;
	return device(ipa, (void *)data, len, true);
}

static int bus_write_status(void *opaque, uint64_t ipa, const void *data, unsigned int len, uint64_t *status)
{
	(void)opaque;
	*status = want.status;
	return device(ipa, (void *)data, len, true);
}

static void bus_wrote(void *opaque, uint64_t ipa, uint64_t len)
{
	(void)opaque;
	for (uint64_t n = 0; n < len; n++) {
		const struct region *r = region_of(ipa + n);

		if (!r || r->is != IS_RAM)
			differs("wrote(%llx), which is no RAM", (unsigned long long)(ipa + n));
		else
			told[r->at + (ipa + n - r->base)] = 1;
	}
}

/* Registers, by number and by KVM's number */

static bool is_v(unsigned int reg)
{
	return reg - NISV_V0 < 32;
}

static bool is_p(unsigned int reg)
{
	return reg - NISV_P0 < 16 || reg == NISV_FFR;
}

static uint64_t *predicate(struct vcpu *c, unsigned int reg)
{
	return reg == NISV_FFR ? &c->ffr : &c->p[reg - NISV_P0];
}

static int transfer_reg(struct vcpu *c, unsigned int reg, uint64_t *value, unsigned int words, bool write)
{
	uint64_t *ours;

	if (reg >= NISV_Z0)
		reg = NISV_V0 + (reg - NISV_Z0);
	ours = is_v(reg) ? c->v[reg - NISV_V0] : is_p(reg) ? predicate(c, reg) : reg == NISV_VL ? &c->vl : &c->x[reg];
	if (!is_v(reg) && !is_p(reg) && reg != NISV_VL && reg >= ARRAY_SIZE(c->x)) {
		differs("register %u", reg);
		return -1;
	}
	if (words != (is_v(reg) ? 2 : 1))
		differs("register %u in %u words", reg, words);
	if (write && !is_v(reg) && !is_p(reg) && reg > NISV_PSTATE)
		differs("a write of register %u", reg);
	if (!write && has_written)
		differs("register %u is read after another was written", reg);
	if (want.no == (int)reg || (reg == NISV_VL && !c->vl))
		return -1;
	has_written |= write;
	memcpy(write ? ours : value, write ? value : ours, words * 8);
	return 0;
}

static int get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	return transfer_reg(opaque, reg, value, words, false);
}

static int set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	return transfer_reg(opaque, reg, (uint64_t *)value, words, true);
}

/* As Documentation/virt/kvm/api.rst has them; 0: KVM has none */
static uint64_t kvm_id(unsigned int reg, bool sve)
{
	static const uint64_t ids[] = {
		[NISV_SP_EL0]	 = 0x603000000010003e,
		[NISV_PC]	 = 0x6030000000100040,
		[NISV_PSTATE]	 = 0x6030000000100042,
		[NISV_SP_EL1]	 = 0x6030000000100044,
		[NISV_SCTLR_EL1] = 0x603000000013c080,
		[NISV_TTBR0_EL1] = 0x603000000013c100,
		[NISV_TTBR1_EL1] = 0x603000000013c101,
		[NISV_TCR_EL1]	 = 0x603000000013c102,
		[NISV_TCR2_EL1]	 = 0x603000000013c103,
		[NISV_DACR32_EL2] = 0x603000000013e180,
		[NISV_ACCDATA_EL1] = 0x603000000013c685,
	};

	if (is_v(reg))
		return sve ? 0x6080000000150000 + 32 * (reg - NISV_V0) : 0x6040000000100054 + 4 * (reg - NISV_V0);
	if (is_p(reg))		/* FFR follows P15 */
		return sve ? 0x6050000000150400 + 32 * (reg == NISV_FFR ? 16 : reg - NISV_P0) : 0;
	if (reg < NISV_SP_EL0)
		return 0x6030000000100000 + 2 * reg;
	return reg < ARRAY_SIZE(ids) ? ids[reg] : 0;
}

int __wrap_ioctl(int fd, unsigned long request, struct kvm_one_reg *one);
int __wrap_ioctl(int fd, unsigned long request, struct kvm_one_reg *one)
{
	const bool sve = want.features & NISV_FEATURE_SVE, write = request == KVM_SET_ONE_REG;
	uint64_t *value = (uint64_t *)(uintptr_t)one->addr;
	struct vcpu *c = &now.vcpu[fd - FD];
	unsigned int reg = 0;

	if (fd - FD >= VCPUS || (request != KVM_GET_ONE_REG && !write)) {
		errno = ENOTTY;
		return -1;
	}
	if (one->id == 0x606000000015ffff && c->vl) {		/* lengths, of which ZCR_EL1 allows more */
		memset(value, 0, 64);
		value[0] = 1ull << (c->vl / 16 - 1);
		return 0;
	}
	if (one->id == 0x603000000013c090 && c->vl) {
		*value = 15;
		return 0;
	}
	while (reg < NISV_P0 + 16 && kvm_id(reg, sve) != one->id)
		reg++;
	if (reg == NISV_P0 + 16 || (reg == NISV_TCR2_EL1 && !want.given[reg])) {
		errno = sve && one->id >> 16 == 0x604000000010 ? EINVAL : ENOENT;
		return -1;
	}
	errno = EINVAL;
	if (transfer_reg(c, reg, value, is_v(reg) ? 2 : 1, write))
		return -1;
	/* Else it has vectors of 32 bytes. Beyond these Zn reads as zero */
	for (unsigned int n = 2; sve && is_v(reg) && n < 32; n++) {
		if (write && value[n])
			differs("a write to v%u leaves bits of z%u", reg - NISV_V0, reg - NISV_V0);
		if (!write)
			value[n] = n < 4 && !c->vl ? ~0ull : 0;
	}
	return 0;
}

/* Reading a case */

static uint64_t number(const char *s, int base)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(s, &end, base);
	if (!isxdigit((unsigned char)*s) || *end || errno)
		bad("\"%s\" is no number", s);
	return value;
}

static void list(struct list *l, char *s, int base)
{
	char *one;

	for (l->n = 0; (one = strsep(&s, ",")); l->n++) {
		if (l->n == MOST)
			bad("a list that is too long");
		l->value[l->n] = number(one, base);
	}
}

static uint64_t nth(const struct list *l, unsigned int n, uint64_t otherwise)
{
	return l->n ? l->value[n % l->n] : otherwise;
}

/* Arm ARM, D1.20.1: which of X0 to X30 is a register of an AArch32 mode */
static unsigned int banked(unsigned int mode, unsigned int r)
{
	static const struct { uint8_t mode, lr, sp; } banks[] = {
		{ 0x12, 16, 17 }, { 0x13, 18, 19 }, { 0x17, 20, 21 }, { 0x1b, 22, 23 },
	};

	if ((mode & 0x1f) == 0x11 && r >= 8)
		return r + 16;
	for (unsigned int n = 0; r >= 13 && n < ARRAY_SIZE(banks); n++)
		if ((mode & 0x1f) == banks[n].mode)
			return r == 13 ? banks[n].sp : banks[n].lr;
	return r;
}

/* Those that have no number */
static const char *const names[] = {
	[NISV_SP_EL0] = "sp0", [NISV_SP_EL1] = "sp", [NISV_PC] = "pc", [NISV_PSTATE] = "ps", [NISV_SCTLR_EL1] = "sctlr",
	[NISV_TCR_EL1] = "tcr", [NISV_TTBR0_EL1] = "ttbr0", [NISV_TTBR1_EL1] = "ttbr1", [NISV_DCZID_EL0] = "dczid",
	[NISV_TCR2_EL1] = "tcr2", [NISV_DACR32_EL2] = "dacr",
	[NISV_ACCDATA_EL1] = "accdata",
};

/* enum nisv_reg of a name; -1: it is none */
static int reg_of(const struct vcpu *c, const char *name)
{
	unsigned int n;
	char c0, rest;

	for (n = NISV_SP_EL0; n < ARRAY_SIZE(names); n++)
		if (!strcmp(name, names[n]))
			return n;
	if (!strcmp(name, "vl"))
		return NISV_VL;
	if (!strcmp(name, "ffr"))
		return NISV_FFR;
	if (sscanf(name, "%c%2u%c", &c0, &n, &rest) != 2)
		return -1;
	if (c0 == 'p' && n < 16)
		return NISV_P0 + n;
	if (c0 == 'v' && n < 32)
		return NISV_V0 + n;
	if (c0 == 'x' && n < 31)
		return n;
	return c0 == 'r' && n < 15 ? (int)banked(c->x[NISV_PSTATE], n) : -1;
}

/* What both sides have. Return: it is one of these */
static bool state(struct machine *m, bool before, const char *key, char *value)
{
	struct vcpu *c = &m->vcpu[0];
	char *high;
	int reg;

	if (!strncmp(key, "m:", 2)) {
		uint64_t ipa = number(key + 2, 16);

		if (strlen(value) % 2)
			bad("half a byte at %s", key);
		for (; *value; value += 2)
			put(m, ipa++, number((char[]) { value[0], value[1], 0 }, 16), 1, false);
		return true;
	}
	if (!strncmp(key, "1:", 2)) {
		key += 2;
		c++;
	}
	if (before && want.saw_second && c == m->vcpu)
		bad("%s= after one of the second vCPU", key);
	reg = reg_of(c, key);
	if (reg < 0 || (!before && reg > NISV_PSTATE && !is_v(reg) && !is_p(reg)))
		return false;
	want.saw_r |= *key == 'r';
	if (want.saw_r && before && reg == NISV_PSTATE)
		bad("ps= after a register of its mode");
	if (is_v(reg)) {
		high = strchr(value, ':');
		if (!high)
			bad("%s= is LOW:HIGH", key);
		*high++ = 0;
		c->v[reg - NISV_V0][0] = number(value, 16);
		c->v[reg - NISV_V0][1] = number(high, 16);
	} else if (is_p(reg)) {
		*predicate(c, reg) = number(value, 16);
	} else if (reg == NISV_VL) {
		c->vl = number(value, 16);
	} else {
		c->x[reg] = number(value, 16);
		want.given[reg] |= before || reg == NISV_PC;
	}
	if (before && c == m->vcpu)
		m->vcpu[1] = m->vcpu[0];
	else if (before)
		want.saw_second = true;
	return true;
}

static bool setting(const char *key, char *value)
{
	const struct { const char *key; struct list *list; int base; } lists[] = {
		{ "w", &want.words, 16 }, { "ipa", &want.ipa, 16 }, { "iss", &want.iss, 16 },
		{ "wr", &want.wr, 16 }, { "cpus", &want.cpus, 10 },
	};
	const struct { const char *key; uint64_t *value; int base; } values[] = {
		{ "feat", &want.features, 16 }, { "n", &want.calls, 10 }, { "fail", &want.fail, 10 },
		{ "silent", &want.silent, 10 }, { "flip", &want.flip, 10 }, { "exit", &want.exit, 10 },
		{ "reset", &want.reset, 10 }, { "mon", &want.mon, 10 }, { "status", &want.status, 16 },
	};

	for (unsigned int n = 0; n < ARRAY_SIZE(lists); n++) {
		if (!strcmp(key, lists[n].key)) {
			list(lists[n].list, value, lists[n].base);
			return true;
		}
	}
	for (unsigned int n = 0; n < ARRAY_SIZE(values); n++) {
		if (!strcmp(key, values[n].key)) {
			*values[n].value = number(value, values[n].base);
			want.has_mon &= strcmp(key, "mon") || want.mon;
			want.has_status |= !strcmp(key, "status");
			return true;
		}
	}
	if (!strcmp(key, "no")) {
		want.no = reg_of(first.vcpu, value);
		if (want.no < 0)
			bad("no=%s is no register", value);
	} else if (!strcmp(key, "isa")) {
		want.isa = !strcmp(value, "a32") ? NISV_A32 : NISV_T32;
		if (want.saw_r || (want.isa == NISV_T32 && strcmp(value, "t32")))
			bad("isa=%s, or after a register", value);
		want.features = NISV_FEATURE_EL1_32BIT;
		for (unsigned int n = 0; n < VCPUS && !want.given[NISV_PSTATE]; n++)
			first.vcpu[n].x[NISV_PSTATE] = want.isa == NISV_A32 ? 0x1d3 : 0x1f3;
	} else if (!strncmp(key, "map:", 4) && want.map.n < MOST) {
		want.map.value[want.map.n++] = number(key + 4, 16);
		want.desc.value[want.desc.n++] = number(value, 16);
	} else if (!strncmp(key, "ram:", 4)) {
		add_region(number(key + 4, 16), number(value, 16), IS_RAM);
	} else if (!strncmp(key, "dev:", 4)) {
		add_region(number(key + 4, 16), number(value, 16), IS_DEVICE);
	} else if (!strncmp(key, "rom:", 4)) {
		add_region(number(key + 4, 16), number(value, 16), IS_ROM);
	} else {
		return false;
	}
	return true;
}

static const char *const results[] = {
	"AGAIN", "DONE", "OTHER", "UNALLOCATED", "UNPREDICTABLE", "NO_ACCESS", "UNSUPPORTED", "REGISTER",
	"FETCH", "WALK", "ALIGNMENT", "MISMATCH", "LIVELOCK", "NOTHING", "DEVICE", "PERMISSIONS",
	"NOT_ATOMIC",
};

static bool outcome(const char *key, char *value)
{
	unsigned int n = 0;

	if (!strcmp(key, "log")) {
		want.log = value;
		return true;
	}
	if (strcmp(key, "ret"))
		return false;
	while (n < ARRAY_SIZE(results) && strcmp(value, results[n]))
		n++;
	if (n == ARRAY_SIZE(results))
		bad("ret=%s is no answer", value);
	want.ret = NISV_AGAIN - (int)n;
	want.has_ret = true;
	return true;
}

/* The code, and tables */

static unsigned int length(uint32_t word)
{
	return want.isa == NISV_T32 && word <= 0xffff ? 2 : 4;
}

static void put_code(struct machine *m)
{
	uint64_t ipa;

	if (!want.words.n)
		bad("no w=");
	code = m->vcpu[0].x[NISV_PC];
	ipa = RAM + (code & 0xfff);
	for (unsigned int n = 0; n < want.words.n; n++) {
		const uint32_t word = want.words.value[n];

		if (want.isa == NISV_T32 && word > 0xffff) {
			put(m, ipa, word >> 16, 2, false);
			put(m, ipa + 2, word, 2, false);
		} else {
			put(m, ipa, word, length(word), false);
		}
		ipa += length(word);
	}
}

/* The table that an entry leads to; a new one, if it leads nowhere */
static uint64_t next_table(struct machine *m, uint64_t entry, unsigned int len, uint64_t *new, unsigned int size,
			   bool big)
{
	uint64_t desc = get_number(m, entry, len, big);

	if (!desc) {
		desc = *new | (len == 8 ? 3 : 1);
		*new += size;
		put(m, entry, desc, len, big);
	}
	return desc & 0xfffffffffc00;		/* without what else is in it */
}

static void put_tables(struct machine *m)
{
	uint64_t *x = m->vcpu[0].x;
	const bool aarch32 = want.features & NISV_FEATURE_EL1_32BIT, big = x[NISV_SCTLR_EL1] >> 25 & 1;
	const bool is_short = aarch32 && !(x[NISV_TCR_EL1] >> 31 & 1);
	uint64_t new = TABLES + (is_short ? 0x4000 : 0x2000), defaults[ARRAY_SIZE(m->vcpu->x)] = {
		[NISV_TTBR0_EL1] = TABLES,
		[NISV_TTBR1_EL1] = is_short ? 0 : TABLES + 0x1000,
		[NISV_TCR_EL1] = aarch32 ? 0 : 25 | 25 << 16 | 2u << 30,
		[NISV_DACR32_EL2] = is_short,
	};

	for (unsigned int n = 0; n < want.map.n; n++) {
		const uint64_t va = want.map.value[n], desc = want.desc.value[n];
		uint64_t table = TABLES + (va >> 55 & 1) * 0x1000;

		if (is_short) {
			table = next_table(m, TABLES + (va >> 20) * 4, 4, &new, 0x400, big);
			put(m, table + (va >> 12 & 0xff) * 4, desc, 4, big);
			continue;
		}
		table = next_table(m, table + (va >> 30 & 0x1ff) * 8, 8, &new, 0x1000, big);
		table = next_table(m, table + (va >> 21 & 0x1ff) * 8, 8, &new, 0x1000, big);
		put(m, table + (va >> 12 & 0x1ff) * 8, desc, 8, big);
	}
	if (!want.map.n)
		return;
	/* RAM is privileged, and has been accessed */
	if (is_short)
		put(m, TABLES + (RAM >> 20) * 4, RAM | 0x402, 4, big);
	else
		put(m, TABLES + (RAM >> 30) * 8, RAM | 0x701, 8, big);
	for (unsigned int cpu = 0; cpu < VCPUS; cpu++) {
		x = m->vcpu[cpu].x;
		x[NISV_SCTLR_EL1] |= 1;
		for (unsigned int n = 0; n < ARRAY_SIZE(defaults); n++)
			if (defaults[n] && !want.given[n])
				x[n] = defaults[n];
	}
}

/* Return: there is a case in the line */
static bool read_case(char *line)
{
	char *token, *value, *comment = strstr(line, " # ");
	bool before = true;

	if (comment)
		*comment = 0;
	token = strtok(line, " \t\n");
	if (!token || *token == '#')
		return false;
	want.name = token;
	want.no = -1;
	want.has_mon = 1;
	want.exit = 28;
	memset(&first, 0, sizeof(first));
	used = 0;
	add_region(RAM, RAM_END - RAM, IS_RAM);
	add_region(0x8000000, 0x1000, IS_FLASH);
	add_region(0x9000000, 0x2000, IS_DEVICE);
	add_region(0x9002000, 0x1000, IS_DEVICE);
	for (unsigned int n = 0; n < VCPUS; n++) {
		first.vcpu[n].x[NISV_PSTATE] = 0x3c5;
		first.vcpu[n].x[NISV_PC] = RAM;
	}
	while ((token = strtok(NULL, " \t\n"))) {
		if (before && !strcmp(token, "=>")) {
			put_code(&first);
			put_tables(&first);
			last = first;
			want.given[NISV_PC] = false;
			before = false;
			continue;
		}
		value = strchr(token, '=');
		if (!value)
			bad("\"%s\" is no KEY=VALUE", token);
		*value++ = 0;
		if (!state(before ? &first : &last, before, token, value) &&
		    !(before ? setting(token, value) : outcome(token, value)))
			bad("unknown key \"%s\"", token);
	}
	if (!want.has_ret)
		bad("no ret=");
	if (!want.calls) {
		const struct list *l[] = { &want.words, &want.ipa, &want.iss, &want.wr, &want.cpus };

		for (unsigned int n = 0; n < ARRAY_SIZE(l); n++)
			want.calls = l[n]->n > want.calls ? l[n]->n : want.calls;
	}
	return true;
}

/* Running it */

/* Which of the words PC is at; NULL: none of them */
static const uint64_t *word_at(uint64_t pc)
{
	uint64_t p = code;

	for (unsigned int n = 0; n < want.words.n; n++) {
		if (p == pc)
			return &want.words.value[n];
		p += length(want.words.value[n]);
	}
	return NULL;
}

static int one_call(struct nisv_cpu *cpu, struct vcpu *c, const struct nisv_bus *bus, unsigned int n, bool kvm)
{
	const uint64_t iss = nth(&want.iss, n, nth(&want.wr, n, 0) ? 0x47 : 7), ipa = nth(&want.ipa, n, 0x9000000);
	struct kvm_run run = { .exit_reason = want.exit };
	struct nisv_insn insn;
	const uint64_t *word;
	size_t logged;
	uint64_t pc;
	int ret;

	if (!word_at(c->x[NISV_PC]))
		c->x[NISV_PC] = code;
	pc = c->x[NISV_PC];
	word = word_at(pc);
	memcpy(&run.hw, (uint64_t[2]) { iss, ipa }, 16);
	has_written = false;
	questions = 0;
	logged = strlen(seen_log);
	memset(&insn, 0xff, sizeof(insn));
	ret = kvm ? nisv_kvm(cpu, &run, bus, &insn) : nisv_access(cpu, bus, ipa, iss, &insn);
	if (ret != NISV_DONE && has_written)
		differs("a register was written, and then: %s", nisv_strerror(ret));
	if (ret != NISV_DONE && ret != NISV_DEVICE && ret != NISV_REGISTER && seen_log[logged])
		differs("a device was accessed, and then: %s", nisv_strerror(ret));
	if (questions > MOST)
		differs("%u questions", questions);
	if (insn.length && (insn.length != length(*word) || insn.word != *word))
		differs("insn has the word %x, of %u bytes", insn.word, insn.length);
	if (ret == NISV_DONE && !insn.length)
		differs("insn has no word");
	pc += ret == NISV_DONE ? length(*word) : 0;
	if (!want.given[NISV_PC] && c->x[NISV_PC] != pc)
		differs("pc=%llx, not %llx", (unsigned long long)c->x[NISV_PC], (unsigned long long)pc);
	return ret;
}

static void compare(int ret)
{
	unsigned int wrong = 0;		/* bytes, of which the first says enough */

	if (ret != want.ret)
		differs("ret=%s, not %s", ret <= NISV_AGAIN && ret >= NISV_NOT_ATOMIC ? results[NISV_AGAIN - ret] : "?",
			results[NISV_AGAIN - want.ret]);
	for (unsigned int cpu = 0; cpu < VCPUS; cpu++) {
		const struct vcpu *is = &now.vcpu[cpu], *to_be = &last.vcpu[cpu];

		for (unsigned int n = 0; n < ARRAY_SIZE(is->x); n++)
			if (is->x[n] != to_be->x[n] && (n != NISV_PC || want.given[n]))
				differs("%s%s%.0u=%llx, not %llx", cpu ? "1:" : "", n < NISV_SP_EL0 ? n ? "x" : "x0" : names[n],
					n < NISV_SP_EL0 ? n : 0, (unsigned long long)is->x[n], (unsigned long long)to_be->x[n]);
		for (unsigned int n = 0; n < 16; n++)
			if (is->p[n] != to_be->p[n])
				differs("p%u=%llx, not %llx", n, (unsigned long long)is->p[n], (unsigned long long)to_be->p[n]);
		if (is->ffr != to_be->ffr)
			differs("ffr=%llx, not %llx", (unsigned long long)is->ffr, (unsigned long long)to_be->ffr);
		for (unsigned int n = 0; n < 32; n++)
			if (memcmp(is->v[n], to_be->v[n], 16))
				differs("%sv%u=%llx:%llx, not %llx:%llx", cpu ? "1:" : "", n,
					(unsigned long long)is->v[n][0], (unsigned long long)is->v[n][1],
					(unsigned long long)to_be->v[n][0], (unsigned long long)to_be->v[n][1]);
	}
	for (const struct region *r = regions; r < regions + used; r++) {
		for (unsigned int n = 0, len; n < r->len; n += len) {
			const unsigned int at = r->at + n;

			for (len = 0; n + len < r->len && told[at + len]; len++)
				;
			if (len)
				add_log("D%u@%llx", len, (unsigned long long)(r->base + n));
			len += !len;
		}
		for (unsigned int n = r->at; n < r->at + r->len; n++) {
			const unsigned long long ipa = r->base + (n - r->at);

			if (now.memory[n] != last.memory[n] && !wrong++)
				differs("m:%llx=%02x, not %02x", ipa, now.memory[n], last.memory[n]);
			if (now.memory[n] != first.memory[n] && r->is == IS_RAM && !told[n])
				differs("m:%llx was changed without wrote()", ipa);
		}
	}
	if (want.log && strcmp(*seen_log ? seen_log : "none", want.log))
		differs("log=%s, not %s", *seen_log ? seen_log : "none", want.log);
}

/* Return: it is as expected */
static bool run_case(bool kvm)
{
	const struct nisv_bus bus = {
		.at = at, .read = bus_read, .write = bus_write, .wrote = bus_wrote,
		.monitor = want.has_mon ? &monitor : NULL,
		.write_status = want.has_status ? bus_write_status : NULL,
	};
	struct nisv_cpu cpu[VCPUS];
	int ret = NISV_DONE;

	now = first;
	monitor = 0;
	accesses = 0;
	memset(told, 0, sizeof(told));
	*seen_log = 0;
	*why = 0;
	for (unsigned int n = 0; n < VCPUS; n++) {
		if (kvm)
			nisv_kvm_init(&cpu[n], FD + n, want.features);
		else
			cpu[n] = (struct nisv_cpu) {
				.opaque = &now.vcpu[n], .get = get, .set = set, .features = want.features,
			};
	}
	for (unsigned int n = 0; n < want.calls; n++) {
		const unsigned int v = nth(&want.cpus, n, 0);

		if (v >= VCPUS)
			bad("cpus=%u", v);
		monitor += n + 1 == want.mon;
		if (n + 1 == want.reset)
			nisv_reset(&cpu[v]);
		ret = one_call(&cpu[v], &now.vcpu[v], &bus, n, kvm);
	}
	compare(ret);
	if (!*why)
		return true;
	printf("%s:%u: %s: by %s: %s\n", file, want.line, want.name, kvm ? "nisv_kvm()" : "nisv_access()", why);
	return false;
}

int main(int argc, char **argv)
{
	unsigned int cases = 0, failed = 0;
	char line[8192];

	for (int n = 1; n < argc; n++) {
		FILE *f = fopen(argv[n], "r");
		unsigned int number = 0;

		file = argv[n];
		if (!f) {
			printf("%s: %s\n", file, strerror(errno));
			return 2;
		}
		while (fgets(line, sizeof(line), f)) {
			bool good = true;

			memset(&want, 0, sizeof(want));
			want.line = ++number;
			if (!strchr(line, '\n'))
				bad("a line that is too long, or has no end");
			if (!read_case(line))
				continue;
			cases++;
			/* What exit= and dczid= are about, only one of the ways has */
			if (want.exit == 28)
				good &= run_case(false);
			if (!want.given[NISV_DCZID_EL0])
				good &= run_case(true);
			failed += !good;
		}
		fclose(f);
	}
	printf("# %u cases", cases);
	if (failed)
		printf(", %u of them failed", failed);
	puts("");
	return !cases || failed;
}

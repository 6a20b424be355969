// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer's entry: a vCPU whose registers, page tables, code and syndrome are the
 * input, and what is remembered of its last access; and a bus that may answer otherwise
 * the next time that it is asked. What nisv.h promises is checked: a refusal changes no
 * register, and no device but one that refused itself has been told anything; none is read
 * after one was written; a device sees accesses of its own address and of the sizes that
 * it is told to expect; what the bus leaves alone does not come from the library's stack
 * (with MemorySanitizer); an access ends, and so do those that are to be tried again.
 *
 *	make fuzz [FUZZ_SECONDS=] [SANITIZERS=memory]
 */
#include <stdlib.h>
#include <string.h>

#include "../internal.h"

#define RAM		0x40000000ull
#define RAM_SIZE	0x10000ull
#define DEVICE		(RAM - DEVICE_SIZE)	/* an access may go into both */
#define DEVICE_SIZE	0x3000ull
#define RUNS		5000		/* of the same; more than the library repeats an answer */
/* Of at(): an instruction, tables of 128 pages, and each byte once, or 128 parts of it */
#define MOST_CALLS	1000

struct input {
	uint64_t fault_ipa, esr_iss;
	uint64_t x[NISV_ACCDATA_EL1 + 1];
	uint64_t v[8];
	uint64_t sctlr_el1, tcr_el1;	/* by how much they differ from the last ones */
	uint32_t word;
	uint8_t shape;			/* see vcpu() */
	uint8_t fails;			/* a device refuses the n-th access */
	uint8_t bus;			/* see at(), dev_read() */
} __attribute__((packed));

static struct input in;
static uint8_t ram[RAM_SIZE], other_ram[RAM_SIZE + DEVICE_SIZE];
static unsigned int calls, accesses, sets;
static uint64_t monitor;

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#else
#define __msan_check_mem_is_initialized(p, n)	do { } while (0)
#endif

static void check(int ok)
{
	if (!ok)
		abort();
}

/* SVE: any length, which need not be one */
static bool is_sve(unsigned int reg)
{
	return reg == NISV_VL || reg == NISV_FFR || reg >= NISV_P0;
}

/* Of a gather or scatter, addresses that hit the device, or small offsets; also two of 32 bits */
static uint64_t z_word(unsigned int reg, unsigned int n)
{
	const uint64_t any = in.v[(reg + n) % 8], other = in.v[n % 8] >> (reg + n) % 32;
	struct nisv_insn i;

	if (!(in.shape & 8) || nisv_decode(NISV_A64, in.word, &i) != NISV_DONE)
		return any;
	if (i.flags & NISV_VECTOR_BASE && reg == NISV_Z0 + i.rn)
		return DEVICE + other % (DEVICE_SIZE + 64) +
		       (in.bus & 64 ? (DEVICE + (other >> 16) % DEVICE_SIZE) << 32 : 0);
	if (i.flags & NISV_VECTOR_OFFSET && reg == NISV_Z0 + i.rm)
		return other & (in.bus & 64 ? 0x1ff000001ff : 0x1ff);
	return any;
}

static int get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	(void)opaque;
	check(!sets);
	if (is_sve(reg)) {
		check(words && words <= (reg == NISV_VL ? 1 : reg < NISV_Z0 ? 4 : 32));
		check(reg < NISV_P0 + 16 || (reg >= NISV_Z0 && reg < NISV_Z0 + 32));
		for (unsigned int n = 0; n < words; n++)
			value[n] = reg == NISV_VL ? in.v[7] % (in.bus & 16 ? 300 : 17) * (in.bus & 16 ? 1 : 16) :
				   z_word(reg, n);
		return 0;
	}
	check(reg <= NISV_ACCDATA_EL1 || (reg >= NISV_V0 && reg < NISV_V0 + 32));
	check(words == (reg < NISV_V0 ? 1 : 2));
	if (reg >= NISV_V0) {
		value[0] = in.v[reg % 8];
		value[1] = in.v[(reg + 1) % 8];
	} else {
		value[0] = in.x[reg];
	}
	return 0;
}

static int set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	(void)opaque;
	__msan_check_mem_is_initialized(value, words * sizeof(*value));
	sets++;
	if (is_sve(reg)) {
		check(words && words <= 32);
		check(reg == NISV_FFR || (reg >= NISV_P0 && reg < NISV_P0 + 16) || (reg >= NISV_Z0 && reg < NISV_Z0 + 32));
		return 0;
	}
	check(words == (reg < NISV_V0 ? 1 : 2));
	check(reg <= NISV_PSTATE || (reg >= NISV_V0 && reg < NISV_V0 + 32));
	return 0;
}

static uint64_t at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **host)
{
	const bool other = in.bus & 2 && ++*(unsigned int *)opaque % 3 == 0;
	uint64_t rest = 0;

	(void)write;
	check(len && len <= 4096);
	check(++calls < MOST_CALLS);
	if (ipa - RAM < RAM_SIZE) {
		*host = ram + (ipa - RAM);
		rest = RAM_SIZE - (ipa - RAM);
	} else if (ipa - DEVICE < DEVICE_SIZE) {
		rest = DEVICE_SIZE - (ipa - DEVICE);
		if (other)
			*host = other_ram + (ipa - DEVICE);
	}
	if (in.bus & 4 && rest > 4)	/* devices of a word each */
		rest = 4 - (ipa & 3);
	return other && in.bus & 8 ? 0 : len < rest ? len : rest;
}

static void wrote(void *opaque, uint64_t ipa, uint64_t len)
{
	(void)opaque;
	check(ipa - DEVICE < RAM_SIZE + DEVICE_SIZE && len <= 8);
}

static int device(uint64_t ipa, unsigned int len)
{
	check(ipa - DEVICE < DEVICE_SIZE && len <= DEVICE_SIZE - (ipa - DEVICE));
	check(len == 1 || len == 2 || len == 4 || len == 8 || len == 64);
	check(!sets);
	return ++accesses == in.fails;
}

static int dev_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	(void)opaque;
	if (!(in.bus & 1))
		memset(data, ipa, len);
	return device(ipa, len);
}

static int dev_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	uint8_t copy[64];

	(void)opaque;
	memcpy(copy, data, len);	/* all of it can be read */
	__msan_check_mem_is_initialized(copy, len);
	return device(ipa, len);
}

static int dev_write_status(void *opaque, uint64_t ipa, const void *data, unsigned int len, uint64_t *status)
{
	check(len == 64);
	*status = ipa;
	return dev_write(opaque, ipa, data, len);
}

static enum nisv_isa isa_of_vcpu(void)
{
	if (!(in.x[NISV_PSTATE] & 0x10))
		return NISV_A64;
	return in.x[NISV_PSTATE] & 0x20 ? NISV_T32 : NISV_A32;
}

/* The instruction as it is in memory: of T32 the first halfword is the upper one */
static void put_word(uint64_t at)
{
	const uint16_t halves[] = { in.word >> 16, in.word };

	if (at > RAM_SIZE - 4)
		return;
	if (isa_of_vcpu() == NISV_T32)
		memcpy(ram + at, halves + !halves[0], halves[0] ? 4 : 2);
	else
		memcpy(ram + at, &in.word, 4);
}

/* Random bits seldom make a vCPU that gets far; `shape` says what is put right */
static void vcpu(void)
{
	if (in.shape & 1)		/* MMU off */
		in.x[NISV_SCTLR_EL1] &= ~1ull;
	if (in.shape & 2) {		/* tables in RAM, of 4K and 48 bits, or of any kind */
		if (in.x[NISV_TCR_EL1] >> 63)
			in.x[NISV_TCR_EL1] = 16 | 16 << 16 | 2ull << 30;
		in.x[NISV_TTBR0_EL1] = RAM | (in.x[NISV_TTBR0_EL1] & 0xf000);
		in.x[NISV_TTBR1_EL1] = RAM | (in.x[NISV_TTBR1_EL1] & 0xf000);
	}
	if (in.shape & 4)		/* AArch64 */
		in.x[NISV_PSTATE] &= ~0x10ull;
	if (in.shape & 8) {		/* code in RAM, and registers that hit the device */
		in.x[NISV_PC] = RAM | (in.x[NISV_PC] & 0xfffc);
		for (unsigned int n = 0; n < 33; n++)
			if (!(in.x[n] & 7))
				in.x[n] = DEVICE + (in.x[n] >> 4) % DEVICE_SIZE;
	}
	if (in.shape & 2)		/* in what the first table translates */
		in.x[NISV_PC] &= ~0ull >> (in.x[NISV_TCR_EL1] & 63);
	if (in.shape & 16)
		in.fault_ipa = DEVICE + in.fault_ipa % DEVICE_SIZE;
	if (in.shape & 32)
		in.word = (in.word & ~0x02000000u) | 0x08000000;
	if (in.fails & 128) {		/* what is rare among words; with its registers */
		static const uint32_t rare[] = {
			0xd50b7420, 0x885f7c00, 0xc87f0000, 0x88007c00, 0xc8200000, 0x08207c00, 0x48a07c00,
			0xf83fd000, 0xf83f9000, 0xf8205000, 0xb8208000, 0xf8200400, 0x58000000, 0x3860c800,
			0x1d000400, 0x1d410400, 0x19820400, 0x19c00400, 0x19c14400, 0x1dc28400, 0xf820b000, 0xf820a000,
			0xa400a000, 0xe4004000, 0xa460e000, 0xe5e04000, 0x84408000, 0x85804000, 0xe5800000,
			0xa4006000, 0xa4002000, 0x85004000, 0x8520c000, 0xc5c0c000, 0xc5a0e000, 0xc580c000,
			0xe5408000, 0xe500a000, 0xe5c0a000, 0xe5002000,
		};

		in.word = rare[(in.word >> 10) % (sizeof(rare) / sizeof(rare[0]))] |
			  (in.word & (in.word >> 31 ? 0x1f03ff : 0x3ff));
	}
	if (in.shape & 128) {		/* what exited is what is there */
		struct nisv_insn i;

		in.fault_ipa = DEVICE + in.fault_ipa % (DEVICE_SIZE + 64);
		for (unsigned int n = 0; n < 33; n++)
			in.x[n] = in.fault_ipa;
		if (nisv_decode(isa_of_vcpu(), in.word, &i) == NISV_DONE) {
			in.esr_iss = i.op == NISV_LOAD ? 0 : 1 << 6;
			if (i.mode == NISV_PRE_INDEX || i.mode == NISV_OFFSET)
				in.fault_ipa += i.imm;
		}
	}
	put_word(in.x[NISV_PC] - RAM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int asked = 0;
	struct nisv_bus bus = { .opaque = &asked, .at = at, .read = dev_read, .write = dev_write };
	struct nisv_cpu cpu = { .get = get, .set = set };
	struct nisv_insn insn;
	unsigned int again = 0;
	char text[8];
	int ret;

	if (size < sizeof(in))
		return -1;
	memcpy(&in, data, sizeof(in));
	memset(ram, 0, sizeof(ram));
	for (size_t n = sizeof(in); n < size && n - sizeof(in) < RAM_SIZE; n++)
		ram[n - sizeof(in)] = data[n];
	vcpu();

	for (enum nisv_isa isa = NISV_A64; isa <= NISV_T32; isa++) {
		nisv_decode(isa, in.word, &insn);
		nisv_text(&insn, text, in.shape % sizeof(text));
	}
	memcpy(&insn, &in, sizeof(insn));
	nisv_text(&insn, text, in.shape % sizeof(text));

	cpu.features = in.shape & 64 ? NISV_FEATURE_EL1_32BIT : 0;
	bus.wrote = in.bus & 16 ? wrote : NULL;
	bus.monitor = in.bus & 32 ? NULL : &monitor;
	bus.write_status = in.bus & 64 ? NULL : dev_write_status;
	cpu.seen[SEEN_SCTLR_EL1] = in.x[NISV_SCTLR_EL1] ^ in.sctlr_el1;
	cpu.seen[SEEN_TCR_EL1] = in.x[NISV_TCR_EL1] ^ in.tcr_el1;
	for (unsigned int n = 0; n < RUNS; n++) {
		calls = 0;
		accesses = 0;
		sets = 0;
		ret = nisv_access(&cpu, &bus, in.fault_ipa, in.esr_iss, &insn);
		check(!ret || !sets);
		check(ret == NISV_DONE || ret == NISV_DEVICE || !accesses);
		check(nisv_strerror(ret)[0] != '?');
		check(ret != NISV_OTHER || insn.op == NISV_UNKNOWN);
		again += ret == NISV_AGAIN;
		/* Again: after some doubts or exclusive loads the answer is another */
		if (ret != NISV_AGAIN && !cpu.seen[SEEN_EXCLUSIVE_BYTES])
			break;
	}
	check(again < RUNS);
	return 0;
}

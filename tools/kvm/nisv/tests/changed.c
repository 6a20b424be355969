// SPDX-License-Identifier: GPL-2.0
/*
 * The library remembers how page tables were walked. A guest that changes this between
 * two accesses must not notice: what the second one does is compared with what it does
 * for a vCPU without remembered state. When nothing has changed, SCTLR_EL1 and
 * TCR_EL1 must not be read again. And what is found by walking as before, when it is
 * wrong, must not be handed out.
 *
 *	changed [PAIRS]		of accesses, at random, the same each time
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nisv.h"

#define RAM		0x40000000ull
#define RAM_SIZE	0x40000ull
#define TABLES		(RAM + 0x10000)		/* 64K for each half of the address space */
#define MORE_RAM	0x60000000ull		/* 16 bytes, for no_access() */
#define DEVICE		0x10000000ull
#define LDRAA		0xf8201c01		/* ldraa x1, [x0, #8]! */

/* How a half is translated: by blocks, in the first table */
static const struct size {
	unsigned int input, block;		/* bits */
	uint64_t tg[2];
} sizes[] = {
	{ 39, 30, { 0ull << 14, 2ull << 30 } },	/* 4K */
	{ 36, 25, { 2ull << 14, 1ull << 30 } },	/* 16K */
	{ 42, 29, { 1ull << 14, 3ull << 30 } },	/* 64K */
};

static const struct { const char *text; uint32_t word; bool write; } insns[] = {
	{ "ldp x1, x2, [x0]", 0xa9400801, false },
	{ "str w1, [x0], #4", 0xb8004401, true },
	{ "ld1 { v1.8h }, [x0]", 0x4c407401, false },
	{ "ldraa x1, [x0, #8]!", LDRAA, false },
};

/* What a guest may change; all is small and random */
struct state {
	uint8_t el0, mmu, ee, e0e, en_da, insn;
	uint8_t size[2], tbi[2];		/* of the lower half, of the upper */
	uint8_t code_upper, data_upper;
};

static uint8_t ram[RAM_SIZE], more_ram[16];
static uint64_t x[NISV_ACCDATA_EL1 + 1], trace, seed = 1;
static unsigned int reads_of_walk;		/* SCTLR_EL1, TCR_EL1 */

static unsigned int rnd(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static void traced(const void *what, size_t len)
{
	for (const uint8_t *p = what; len; len--, p++)
		trace = (trace ^ *p) * 0x100000001b3ull;
}

static int get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	(void)opaque;
	reads_of_walk += reg == NISV_SCTLR_EL1 || reg == NISV_TCR_EL1;
	value[0] = words == 1 ? x[reg] : 0;
	return 0;
}

static int set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	(void)opaque;
	traced(&reg, sizeof(reg));
	traced(value, words * 8);
	return 0;
}

static uint64_t at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **host)
{
	(void)opaque;
	(void)write;
	if (ipa - RAM < RAM_SIZE)
		*host = ram + (ipa - RAM);
	else if (ipa - MORE_RAM < sizeof(more_ram))
		*host = more_ram + (ipa - MORE_RAM);
	return *host || ipa - DEVICE < 0x1000 ? len : 0;
}

static int dev_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	(void)opaque;
	for (unsigned int n = 0; n < len; n++)
		((uint8_t *)data)[n] = ipa + n;
	traced(&ipa, sizeof(ipa));
	return 0;
}

static int dev_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	(void)opaque;
	traced(&ipa, sizeof(ipa));
	traced(data, len);
	return 0;
}

static void make_state(struct state *s, const struct state *last)
{
	/* How many values each field has; the MMU is seldom off */
	static const struct state values = { 2, 8, 2, 2, 2, 4, { 3, 3 }, { 2, 2 }, 2, 2 };

	for (unsigned int n = 0; n < sizeof(*s); n++) {
		if (last && rnd(6))
			((uint8_t *)s)[n] = ((const uint8_t *)last)[n];
		else
			((uint8_t *)s)[n] = rnd(((const uint8_t *)&values)[n]);
	}
	s->mmu = s->mmu != 0;
}

/* A vCPU in that state, with an access to DEVICE + @offset */
static void make_vcpu(const struct state *s, unsigned int offset)
{
	const bool code_upper = s->mmu && s->code_upper, data_upper = s->mmu && s->data_upper;
	const bool authenticated = insns[s->insn].word == LDRAA && s->en_da;
	const unsigned int data_bits = sizes[s->size[data_upper]].input;
	const uint64_t tag = s->mmu && s->tbi[data_upper] ? 0x5aull << 56 : 0;

	memset(ram, 0, sizeof(ram));
	memset(x, 0, sizeof(x));
	memcpy(ram, &insns[s->insn].word, 4);
	x[NISV_PSTATE] = s->el0 ? 0x0 : 0x5;
	x[NISV_SCTLR_EL1] = s->mmu | (uint64_t)s->e0e << 24 | (uint64_t)s->ee << 25 | (uint64_t)s->en_da << 27;
	for (unsigned int upper = 0; upper < 2; upper++) {
		const struct size *size = &sizes[s->size[upper]];
		const uint64_t table = TABLES + upper * 0x10000;

		x[NISV_TCR_EL1] |= size->tg[upper] | (uint64_t)(64 - size->input) << (16 * upper) |
				   (uint64_t)s->tbi[upper] << (37 + upper);
		x[upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1] = table;
		for (unsigned int n = 0; n < 2; n++) {
			const uint64_t page = (n ? RAM : DEVICE) >> size->block, entry = page << size->block | 1 << 10 | 1 << 6 | 1;

			for (unsigned int byte = 0; byte < 8; byte++)
				ram[table - RAM + page * 8 + byte] = entry >> 8 * (s->ee ? 7 - byte : byte);
		}
	}
	x[NISV_PC] = RAM | (code_upper ? ~0ull << sizes[s->size[1]].input : 0);
	x[0] = DEVICE + offset;
	if (data_upper)
		x[0] |= ~0ull << data_bits;
	x[0] ^= tag;
	if (authenticated)	/* a code, where the address has none but bit 55 */
		x[0] ^= (0x1234567ull << data_bits) & ((1ull << 55) - 1);
	x[1] = 0x0102030405060708ull;
	if (insns[s->insn].word == LDRAA)
		x[0] -= 8;
}

static const struct nisv_bus bus = { .at = at, .read = dev_read, .write = dev_write };

static int carry_out(struct nisv_cpu *cpu, const struct state *s, unsigned int offset)
{
	make_vcpu(s, offset);
	trace = 0;
	reads_of_walk = 0;
	return nisv_access(cpu, &bus, DEVICE + offset, insns[s->insn].write << 6, NULL);
}

/*
 * Now 64K, in a table in which 4K leads to an access of something else, and 64K to a
 * word that is none
 */
static bool no_access(struct nisv_cpu cpu)
{
	const struct state before = { .mmu = 1 }, after = { .mmu = 1, .size = { 2, 2 } };
	struct nisv_insn insn = { 0 };
	uint64_t block;
	int ret;

	ret = carry_out(&cpu, &before, 16);
	make_vcpu(&after, 16);
	block = RAM | 1 << 10 | 1;
	memcpy(ram + (TABLES - RAM) + (RAM >> sizes[0].block) * 8, &block, 8);
	block = MORE_RAM | 1 << 10 | 1;
	memcpy(ram + (TABLES - RAM) + (RAM >> sizes[2].block) * 8, &block, 8);
	if (!ret)
		ret = nisv_access(&cpu, &bus, DEVICE + 64, 0, &insn);
	if (ret == NISV_AGAIN && insn.op == NISV_UNKNOWN)
		return true;
	printf("a word that is no access: %s, with an instruction that has op %u\n", nisv_strerror(ret), insn.op);
	return false;
}

int main(int argc, char **argv)
{
	const unsigned int pairs = argc > 1 ? strtoul(argv[1], NULL, 0) : 200000;
	const struct nisv_cpu blank = { .get = get, .set = set };
	unsigned int kept = 0, changed = 0;

	for (unsigned int n = 0; n < pairs; n++) {
		struct nisv_cpu cpu = blank, other = blank;
		struct state first, second;
		uint64_t expected;
		int ret, rc;

		make_state(&first, NULL);
		make_state(&second, &first);
		rc = carry_out(&other, &second, 16);
		expected = trace;
		ret = carry_out(&cpu, &first, 16 * rnd(16));
		if (!ret)
			ret = carry_out(&cpu, &second, 16);
		if (ret || rc || trace != expected) {
			printf("pair %u, %s: %s; %s if nothing is remembered; %s\n", n, insns[second.insn].text, nisv_strerror(ret),
			       nisv_strerror(rc), trace == expected ? "the same is done" : "something else is done");
			return 1;
		}
		if (memcmp(&first, &second, sizeof(first))) {
			changed++;
		} else if (second.mmu && insns[second.insn].word != LDRAA) {
			kept++;
			if (reads_of_walk != second.el0) {
				printf("pair %u, %s: %u of SCTLR_EL1 and TCR_EL1 read, not %u\n", n, insns[second.insn].text,
				       reads_of_walk, second.el0);
				return 1;
			}
		}
	}
	printf("# %u pairs of accesses: %u with changes between them, %u without, and nothing read again\n", pairs, changed, kept);
	return !changed || !kept || !no_access(blank);
}

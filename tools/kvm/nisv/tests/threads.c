// SPDX-License-Identifier: GPL-2.0
/*
 * Two vCPUs, in threads of their own, add to one number: no addition may be lost, with
 * whatever instructions, be it in RAM that is in no memslot, while the host adds to it,
 * too, or in a device whose lock they hold.
 *
 *	threads [ADDITIONS]	of each vCPU
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nisv.h"

#define RAM		0x40000000ull
#define NUMBER		(RAM + 0x1000)
#define DEVICE		0x9000000ull
#define MOST_CALLS	20		/* for one instruction in RAM: NISV_AGAIN, and then done */

static uint8_t ram[0x2000] __attribute__((aligned(16)));
static uint64_t device, monitor;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long additions = 200000;

struct vcpu {
	pthread_t thread;
	const struct way *way;
	uint64_t x[NISV_ACCDATA_EL1 + 1];
	bool failed;
};

static int get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	const struct vcpu *v = opaque;

	(void)words;
	*value = v->x[reg];
	return 0;
}

static int set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	struct vcpu *v = opaque;

	(void)words;
	v->x[reg] = *value;
	return 0;
}

static uint64_t at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **host)
{
	(void)opaque;
	(void)write;
	if (ipa - RAM < sizeof(ram))
		*host = ram + (ipa - RAM);
	return len;
}

static int dev_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	(void)opaque;
	(void)ipa;
	memcpy(data, &device, len);
	return 0;
}

static int dev_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	(void)opaque;
	(void)ipa;
	memcpy(&device, data, len);
	return 0;
}

static const struct nisv_bus bus = { .at = at, .read = dev_read, .write = dev_write, .monitor = &monitor };

/* X1 has the address. Return: whether it has been added */
static bool ldadd(struct vcpu *v, int (*insn)(struct vcpu *, uint32_t, bool))
{
	v->x[2] = 1;
	return !insn(v, 0xf8220023, true);		/* ldadd x2, x3, [x1] */
}

static bool cas(struct vcpu *v, int (*insn)(struct vcpu *, uint32_t, bool))
{
	const uint64_t expected = v->x[2];

	v->x[3] = expected + 1;
	return !insn(v, 0xc8a27c23, true) && v->x[2] == expected;	/* cas x2, x3, [x1] */
}

static bool casp(struct vcpu *v, int (*insn)(struct vcpu *, uint32_t, bool))
{
	const uint32_t low = v->x[2], high = v->x[3];
	const uint64_t sum = (low | (uint64_t)high << 32) + 1;

	v->x[4] = (uint32_t)sum;
	v->x[5] = sum >> 32;
	return !insn(v, 0x08227c24, true) && v->x[2] == low && v->x[3] == high;	/* casp w2, w3, w4, w5, [x1] */
}

static bool exclusive(struct vcpu *v, int (*insn)(struct vcpu *, uint32_t, bool))
{
	if (insn(v, 0xc85f7c23, false))			/* ldxr x3, [x1] */
		return false;
	v->x[3]++;
	return !insn(v, 0xc8027c23, true) && !v->x[2];	/* stxr w2, x3, [x1] */
}

static const struct way {
	const char *name;
	bool (*add)(struct vcpu *v, int (*insn)(struct vcpu *, uint32_t, bool));
	uint64_t ipa;
} ways[] = {
	{ "LDADD in RAM", ldadd, NUMBER },
	{ "CAS in RAM", cas, NUMBER },
	{ "CASP of words in RAM", casp, NUMBER },
	{ "LDADD in a device", ldadd, DEVICE },
	{ "CAS in a device", cas, DEVICE },
	{ "LDXR and STXR in a device", exclusive, DEVICE },
};

static __thread struct nisv_cpu cpu;

static int insn(struct vcpu *v, uint32_t word, bool write)
{
	const uint64_t pc = RAM + (v->x[0] & 1 ? 8 : 0);
	int ret = NISV_AGAIN;

	memcpy(ram + (pc - RAM), &word, 4);
	v->x[NISV_PC] = pc;
	for (unsigned int n = 0; n < MOST_CALLS && ret == NISV_AGAIN; n++) {
		if (v->way->ipa == DEVICE)
			pthread_mutex_lock(&lock);
		ret = nisv_access(&cpu, &bus, v->way->ipa, write << 6, NULL);
		if (v->way->ipa == DEVICE)
			pthread_mutex_unlock(&lock);
	}
	if (ret) {
		printf("%s: %s\n", v->way->name, nisv_strerror(ret));
		v->failed = true;
	}
	return ret;
}

static void *run(void *opaque)
{
	struct vcpu *v = opaque;

	cpu = (struct nisv_cpu) { .opaque = v, .get = get, .set = set };
	for (unsigned long n = 0; n < additions && !v->failed; )
		n += v->way->add(v, insn);
	return NULL;
}

int main(int argc, char **argv)
{
	bool failed = false;

	if (argc > 1)
		additions = strtoul(argv[1], NULL, 0);
	for (const struct way *w = ways; w < ways + sizeof(ways) / sizeof(ways[0]); w++) {
		struct vcpu vcpus[2] = { { .way = w }, { .way = w } };
		const bool in_ram = w->ipa == NUMBER;
		uint64_t *number = in_ram ? (uint64_t *)(ram + (NUMBER - RAM)) : &device;

		*number = 0;
		for (unsigned int n = 0; n < 2; n++) {
			vcpus[n].x[0] = n;
			vcpus[n].x[1] = w->ipa;
			vcpus[n].x[NISV_PSTATE] = 5;
			if (pthread_create(&vcpus[n].thread, NULL, run, &vcpus[n])) {
				perror("threads");
				return 1;
			}
		}
		for (unsigned long n = 0; n < additions && in_ram; n++)
			__atomic_fetch_add(number, 1, __ATOMIC_RELAXED);
		for (unsigned int n = 0; n < 2; n++) {
			pthread_join(vcpus[n].thread, NULL);
			failed |= vcpus[n].failed;
		}
		if (*number != (2 + in_ram) * additions) {
			printf("%s: %lu additions became %lu\n", w->name, (2 + in_ram) * additions, (unsigned long)*number);
			failed = true;
		}
	}
	printf("# threads: %lu additions of each of two vCPUs, in %zu ways\n", additions, sizeof(ways) / sizeof(ways[0]));
	return failed;
}

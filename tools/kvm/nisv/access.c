// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Carry a load or store out, on registers and memory that the VMM gives: Arm ARM (DDI
 * 0487), C6.2 and C7.2, the operation of each instruction
 *
 * All of them are the same four steps. What is stored is gathered from registers into
 * `data`, as it will be in memory; the addresses are translated and looked at; memory
 * is read into or written from `data`; what was loaded goes to the registers. Until
 * the last step nothing of the vCPU has changed, so that any step may refuse.
 */
#include <string.h>

#include "internal.h"

#define MAX_BYTES	128		/* VLDM of 16 double words */
#define DOUBTS		16		/* NISV_AGAIN in a row; see doubt() */
#define EXCLUSIVE_LOADS	64		/* without a store; see monitor() */

struct access {
	struct ctx *c;
	struct nisv_insn *i;
	uint64_t fault_ipa;
	bool privileged, big;
	bool reads, writes;		/* memory */
	uint64_t base, va;		/* Rn, and where it accesses */
	unsigned int elements, len;
	/* One per page; the second begins at byte `split` */
	uint64_t ipa[2];
	unsigned int split;
	bool in_device[2];		/* to read, to write: all bytes are in one */
	uint8_t data[MAX_BYTES];
};

/* Elements: 1 << size bytes of `data`, as a number */

/* Not by bytes: these are called for all that is accessed */
static uint64_t get_bytes(const uint8_t *p, unsigned int len, bool big)
{
	const bool swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	uint16_t h;
	uint32_t w;
	uint64_t d;

	switch (len) {
	case 1:
		return *p;
	case 2:
		memcpy(&h, p, 2);
		return swap ? __builtin_bswap16(h) : h;
	case 4:
		memcpy(&w, p, 4);
		return swap ? __builtin_bswap32(w) : w;
	default:
		memcpy(&d, p, 8);
		return swap ? __builtin_bswap64(d) : d;
	}
}

static void put_bytes(uint8_t *p, unsigned int len, bool big, uint64_t value)
{
	const bool swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	const uint16_t h = swap ? __builtin_bswap16(value) : value;
	const uint32_t w = swap ? __builtin_bswap32(value) : value;
	const uint64_t d = swap ? __builtin_bswap64(value) : value;

	switch (len) {
	case 1:
		*p = value;
		break;
	case 2:
		memcpy(p, &h, 2);
		break;
	case 4:
		memcpy(p, &w, 4);
		break;
	default:
		memcpy(p, &d, 8);
		break;
	}
}

static void get_element(const struct access *a, unsigned int n, uint64_t value[2])
{
	const unsigned int len = 1 << a->i->size;
	const uint8_t *p = a->data + n * len;

	value[1] = 0;
	if (len == 16) {
		value[a->big] = get_bytes(p, 8, a->big);
		value[!a->big] = get_bytes(p + 8, 8, a->big);
	} else {
		value[0] = get_bytes(p, len, a->big);
	}
}

static void put_element(struct access *a, unsigned int n, const uint64_t value[2])
{
	const unsigned int len = 1 << a->i->size;
	uint8_t *p = a->data + n * len;

	if (len == 16) {
		put_bytes(p, 8, a->big, value[a->big]);
		put_bytes(p + 8, 8, a->big, value[!a->big]);
	} else {
		put_bytes(p, len, a->big, value[0]);
	}
}

/* Sign- or zero-extended as Rt wants it */
static uint64_t extended(const struct nisv_insn *i, uint64_t value)
{
	const unsigned int n = 64 - (8 << i->size);

	if (i->flags & NISV_SIGNED)
		value = (uint64_t)((int64_t)(value << n) >> n);
	return i->width == 32 ? (uint32_t)value : value;
}

/* Memory */

/* Which of the pages, and where in it */
static uint64_t ipa_of(const struct access *a, unsigned int at)
{
	return at < a->split ? a->ipa[0] + at : a->ipa[1] + (at - a->split);
}

static int one_transfer(const struct access *a, unsigned int at, unsigned int len, bool write,
			uint8_t *data)
{
	const struct nisv_bus *bus = a->c->bus;
	const uint64_t ipa = ipa_of(a, at);
	void *ram = NULL;
	int ret;

	if (bus->at(bus->opaque, ipa, len, write, &ram) < len)
		return NISV_NOTHING;
	if (!ram) {
		ret = write ? bus->write(bus->opaque, ipa, data, len) :
			      bus->read(bus->opaque, ipa, data, len);
		return ret ? NISV_DEVICE : NISV_DONE;
	}
	/* Whole, so that other vCPUs see all of it or nothing */
	if (len == 8 && !((uintptr_t)ram & 7)) {
		uint64_t v;

		if (write) {
			memcpy(&v, data, 8);
			__atomic_store_n((uint64_t *)ram, v, __ATOMIC_SEQ_CST);
		} else {
			v = __atomic_load_n((uint64_t *)ram, __ATOMIC_SEQ_CST);
			memcpy(data, &v, 8);
		}
	} else if (len == 4 && !((uintptr_t)ram & 3)) {
		uint32_t v;

		if (write) {
			memcpy(&v, data, 4);
			__atomic_store_n((uint32_t *)ram, v, __ATOMIC_SEQ_CST);
		} else {
			v = __atomic_load_n((uint32_t *)ram, __ATOMIC_SEQ_CST);
			memcpy(data, &v, 4);
		}
	} else if (write) {
		memcpy(ram, data, len);
	} else {
		memcpy(data, ram, len);
	}
	return NISV_DONE;
}

/* Does what is at these addresses belong together? */
static bool in_one(const struct access *a, unsigned int at, unsigned int len, bool write)
{
	const struct nisv_bus *bus = a->c->bus;
	void *ram = NULL;

	if (at < a->split && at + len > a->split)
		return false;
	return bus->at(bus->opaque, ipa_of(a, at), len, write, &ram) >= len;
}

/* One element: whole, up to 8 bytes at once, or else as bytes */
static int transfer_element(struct access *a, unsigned int at, unsigned int len, bool write,
			    uint8_t *data)
{
	unsigned int unit = len == 16 ? 8 : len;
	int ret;

	if (!in_one(a, at, len, write))
		unit = 1;
	for (unsigned int done = 0; done < len; done += unit) {
		ret = one_transfer(a, at + done, unit, write, data + done);
		if (ret)
			return ret;
	}
	return NISV_DONE;
}

/*
 * What is accessed at once. AArch32 accesses D registers as words; but two registers
 * as one, if they are aligned.
 */
static unsigned int unit_of(const struct access *a)
{
	const struct nisv_insn *i = a->i;

	if (i->isa != NISV_A64 && i->flags & NISV_SIMD && i->size == 3)
		return 4;
	if (i->isa != NISV_A64 && i->rt2 != NISV_NONE && !(a->va & 7))
		return 8;
	return 1 << i->size;
}

/* All elements, in the order of their addresses */
static int transfer(struct access *a, bool write, uint8_t *data)
{
	const struct nisv_bus *bus = a->c->bus;
	const unsigned int size = unit_of(a), unit = size == 16 ? 8 : size;
	int ret = NISV_DONE;

	if (a->in_device[write]) {	/* nearly always */
		for (unsigned int at = 0; at < a->len && !ret; at += unit)
			ret = write ? bus->write(bus->opaque, a->ipa[0] + at, data + at, unit) :
				      bus->read(bus->opaque, a->ipa[0] + at, data + at, unit);
		return ret ? NISV_DEVICE : NISV_DONE;
	}
	for (unsigned int at = 0; at < a->len && !ret; at += size)
		ret = transfer_element(a, at, size, write, data + at);
	return ret;
}

/* Is there something to be accessed everywhere? */
static int look(struct access *a, bool write)
{
	const struct nisv_bus *bus = a->c->bus;
	uint64_t n;

	for (unsigned int at = 0; at < a->len; at += n) {
		const unsigned int end = at < a->split && a->split < a->len ? a->split : a->len;
		void *ram = NULL;

		n = bus->at(bus->opaque, ipa_of(a, at), end - at, write, &ram);
		if (!n || n > end - at)
			return NISV_NOTHING;
		a->in_device[write] = n == a->len && !ram;
	}
	return NISV_DONE;
}

/*
 * SCTLR_EL1 and TCR_EL1 say how tables are walked. An OS writes them once, but to ask KVM
 * for them is a sixth of what an access costs. So they are assumed to be as they were
 * at the last access, until a walk with them has led from the registers to the very
 * bytes that the CPU has reported. If they are not, the walks fail, or find what is
 * no access to these bytes. Then, and for all that such a walk does not confirm, they
 * are read.
 */
static void assume(struct ctx *c, bool privileged)
{
	const uint64_t tcr = 1ull << NISV_TCR_EL1, sctlr = 1ull << NISV_SCTLR_EL1;

	c->assumed = c->cpu->sctlr_el1 & SCTLR_M && !c->el1_32bit;
	if (!c->assumed)
		return;
	c->x[NISV_TCR_EL1] = c->cpu->tcr_el1;
	c->x[NISV_SCTLR_EL1] = c->cpu->sctlr_el1;
	/* Not E0E: a walk depends on EE only */
	c->have |= privileged ? tcr | sctlr : tcr;
}

static void do_not_assume(struct ctx *c)
{
	c->assumed = false;
	c->have &= ~(1ull << NISV_TCR_EL1 | 1ull << NISV_SCTLR_EL1);
	c->half[0].granule = 0;
	c->half[1].granule = 0;
}

/* Addresses of AArch32 wrap at 4 GiB */
static uint64_t address(const struct ctx *c, uint64_t va)
{
	return c->isa == NISV_A64 ? va : (uint32_t)va;
}

/*
 * Translate. The page that faulted has let the vCPU pass, the other one is looked at
 * as the vCPU would.
 */
static int translate(struct access *a)
{
	const uint64_t mask = 0xfff;
	const bool privileged = a->privileged && !(a->i->flags & NISV_UNPRIV);
	const enum purpose purpose = a->writes ? WRITE : READ;
	const uint64_t fault_page = a->fault_ipa & ~mask;
	bool allowed[2];
	int ret;

	a->split = mask + 1 - (a->va & mask);
	if (a->split < a->len && a->c->assumed)	/* HPD: may the other page be accessed? */
		return NISV_MISMATCH;
	ret = nisv_walk(a->c, a->va, purpose, privileged, &a->ipa[0], &allowed[0]);
	if (ret)
		return ret;
	if (a->split < a->len) {
		ret = nisv_walk(a->c, address(a->c, a->va + a->split), purpose, privileged, &a->ipa[1], &allowed[1]);
		if (ret)
			return ret;
		for (unsigned int p = 0; p < 2; p++)
			if ((a->ipa[p] & ~mask) != fault_page && !allowed[p])
				return NISV_WALK;
	}

	/* The fault has to be at one of the bytes */
	if (a->fault_ipa - a->ipa[0] < (a->split < a->len ? a->split : a->len)) {
		a->c->assumed = false;	/* no more: it is right */
		return NISV_DONE;
	}
	if (a->split < a->len && a->fault_ipa - a->ipa[1] < a->len - a->split)
		return NISV_DONE;
	return NISV_MISMATCH;
}

/* Between registers and data */

/* The n-th element of a structure access is in which register and lane? */
static unsigned int element_reg(const struct nisv_insn *i, unsigned int n, unsigned int *lane)
{
	const unsigned int structure = n / i->selem, member = n % i->selem;

	if (i->lane != NISV_NONE || i->flags & NISV_REPLICATE) {
		*lane = i->lane;
		return (i->rt + member) % 32;
	}
	*lane = structure % i->lanes;
	return (i->rt + structure / i->lanes * i->selem + member) % 32;
}

static unsigned int elements(const struct nisv_insn *i)
{
	if (i->flags & NISV_LIST)
		return i->flags & NISV_SIMD ? i->nregs : __builtin_popcount(i->list);
	if (i->flags & NISV_STRUCTURE)
		return i->lanes && !(i->flags & NISV_REPLICATE) ? i->nregs * i->lanes : i->selem;
	return i->rt2 != NISV_NONE ? 2 : 1;
}

/* And which register is the n-th of the others */
static unsigned int nth_reg(const struct nisv_insn *i, unsigned int n)
{
	unsigned int reg = 0, list = i->list;

	if (!(i->flags & NISV_LIST))
		return n ? i->rt2 : i->rt;
	if (i->flags & NISV_SIMD)
		return i->rt + n;
	for (; n || !(list & 1); list >>= 1, reg++)
		n -= list & 1;
	return reg;
}

static uint64_t lane_of(const uint64_t v[2], unsigned int lane, unsigned int size)
{
	const unsigned int at = lane << size, width = 8 << size;

	return bits64(v[at / 8], at % 8 * 8 + width - 1, at % 8 * 8);
}

static void set_lane(uint64_t v[2], unsigned int lane, unsigned int size, uint64_t value)
{
	const unsigned int at = lane << size, width = 8 << size, low = at % 8 * 8;
	const uint64_t mask = bits64(~0ull, width - 1, 0) << low;

	v[at / 8] = (v[at / 8] & ~mask) | (value << low & mask);
}

/* S and D registers of AArch32 are parts of V registers; a half-precision one is an S */
static unsigned int vfp_part(const struct nisv_insn *i, unsigned int reg, unsigned int *lane,
			     unsigned int *size)
{
	*size = i->size == 3 ? 3 : 2;
	*lane = reg % (16 >> *size);
	return reg / (16 >> *size);
}

static int gather_structure(struct access *a)
{
	const struct nisv_insn *i = a->i;

	for (unsigned int n = 0; n < a->elements; n++) {
		unsigned int lane, reg = element_reg(i, n, &lane);
		const int ret = nisv_need_v(a->c, reg);

		if (ret)
			return ret;
		put_element(a, n, (uint64_t[2]) { lane_of(a->c->v[reg], lane, i->size) });
	}
	return NISV_DONE;
}

static int scatter_structure(struct access *a)
{
	const struct nisv_insn *i = a->i;
	uint64_t value[2];

	for (unsigned int n = 0; n < a->elements; n++) {
		unsigned int lane, reg = element_reg(i, n, &lane);
		uint64_t *v = a->c->v[reg];
		int ret;

		/* One lane is merged; else the rest of the register is 0 */
		get_element(a, n, value);
		if (i->lane != NISV_NONE) {
			ret = nisv_need_v(a->c, reg);
			if (ret)
				return ret;
		} else if (!(a->c->dirty_v >> reg & 1)) {
			v[0] = 0;
			v[1] = 0;
		}
		if (i->flags & NISV_REPLICATE)
			for (lane = 0; lane < i->lanes; lane++)
				set_lane(v, lane, i->size, value[0]);
		else
			set_lane(v, lane, i->size, value[0]);
		nisv_set_v(a->c, reg, v[0], v[1]);
	}
	return NISV_DONE;
}

static int gather(struct access *a)
{
	const struct nisv_insn *i = a->i;
	uint64_t value[2] = { 0 };
	int ret;

	if (i->flags & NISV_STRUCTURE)
		return gather_structure(a);
	if (i->size == 6) {
		for (unsigned int n = 0; n < 8; n++) {
			ret = nisv_get_r(a->c, i->rt + n, value);
			if (ret)
				return ret;
			put_bytes(a->data + n * 8, 8, a->big, value[0]);
		}
		return NISV_DONE;
	}
	for (unsigned int n = 0; n < a->elements; n++) {
		unsigned int reg = nth_reg(i, n), lane, size;

		if (i->flags & NISV_SIMD && i->isa != NISV_A64) {
			reg = vfp_part(i, reg, &lane, &size);
			ret = nisv_need_v(a->c, reg);
			value[0] = lane_of(a->c->v[reg], lane, size);
		} else if (i->flags & NISV_SIMD) {
			ret = nisv_need_v(a->c, reg);
			memcpy(value, a->c->v[reg], sizeof(value));
		} else {
			ret = nisv_get_r(a->c, reg, value);
		}
		if (ret)
			return ret;
		put_element(a, n, value);
	}
	return NISV_DONE;
}

static int scatter(struct access *a)
{
	const struct nisv_insn *i = a->i;
	uint64_t value[2];
	int ret;

	if (i->flags & NISV_STRUCTURE)
		return scatter_structure(a);
	if (i->size == 6) {
		for (unsigned int n = 0; n < 8; n++)
			nisv_set_r(a->c, i->rt + n, get_bytes(a->data + n * 8, 8, a->big));
		return NISV_DONE;
	}
	for (unsigned int n = 0; n < a->elements; n++) {
		unsigned int reg = nth_reg(i, n), lane, size;

		if (!(i->flags & NISV_SIMD)) {
			nisv_set_r(a->c, reg, extended(i, get_bytes(a->data + (n << i->size), 1 << i->size, a->big)));
			continue;
		}
		get_element(a, n, value);
		if (i->isa != NISV_A64) {
			reg = vfp_part(i, reg, &lane, &size);
			ret = nisv_need_v(a->c, reg);
			if (ret)
				return ret;
			set_lane(a->c->v[reg], lane, size, value[0]);
			nisv_set_v(a->c, reg, a->c->v[reg][0], a->c->v[reg][1]);
		} else {
			nisv_set_v(a->c, reg, value[0], value[1]);
		}
	}
	return NISV_DONE;
}

/* The kinds of access */

/* The monitor is set, unless that does not help the guest */
static int monitor(struct access *a)
{
	struct nisv_cpu *cpu = a->c->cpu;
	const uint64_t pc = a->c->x[NISV_PC];

	if (cpu->monitor_pc != pc)
		cpu->monitor_loads = 0;
	cpu->monitor_pc = pc;
	if (cpu->monitor_loads == EXCLUSIVE_LOADS) {
		cpu->monitor_loads = 0;
		return NISV_LIVELOCK;
	}
	cpu->monitor_loads++;
	cpu->monitor_ipa = a->ipa[0];
	cpu->monitor_bytes = a->len;
	return NISV_DONE;
}

static int load(struct access *a)
{
	int ret = NISV_DONE;

	if (a->i->flags & NISV_EXCLUSIVE_ACCESS)
		ret = monitor(a);
	if (!ret)
		ret = transfer(a, false, a->data);
	return ret ? ret : scatter(a);
}

static int store(struct access *a)
{
	struct nisv_cpu *cpu = a->c->cpu;
	bool fails = false;
	int ret;

	if (a->i->flags & NISV_EXCLUSIVE_ACCESS) {
		fails = cpu->monitor_bytes != a->len || cpu->monitor_ipa != a->ipa[0];
		cpu->monitor_bytes = 0;
		cpu->monitor_loads = 0;
		nisv_set_r(a->c, a->i->rs, fails);
		if (fails)
			return NISV_DONE;
	}
	ret = gather(a);
	return ret ? ret : transfer(a, true, a->data);
}

/* What an atomic operation makes of the old value and of Rs; both are `width` bits */
static uint64_t operate(unsigned int op, unsigned int width, uint64_t old, uint64_t rs)
{
	const int64_t sold = (int64_t)(old << (64 - width)), srs = (int64_t)(rs << (64 - width));

	switch (op) {
	case NISV_ADD:	return old + rs;
	case NISV_CLR:	return old & ~rs;
	case NISV_EOR:	return old ^ rs;
	case NISV_SET:	return old | rs;
	case NISV_SMAX:	return sold > srs ? old : rs;
	case NISV_SMIN:	return sold < srs ? old : rs;
	case NISV_UMAX:	return old > rs ? old : rs;
	case NISV_UMIN:	return old < rs ? old : rs;
	default:	return rs;		/* SWP */
	}
}

static int read_modify_write(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int width = 8 << i->size;
	uint64_t old[2], rs;
	int ret;

	ret = nisv_get_r(a->c, i->rs, &rs);
	if (!ret)
		ret = transfer(a, false, a->data);
	if (ret)
		return ret;
	get_element(a, 0, old);
	rs = bits64(rs, width - 1, 0);
	put_element(a, 0, (uint64_t[2]) { operate(i->op, width, old[0], rs) });
	ret = transfer(a, true, a->data);
	if (!ret)
		nisv_set_r(a->c, i->rt, old[0]);
	return ret;
}

static int compare_and_swap(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int n = a->elements, width = 8 << i->size;
	uint8_t old[16];
	uint64_t rs, value[2];
	bool same = true;
	int ret;

	ret = gather(a);	/* what is new */
	for (unsigned int k = 0; k < n && !ret; k++)
		ret = nisv_get_r(a->c, i->rs + k, &rs);
	if (!ret)
		ret = transfer(a, false, old);
	if (ret)
		return ret;
	for (unsigned int k = 0; k < n; k++) {
		nisv_get_r(a->c, i->rs + k, &rs);
		value[0] = get_bytes(old + (k << i->size), 1 << i->size, a->big);
		same &= value[0] == bits64(rs, width - 1, 0);
	}
	if (same)
		ret = transfer(a, true, a->data);
	for (unsigned int k = 0; k < n && !ret; k++)
		nisv_set_r(a->c, i->rs + k, get_bytes(old + (k << i->size), 1 << i->size, a->big));
	return ret;
}

static int zero(struct access *a)
{
	uint8_t zeros[8] = { 0 };
	int ret = NISV_DONE;

	for (unsigned int at = 0; at < a->len && !ret; at += sizeof(zeros))
		ret = transfer_element(a, at, sizeof(zeros), true, zeros);
	return ret;
}

/* The address, from registers */

static uint64_t offset(const struct nisv_insn *i, uint64_t rm, bool carry)
{
	switch (i->extend) {
	case NISV_UXTW:
		return (uint64_t)(uint32_t)rm << i->shift;
	case NISV_SXTW:
		return (uint64_t)(int64_t)(int32_t)rm << i->shift;
	case NISV_LSR:
		return (uint64_t)(uint32_t)rm >> i->shift;
	case NISV_ASR:
		return (int64_t)(int32_t)rm >> i->shift;
	case NISV_ROR:
		return (uint32_t)rm >> i->shift | rm << (32 - i->shift);
	case NISV_RRX:
		return (uint32_t)rm >> 1 | (uint32_t)carry << 31;
	default:
		return rm << i->shift;
	}
}

static int authenticate(struct access *a)
{
	const unsigned int enable = a->i->flags & NISV_AUTH_A ? 27 : 13;	/* SCTLR_EL1.EnDA, EnDB */
	int ret;

	if (a->c->assumed)	/* EnDA, EnDB, TBI */
		return NISV_MISMATCH;
	ret = nisv_need(a->c, NISV_SCTLR_EL1);
	if (ret || !(a->c->x[NISV_SCTLR_EL1] >> enable & 1))
		return ret;
	/* It has passed stage 1, as no address does that failed to authenticate */
	return nisv_strip(a->c, &a->base);
}

static int block_address(struct access *a)
{
	uint64_t dczid;
	int ret;

	ret = nisv_get_r(a->c, a->i->rt, &a->va);
	if (!ret)
		ret = nisv_need(a->c, NISV_DCZID_EL0);
	if (ret)
		return ret;
	dczid = a->c->x[NISV_DCZID_EL0];
	if (dczid & 0x10 || (dczid & 0xf) > 9)		/* DZP; BS, log2 of words */
		return NISV_UNSUPPORTED;
	a->len = 4 << (dczid & 0xf);
	a->va &= ~(uint64_t)(a->len - 1);
	return a->len < 8 ? NISV_UNSUPPORTED : NISV_DONE;
}

static int base(struct access *a)
{
	struct ctx *c = a->c;
	unsigned int reg;
	int ret;

	if (c->isa != NISV_A64 && a->i->rn == 15) {
		ret = nisv_get_r(c, 15, &a->base);
		a->base &= ~3ull;
		return ret;
	}
	reg = nisv_base(c, a->i->rn);
	ret = nisv_need(c, reg);
	a->base = c->x[reg];
	return ret;
}

/* Also what writeback leaves in Rn */
static int make_address(struct access *a, uint64_t *after)
{
	const struct nisv_insn *i = a->i;
	uint64_t by = (int64_t)i->imm, rm;
	struct ctx *c = a->c;
	int ret;

	a->elements = elements(i);
	a->len = a->elements << i->size;
	if (i->op == NISV_ZERO)
		return block_address(a);
	if (i->isa == NISV_A64 && i->mode == NISV_PC_RELATIVE) {
		a->va = c->x[NISV_PC] + by;
		return NISV_DONE;
	}

	ret = base(a);
	if (!ret && i->rm != NISV_NONE) {
		ret = nisv_get_r(c, i->rm, &rm);
		by = offset(i, rm, c->x[NISV_PSTATE] & PSTATE_C);
		if (i->flags & NISV_SUBTRACT)
			by = -by;
	}
	if (!ret && i->family == NISV_PAC)
		ret = authenticate(a);
	if (ret)
		return ret;
	a->va = address(c, i->mode == NISV_POST_INDEX ? a->base : a->base + by);
	*after = a->base + (i->flags & NISV_LIST ? (uint64_t)(int64_t)i->step : by);
	return NISV_DONE;
}

/*
 * Exclusive and atomic accesses are to one place; FEAT_LSE2 lets it be in 16 bytes. In
 * AArch32 what is ordered has to be aligned, too, and all but single registers to words.
 */
static bool aligned(const struct access *a)
{
	const uint32_t whole = NISV_EXCLUSIVE_ACCESS | NISV_ACQUIRE | NISV_RELEASE;
	const struct nisv_insn *i = a->i;

	if (i->isa != NISV_A64) {
		if (i->flags & whole)
			return !(a->va & (a->len - 1));
		if (i->flags & NISV_SIMD && i->size == 1)
			return !(a->va & 1);
		return !(i->flags & (NISV_SIMD | NISV_LIST) || i->rt2 != NISV_NONE) || !(a->va & 3);
	}
	if (i->size == 6)
		return !(a->va & 63);
	if (i->flags & NISV_EXCLUSIVE_ACCESS || (a->reads && a->writes))
		return !(a->va & (a->len - 1)) || (a->va & 15) + a->len <= 16;
	return true;
}

static int perform(struct access *a)
{
	switch (a->i->op) {
	case NISV_LOAD:	return load(a);
	case NISV_STORE: return store(a);
	case NISV_CAS:	return compare_and_swap(a);
	case NISV_ZERO:	return zero(a);
	default:	return read_modify_write(a);
	}
}

/* IT[1:0] and IT[7:2]: the condition of T32, and which instructions have it */
static unsigned int it_of(uint64_t pstate)
{
	return bits64(pstate, 26, 25) | bits64(pstate, 15, 10) << 2;
}

static uint64_t advance_it(uint64_t pstate)
{
	unsigned int it = it_of(pstate);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	pstate &= ~(3ull << 25 | 0x3full << 10);
	return pstate | (uint64_t)(it & 3) << 25 | (uint64_t)(it >> 2) << 10;
}

static bool holds(unsigned int cond, uint64_t pstate)
{
	const bool n = pstate >> 31 & 1, z = pstate >> 30 & 1, c = pstate & PSTATE_C, v = pstate >> 28 & 1;
	bool so;

	switch (cond >> 1) {
	case 0:	so = z; break;
	case 1:	so = c; break;
	case 2:	so = n; break;
	case 3:	so = v; break;
	case 4:	so = c && !z; break;
	case 5:	so = n == v; break;
	case 6:	so = n == v && !z; break;
	default: return true;
	}
	return so != (cond & 1);
}

/* What AArch32 asks besides the word; and whose registers are loaded or stored */
static int aarch32_state(struct access *a)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	const unsigned int it = i->isa == NISV_T32 ? it_of(c->x[NISV_PSTATE]) : 0;
	const bool loads_pc = i->op == NISV_LOAD && !(i->flags & NISV_SIMD) &&
			      (i->flags & NISV_LIST ? i->list >> 15 : i->rt == 15);

	/* It would not have been executed */
	if (!holds(it ? it >> 4 : i->cond, c->x[NISV_PSTATE]))
		return NISV_MISMATCH;
	/* A branch is the last that has the condition, and is loaded from a word */
	if (loads_pc && (it & 7 || a->va & 3))
		return NISV_UNPREDICTABLE;
	if (i->flags & NISV_USER_REGS) {
		if (c->mode == MODE_USR || c->mode == MODE_SYS)
			return NISV_UNPREDICTABLE;
		c->mode = MODE_USR;
	}
	return NISV_DONE;
}

static int carry_out(struct access *a)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	uint64_t after = 0, pstate;
	int ret;

	a->reads = i->op != NISV_STORE && i->op != NISV_ZERO;
	a->writes = i->op != NISV_LOAD;
	ret = make_address(a, &after);
	if (!ret && i->isa != NISV_A64)
		ret = aarch32_state(a);
	if (!ret)
		ret = nisv_need(c, NISV_SCTLR_EL1);
	if (ret)
		return ret;
	if (i->isa == NISV_A64)
		a->big = c->x[NISV_SCTLR_EL1] & (a->privileged ? SCTLR_EE : SCTLR_E0E);
	else
		a->big = c->x[NISV_PSTATE] & PSTATE_E;

	ret = translate(a);
	if (ret)
		return ret;
	if (!aligned(a))
		return NISV_ALIGNMENT;
	ret = a->reads ? look(a, false) : NISV_DONE;
	if (!ret && a->writes)
		ret = look(a, true);
	if (!ret)
		ret = perform(a);
	if (ret)
		return ret;

	if (i->flags & NISV_WRITEBACK)
		nisv_set(c, nisv_base(c, i->rn), address(c, after));
	if (!c->branched)
		nisv_set(c, NISV_PC, address(c, c->x[NISV_PC] + i->length));
	pstate = c->x[NISV_PSTATE] & ~PSTATE_SS;
	nisv_set(c, NISV_PSTATE, i->isa == NISV_A64 ? pstate & ~PSTATE_BTYPE : advance_it(pstate));
	return nisv_commit(c);
}

/* Of the instruction that the vCPU exited on, or what is there by now */
static int fetch_part(struct ctx *c, uint64_t pc, bool privileged, unsigned int len, uint32_t *part)
{
	uint64_t ipa;
	void *ram = NULL;
	bool allowed;	/* it has been executed */
	int ret;

	if (pc & (len - 1))
		return NISV_FETCH;
	ret = nisv_walk(c, pc, FETCH, privileged, &ipa, &allowed);
	if (ret)
		return ret;
	if (c->bus->at(c->bus->opaque, ipa, len, false, &ram) < len || !ram)
		return NISV_FETCH;
	*part = get_bytes(ram, len, false);
	return NISV_DONE;
}

/* As nisv_decode() takes it; T32's may be on two pages */
static int fetch(struct ctx *c, bool privileged, uint32_t *word)
{
	const uint64_t pc = c->x[NISV_PC];
	uint32_t second;
	int ret;

	if (c->isa != NISV_T32)
		return fetch_part(c, pc, privileged, 4, word);
	ret = fetch_part(c, pc, privileged, 2, word);
	if (ret || *word >> 11 < 0x1d)
		return ret;
	ret = fetch_part(c, address(c, pc + 2), privileged, 2, &second);
	*word = *word << 16 | second;
	return ret;
}

/*
 * What has been found cannot have exited so: most likely because it has changed since,
 * and then the vCPU has to run again. But if it exits in the same way time and again,
 * it is this library that does not understand, and the guest would hang.
 */
static int doubt(struct ctx *c, uint64_t fault_ipa, int reason)
{
	struct nisv_cpu *cpu = c->cpu;
	const uint64_t pc = c->x[NISV_PC];

	switch (reason) {
	case NISV_OTHER:
	case NISV_UNALLOCATED:
	case NISV_NO_ACCESS:
	case NISV_WALK:
	case NISV_MISMATCH:
		break;
	default:
		cpu->doubts = 0;
		return reason;
	}
	if (cpu->doubt_pc != pc || cpu->doubt_ipa != fault_ipa)
		cpu->doubts = 0;
	cpu->doubt_pc = pc;
	cpu->doubt_ipa = fault_ipa;
	if (cpu->doubts == DOUBTS) {
		cpu->doubts = 0;
		return reason;
	}
	cpu->doubts++;
	return NISV_AGAIN;
}

static int fetch_and_carry_out(struct access *a, uint64_t esr_iss, struct nisv_insn *insn)
{
	const bool wnr = esr_iss & 1 << 6;
	struct nisv_insn *i = a->i;
	uint32_t word;
	int ret;

	ret = fetch(a->c, a->privileged, &word);
	if (ret)
		return ret;
	ret = nisv_decode(a->c->isa, word, i);
	if (insn)
		*insn = *i;
	if (ret)
		return ret;
	/* An atomic access may report either */
	if ((i->op == NISV_LOAD && wnr) || ((i->op == NISV_STORE || i->op == NISV_ZERO) && !wnr))
		return NISV_MISMATCH;
	return carry_out(a);
}

int nisv_access(struct nisv_cpu *cpu, const struct nisv_bus *bus, uint64_t fault_ipa,
		uint64_t esr_iss, struct nisv_insn *insn)
{
	struct nisv_insn i = { 0 };	/* it may go to the VMM without having been decoded */
	struct ctx c;
	struct access a;
	uint64_t pstate;
	int ret;

	if (insn)
		insn->length = 0;
	/* Not all of them: most of their bytes are registers and data that are not used */
	c.cpu = cpu;
	c.bus = bus;
	c.isa = NISV_A64;
	c.branched = false;
	c.have = 0;
	c.dirty = 0;
	c.have_v = 0;
	c.dirty_v = 0;
	a.c = &c;
	a.i = &i;
	a.fault_ipa = fault_ipa;
	ret = nisv_need(&c, NISV_PSTATE);
	if (!ret)
		ret = nisv_need(&c, NISV_PC);
	if (ret)
		return ret;
	pstate = c.x[NISV_PSTATE];
	a.privileged = pstate & 0xc;
	if (pstate & PSTATE_32) {
		c.isa = pstate & PSTATE_T ? NISV_T32 : NISV_A32;
		c.mode = bits(pstate, 4, 0);
		a.privileged = c.mode != MODE_USR;
	}
	/* Only with it there are other modes than User */
	c.el1_32bit = cpu->el1_32bit || (a.privileged && c.isa != NISV_A64);

	do_not_assume(&c);
	assume(&c, a.privileged);
	ret = fetch_and_carry_out(&a, esr_iss, insn);
	if (c.assumed) {	/* not confirmed: from the beginning */
		do_not_assume(&c);
		i = (struct nisv_insn) { 0 };
		if (insn)
			*insn = i;
		ret = fetch_and_carry_out(&a, esr_iss, insn);
	}
	if (!ret && !c.el1_32bit) {
		cpu->sctlr_el1 = c.x[NISV_SCTLR_EL1];
		cpu->tcr_el1 = c.x[NISV_TCR_EL1];
	}
	return doubt(&c, fault_ipa, ret);
}

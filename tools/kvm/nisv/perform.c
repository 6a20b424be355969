// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Do what one instruction does, between registers and memory: Arm ARM (DDI 0487), C6.2
 * and C7.2, the operation of each
 *
 * What is stored is gathered from registers into `data`, as it will be in memory; what was
 * loaded goes from there to the registers. Where memory is has been found before.
 */
#include "internal.h"

#define EXCLUSIVE_LOADS	64		/* without a store */

/* Elements: 1 << size bytes of `data`, as a number */

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
	return nisv_transfer(&a->m, write, data, a->len, unit_of(a));
}

/* Between registers and data */

/*
 * The n-th element of a structure access is in which register and lane? In AArch32 registers
 * are D ones, which are halves of V registers.
 */
static unsigned int element_reg(const struct nisv_insn *i, unsigned int n, unsigned int *lane)
{
	const unsigned int structure = n / i->selem, member = n % i->selem;
	const bool single = i->lane != NISV_NONE || i->flags & NISV_REPLICATE;
	const unsigned int reg = i->rt + member * i->stride + (single ? structure : structure / i->lanes);

	*lane = !single ? structure % i->lanes : i->flags & NISV_REPLICATE ? 0 : i->lane;
	if (i->isa == NISV_A64)
		return reg % 32;
	*lane += reg % 2 * (8 >> i->size);
	return reg / 2;
}

/* How many elements its registers get: what is loaded to all lanes may go to two of them */
static unsigned int element_regs(const struct access *a)
{
	return a->i->flags & NISV_REPLICATE ? a->i->nregs : a->elements;
}

/* Does a load leave a part of these registers? If not, what it does not load is 0 */
static bool is_merged(const struct nisv_insn *i)
{
	return i->isa != NISV_A64 || i->lane != NISV_NONE;
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

	for (unsigned int n = 0; n < element_regs(a); n++) {
		unsigned int lane, reg = element_reg(i, n, &lane);
		uint64_t *v = a->c->v[reg];
		int ret;

		get_element(a, n % a->elements, value);
		if (is_merged(i)) {
			ret = nisv_need_v(a->c, reg);
			if (ret)
				return ret;
		} else if (!(a->c->dirty_v >> reg & 1)) {
			v[0] = 0;
			v[1] = 0;
		}
		for (unsigned int lanes = i->flags & NISV_REPLICATE ? i->lanes : 1; lanes; lanes--, lane++)
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
			if (!n && i->flags & NISV_ACCDATA) {
				ret = nisv_need(a->c, NISV_ACCDATA_EL1);
				if (ret)
					return ret;
				value[0] = value[0] >> 32 << 32 | (uint32_t)a->c->x[NISV_ACCDATA_EL1];
			}
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

		if (i->family == NISV_A32_TABLE_BRANCH) {	/* on by so many halfwords */
			nisv_get_r(a->c, 15, value);
			nisv_set_r(a->c, 15, (value[0] + 2 * get_bytes(a->data, 1 << i->size, a->big)) | 1);
			continue;
		}
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

/* Registers of which a load leaves a part: all is read before anything is done */
static int need_merged(const struct access *a)
{
	const struct nisv_insn *i = a->i;
	const bool structure = i->flags & NISV_STRUCTURE;
	unsigned int lane, size, reg;
	int ret = NISV_DONE;

	if (!(i->flags & NISV_SIMD) || !is_merged(i))
		return NISV_DONE;
	for (unsigned int n = 0; n < (structure ? element_regs(a) : a->elements) && !ret; n++) {
		reg = structure ? element_reg(i, n, &lane) : vfp_part(i, nth_reg(i, n), &lane, &size);
		ret = nisv_need_v(a->c, reg);
	}
	return ret;
}

static int load(struct access *a)
{
	uint64_t *seen = a->c->cpu->seen;
	int ret;

	if (a->i->flags & NISV_EXCLUSIVE_ACCESS && seen[SEEN_LOADS] == EXCLUSIVE_LOADS) {
		seen[SEEN_LOADS] = 0;
		return NISV_LIVELOCK;
	}
	if (a->i->flags & NISV_EXCLUSIVE_ACCESS)	/* before it reads */
		a->stores = __atomic_load_n(a->c->bus->monitor, __ATOMIC_SEQ_CST);
	ret = need_merged(a);
	if (!ret)
		ret = transfer(a, false, a->data);
	return ret ? ret : scatter(a);
}

/* Does the store take place? Then no other vCPU's does that was to follow a load before it */
static bool monitors_pass(const struct access *a)
{
	const uint64_t *seen = a->c->cpu->seen;
	uint64_t stores = seen[SEEN_MONITOR];

	return seen[SEEN_EXCLUSIVE_BYTES] == a->len && seen[SEEN_EXCLUSIVE_IPA] == a->ipa[0] &&
	       __atomic_compare_exchange_n(a->c->bus->monitor, &stores, stores + 1, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* What any other store does to the global monitor */
void nisv_notice_store(const struct access *a)
{
	if (a->c->bus->monitor)
		__atomic_fetch_add(a->c->bus->monitor, 1, __ATOMIC_SEQ_CST);
}

/* ST64BV, ST64BV0: to one device */
static int store_with_status(struct access *a)
{
	const struct nisv_bus *bus = a->c->bus;
	uint64_t status = 0;

	if (bus->write_status(bus->opaque, a->ipa[0], a->data, a->len, &status))
		return NISV_DEVICE;
	nisv_set_r(a->c, a->i->rs, status);
	return NISV_DONE;
}

static int store(struct access *a)
{
	int ret = gather(a);
	bool passes;

	if (ret)
		return ret;
	if (a->i->flags & NISV_EXCLUSIVE_ACCESS) {
		passes = monitors_pass(a);
		nisv_set_r(a->c, a->i->rs, !passes);
		if (!passes)
			return NISV_DONE;
	} else {
		nisv_notice_store(a);
		if (a->i->rs != NISV_NONE)
			return store_with_status(a);
	}
	return transfer(a, true, a->data);
}

void nisv_performed(const struct access *a)
{
	uint64_t *seen = a->c->cpu->seen;

	if (!(a->i->flags & NISV_EXCLUSIVE_ACCESS))
		return;
	if (a->i->op == NISV_STORE) {
		seen[SEEN_EXCLUSIVE_BYTES] = 0;
		seen[SEEN_LOADS] = 0;
		return;
	}
	seen[SEEN_LOADS]++;
	seen[SEEN_EXCLUSIVE_BYTES] = a->len;
	seen[SEEN_EXCLUSIVE_IPA] = a->ipa[0];
	seen[SEEN_MONITOR] = a->stores;
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

/* LDCLRP, LDSETP, SWPP: on two doublewords, which are in Rt and Rt2, as then the old ones */
static int read_modify_write_pair(struct access *a)
{
	const struct nisv_insn *i = a->i;
	uint8_t old[16];
	uint64_t rs;
	int ret;

	ret = gather(a);
	if (!ret)
		ret = transfer(a, false, old);
	if (ret)
		return ret;
	nisv_notice_store(a);
	for (unsigned int n = 0; n < 16; n += 8) {
		rs = get_bytes(a->data + n, 8, a->big);
		put_bytes(a->data + n, 8, a->big, operate(i->op, 64, get_bytes(old + n, 8, a->big), rs));
	}
	ret = transfer(a, true, a->data);
	if (!ret) {
		nisv_set_r(a->c, i->rt, get_bytes(old, 8, a->big));
		nisv_set_r(a->c, i->rt2, get_bytes(old + 8, 8, a->big));
	}
	return ret;
}

static int read_modify_write(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int width = 8 << i->size;
	const bool ram = nisv_writes_ram(&a->m);
	uint64_t rs, value;
	uint8_t old[8];
	int ret;

	ret = nisv_get_r(a->c, i->rs, &rs);
	if (!ret)
		ret = transfer(a, false, old);
	if (ret)
		return ret;
	rs = bits64(rs, width - 1, 0);
	nisv_notice_store(a);
	do {
		value = get_bytes(old, a->len, a->big);
		put_bytes(a->data, a->len, a->big, operate(i->op, width, value, rs));
	} while (ram && !nisv_exchange(&a->m, a->len, old, a->data));
	if (!ram)
		ret = transfer(a, true, a->data);
	if (!ret)
		nisv_set_r(a->c, i->rt, value);
	return ret;
}

static int compare_and_swap(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int n = a->elements, len = 1 << i->size;
	uint8_t expected[16], old[16];
	uint64_t rs;
	bool same;
	int ret;

	ret = gather(a);	/* what is new */
	for (unsigned int k = 0; k < n && !ret; k++) {
		ret = nisv_get_r(a->c, i->rs + k, &rs);
		put_bytes(expected + k * len, len, a->big, rs);
	}
	if (ret)
		return ret;
	if (nisv_writes_ram(&a->m)) {
		memcpy(old, expected, a->len);
		nisv_exchange(&a->m, a->len, old, a->data);
	} else {
		ret = transfer(a, false, old);
		same = !ret && !memcmp(old, expected, a->len);
		if (same) {
			nisv_notice_store(a);
			ret = transfer(a, true, a->data);
		}
	}
	for (unsigned int k = 0; k < n && !ret; k++)
		nisv_set_r(a->c, i->rs + k, get_bytes(old + k * len, len, a->big));
	return ret;
}

static int zero(struct access *a)
{
	static uint8_t zeros[2048];	/* only read */

	nisv_notice_store(a);
	return nisv_transfer(&a->m, true, zeros, a->len, 8);
}

/* No tags here: that of the granule is 0 */
static int load_tag(struct access *a)
{
	uint64_t value;
	const int ret = nisv_get_r(a->c, a->i->rt, &value);

	if (!ret)
		nisv_set_r(a->c, a->i->rt, value & ~(0xfull << 56));
	return ret;
}

int nisv_perform(struct access *a)
{
	if (a->i->family == NISV_SVE)
		return nisv_sve_perform(a);
	if (a->i->family == NISV_COPY_SET)
		return nisv_mops_perform(a);
	switch (a->i->op) {
	case NISV_LOAD:
		return load(a);
	case NISV_STORE:
		return store(a);
	case NISV_CAS:
		return compare_and_swap(a);
	case NISV_ZERO:
		return zero(a);
	case NISV_LOAD_TAG:
		return load_tag(a);
	case NISV_STORE_TAG:
		return NISV_DONE;
	default:
		return a->i->rt2 != NISV_NONE ? read_modify_write_pair(a) : read_modify_write(a);
	}
}

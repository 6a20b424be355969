// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Guest memory: the bus is asked once where the bytes of an access are, before any of
 * them is touched, and then they go there and nowhere else. So an access is done as a
 * whole or not at all, but for what a device refuses.
 */
#include "internal.h"

/* What has been answered for all of these bytes: elements of a vector may be at the same place */
static const struct span *known(const struct memory *m, bool write, uint64_t ipa, unsigned int len)
{
	const struct span *s = m->span[write];

	for (unsigned int n = m->spans[write]; n; n--, s++)
		if (ipa - s->ipa < s->len && len <= s->len - (ipa - s->ipa))
			return s;
	return NULL;
}

int nisv_look(struct memory *m, bool write, unsigned int at, uint64_t ipa, unsigned int len)
{
	const struct nisv_bus *bus = m->bus;
	const struct span *s;
	uint8_t *ram;
	uint64_t n;

	for (; len; at += n, ipa += n, len -= n) {
		if (m->spans[write] == SPANS)
			return NISV_UNSUPPORTED;
		s = known(m, write, ipa, len);
		ram = s && s->ram ? s->ram + (ipa - s->ipa) : NULL;
		n = s ? len : bus->at(bus->opaque, ipa, len, write, (void **)&ram);
		if (!n || n > len)
			return NISV_NOTHING;
		m->span[write][m->spans[write]++] = (struct span) {
			.ipa = ipa, .ram = ram, .at = at, .len = n,
		};
	}
	return NISV_DONE;
}

/* Whole, if it is aligned, so that other vCPUs see all of it or nothing */
static void move_ram(void *ram, bool write, void *data, unsigned int len)
{
#define WHOLE(type)									\
	do {										\
		type v;									\
											\
		if (write) {								\
			memcpy(&v, data, sizeof(v));					\
			__atomic_store_n((type *)ram, v, __ATOMIC_SEQ_CST);		\
		} else {								\
			v = __atomic_load_n((type *)ram, __ATOMIC_SEQ_CST);		\
			memcpy(data, &v, sizeof(v));					\
		}									\
	} while (0)

	switch ((uintptr_t)ram & (len - 1) ? 0 : len) {
	case 2:
		WHOLE(uint16_t);
		break;
	case 4:
		WHOLE(uint32_t);
		break;
	case 8:
		WHOLE(uint64_t);
		break;
	default:
		memcpy(write ? ram : data, write ? data : ram, len);
		break;
	}
#undef WHOLE
}

static int move(const struct nisv_bus *bus, const struct span *s, bool write, unsigned int at,
		uint8_t *data, unsigned int len)
{
	const uint64_t ipa = s->ipa + (at - s->at);

	if (!s->ram && write)
		return bus->write(bus->opaque, ipa, data, len);
	if (!s->ram)
		return bus->read(bus->opaque, ipa, data, len);
	move_ram(s->ram + (at - s->at), write, data, len);
	if (write && bus->wrote)
		bus->wrote(bus->opaque, ipa, len);
	return 0;
}

int nisv_transfer_at(const struct memory *m, bool write, unsigned int from, uint8_t *data, unsigned int len,
		     unsigned int size)
{
	const struct span *s = m->span[write];
	unsigned int unit = 1;

	/* A device may leave it as it is */
	if (!write)
		memset(data, 0, len);
	for (unsigned int n = 0; n < len; n += unit) {
		const unsigned int at = from + n;

		while (at - s->at >= s->len)
			s++;
		if (!(n & (size - 1)))
			unit = s->at + s->len - at < size ? 1 : size == 16 ? 8 : size;
		if (move(m->bus, s, write, at, data + n, unit))
			return NISV_DEVICE;
	}
	return NISV_DONE;
}

int nisv_transfer(const struct memory *m, bool write, uint8_t *data, unsigned int len, unsigned int size)
{
	return nisv_transfer_at(m, write, 0, data, len, size);
}

bool nisv_in_one(const struct memory *m)
{
	return m->spans[0] <= 1 && m->spans[1] <= 1;
}

bool nisv_reads_ram(const struct memory *m)
{
	return m->spans[0] && m->span[0][0].ram;
}

bool nisv_writes_ram(const struct memory *m)
{
	return m->spans[1] && m->span[1][0].ram;
}

bool nisv_exchangeable(const struct memory *m, unsigned int len)
{
	const uint8_t *ram = m->span[1][0].ram;

	return ram == m->span[0][0].ram && len <= 8 && !((uintptr_t)ram & (len - 1));
}

bool nisv_exchange(const struct memory *m, unsigned int len, uint8_t *old, const uint8_t *new)
{
	const struct span *s = m->span[1];
	bool done;

#define EXCHANGE(type)									\
	do {										\
		type expected, desired;							\
											\
		memcpy(&expected, old, sizeof(expected));				\
		memcpy(&desired, new, sizeof(desired));					\
		done = __atomic_compare_exchange_n((type *)s->ram, &expected, desired, false,	\
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
		memcpy(old, &expected, sizeof(expected));				\
	} while (0)

	switch (len) {
	case 1:
		EXCHANGE(uint8_t);
		break;
	case 2:
		EXCHANGE(uint16_t);
		break;
	case 4:
		EXCHANGE(uint32_t);
		break;
	default:
		EXCHANGE(uint64_t);
		break;
	}
#undef EXCHANGE
	if (done && m->bus->wrote)
		m->bus->wrote(m->bus->opaque, s->ipa, len);
	return done;
}

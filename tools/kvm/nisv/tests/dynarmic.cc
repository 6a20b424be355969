// SPDX-License-Identifier: GPL-2.0
/*
 * dynarmic [-n WORDS] [-s SEED] [-v] [SET]...: compare the library with an emulator
 *
 * Random words that nisv_decode() takes for loads and stores are carried out twice, from
 * the same random registers and memory: by dynarmic, which has nothing in common with QEMU,
 * and by nisv_access(). The MMU is off, and all memory is a device, but the code and, at
 * times, one of two pages. Then all registers, flags, PC and memory have to be the same, to
 * the bit, and the addresses, too.
 *
 * What dynarmic does not do, or does otherwise, has to be in dynarmic-known.h, which says
 * who is right; and all that is there has to be seen. -v prints all that differs.
 */
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fnmatch.h>
#include <map>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <dynarmic/interface/A32/a32.h>
#include <dynarmic/interface/A64/a64.h>
#include <dynarmic/interface/exclusive_monitor.h>

#include "nisv.h"

#define PAGE		4096u

/* PSTATE */
#define FLAGS		0xf0000000u
#define Q_GE		0x080f0000u
#define IT		0x0600fc00u
#define E		(1u << 9)
#define AIF		0x1c0u
#define T		(1u << 5)

static const struct {
	const char *name;
	enum nisv_isa isa;
} sets[] = { { "A64", NISV_A64 }, { "A32", NISV_A32 }, { "T32", NISV_T32 } };

/* Patterns of fnmatch() on "SET TEXT|WHAT": see verdict() */
static struct known {
	const char *pattern, *why;
	uint64_t seen = 0;
} known[] = {
#include "dynarmic-known.h"
};

/* Memory is one page, again and again: what is at an address does not matter, but which address */
struct machine {
	uint64_t x[31], sp, pc, pstate;		/* AArch32: R0 to R14 of User mode */
	uint64_t v[32][2];
	alignas(16) uint8_t memory[PAGE];
};

/* The bytes that were accessed, which are one behind the other */
struct reach {
	uint64_t low, end;
	bool reads, writes;

	void add(uint64_t address, uint64_t len, bool write)
	{
		low = end ? std::min(low, address) : address;
		end = address + len < address ? ~0ull : std::max(end, address + len);
		(write ? writes : reads) = true;
	}
};

/* The instruction, at PC */
struct code {
	uint32_t word;
	unsigned int length;
	uint8_t bytes[4];
	uint64_t pc;
};

static enum nisv_isa isa;
static const char *set_name;
static bool verbose;
static uint64_t seed = 1;
static struct code code;

static uint64_t rnd()
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1d;
}

static bool one_in(unsigned int n)
{
	return rnd() % n == 0;
}

static void put_code(uint32_t word, unsigned int length, uint64_t pc)
{
	const uint32_t in_memory = isa == NISV_T32 && length == 4 ? word << 16 | word >> 16 : word;

	code = { word, length, {}, pc };
	memcpy(code.bytes, &in_memory, 4);
}

/* Theirs */

enum outcome { DONE, NOT_IMPLEMENTED, UNDEFINED, UNPREDICTABLE };
static const char * const outcomes[] = { "", "not implemented", "undefined", "unpredictable" };

struct emulator {
	struct machine m;
	struct reach reach;
	enum outcome outcome;

	virtual ~emulator() = default;
	virtual void step() = 0;		/* what put_code() has put */
	virtual void clear_monitor() = 0;
};

template <class Callbacks, class Address, class Exception>
struct callbacks : Callbacks, emulator {
	using Vector = std::array<uint64_t, 2>;

	std::optional<uint32_t> MemoryReadCode(Address address) override
	{
		uint32_t word = 0;

		if (address + 4 <= code.pc || address >= code.pc + code.length)
			return std::nullopt;
		for (unsigned int n = 0; n < 4; n++)
			if (address + n - code.pc < code.length)
				word |= (uint32_t)code.bytes[address + n - code.pc] << 8 * n;
		return word;
	}

	template <class V> V get(Address address)
	{
		uint8_t bytes[sizeof(V)];
		V value;

		reach.add(address, sizeof(V), false);
		for (unsigned int n = 0; n < sizeof(V); n++)
			bytes[n] = m.memory[(address + n) % PAGE];
		memcpy(&value, bytes, sizeof(V));
		return value;
	}

	/* True: nobody else has written, since an exclusive load, what it has read */
	template <class V> bool put(Address address, V value)
	{
		uint8_t bytes[sizeof(V)];

		reach.add(address, sizeof(V), true);
		memcpy(bytes, &value, sizeof(V));
		for (unsigned int n = 0; n < sizeof(V); n++)
			m.memory[(address + n) % PAGE] = bytes[n];
		return true;
	}

	uint8_t MemoryRead8(Address a) override { return get<uint8_t>(a); }
	uint16_t MemoryRead16(Address a) override { return get<uint16_t>(a); }
	uint32_t MemoryRead32(Address a) override { return get<uint32_t>(a); }
	uint64_t MemoryRead64(Address a) override { return get<uint64_t>(a); }
	Vector MemoryRead128(Address a) { return get<Vector>(a); }

	void MemoryWrite8(Address a, uint8_t v) override { put(a, v); }
	void MemoryWrite16(Address a, uint16_t v) override { put(a, v); }
	void MemoryWrite32(Address a, uint32_t v) override { put(a, v); }
	void MemoryWrite64(Address a, uint64_t v) override { put(a, v); }
	void MemoryWrite128(Address a, Vector v) { put(a, v); }

	bool MemoryWriteExclusive8(Address a, uint8_t v, uint8_t) override { return put(a, v); }
	bool MemoryWriteExclusive16(Address a, uint16_t v, uint16_t) override { return put(a, v); }
	bool MemoryWriteExclusive32(Address a, uint32_t v, uint32_t) override { return put(a, v); }
	bool MemoryWriteExclusive64(Address a, uint64_t v, uint64_t) override { return put(a, v); }
	bool MemoryWriteExclusive128(Address a, Vector v, Vector) { return put(a, v); }

	void InterpreterFallback(Address, size_t) override { outcome = NOT_IMPLEMENTED; }
	void CallSVC(uint32_t) override { outcome = UNDEFINED; }
	void ExceptionRaised(Address, Exception e) override
	{
		outcome = e == Exception::UnpredictableInstruction ? UNPREDICTABLE : UNDEFINED;
	}
	void AddTicks(uint64_t) override { }
	uint64_t GetTicksRemaining() override { return 1; }
	uint64_t GetCNTPCT() { return 0; }

	Dynarmic::ExclusiveMonitor monitor { 1 };

	/* A small cache: each instruction is executed a few times */
	template <class Config> Config config()
	{
		Config c;

		c.callbacks = this;
		c.global_monitor = &monitor;
		c.code_cache_size = 16 << 20;
		/* They leave out what is loaded into the zero register */
		c.optimizations = Dynarmic::no_optimizations;
		return c;
	}
};

struct emulator_a64 : callbacks<Dynarmic::A64::UserCallbacks, uint64_t, Dynarmic::A64::Exception> {
	Dynarmic::A64::Jit jit { config<Dynarmic::A64::UserConfig>() };

	void clear_monitor() override { jit.ClearExclusiveState(); }

	void step() override
	{
		std::array<uint64_t, 31> x;
		std::array<Vector, 32> v;

		memcpy(&x, m.x, sizeof(x));
		memcpy(&v, m.v, sizeof(v));
		jit.SetRegisters(x);
		jit.SetVectors(v);
		jit.SetSP(m.sp);
		jit.SetPC(m.pc);
		jit.SetPstate(m.pstate & FLAGS);
		reach = {};
		outcome = DONE;
		jit.Step();
		x = jit.GetRegisters();
		v = jit.GetVectors();
		memcpy(m.x, &x, sizeof(x));
		memcpy(m.v, &v, sizeof(v));
		m.sp = jit.GetSP();
		m.pc = jit.GetPC();
		m.pstate = (m.pstate & ~(uint64_t)FLAGS) | (jit.GetPstate() & FLAGS);
	}
};

struct emulator_a32 : callbacks<Dynarmic::A32::UserCallbacks, uint32_t, Dynarmic::A32::Exception> {
	Dynarmic::A32::Jit jit { config<Dynarmic::A32::UserConfig>() };

	void clear_monitor() override { jit.ClearExclusiveState(); }

	void step() override
	{
		std::copy_n(m.x, 15, jit.Regs().begin());
		jit.Regs()[15] = m.pc;
		memcpy(jit.ExtRegs().data(), m.v, 64 * 4);
		jit.SetCpsr(m.pstate);
		reach = {};
		outcome = DONE;
		jit.Step();
		std::copy_n(jit.Regs().begin(), 15, m.x);
		m.pc = jit.Regs()[15];
		memcpy(m.v, jit.ExtRegs().data(), 64 * 4);
		m.pstate = jit.Cpsr();
	}
};

/* Ours: all that calls the library */

static struct {
	struct machine m;
	struct reach reach;
	struct nisv_cpu cpu;
	struct nisv_bus bus;
	uint64_t monitor;
	uint64_t ram;			/* the page that is no device, or ~0 */
	bool stray;			/* a register that it has no business with */
} ours;

static uint64_t *register_of(unsigned int reg)
{
	const bool a64 = isa == NISV_A64;

	if (reg < (a64 ? 31 : 15))
		return &ours.m.x[reg];
	if (a64 && reg == (ours.m.pstate & 1 ? NISV_SP_EL1 : NISV_SP_EL0))
		return &ours.m.sp;
	if (reg >= NISV_V0 && reg < (a64 ? NISV_V0 + 32 : NISV_V0 + 16))
		return ours.m.v[reg - NISV_V0];
	return reg == NISV_PC ? &ours.m.pc : reg == NISV_PSTATE ? &ours.m.pstate : nullptr;
}

static int get(void *, unsigned int reg, uint64_t *value, unsigned int words)
{
	const uint64_t *from = register_of(reg);

	value[0] = reg == NISV_DCZID_EL0 ? Dynarmic::A64::UserConfig().dczid_el0 : 0;
	if (from)
		std::copy_n(from, words, value);
	else if (reg < NISV_SCTLR_EL1 || reg >= NISV_V0)
		ours.stray = true;
	return 0;
}

static int set(void *, unsigned int reg, const uint64_t *value, unsigned int words)
{
	uint64_t *to = register_of(reg);

	if (to)
		std::copy_n(value, words, to);
	else
		ours.stray = true;
	return 0;
}

static uint64_t at(void *, uint64_t ipa, uint64_t len, bool write, void **ram)
{
	const uint64_t in_code = ipa - code.pc;

	if (in_code < code.length && !write) {
		*ram = code.bytes + in_code;
		return std::min<uint64_t>(len, code.length - in_code);
	}
	len = std::min<uint64_t>(len, PAGE - ipa % PAGE);
	ours.reach.add(ipa, len, write);
	if (ipa / PAGE == ours.ram)
		*ram = ours.m.memory + ipa % PAGE;
	return len;
}

static int read_device(void *, uint64_t ipa, void *data, unsigned int len)
{
	memcpy(data, ours.m.memory + ipa % PAGE, len);
	return 0;
}

static int write_device(void *, uint64_t ipa, const void *data, unsigned int len)
{
	memcpy(ours.m.memory + ipa % PAGE, data, len);
	return 0;
}

static void start_ours()
{
	ours.cpu.get = get;
	ours.cpu.set = set;
	ours.cpu.features = isa == NISV_A64 ? 0 : NISV_FEATURE_EL1_32BIT;
	ours.bus.at = at;
	ours.bus.read = read_device;
	ours.bus.write = write_device;
	ours.bus.monitor = &ours.monitor;
}

static int step_ours(uint64_t fault, bool wnr)
{
	ours.reach = {};
	ours.stray = false;
	return nisv_access(&ours.cpu, &ours.bus, fault, 7 | (uint64_t)wnr << 6, nullptr);
}

/* Words */

/* What is alike but for registers and numbers */
using form_key = std::array<uint32_t, 7>;
static std::map<unsigned int, std::map<form_key, uint32_t>> forms;	/* by family: a word of each */

static bool loads_pc(const struct nisv_insn &i)
{
	return isa != NISV_A64 && i.op == NISV_LOAD && !(i.flags & NISV_SIMD) &&
	       (i.flags & NISV_LIST ? i.list >> 15 : i.rt == 15);
}

static form_key key_of(const struct nisv_insn &i)
{
	return {
		i.flags, (uint32_t)i.op << 8 | i.mode, (uint32_t)i.size << 8 | i.width,
		(uint32_t)i.selem << 8 | std::min<uint32_t>(i.nregs, 5), (uint32_t)i.lanes << 8 | (i.lane != NISV_NONE),
		(uint32_t)i.extend << 8 | (i.rm != NISV_NONE),
		(uint32_t)i.length << 8 | loads_pc(i) << 1 | (i.rt2 != NISV_NONE),
	};
}

static bool add_form(uint32_t word)
{
	struct nisv_insn i;

	if (nisv_decode(isa, word, &i))
		return false;
	forms[i.family].emplace(key_of(i), word);
	return true;
}

static void find_forms()
{
	static const uint32_t rn[] = { 3, 15 }, rt[] = { 4, 15 }, low[] = { 5, 13, 15 };

	forms.clear();
	if (isa == NISV_A64) {
		for (uint32_t v = 0; v < 1 << 22; v++)
			add_form(v << 10 | rnd() >> 54);
		/* DC ZVA, LD64B, ST64B: more bits are fixed than are tried, or than luck finds */
		for (uint32_t w : { 0xd50b7420u, 0xf83fd044u, 0xf83f9044u })
			add_form(w);
		return;
	}
	for (uint32_t w = 0; isa == NISV_T32 && w < 0xe800; w++)
		add_form(w);
	for (uint32_t v = 0; v < 1 << 16; v++)
		for (uint32_t n : rn)
			for (uint32_t t : rt)
				for (uint32_t l : low)
					for (uint32_t top : { 0xeu, 0xfu })
						add_form(top << 28 | v >> 8 << 20 | n << 16 | t << 12 |
							 (v & 255) << 4 | l);
}

/* From one word of a form to another, a bit at a time; it may lead to a form that is not known */
static uint32_t another(unsigned int family)
{
	auto &all = forms[family];
	auto form = std::next(all.begin(), rnd() % all.size());
	struct nisv_insn i;

	for (unsigned int n = 0; n < 24; n++) {
		const uint32_t w = form->second ^ 1u << rnd() % 32;

		if (isa == NISV_T32 && !(form->second >> 16) != !(w >> 16))
			continue;
		if (!add_form(w))
			continue;
		nisv_decode(isa, w, &i);
		if (i.family == family && key_of(i) == form->first)
			form->second = w;
	}
	return form->second;
}

/* The exclusive load that has to come before an exclusive store: its base, and T32's offset */
static std::optional<uint32_t> load_before(const struct nisv_insn &store)
{
	static const uint32_t masks[] = { 0x1f << 5, 0xf00f0000, 0x000f00ff };
	struct nisv_insn i;

	if (!(store.flags & NISV_EXCLUSIVE_ACCESS) || store.op != NISV_STORE)
		return std::nullopt;
	for (auto &[key, word] : forms[store.family])
		for (uint32_t mask : masks) {
			const uint32_t w = (word & ~mask) | (store.word & mask);

			if (!nisv_decode(isa, w, &i) && i.op == NISV_LOAD && i.flags & NISV_EXCLUSIVE_ACCESS &&
			    !(i.flags & NISV_ACQUIRE) && i.size == store.size &&
			    (i.rt2 != NISV_NONE) == (store.rt2 != NISV_NONE) && i.rn == store.rn &&
			    i.imm == store.imm && i.cond == store.cond)
				return w;
		}
	return std::nullopt;
}

/* States */

static uint64_t number()
{
	const uint64_t r = rnd();

	switch (rnd() >> 62) {
	case 0:	return r;
	case 1:	return r >> 20;
	case 2:	return r % 512 - 256;
	default: return (int32_t)r;
	}
}

static void draw(struct machine &m, const struct nisv_insn &i)
{
	static uint64_t pc = 1 << 16;

	for (uint64_t &x : m.x)
		x = isa == NISV_A64 ? number() : (uint32_t)number();
	for (auto &v : m.v)
		for (uint64_t &half : v)
			half = rnd();
	for (unsigned int n = 0; n < PAGE; n += 8) {
		const uint64_t r = rnd();

		memcpy(m.memory + n, &r, 8);
	}
	/* Each word of its own: dynarmic keeps what it has made of it */
	pc += isa == NISV_T32 ? 18 : 16;
	m.pc = isa == NISV_A64 ? pc + (1ull << 32) : (uint32_t)pc;
	m.sp = isa == NISV_A64 ? number() : 0;
	m.pstate = rnd() & FLAGS;
	if (isa == NISV_A64) {
		static const uint8_t modes[] = { 0, 4, 5 };	/* EL0t, EL1t, EL1h */

		m.pstate |= modes[rnd() % 3];
		return;
	}
	m.pstate |= (rnd() & (Q_GE | E | AIF)) | 0x10;
	if (isa == NISV_T32) {
		m.pstate |= T;
		if (one_in(2)) {			/* in an IT block, of a condition that is none of always */
			const uint32_t it = (rnd() % 14) << 4 | (loads_pc(i) ? 8 : 1 + rnd() % 15);

			m.pstate |= (it & 3) << 25 | (it >> 2) << 10;
		}
	}
}

static uint64_t *base_of(struct machine &m, const struct nisv_insn &i)
{
	const unsigned int reg = i.op == NISV_ZERO ? i.rt : i.rn;

	if (i.mode == NISV_PC_RELATIVE || reg > (isa == NISV_A64 ? 31 : 14))
		return nullptr;
	return reg == 31 ? &m.sp : &m.x[reg];
}

/* Where an access is to be: often aligned, often near the end of a page */
static uint64_t target(const struct nisv_insn &i)
{
	uint64_t t = rnd() >> (isa == NISV_A64 ? 16 : 32);

	if (one_in(2))
		t = (t | (PAGE - 1)) + 1 - rnd() % 64;
	/* dynarmic begins DC ZVA at the address, and not at its block */
	if (i.op == NISV_ZERO)
		return t & ~63ull;
	return one_in(4) ? t : t & ~15ull;
}

/* Can it be there without an MMU, and beside the code? */
static bool is_place(const struct reach &r)
{
	return r.end - r.low <= 256 && r.end <= 1ull << (isa == NISV_A64 ? 48 : 32) &&
	       (r.end <= code.pc || r.low >= code.pc + code.length);
}

/* Verdicts */

struct count {
	uint64_t compared, skipped, refused, in_code;
};

struct unexplained {
	uint64_t count;
	std::string example;
};

static std::map<unsigned int, struct count> counts;	/* by family */
static std::map<std::string, struct unexplained> unexplained;

static std::string text_of(struct nisv_insn i)
{
	char text[400];

	i.cond = 14;
	nisv_text(&i, text, sizeof(text));
	return text;
}

static std::string hex(uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)value);
	return text;
}

/* What dynarmic does otherwise, or not at all */
static void verdict(const struct nisv_insn &i, const std::string &what, const std::string &details)
{
	const std::string text = text_of(i), subject = std::string(set_name) + " " + text + "|" + what;
	const std::string example = hex(i.word) + " " + text + ": " + details;

	for (struct known &k : known)
		if (!fnmatch(k.pattern, subject.c_str(), 0)) {
			k.seen++;
			return;
		}
	struct unexplained &u = unexplained[text.substr(0, text.find(' ')) + "|" + what];
	if (!u.count++)
		u.example = example;
	if (verbose)
		printf("# %s %s; %s\n", set_name, what.c_str(), example.c_str());
}

/* What we may refuse to do in this state, which says nothing of the word */
static bool may_refuse(int ret, const struct nisv_insn &i, const struct reach &r)
{
	const bool whole = i.flags & (NISV_EXCLUSIVE_ACCESS | NISV_ACQUIRE | NISV_RELEASE);

	switch (ret) {
	case NISV_ALIGNMENT:
		return r.low % (whole ? r.end - r.low : i.flags & NISV_STRUCTURE ? 1u << i.align : 4);
	case NISV_UNPREDICTABLE:
		return loads_pc(i) && r.low % 4;
	default:
		return false;
	}
}

static void find_differences(const struct emulator &theirs, const struct machine &before, std::string &what,
			     std::string &details)
{
	const auto differ = [&](const char *kind, const std::string &name, uint64_t was, uint64_t us,
				uint64_t them) {
		if (us == them)
			return;
		if (what.find(kind) == std::string::npos)
			what += (what.empty() ? "" : ", ") + std::string(kind);
		details += name + " " + hex(was) + " -> " + hex(us) + " (dynarmic: " + hex(them) + "); ";
	};
	const struct machine &a = ours.m, &b = theirs.m;
	const bool same_reach = !theirs.reach.end || !memcmp(&ours.reach, &theirs.reach, sizeof(ours.reach));

	if (same_reach && !memcmp(&a, &b, sizeof(a)))
		return;
	for (unsigned int n = 0; n < 31; n++)
		differ("registers", "x" + std::to_string(n), before.x[n], a.x[n], b.x[n]);
	differ("sp", "sp", before.sp, a.sp, b.sp);
	differ("pc", "pc", before.pc, a.pc, b.pc);
	differ("pstate", "pstate", before.pstate, a.pstate, b.pstate);
	for (unsigned int n = 0; n < 64; n++)
		differ("vectors", "v" + std::to_string(n / 2) + (n % 2 ? " high" : " low"), before.v[n / 2][n % 2],
		       a.v[n / 2][n % 2], b.v[n / 2][n % 2]);
	for (unsigned int n = 0; n < PAGE; n++)
		differ("memory", "byte " + hex(n), before.memory[n], a.memory[n], b.memory[n]);
	if (!theirs.reach.end)
		return;
	differ("addresses", "from", 0, ours.reach.low, theirs.reach.low);
	differ("addresses", "to", 0, ours.reach.end, theirs.reach.end);
	differ("addresses", "reads", 0, ours.reach.reads, theirs.reach.reads);
	differ("addresses", "writes", 0, ours.reach.writes, theirs.reach.writes);
}

/* Carry one out on both. @aimed: what it accesses if it does. Return: it is as it has to be */
static bool compare(struct emulator &theirs, const struct nisv_insn &i, const struct machine &before,
		    const struct reach &aimed)
{
	const bool exclusive_store = i.flags & NISV_EXCLUSIVE_ACCESS && i.op == NISV_STORE;
	std::string what, details;
	bool executed;
	int ret;

	put_code(i.word, i.length, before.pc);
	theirs.m = before;
	theirs.step();
	if (theirs.outcome) {
		verdict(i, outcomes[theirs.outcome], "");
		counts[i.family].skipped++;
		return false;
	}
	executed = theirs.reach.end || exclusive_store;
	const struct reach &r = theirs.reach.end ? theirs.reach : aimed;
	const uint64_t fault = r.low + rnd() % (r.end - r.low), second = (r.low / PAGE + 1) * PAGE;

	/* If there are two pages, RAM is what does not fault */
	ours.m = before;
	ours.ram = ~0ull;
	if (second < r.end && one_in(2))
		ours.ram = fault < second ? second / PAGE : second / PAGE - 1;
	ret = step_ours(fault, r.writes && (!r.reads || one_in(2)));

	if (executed && !ret) {
		find_differences(theirs, before, what, details);
	} else {
		if (executed ? !may_refuse(ret, i, r) : ret != NISV_AGAIN)
			what = executed ? std::string("refused: ") + nisv_strerror(ret) : "not executed";
		else if (memcmp(&ours.m, &before, sizeof(before)))
			what = "refused, and changed";
		details = "at " + hex(r.low) + ", pstate " + hex(before.pstate);
	}
	if (ours.stray)
		what = "a register that is none of these";
	if (!what.empty()) {
		verdict(i, what, details);
		counts[i.family].skipped++;
		return false;
	}
	(executed && ret ? counts[i.family].refused : counts[i.family].compared)++;
	return !ret;
}

/* One word, in one state */
static void try_word(struct emulator &theirs, uint32_t word)
{
	struct nisv_insn i, load;
	struct machine before;
	struct reach aimed;
	bool there = false;
	uint64_t *base;

	nisv_decode(isa, word, &i);
	/* As an LDC or STC of a coprocessor that there is not, it would end the test */
	if (isa != NISV_A64 && i.flags & NISV_SIMD && i.size == 1 && !(i.flags & NISV_STRUCTURE)) {
		verdict(i, outcomes[NOT_IMPLEMENTED], "");
		counts[i.family].skipped++;
		return;
	}
	const auto first = load_before(i);
	if (first)
		nisv_decode(isa, *first, &load);

	/* Executed once to see where it accesses, the base is moved by the rest of the way */
	for (unsigned int n = 0; n < 32 && !there; n++) {
		draw(before, i);
		put_code(first ? *first : word, i.length, before.pc);
		base = base_of(before, i);
		for (unsigned int again = 0; again < 2; again++) {
			theirs.m = before;
			theirs.step();
			if (theirs.outcome) {
				verdict(i, outcomes[theirs.outcome], "");
				counts[i.family].skipped++;
				return;
			}
			if (!theirs.reach.end || !base || theirs.reach.end - theirs.reach.low > 256)
				break;
			if (!again)
				*base += target(i) - theirs.reach.low;
			if (isa != NISV_A64)
				*base = (uint32_t)*base;
		}
		aimed = theirs.reach;
		there = aimed.end && is_place(aimed);
	}
	if (!there) {
		if (verbose)
			printf("# %s in its own code: %s\n", set_name, text_of(i).c_str());
		counts[i.family].in_code++;
		return;
	}

	theirs.clear_monitor();
	nisv_reset(&ours.cpu);
	if (first) {
		aimed.reads = false;
		aimed.writes = true;
		if (!one_in(4) && !compare(theirs, load, before, theirs.reach))
			return;
		before.pc += 8;
	} else if (isa != NISV_A64 && one_in(8)) {
		before.pstate ^= rnd() & FLAGS;		/* the condition may not hold */
	}
	compare(theirs, i, before, aimed);
}

static unsigned int report()
{
	unsigned int failed = 0, families = 0;
	struct count all = {};

	for (auto &[family, c] : counts) {
		families += c.compared != 0;
		all.compared += c.compared;
		all.skipped += c.skipped;
		all.refused += c.refused;
	}
	printf("# %s: %llu words in %u families compared, %llu skipped, %llu refused\n", set_name,
	       (unsigned long long)all.compared, families, (unsigned long long)all.skipped,
	       (unsigned long long)all.refused);
	for (auto &[family, c] : counts) {
		failed += !c.compared && !c.skipped;
		printf("# %s: %s: %llu compared, %llu skipped, %llu refused, %llu in their own code\n",
		       set_name, nisv_family_name(family), (unsigned long long)c.compared,
		       (unsigned long long)c.skipped, (unsigned long long)c.refused,
		       (unsigned long long)c.in_code);
	}
	for (auto &[what, u] : unexplained)
		printf("# %s: unexplained, %llu words: %s; %s\n", set_name, (unsigned long long)u.count, what.c_str(),
		       u.example.c_str());
	failed += unexplained.size() + !all.compared;
	for (struct known &k : known) {
		if (strncmp(k.pattern, set_name, strlen(set_name)))
			continue;
		printf("# %s: dynarmic, %llu words, %s: %s\n", set_name, (unsigned long long)k.seen, k.pattern, k.why);
		if (!k.seen) {
			printf("# %s: never seen\n", set_name);
			failed++;
		}
	}
	return failed;
}

static unsigned int check_set(uint64_t words)
{
	std::unique_ptr<struct emulator> theirs;

	if (isa == NISV_A64)
		theirs = std::make_unique<emulator_a64>();
	else
		theirs = std::make_unique<emulator_a32>();
	counts.clear();
	unexplained.clear();
	start_ours();
	find_forms();
	for (uint64_t n = 0; n < words; n++)
		try_word(*theirs, another(std::next(forms.begin(), n % forms.size())->first));
	return report();
}

int main(int argc, char **argv)
{
	uint64_t words = 50000, first_seed = 1;
	unsigned int tests = 0, failures = 0;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:v")) != -1) {
		switch (opt) {
		case 'n':
			words = strtoull(optarg, nullptr, 0);
			break;
		case 's':
			first_seed = strtoull(optarg, nullptr, 0);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			fprintf(stderr, "usage: dynarmic [-n WORDS] [-s SEED] [-v] [SET]...\n");
			return 2;
		}
	}
	printf("TAP version 13\n");
	for (auto &set : sets) {
		if (optind < argc && std::find(argv + optind, argv + argc, std::string(set.name)) == argv + argc)
			continue;
		isa = set.isa;
		set_name = set.name;
		seed = first_seed * 2 + 1;
		const unsigned int failed = check_set(words);
		failures += failed;
		printf("%sok %u %s: does what dynarmic does, or else it is known why\n", failed ? "not " : "", ++tests,
		       set_name);
	}
	printf("1..%u\n", tests);
	return failures || !tests;
}

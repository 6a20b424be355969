// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's only program, its init. It maps a guest physical address where
 * QEMU's virt board has nothing, and the reference VMM a device that is memory;
 * touches it with instructions that give the hypervisor no syndrome, says what came of
 * each, and powers the guest off. With window=CONFIG,MEMORY on the kernel's command line it
 * is BAR 2 of the PCI device whose configuration space is at CONFIG, put at MEMORY: QEMU's
 * and kvmtool's devices that keep what is written.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between virtio-mmio and the platform bus, see hw/arm/virt.c of QEMU */
#define HOLE	0x0b000000UL
#define SIZE	0x10000UL

/* Of both boards */
#define GICD		0x08000000UL
#define GICD_TYPER	4

/* Of PCI's configuration space */
enum { COMMAND = 0x04, BAR2 = 0x18, BAR3 = 0x1c };

/* What becomes of a form that does not end in SIGBUS here */
enum outcome { WRONG, WORKS, CHILD_SIGBUS, ABSENT };

static const char *const outcomes[] = {
	[WRONG] = "WRONG", [WORKS] = "works", [CHILD_SIGBUS] = "SIGBUS", [ABSENT] = "not on this CPU",
};

static int mem;				/* /dev/mem */
static unsigned long memory = HOLE;
static bool has_sve;
static uint8_t *gic;
static sigjmp_buf back;
static volatile void *volatile fault_address;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_address = info->si_addr;
	siglongjmp(back, sig);
}

/*
 * Each form says whether the registers are what they should be afterwards: what it
 * loads is what another one before it has stored.
 */
#define WORD	0x11223344u
#define LOW	0x0123456789abcdefull
#define HIGH	0xfedcba9876543210ull

typedef uint32_t vector __attribute__((vector_size(16)));

static const vector rows[4] = {
	{ 0x00, 0x01, 0x02, 0x03 }, { 0x10, 0x11, 0x12, 0x13 },
	{ 0x20, 0x21, 0x22, 0x23 }, { 0x30, 0x31, 0x32, 0x33 },
};

/* A variable in the register that the form's name has */
#define IN(reg, type, name)	register type name asm(#reg)

static enum outcome str_post(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x;
	IN(x8, uint64_t, value) = WORD;

	asm volatile("str w8, [x10], #4" : "+r"(base) : "r"(value) : "memory");
	return base == x + 4;
}

static enum outcome ldrb_post(uint8_t *x)
{
	IN(x1, uint8_t *, base) = x;
	IN(x3, uint64_t, value);

	asm volatile("ldrb w3, [x1], #1" : "=r"(value), "+r"(base) : : "memory");
	return value == 0x44 && base == x + 1;
}

static enum outcome ldrh_pre(uint8_t *x)
{
	IN(x1, uint8_t *, base) = x - 2;
	IN(x3, uint64_t, value);

	asm volatile("ldrh w3, [x1, #4]!" : "=r"(value), "+r"(base) : : "memory");
	return value == 0x1122 && base == x + 2;
}

static enum outcome stp_pre(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40 - 16;
	IN(x3, uint64_t, first) = LOW;
	IN(x4, uint64_t, second) = HIGH;

	asm volatile("stp x3, x4, [x10, #16]!" : "+r"(base) : "r"(first), "r"(second) : "memory");
	return base == x + 0x40;
}

static enum outcome ldp(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40;
	IN(x3, uint64_t, first);
	IN(x4, uint64_t, second);

	asm volatile("ldp x3, x4, [x10]" : "=r"(first), "=r"(second) : "r"(base) : "memory");
	return first == LOW && second == HIGH;
}

static enum outcome ldpsw(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40;
	IN(x3, int64_t, first);
	IN(x4, int64_t, second);

	asm volatile("ldpsw x3, x4, [x10]" : "=r"(first), "=r"(second) : "r"(base) : "memory");
	return first == (int32_t)LOW && second == (int64_t)(LOW >> 32);
}

static enum outcome st4(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x80;
	IN(v0, vector, a) = rows[0];
	IN(v1, vector, b) = rows[1];
	IN(v2, vector, c) = rows[2];
	IN(v3, vector, d) = rows[3];

	asm volatile("st4 {v0.4s-v3.4s}, [x10]" : : "r"(base), "w"(a), "w"(b), "w"(c), "w"(d) : "memory");
	return true;
}

static enum outcome ldr_q(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x80;
	IN(v0, vector, v0);
	vector q;

	asm volatile("ldr q0, [x10]" : "=w"(v0) : "r"(base) : "memory");
	q = v0;
	return q[0] == 0x00 && q[1] == 0x10 && q[2] == 0x20 && q[3] == 0x30;
}

static enum outcome ld2_lane(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x90;
	IN(v0, vector, v0) = rows[2];
	IN(v1, vector, v1) = rows[3];
	vector a, b;

	asm volatile("ld2 {v0.s, v1.s}[1], [x10]" : "+w"(v0), "+w"(v1) : "r"(base) : "memory");
	a = v0;
	b = v1;
	return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x22 && b[1] == 0x11 && b[3] == 0x33;
}

/* Two doublewords, which the shortest vector has */
#define SVE_COPY(from, to) \
	asm volatile(".arch_extension sve\n\t" \
		     "ptrue p0.d, vl2\n\t" \
		     "ld1d {z0.d}, p0/z, [" from "]\n\t" \
		     "st1d {z0.d}, p0, [" to "]" : : "r"(base), "r"(copy) : "v0", "p0", "memory")

static enum outcome ld1d(uint8_t *x)
{
	IN(x1, uint8_t *, base) = x + 0x80;
	uint64_t copy[2];

	if (!has_sve)
		return ABSENT;
	SVE_COPY("x1", "%1");
	return copy[0] == 0x1000000000 && copy[1] == 0x3000000020;
}

static enum outcome st1d(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0xc0;
	const uint64_t copy[2] = { LOW, HIGH };

	if (!has_sve)
		return ABSENT;
	SVE_COPY("%1", "x10");
	return WORKS;
}

/* The interrupt controller, which KVM emulates: what a plain load reads, and writeback */
static enum outcome gicd_typer(uint8_t *x)
{
	uint8_t *gicd = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, mem, GICD);
	IN(x1, uint8_t *, base) = gicd + GICD_TYPER;
	IN(x3, uint64_t, value);

	(void)x;
	if (gicd == MAP_FAILED)
		return WRONG;
	gic = gicd;
	asm volatile("ldr w3, [x1], #4" : "=r"(value), "+r"(base) : : "memory");
	return value == *(volatile uint32_t *)(gicd + GICD_TYPER) && base == gicd + GICD_TYPER + 4;
}

/* guest-neon.S */
static enum outcome neon(uint8_t *x)
{
	const uint32_t page = memory / 4096;
	int in[2], status;
	pid_t pid;

	(void)x;
	if (pipe(in) || write(in[1], &page, sizeof(page)) != sizeof(page))
		return WRONG;
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(mem, 3);
		execl("/neon", "neon", NULL);
		_exit(126);		/* AArch64 alone */
	}
	close(in[0]);
	close(in[1]);
	if (waitpid(pid, &status, 0) != pid)
		return WRONG;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
		return CHILD_SIGBUS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
		return ABSENT;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static const struct {
	const char *text;
	enum outcome (*touch)(uint8_t *x);
} forms[] = {
	{ "str w8,[x10],#4",		str_post },	/* Windows' virtio drivers */
	{ "ldrb w3,[x1],#1",		ldrb_post },	/* a copy of an EDID */
	{ "ldrh w3,[x1,#4]!",		ldrh_pre },	/* what compilers like */
	{ "stp x3,x4,[x10,#16]!",	stp_pre },	/* a TPM's buffer */
	{ "ldp x3,x4,[x10]",		ldp },
	{ "ldpsw x3,x4,[x10]",		ldpsw },
	{ "st4 {v0.4s-v3.4s},[x10]",	st4 },		/* a NIC's doorbell */
	{ "ldr q0,[x10]",		ldr_q },
	{ "ld2 {v0.s,v1.s}[1],[x10]",	ld2_lane },
	{ "ld1d {z0.d},p0/z,[x1]",	ld1d },		/* memcpy(), where there is SVE */
	{ "st1d {z0.d},p0,[x10]",	st1d },
	{ "vst1.32, vld1.32 (A32)",	neon },		/* and that of 32-bit processes */
	{ "ldr w3,[x1],#4 (GICD)",	gicd_typer },	/* Zephyr, QNX */
};

/* The kernel knows no PCI, and leaves the device alone */
static bool place_bar(off_t at)
{
	volatile uint32_t *config = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED, mem, at);

	if (config == MAP_FAILED || config[0] == ~0u)
		return false;
	config[BAR2 / 4] = memory;
	if (config[BAR2 / 4] & 4)	/* of 64 bits */
		config[BAR3 / 4] = 0;
	config[COMMAND / 4] |= 2;	/* answer to it */
	return (config[BAR2 / 4] & ~15u) == memory;
}

int main(void)
{
	const char *window = getenv("window");
	unsigned long config;
	struct sigaction sa = { .sa_sigaction = on_sigbus,
				.sa_flags = SA_SIGINFO | SA_NODEFER };
	uint8_t *hole;
	int fd;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, STDOUT_FILENO);
	setbuf(stdout, NULL);
	printf("up\n");

	mem = open("/dev/mem", O_RDWR | O_SYNC);
	hole = MAP_FAILED;
	if (!window || (sscanf(window, "%lx,%lx", &config, &memory) == 2 && place_bar(config)))
		hole = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, memory);
	if (hole == MAP_FAILED) {
		printf("cannot map the %s\n", window ? "memory of a PCI device" : "hole");
		reboot(RB_POWER_OFF);
	}
	sigaction(SIGBUS, &sa, NULL);
	has_sve = getauxval(AT_HWCAP) & HWCAP_SVE;

	for (unsigned int i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t *at;

		printf("try %s\n", forms[i].text);
		if (!sigsetjmp(back, 1)) {
			printf("got %s: %s\n", forms[i].text, outcomes[forms[i].touch(hole)]);
			continue;
		}
		at = (uint8_t *)fault_address;
		printf("got %s: SIGBUS%s\n", forms[i].text, (at >= hole && at < hole + SIZE) ||
		       (gic && at == gic + GICD_TYPER) ? "" : " at another address");
	}
	printf("powering off\n");
	reboot(RB_POWER_OFF);
}

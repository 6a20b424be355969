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
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

/* Between virtio-mmio and the platform bus, see hw/arm/virt.c of QEMU */
#define HOLE	0x0b000000UL
#define SIZE	0x10000UL

/* Of PCI's configuration space */
enum { COMMAND = 0x04, BAR2 = 0x18, BAR3 = 0x1c };

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

static bool str_post(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x;
	IN(x8, uint64_t, value) = WORD;

	asm volatile("str w8, [x10], #4" : "+r"(base) : "r"(value) : "memory");
	return base == x + 4;
}

static bool ldrb_post(uint8_t *x)
{
	IN(x1, uint8_t *, base) = x;
	IN(x3, uint64_t, value);

	asm volatile("ldrb w3, [x1], #1" : "=r"(value), "+r"(base) : : "memory");
	return value == 0x44 && base == x + 1;
}

static bool ldrh_pre(uint8_t *x)
{
	IN(x1, uint8_t *, base) = x - 2;
	IN(x3, uint64_t, value);

	asm volatile("ldrh w3, [x1, #4]!" : "=r"(value), "+r"(base) : : "memory");
	return value == 0x1122 && base == x + 2;
}

static bool stp_pre(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40 - 16;
	IN(x3, uint64_t, first) = LOW;
	IN(x4, uint64_t, second) = HIGH;

	asm volatile("stp x3, x4, [x10, #16]!" : "+r"(base) : "r"(first), "r"(second) : "memory");
	return base == x + 0x40;
}

static bool ldp(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40;
	IN(x3, uint64_t, first);
	IN(x4, uint64_t, second);

	asm volatile("ldp x3, x4, [x10]" : "=r"(first), "=r"(second) : "r"(base) : "memory");
	return first == LOW && second == HIGH;
}

static bool ldpsw(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x40;
	IN(x3, int64_t, first);
	IN(x4, int64_t, second);

	asm volatile("ldpsw x3, x4, [x10]" : "=r"(first), "=r"(second) : "r"(base) : "memory");
	return first == (int32_t)LOW && second == (int64_t)(LOW >> 32);
}

static bool st4(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x80;
	IN(v0, vector, a) = rows[0];
	IN(v1, vector, b) = rows[1];
	IN(v2, vector, c) = rows[2];
	IN(v3, vector, d) = rows[3];

	asm volatile("st4 {v0.4s-v3.4s}, [x10]" : : "r"(base), "w"(a), "w"(b), "w"(c), "w"(d) : "memory");
	return true;
}

static bool ldr_q(uint8_t *x)
{
	IN(x10, uint8_t *, base) = x + 0x80;
	IN(v0, vector, v0);
	vector q;

	asm volatile("ldr q0, [x10]" : "=w"(v0) : "r"(base) : "memory");
	q = v0;
	return q[0] == 0x00 && q[1] == 0x10 && q[2] == 0x20 && q[3] == 0x30;
}

static bool ld2_lane(uint8_t *x)
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

static const struct {
	const char *text;
	bool (*touch)(uint8_t *x);
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
};

/* The kernel knows no PCI, and leaves the device alone */
static bool place_bar(int mem, off_t at, uint32_t memory)
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
	unsigned long config, memory = HOLE;
	struct sigaction sa = { .sa_sigaction = on_sigbus,
				.sa_flags = SA_SIGINFO | SA_NODEFER };
	uint8_t *hole;
	int fd;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, STDOUT_FILENO);
	setbuf(stdout, NULL);
	printf("up\n");

	fd = open("/dev/mem", O_RDWR | O_SYNC);
	hole = MAP_FAILED;
	if (!window || (sscanf(window, "%lx,%lx", &config, &memory) == 2 && place_bar(fd, config, memory)))
		hole = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, memory);
	if (hole == MAP_FAILED) {
		printf("cannot map the %s\n", window ? "memory of a PCI device" : "hole");
		reboot(RB_POWER_OFF);
	}
	sigaction(SIGBUS, &sa, NULL);

	for (unsigned int i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t *at;

		printf("try %s\n", forms[i].text);
		if (!sigsetjmp(back, 1)) {
			printf("got %s: %s\n", forms[i].text, forms[i].touch(hole) ? "works" : "WRONG");
			continue;
		}
		at = (uint8_t *)fault_address;
		printf("got %s: SIGBUS%s\n", forms[i].text,
		       at >= hole && at < hole + SIZE ? "" : " at another address");
	}
	printf("powering off\n");
	reboot(RB_POWER_OFF);
}

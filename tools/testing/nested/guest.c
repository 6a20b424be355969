// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's only program, its init. It maps a guest physical address where
 * QEMU's virt board has nothing, touches it with instructions that give the
 * hypervisor no syndrome, says what came of each, and powers the guest off.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

/* Between virtio-mmio and the platform bus, see hw/arm/virt.c of QEMU */
#define HOLE	0x0b000000UL
#define SIZE	0x10000UL

static sigjmp_buf back;
static volatile void *volatile fault_address;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_address = info->si_addr;
	siglongjmp(back, sig);
}

/* x is the base for each form; whatever a load clobbers is listed */
#define FORM(name, insn)						\
static void name(volatile void *x)					\
{									\
	asm volatile("mov x10, %0\n" insn				\
		     : : "r"(x)						\
		     : "x3", "x4", "x10", "v0", "memory");		\
}

FORM(str_post,	"str w3, [x10], #4")
FORM(ldp,	"ldp x3, x4, [x10]")
FORM(ldrb_post,	"ldrb w3, [x10], #1")
FORM(ldr_q,	"ldr q0, [x10]")

static const struct {
	const char *text;
	void (*touch)(volatile void *x);
} forms[] = {
	{ "str w3,[x10],#4",	str_post },
	{ "ldp x3,x4,[x10]",	ldp },
	{ "ldrb w3,[x10],#1",	ldrb_post },
	{ "ldr q0,[x10]",	ldr_q },
};

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus,
				.sa_flags = SA_SIGINFO | SA_NODEFER };
	volatile uint8_t *hole;
	int fd;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, STDOUT_FILENO);
	setbuf(stdout, NULL);
	printf("up\n");

	fd = open("/dev/mem", O_RDWR | O_SYNC);
	hole = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, HOLE);
	if (hole == MAP_FAILED) {
		printf("cannot map the hole\n");
		reboot(RB_POWER_OFF);
	}
	sigaction(SIGBUS, &sa, NULL);

	for (unsigned int i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		volatile uint8_t *x = hole + 0x100 * i;

		printf("try %s\n", forms[i].text);
		if (!sigsetjmp(back, 1)) {
			forms[i].touch(x);
			printf("got %s: no fault\n", forms[i].text);
		} else {
			printf("got %s: SIGBUS%s\n", forms[i].text,
			       fault_address == x ? "" : " at another address");
		}
	}
	printf("powering off\n");
	reboot(RB_POWER_OFF);
}

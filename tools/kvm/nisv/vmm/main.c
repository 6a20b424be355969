// SPDX-License-Identifier: GPL-2.0
/*
 * nisv-vmm: boot an arm64 Linux guest under KVM, and carry out with libnisv what KVM
 * cannot describe. As small as it can be with several vCPUs, console, power-off and
 * reboot.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "vmm.h"

/* For headers of kernels before v5.5 */
#define CAP_ARM_NISV_TO_USER	177
#define CAP_ARM_INJECT_EXT_DABT	178

static void create_vm(struct vm *vm)
{
	struct kvm_enable_cap cap = { .cap = CAP_ARM_NISV_TO_USER };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE, .memory_size = vm->ram_size,
	};

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		die("KVM_CREATE_VM: %s", strerror(errno));
	fcntl(vm->fd, F_SETFD, FD_CLOEXEC);
	/* Without it the guest runs until it needs it */
	if (ioctl(vm->fd, KVM_ENABLE_CAP, &cap))
		fprintf(stderr, "nisv-vmm: this kernel has no KVM_CAP_ARM_NISV_TO_USER, so an access without a syndrome ends the guest\n");

	vm->can_inject = ioctl(vm->fd, KVM_CHECK_EXTENSION, CAP_ARM_INJECT_EXT_DABT) > 0;

	vm->ram = mmap(NULL, vm->ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vm->ram == MAP_FAILED)
		die("cannot allocate guest memory: %s", strerror(errno));
	region.userspace_addr = (uintptr_t)vm->ram;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: nisv-vmm --kernel IMAGE [OPTION]...\n"
		"Boot an arm64 Linux guest under KVM. The console is stdin and stdout.\n"
		"\n"
		"  -k, --kernel FILE      an arm64 Image\n"
		"  -i, --initrd FILE\n"
		"  -a, --append TEXT      the kernel's command line (console=ttyAMA0)\n"
		"  -m, --memory MIB       (256)\n"
		"  -c, --cpus N           1 to %u (1)\n"
		"  -g, --gic 2|3          interrupt controller (3, or 2 if the host has no other)\n"
		"  -w, --window ADDR,SIZE the test device: memory that logs accesses (0xb000000,0x10000)\n"
		"  -n, --no-carry-out     inject an abort for each access without a syndrome\n"
		"  -l, --log FILE         log accesses of the test device, and aborts\n"
		"  -h, --help\n"
		"\n"
		"Accesses without a syndrome that hit a device are carried out by libnisv. Where\n"
		"there is neither memory nor a device, the guest takes an external abort. The exit\n"
		"code is 0 when the guest has powered off; a reboot starts it again.\n", MAX_CPUS);
}

static uint64_t number(const char *text, char **end)
{
	char *e;
	const uint64_t value = strtoull(text, &e, 0);

	if (e == text || (!end && *e))
		die("%s is not a number; --help has the options", text);
	if (end)
		*end = e;
	return value;
}

static void options(struct vm *vm, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "memory", required_argument, NULL, 'm' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "gic", required_argument, NULL, 'g' },
		{ "window", required_argument, NULL, 'w' },
		{ "no-carry-out", no_argument, NULL, 'n' },
		{ "log", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	char *end;
	int opt;

	while ((opt = getopt_long(argc, argv, "k:i:a:m:c:g:w:nl:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'k':
			vm->kernel = optarg;
			break;
		case 'i':
			vm->initrd = optarg;
			break;
		case 'a':
			vm->append = optarg;
			break;
		case 'm':
			vm->ram_size = number(optarg, NULL) << 20;
			break;
		case 'c':
			vm->cpus = number(optarg, NULL);
			break;
		case 'g':
			vm->gic = number(optarg, NULL);
			break;
		case 'w':
			vm->window = number(optarg, &end);
			if (*end != ',')
				die("--window needs an address, a comma and a size");
			vm->window_size = number(end + 1, NULL);
			break;
		case 'n':
			vm->carry_out = false;
			break;
		case 'l':
			vm->log = fopen(optarg, "ae");
			if (!vm->log)
				die("%s: %s", optarg, strerror(errno));
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (!vm->kernel || optind < argc) {
		usage(stderr);
		exit(2);
	}
	if (vm->cpus < 1 || vm->cpus > MAX_CPUS)
		die("--cpus must be 1 to %u", MAX_CPUS);
	if (vm->ram_size < 32ull << 20 || vm->ram_size > 128ull << 30)
		die("--memory must be 32 to %u", 128 << 10);
	if (vm->gic != 0 && vm->gic != 2 && vm->gic != 3)
		die("--gic must be 2 or 3");
	if (vm->window < UART_BASE + 0x1000 || vm->window >= RAM_BASE || !vm->window_size ||
	    vm->window_size > RAM_BASE - vm->window)
		die("--window must be between 0x%llx and 0x%llx", UART_BASE + 0x1000, RAM_BASE);
}

int main(int argc, char **argv)
{
	struct vm vm = {
		.arguments = argv,
		.append = "console=ttyAMA0",
		.ram_size = 256ull << 20,
		.cpus = 1,
		.window = 0x0b000000,
		.window_size = 0x10000,
		.carry_out = true,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	pthread_t thread;

	options(&vm, argc, argv);
	create_vm(&vm);
	create_gic(&vm);
	load_guest(&vm);
	create_vcpus(&vm);
	start_gic(&vm);
	make_bus(&vm);
	add_gic(&vm);
	add_uart(&vm);
	add_window(&vm);
	for (unsigned int n = 1; n < vm.cpus; n++)
		if (pthread_create(&thread, NULL, run_vcpu, &vm.vcpu[n]))
			die("cannot create a thread for vCPU %u", n);
	run_vcpu(&vm.vcpu[0]);
}

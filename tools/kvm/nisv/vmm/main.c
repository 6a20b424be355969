// SPDX-License-Identifier: GPL-2.0
/*
 * nisv-vmm: boot an arm64 Linux guest under KVM, and carry out with libnisv what KVM
 * cannot describe. As small as it can be with several vCPUs, console, power-off and
 * reboot, so that run_vcpu() is a model for other VMMs.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nisv.h"
#include "vmm.h"

/* For headers of kernels before v5.5 */
#define CAP_ARM_NISV_TO_USER	177
#define EXIT_ARM_NISV		28
#define EXT_DABT_PENDING	2	/* byte of struct kvm_vcpu_events */

static struct vm vm = {
	.append = "console=ttyAMA0",
	.ram_size = 256ull << 20,
	.cpus = 1,
	.window = 0x0b000000,
	.window_size = 0x10000,
	.carry_out = true,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};
static char **arguments;

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("nisv-vmm: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* Devices, and what libnisv asks about addresses */

struct device *add_device(struct vm *vm, const char *name, uint64_t base, uint64_t size)
{
	struct device *dev = &vm->devices[vm->ndevices++];

	dev->name = name;
	dev->base = base;
	dev->size = size;
	return dev;
}

static struct device *device_at(uint64_t ipa)
{
	for (struct device *dev = vm.devices; dev < vm.devices + vm.ndevices; dev++)
		if (ipa - dev->base < dev->size)
			return dev;
	return NULL;
}

static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram)
{
	const struct device *dev = device_at(ipa);
	uint64_t rest = 0;

	(void)opaque;
	(void)write;
	if (ipa - RAM_BASE < vm.ram_size) {
		*ram = vm.ram + (ipa - RAM_BASE);
		rest = vm.ram_size - (ipa - RAM_BASE);
	} else if (dev) {
		rest = dev->size - (ipa - dev->base);
	}
	return len < rest ? len : rest;
}

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	struct device *dev = device_at(ipa);

	(void)opaque;
	if (!dev || len > dev->size - (ipa - dev->base))
		return -1;
	return dev->read(dev, ipa - dev->base, data, len);
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	struct device *dev = device_at(ipa);

	(void)opaque;
	if (!dev || len > dev->size - (ipa - dev->base))
		return -1;
	return dev->write(dev, ipa - dev->base, data, len);
}

static const struct nisv_bus bus = { .at = bus_at, .read = bus_read, .write = bus_write };

/* vCPUs */

static void system_event(const struct kvm_run *run)
{
	fflush(stdout);
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		exit(0);
	case KVM_SYSTEM_EVENT_RESET:
		/* All starts anew, this process included */
		execv("/proc/self/exe", arguments);
		die("cannot reboot: %s", strerror(errno));
	default:
		die("the guest has crashed (system event %u)", run->system_event.type);
	}
}

/* The guest takes an external abort in place of the access */
static void abort_access(int vcpu, const char *what, uint64_t ipa)
{
	struct kvm_vcpu_events events = { 0 };

	((uint8_t *)&events)[EXT_DABT_PENDING] = 1;
	if (vm.log)
		fprintf(vm.log, "abort at 0x%llx: %s\n", (unsigned long long)ipa, what);
	if (ioctl(vcpu, KVM_SET_VCPU_EVENTS, &events))
		die("KVM_SET_VCPU_EVENTS: %s", strerror(errno));
}

static void mmio(int vcpu, struct kvm_run *run)
{
	const uint64_t ipa = run->mmio.phys_addr;
	const int ret = run->mmio.is_write ? bus_write(NULL, ipa, run->mmio.data, run->mmio.len) :
					     bus_read(NULL, ipa, run->mmio.data, run->mmio.len);

	if (ret)
		abort_access(vcpu, "there is no device", ipa);
}

static void no_syndrome(int vcpu, struct nisv_cpu *cpu, struct kvm_run *run)
{
	uint64_t ipa;
	struct nisv_insn insn = { 0 };
	char text[80] = "an instruction", what[160];
	int ret;

	memcpy(&ipa, (uint8_t *)&run->hw + 8, sizeof(ipa));	/* arm_nisv.fault_ipa */
	if (!vm.carry_out) {
		abort_access(vcpu, "there was no syndrome", ipa);
		return;
	}
	ret = nisv_kvm(cpu, run, &bus, &insn);
	if (insn.length)
		nisv_text(&insn, text, sizeof(text));
	if (ret < 0) {
		snprintf(what, sizeof(what), "%s: %s", text, nisv_strerror(ret));
		abort_access(vcpu, what, ipa);
	} else if (vm.log) {
		fprintf(vm.log, "%s: %s\n", text, nisv_strerror(ret));
	}
}

static void *run_vcpu(void *opaque)
{
	const int vcpu = *(int *)opaque;
	struct nisv_cpu cpu;
	struct kvm_run *run = mmap(NULL, ioctl(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
				   MAP_SHARED, vcpu, 0);

	if (run == MAP_FAILED)
		die("kvm_run: %s", strerror(errno));
	nisv_kvm_init(&cpu, vcpu, 0);
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			die("KVM_RUN: %s", strerror(errno));
		}
		pthread_mutex_lock(&vm.lock);
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO:
			mmio(vcpu, run);
			break;
		case EXIT_ARM_NISV:
			no_syndrome(vcpu, &cpu, run);
			break;
		case KVM_EXIT_SYSTEM_EVENT:
			system_event(run);
			break;
		default:
			die("exit %u, which is not handled", run->exit_reason);
		}
		pthread_mutex_unlock(&vm.lock);
	}
}

static void set_reg(int vcpu, uint64_t member, uint64_t value)
{
	struct kvm_one_reg reg = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | member,
		.addr = (uintptr_t)&value,
	};

	if (ioctl(vcpu, KVM_SET_ONE_REG, &reg))
		die("KVM_SET_ONE_REG: %s", strerror(errno));
}

static void create_vm(void)
{
	struct kvm_enable_cap cap = { .cap = CAP_ARM_NISV_TO_USER };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE, .memory_size = vm.ram_size,
	};

	vm.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm.kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	vm.fd = ioctl(vm.kvm, KVM_CREATE_VM, 0);
	if (vm.fd < 0)
		die("KVM_CREATE_VM: %s", strerror(errno));
	fcntl(vm.fd, F_SETFD, FD_CLOEXEC);
	/* Without it the guest runs until it needs it */
	if (ioctl(vm.fd, KVM_ENABLE_CAP, &cap))
		fprintf(stderr, "nisv-vmm: this kernel has no KVM_CAP_ARM_NISV_TO_USER; an access without a syndrome ends the guest\n");

	vm.ram = mmap(NULL, vm.ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vm.ram == MAP_FAILED)
		die("no memory for the guest: %s", strerror(errno));
	region.userspace_addr = (uintptr_t)vm.ram;
	if (ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
}

static void create_vcpus(void)
{
	struct kvm_vcpu_init init;

	if (ioctl(vm.fd, KVM_ARM_PREFERRED_TARGET, &init))
		die("KVM_ARM_PREFERRED_TARGET: %s", strerror(errno));
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	for (unsigned int n = 0; n < vm.cpus; n++) {
		vm.vcpu[n] = ioctl(vm.fd, KVM_CREATE_VCPU, n);
		if (vm.vcpu[n] < 0)
			die("KVM_CREATE_VCPU %u: %s", n, strerror(errno));
		fcntl(vm.vcpu[n], F_SETFD, FD_CLOEXEC);
		if (n)
			init.features[0] |= 1 << KVM_ARM_VCPU_POWER_OFF;
		if (ioctl(vm.vcpu[n], KVM_ARM_VCPU_INIT, &init))
			die("KVM_ARM_VCPU_INIT %u: %s", n, strerror(errno));
	}
	set_reg(vm.vcpu[0], KVM_REG_ARM_CORE_REG(regs.regs[0]), vm.dtb);
	set_reg(vm.vcpu[0], KVM_REG_ARM_CORE_REG(regs.pc), vm.entry);
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

static void options(int argc, char **argv)
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
			vm.kernel = optarg;
			break;
		case 'i':
			vm.initrd = optarg;
			break;
		case 'a':
			vm.append = optarg;
			break;
		case 'm':
			vm.ram_size = number(optarg, NULL) << 20;
			break;
		case 'c':
			vm.cpus = number(optarg, NULL);
			break;
		case 'g':
			vm.gic = number(optarg, NULL);
			break;
		case 'w':
			vm.window = number(optarg, &end);
			if (*end != ',')
				die("--window wants an address, a comma, and a size");
			vm.window_size = number(end + 1, NULL);
			break;
		case 'n':
			vm.carry_out = false;
			break;
		case 'l':
			vm.log = fopen(optarg, "ae");
			if (!vm.log)
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
	if (!vm.kernel || optind < argc) {
		usage(stderr);
		exit(2);
	}
	if (vm.cpus < 1 || vm.cpus > MAX_CPUS)
		die("--cpus: 1 to %u", MAX_CPUS);
	if (vm.ram_size < 32ull << 20 || vm.ram_size > 128ull << 30)
		die("--memory: 32 to %u", 128 << 10);
	if (vm.gic != 0 && vm.gic != 2 && vm.gic != 3)
		die("--gic: 2 or 3");
	if (vm.window < UART_BASE + 0x1000 || vm.window >= RAM_BASE || !vm.window_size ||
	    vm.window_size > RAM_BASE - vm.window)
		die("--window: between 0x%llx and 0x%llx", UART_BASE + 0x1000, RAM_BASE);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	arguments = argv;
	options(argc, argv);
	create_vm();
	create_gic(&vm);
	load_guest(&vm);
	create_vcpus();
	start_gic(&vm);
	add_uart(&vm);
	add_window(&vm);
	for (unsigned int n = 1; n < vm.cpus; n++)
		if (pthread_create(&thread, NULL, run_vcpu, &vm.vcpu[n]))
			die("no thread for vCPU %u", n);
	run_vcpu(&vm.vcpu[0]);
}

// SPDX-License-Identifier: GPL-2.0
/* Virtual CPUs: run_vcpu() is a model for other VMMs */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

/* For headers of kernels before v5.2, v5.5 and v7.0 */
#define CAP_ARM_SVE		170
#define VCPU_FINALIZE		_IOW(KVMIO, 0xc2, int)
#define VCPU_SVE		4
#define EXIT_ARM_NISV		28
#define EXIT_ARM_LDST64B	42

static void system_event(const struct vm *vm, const struct kvm_run *run)
{
	fflush(stdout);
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		exit(0);
	case KVM_SYSTEM_EVENT_RESET:
		/* All starts anew, this process included */
		execv("/proc/self/exe", vm->arguments);
		die("cannot reboot: %s", strerror(errno));
	default:
		die("the guest has crashed (system event %u)", run->system_event.type);
	}
}

/* The guest takes an external abort in place of the access */
static void abort_access(struct vcpu *vcpu, const char *what, uint64_t ipa)
{
	int ret;

	if (vcpu->vm->log)
		fprintf(vcpu->vm->log, "abort at 0x%llx: %s\n", (unsigned long long)ipa, what);
	ret = nisv_abort(&vcpu->cpu, vcpu->run, vcpu->vm->can_inject);
	if (ret)
		die("the guest cannot take an abort: %s", nisv_strerror(ret));
}

static void mmio(struct vcpu *vcpu)
{
	const struct nisv_bus *bus = &vcpu->vm->bus;
	struct kvm_run *run = vcpu->run;
	const uint64_t ipa = run->mmio.phys_addr;
	const int ret = run->mmio.is_write ? bus->write(bus->opaque, ipa, run->mmio.data, run->mmio.len) :
					     bus->read(bus->opaque, ipa, run->mmio.data, run->mmio.len);

	if (ret)
		abort_access(vcpu, "there is no device", ipa);
}

static void no_syndrome(struct vcpu *vcpu)
{
	const struct vm *vm = vcpu->vm;
	char text[80] = "an instruction", what[160];
	struct nisv_insn insn;
	uint64_t ipa;
	int ret;

	memcpy(&ipa, (uint8_t *)&vcpu->run->hw + 8, sizeof(ipa));	/* arm_nisv.fault_ipa */
	if (!vm->carry_out) {
		abort_access(vcpu, "there was no syndrome", ipa);
		return;
	}
	ret = nisv_kvm(&vcpu->cpu, vcpu->run, &vm->bus, &insn);
	if (insn.length)
		nisv_text(&insn, text, sizeof(text));
	if (ret < 0) {
		snprintf(what, sizeof(what), "%s: %s", text, nisv_strerror(ret));
		abort_access(vcpu, what, ipa);
	} else if (vm->log) {
		fprintf(vm->log, "%s: %s\n", text, ret ? nisv_strerror(ret) : "carried out");
	}
}

__thread struct vcpu *this_vcpu;

void *run_vcpu(void *opaque)
{
	struct vcpu *vcpu = opaque;
	struct vm *vm = vcpu->vm;

	this_vcpu = vcpu;
	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			die("KVM_RUN: %s", strerror(errno));
		}
		pthread_mutex_lock(&vm->lock);
		switch (vcpu->run->exit_reason) {
		case KVM_EXIT_MMIO:
			mmio(vcpu);
			break;
		case EXIT_ARM_NISV:
		case EXIT_ARM_LDST64B:
			no_syndrome(vcpu);
			break;
		case KVM_EXIT_SYSTEM_EVENT:
			system_event(vm, vcpu->run);
			break;
		default:
			die("unhandled exit %u", vcpu->run->exit_reason);
		}
		pthread_mutex_unlock(&vm->lock);
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

static void create_vcpu(struct vm *vm, unsigned int n, const struct kvm_vcpu_init *init)
{
	const int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct vcpu *vcpu = &vm->vcpu[n];

	vcpu->vm = vm;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, n);
	if (vcpu->fd < 0)
		die("KVM_CREATE_VCPU %u: %s", n, strerror(errno));
	fcntl(vcpu->fd, F_SETFD, FD_CLOEXEC);
	if (ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, init))
		die("KVM_ARM_VCPU_INIT %u: %s", n, strerror(errno));
	if (init->features[0] & NISV_FEATURE_SVE && ioctl(vcpu->fd, VCPU_FINALIZE, &(int) { VCPU_SVE }))
		die("KVM_ARM_VCPU_FINALIZE %u: %s", n, strerror(errno));
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die("kvm_run: %s", strerror(errno));
	nisv_kvm_init(&vcpu->cpu, vcpu->fd, init->features[0]);
}

void create_vcpus(struct vm *vm)
{
	struct kvm_vcpu_init init;

	if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		die("KVM_ARM_PREFERRED_TARGET: %s", strerror(errno));
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(vm->fd, KVM_CHECK_EXTENSION, CAP_ARM_SVE) > 0)
		init.features[0] |= NISV_FEATURE_SVE;
	for (unsigned int n = 0; n < vm->cpus; n++) {
		if (n)
			init.features[0] |= 1 << KVM_ARM_VCPU_POWER_OFF;
		create_vcpu(vm, n, &init);
	}
	set_reg(vm->vcpu[0].fd, KVM_REG_ARM_CORE_REG(regs.regs[0]), vm->dtb);
	set_reg(vm->vcpu[0].fd, KVM_REG_ARM_CORE_REG(regs.pc), vm->entry);
}

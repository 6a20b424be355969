// SPDX-License-Identifier: GPL-2.0
/*
 * The capabilities: how userspace finds and enables them (C1, C2, C3), that a
 * protected VM has none (E9), and that events cannot be had of a vCPU that is not
 * initialised (I8).
 */
#include "nisv.h"

/* An access without syndrome to HOLE: what becomes of it? */
static enum verdict expect_outcome(struct vm *vm, bool exits)
{
	set_reg(vm, X(10), HOLE);
	if (exits)
		return expect_nisv(vm, HOLE);
	REQUIRE_EQ(run_errno(vm), ENOSYS);
	return PASSED;
}

static enum verdict present(long cap)
{
	int vm = must(ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	int on_system = ioctl(kvm_fd, KVM_CHECK_EXTENSION, cap);
	int on_vm = ioctl(vm, KVM_CHECK_EXTENSION, cap);

	close(vm);
	ksft_print_msg("capability %ld reads %d on /dev/kvm, %d on a VM\n",
		       cap, on_system, on_vm);
	REQUIRE_EQ(on_system, 1);
	REQUIRE_EQ(on_vm, 1);
	return PASSED;
}

static enum verdict c1_nisv_to_user(void)
{
	return present(CAP_ARM_NISV_TO_USER);
}

static enum verdict c1_inject_ext_dabt(void)
{
	return present(CAP_ARM_INJECT_EXT_DABT);
}

static enum verdict c2_off_by_default(void)
{
	struct vm vm;

	vm_start(&vm, false, PAIR_LOAD);
	TRY(expect_outcome(&vm, false));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict c2_before_vcpus(void)
{
	struct vm vm = {};

	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	vm_create(&vm, false);
	close(vm.vcpu);
	close(vm.fd);

	vm.fd = must(ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	REQUIRE_EQ(enable_cap(vm.fd, CAP_ARM_NISV_TO_USER), 0);
	add_slot(&vm, 0, 0, RAM, RAM_SIZE, vm.ram);
	vcpu_create(&vm);
	vcpu_init(&vm);
	regs_init(&vm);
	code(&vm, PAIR_LOAD);
	TRY(expect_outcome(&vm, true));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict c2_after_vcpus_and_twice(void)
{
	struct vm vm;

	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	vm_start(&vm, false, PAIR_LOAD);
	TRY(expect_outcome(&vm, false));
	REQUIRE_EQ(enable_cap(vm.fd, CAP_ARM_NISV_TO_USER), 0);
	TRY(expect_outcome(&vm, true));
	REQUIRE_EQ(enable_cap(vm.fd, CAP_ARM_NISV_TO_USER), 0);
	TRY(expect_outcome(&vm, true));
	vm_destroy(&vm);
	return PASSED;
}

static unsigned long refused, exited;

/* Once it exits, the access does not fail any more */
static enum verdict refused_then_exits(struct vm *vm)
{
	int err = run_errno(vm);

	if (err == EINTR)
		return PASSED;
	if (err) {
		REQUIRE_EQ(err, ENOSYS);
		REQUIRE(!exited, "it had exited before");
		STORE_SHARED(refused, refused + 1);
		return PASSED;
	}
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	STORE_SHARED(exited, exited + 1);
	return PASSED;
}

static enum verdict c2_while_running(void)
{
	struct runner r = { .step = refused_then_exits };
	enum verdict v;
	struct vm vm;

	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	vm_start(&vm, false, PAIR_LOAD);
	set_reg(&vm, X(10), HOLE);
	refused = 0;
	exited = 0;
	r.vm = &vm;
	runner_start(&r);
	if (runner_reaches(&r, &refused, 100) && !enable_cap(vm.fd, CAP_ARM_NISV_TO_USER))
		runner_reaches(&r, &exited, 100);
	v = runner_stop(&r);
	vm_destroy(&vm);
	TRY(v);
	REQUIRE(exited >= 100, "it was refused %lu times", refused);
	return PASSED;
}

static enum verdict c2_that_vm_alone(void)
{
	struct vm with, without;

	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	vm_start(&with, false, PAIR_LOAD);
	vm_start(&without, false, PAIR_LOAD);
	REQUIRE_EQ(enable_cap(with.fd, CAP_ARM_NISV_TO_USER), 0);
	TRY(expect_outcome(&without, false));
	TRY(expect_outcome(&with, true));
	TRY(expect_outcome(&without, false));
	vm_destroy(&with);
	vm_destroy(&without);
	return PASSED;
}

static enum verdict c2_args_are_ignored(void)
{
	struct vm vm;

	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	vm_start(&vm, false, PAIR_LOAD);
	REQUIRE_EQ(enable_cap_flags(vm.fd, CAP_ARM_NISV_TO_USER, 0, ~0ULL), 0);
	TRY(expect_outcome(&vm, true));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict c2_nonzero_flags(void)
{
	struct vm vm;

	vm_start(&vm, false, PAIR_LOAD);
	for (unsigned int bit = 0; bit < 32; bit++) {
		REQUIRE_EQ(enable_cap_flags(vm.fd, CAP_ARM_NISV_TO_USER,
					    1U << bit, 0), -1);
		REQUIRE_EQ(errno, EINVAL);
	}
	/* and it is still off */
	TRY(expect_outcome(&vm, false));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict enabling_is_einval(uint32_t cap)
{
	struct vm vm;

	vm_start(&vm, false, PAIR_LOAD);
	REQUIRE_EQ(enable_cap(vm.fd, cap), -1);
	REQUIRE_EQ(errno, EINVAL);
	TRY(expect_outcome(&vm, false));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict c2_unknown_capability(void)
{
	return enabling_is_einval(0x7fffffff);
}

static enum verdict c3_enabling_178(void)
{
	return enabling_is_einval(CAP_ARM_INJECT_EXT_DABT);
}

static enum verdict e9_protected(void)
{
	static const uint32_t caps[] = { CAP_ARM_NISV_TO_USER, CAP_ARM_INJECT_EXT_DABT };
	const char *why = no_protected_vms();
	int vm;

	if (why)
		SKIP("%s", why);
	vm = must(ioctl(kvm_fd, KVM_CREATE_VM, VM_PROTECTED), "KVM_CREATE_VM");
	for (unsigned int i = 0; i < ARRAY_SIZE(caps); i++) {
		REQUIRE_EQ(ioctl(vm, KVM_CHECK_EXTENSION, caps[i]), 0);
		REQUIRE_EQ(enable_cap(vm, caps[i]), -1);
		REQUIRE_EQ(errno, EINVAL);
	}
	close(vm);
	return PASSED;
}

static enum verdict i8_before_init(void)
{
	struct kvm_vcpu_events ev = {};
	struct vm vm;

	vm_create(&vm, false);
	REQUIRE_EQ(ioctl(vm.vcpu, KVM_GET_VCPU_EVENTS, &ev), -1);
	REQUIRE_EQ(errno, ENOEXEC);
	REQUIRE_EQ(set_events(&vm, &ev), ENOEXEC);
	REQUIRE_EQ(inject(&vm), ENOEXEC);

	vcpu_init(&vm);
	REQUIRE_EQ(ioctl(vm.vcpu, KVM_GET_VCPU_EVENTS, &ev), 0);
	REQUIRE_EQ(set_events(&vm, &ev), 0);
	vm_destroy(&vm);
	return PASSED;
}

static const struct test tests[] = {
	{ "C1 KVM_CAP_ARM_NISV_TO_USER reads 1 on the system and on a VM", c1_nisv_to_user },
	{ "C1 KVM_CAP_ARM_INJECT_EXT_DABT reads 1 on the system and on a VM", c1_inject_ext_dabt },
	{ "C2 the exit is off by default", c2_off_by_default },
	{ "C2 the exit can be enabled before there are vCPUs", c2_before_vcpus },
	{ "C2 the exit can be enabled after a vCPU has run, and twice", c2_after_vcpus_and_twice },
	{ "C2 the exit can be enabled while a vCPU runs", c2_while_running },
	{ "C2 the exit is enabled for one VM alone", c2_that_vm_alone },
	{ "C2 args are ignored", c2_args_are_ignored },
	{ "C2 nonzero flags are EINVAL and enable nothing", c2_nonzero_flags },
	{ "C2 an unknown capability is EINVAL", c2_unknown_capability },
	{ "C3 KVM_CAP_ARM_INJECT_EXT_DABT cannot be enabled: EINVAL", c3_enabling_178 },
	{ "E9 a protected VM has neither capability, and can enable none", e9_protected },
	{ "I8 GET and SET_VCPU_EVENTS before KVM_ARM_VCPU_INIT are ENOEXEC", i8_before_init },
};

int main(int argc, char **argv)
{
	return run_tests(tests, ARRAY_SIZE(tests), argc, argv);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! What a VMM with kvm-ioctls adds to its run loop, as crosvm, cloud-hypervisor, Firecracker
//! or hyperlight have one. What is new is marked NEW; the rest is what such a VMM has.
//!
//! To compile without other crates, `mod kvm_ioctls` stands in for kvm-ioctls and
//! kvm-bindings, with their names and types. There is no vCPU behind it: what this prints is
//! a refusal and the abort. With the real crates (kvm-ioctls 0.12 or later) remove that
//! module, and take these:
//!
//! ```ignore
//! use kvm_bindings::kvm_vcpu_events;
//! use kvm_ioctls::{VcpuExit, VcpuFd};
//! ```

use std::io;
use std::os::raw::{c_int, c_ulong};
use std::os::unix::io::AsRawFd;
use std::sync::{Mutex, MutexGuard};

use kvm_ioctls::{kvm_vcpu_events, VcpuExit, VcpuFd};
use nisv::{At, Bus, KvmCpu, Monitor, Ram, Refused};

/// NEW
const KVM_EXIT_ARM_NISV: u32 = 28;
const KVM_EXIT_ARM_LDST64B: u32 = 42;

const RAM_BASE: u64 = 0x4000_0000;
const DEVICE_BASE: u64 = 0x900_0000;
const DEVICE_SIZE: u64 = 0x1000;

/// As the VMM has mapped it. In most VMMs, vm-memory's GuestMemoryMmap
struct GuestMemory {
    host: *mut u8,
    size: u64,
}

// SAFETY: it is only a place, and stays mapped as long as this
unsafe impl Sync for GuestMemory {}

/// As in most VMMs: something that takes an address and bytes
#[derive(Default)]
struct Devices {
    last: u8,
}

impl Devices {
    fn read(&mut self, _offset: u64, data: &mut [u8]) {
        data.fill(self.last);
    }

    fn write(&mut self, _offset: u64, data: &[u8]) {
        self.last = data[0];
    }
}

/// What all vCPUs share
struct Vm {
    memory: GuestMemory,
    devices: Mutex<Devices>,
    /// NEW
    monitor: Monitor,
}

/// NEW: the VM for one access. It holds the lock of the devices, so that an atomic access
/// is one, and the memory, so that this stays mapped.
struct VmBus<'a> {
    memory: &'a GuestMemory,
    devices: std::cell::RefCell<MutexGuard<'a, Devices>>,
    monitor: &'a Monitor,
}

impl Bus for VmBus<'_> {
    fn at(&self, ipa: u64, _len: u64, _write: bool) -> At<'_> {
        if let Some(offset) = ipa.checked_sub(DEVICE_BASE).filter(|offset| *offset < DEVICE_SIZE) {
            return At::Device(DEVICE_SIZE - offset);
        }
        match ipa.checked_sub(RAM_BASE).filter(|offset| *offset < self.memory.size) {
            // SAFETY: it is in the mapping, which stays as long as self.memory
            Some(offset) => At::Ram(unsafe {
                Ram::new(self.memory.host.add(offset as usize), self.memory.size - offset)
            }),
            None => At::Nothing,
        }
    }

    fn read(&self, ipa: u64, data: &mut [u8]) -> Result<(), Refused> {
        self.devices.borrow_mut().read(ipa - DEVICE_BASE, data);
        Ok(())
    }

    fn write(&self, ipa: u64, data: &[u8]) -> Result<(), Refused> {
        self.devices.borrow_mut().write(ipa - DEVICE_BASE, data);
        Ok(())
    }

    fn wrote(&self, _ipa: u64, _len: u64) {
        // If the VMM has a log of dirty pages of its own, mark the page there
    }

    fn monitor(&self) -> Option<&Monitor> {
        Some(self.monitor)
    }
}

/// NEW: before the first vCPU runs. For arm64, kvm-ioctls has no VmFd::enable_cap (in 0.19)
fn enable_nisv(vm: &impl AsRawFd) -> io::Result<()> {
    const KVM_ENABLE_CAP: c_ulong = 0x4068_aea3;
    const KVM_CAP_ARM_NISV_TO_USER: u32 = 177;

    #[repr(C)]
    struct EnableCap {
        cap: u32,
        flags: u32,
        args: [u64; 4],
        pad: [u8; 64],
    }
    extern "C" {
        fn ioctl(fd: c_int, request: c_ulong, ...) -> c_int;
    }

    let cap = EnableCap { cap: KVM_CAP_ARM_NISV_TO_USER, flags: 0, args: [0; 4], pad: [0; 64] };
    // SAFETY: it reads a struct kvm_enable_cap
    match unsafe { ioctl(vm.as_raw_fd(), KVM_ENABLE_CAP, &cap) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `features` are kvm_vcpu_init.features[0], as given to VcpuFd::vcpu_init
fn run_vcpu(vcpu: &mut VcpuFd, features: u32, vm: &Vm) -> io::Result<()> {
    // NEW. SAFETY: it is a vCPU's, and open as long as `vcpu`
    let mut cpu = unsafe { KvmCpu::new(vcpu.as_raw_fd(), features) };
    let mut told = false;

    loop {
        match vcpu.run() {
            Ok(VcpuExit::MmioRead(ipa, data)) => {
                vm.devices.lock().unwrap().read(ipa.wrapping_sub(DEVICE_BASE), data);
            }
            Ok(VcpuExit::MmioWrite(ipa, data)) => {
                let mut devices = vm.devices.lock().unwrap();
                devices.write(ipa.wrapping_sub(DEVICE_BASE), data);
                // NEW, for guests that mix such stores with exclusive ones
                vm.monitor.stored();
            }

            // NEW: all of the arm
            Ok(VcpuExit::Unsupported(KVM_EXIT_ARM_NISV | KVM_EXIT_ARM_LDST64B)) => {
                let bus = VmBus {
                    memory: &vm.memory,
                    devices: vm.devices.lock().unwrap().into(),
                    monitor: &vm.monitor,
                };
                let run: *const _ = vcpu.get_kvm_run();
                // SAFETY: `run` is that vCPU's, which does not run
                if let Err(error) = unsafe { cpu.exit(run.cast(), &bus) } {
                    // Once for a vCPU: the guest can do it as often as it likes
                    if !told {
                        eprintln!("{}: {error}", cpu.insn());
                        told = true;
                    }
                    let mut events = kvm_vcpu_events::default();
                    events.exception.ext_dabt_pending = 1;
                    vcpu.set_vcpu_events(&events).map_err(io::Error::from)?;
                }
            }

            Ok(_) => return Ok(()),
            Err(error) => match io::Error::from(error) {
                // A signal. If it is to stop the vCPU, do that here
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
}

fn main() -> io::Result<()> {
    let mut ram = vec![0; 0x1000];
    let vm = Vm {
        memory: GuestMemory { host: ram.as_mut_ptr(), size: ram.len() as u64 },
        devices: Mutex::default(),
        monitor: Monitor::new(),
    };
    let mut vcpu = kvm_ioctls::a_vcpu();
    // Of the VM. Without the capability, or without a VM as here, the rest is of no use
    if let Err(error) = enable_nisv(&vcpu) {
        eprintln!("KVM_CAP_ARM_NISV_TO_USER: {error}");
    }
    run_vcpu(&mut vcpu, 0, &vm)
}

/// In place of kvm-ioctls and kvm-bindings: a vCPU that exits a few times
#[allow(non_camel_case_types)]
mod kvm_ioctls {
    use std::os::unix::io::{AsRawFd, RawFd};

    pub enum VcpuExit<'a> {
        MmioRead(u64, &'a mut [u8]),
        MmioWrite(u64, &'a [u8]),
        Hlt,
        Unsupported(u32),
    }

    #[derive(Default)]
    #[repr(C)]
    pub struct kvm_run {
        _interrupts: u64,
        exit_reason: u32,
        _more: [u32; 5],
        esr_iss: u64,
        fault_ipa: u64,
        data: [u8; 8],
    }

    #[derive(Default)]
    pub struct kvm_vcpu_exception {
        pub ext_dabt_pending: u8,
    }

    #[derive(Default)]
    pub struct kvm_vcpu_events {
        pub exception: kvm_vcpu_exception,
    }

    pub struct Error(i32);

    impl From<Error> for std::io::Error {
        fn from(error: Error) -> Self {
            std::io::Error::from_raw_os_error(error.0)
        }
    }

    pub struct VcpuFd {
        run: kvm_run,
        exits: u32,
    }

    pub fn a_vcpu() -> VcpuFd {
        VcpuFd { run: kvm_run::default(), exits: 0 }
    }

    impl VcpuFd {
        pub fn run(&mut self) -> Result<VcpuExit<'_>, Error> {
            self.exits += 1;
            match self.exits {
                1 => Ok(VcpuExit::MmioWrite(super::DEVICE_BASE, &self.run.data)),
                2 => Ok(VcpuExit::MmioRead(super::DEVICE_BASE, &mut self.run.data)),
                3 => Err(Error(4)), // EINTR
                4 => {
                    self.run.exit_reason = super::KVM_EXIT_ARM_NISV;
                    Ok(VcpuExit::Unsupported(self.run.exit_reason))
                }
                _ => Ok(VcpuExit::Hlt),
            }
        }

        pub fn get_kvm_run(&mut self) -> &mut kvm_run {
            &mut self.run
        }

        pub fn set_vcpu_events(&self, events: &kvm_vcpu_events) -> Result<(), Error> {
            println!("injected: {}", events.exception.ext_dabt_pending);
            Ok(())
        }
    }

    impl AsRawFd for VcpuFd {
        fn as_raw_fd(&self) -> RawFd {
            -1
        }
    }
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! What the addresses of a VM lead to

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicU8, Ordering};

/// What a VM's addresses lead to. IPAs are guest physical addresses, lengths are in bytes.
///
/// It is called by [`KvmCpu::exit`](crate::KvmCpu::exit) and
/// [`Cpu::access`](crate::Cpu::access), in their thread, and not after they have returned.
/// So it need not be [`Sync`]: a VMM can make one for each call, with all the guards that
/// it holds meanwhile. It is shared while it is called, so what devices change is in a
/// [`RefCell`](std::cell::RefCell) or behind a lock.
///
/// In a VM with several vCPUs, an atomic access is one only if no other vCPU gets to the
/// device between its read and its write: take a lock of the device, or of all, before the
/// call, and keep it until it returns.
///
/// ```
/// use nisv::{At, Bus, Monitor, Ram, Refused};
/// use std::cell::RefCell;
/// use std::sync::atomic::AtomicU8;
/// use std::sync::MutexGuard;
///
/// struct Devices {
///     scratch: [u8; 8],
/// }
///
/// struct VmBus<'a> {
///     ram: &'a [AtomicU8],
///     devices: RefCell<MutexGuard<'a, Devices>>,
///     monitor: &'a Monitor,
/// }
///
/// impl Bus for VmBus<'_> {
///     fn at(&self, ipa: u64, _len: u64, _write: bool) -> At<'_> {
///         match ipa {
///             0x900_0000..=0x900_0007 => At::Device(0x900_0008 - ipa),
///             0x4000_0000.. => match self.ram.get((ipa - 0x4000_0000) as usize..) {
///                 Some(ram) => At::Ram(Ram::from(ram)),
///                 None => At::Nothing,
///             },
///             _ => At::Nothing,
///         }
///     }
///
///     fn read(&self, ipa: u64, data: &mut [u8]) -> Result<(), Refused> {
///         let at = (ipa - 0x900_0000) as usize;
///         let devices = self.devices.borrow();
///         data.copy_from_slice(devices.scratch.get(at..at + data.len()).ok_or(Refused)?);
///         Ok(())
///     }
///
///     fn write(&self, ipa: u64, data: &[u8]) -> Result<(), Refused> {
///         let at = (ipa - 0x900_0000) as usize;
///         let mut devices = self.devices.borrow_mut();
///         devices.scratch.get_mut(at..at + data.len()).ok_or(Refused)?.copy_from_slice(data);
///         Ok(())
///     }
///
///     fn monitor(&self) -> Option<&Monitor> {
///         Some(self.monitor)
///     }
/// }
/// ```
pub trait Bus {
    /// What is at `ipa`, and how many bytes from there on belong together. That may be
    /// less or more than `len`, which is how many the library wants to know of.
    ///
    /// It is asked about page tables and instructions, too, so for any address that the
    /// guest likes. An address is asked about once for each direction, and the answer is
    /// used until the library returns. While memory is being rearranged, wait for its end:
    /// [`At::Nothing`] makes the guest take an abort.
    fn at(&self, ipa: u64, len: u64, write: bool) -> At<'_>;

    /// Read from a device: `data` as it is in memory, 1, 2, 4 or 8 bytes, or 64 of LD64B.
    /// `ipa` is a multiple of that unless the guest's is not. `data` is zeros, and what is
    /// left of it the guest gets.
    fn read(&self, ipa: u64, data: &mut [u8]) -> Result<(), Refused>;

    /// Write to a device, likewise. If it refuses, what devices have been told before, of
    /// the same instruction, they have been told.
    fn write(&self, ipa: u64, data: &[u8]) -> Result<(), Refused>;

    /// Do devices answer ST64BV and ST64BV0, which store 64 bytes and get a status? Else these
    /// are refused.
    fn has_status(&self) -> bool {
        false
    }

    /// Write these 64 bytes, and answer what the guest gets: 0 if the device has taken them.
    fn write_status(&self, ipa: u64, data: &[u8]) -> Result<u64, Refused> {
        let _ = (ipa, data);
        Err(Refused)
    }

    /// Guest memory has been written, which KVM does not see: for a log of dirty pages.
    fn wrote(&self, ipa: u64, len: u64) {
        let _ = (ipa, len);
    }

    /// The VM's monitor for exclusive accesses. `None`: these are refused.
    fn monitor(&self) -> Option<&Monitor>;
}

/// What is at an address: the answer of [`Bus::at`].
#[derive(Debug)]
pub enum At<'a> {
    /// Memory that the VMM has mapped. Read-only memory is that if it is read; if it is
    /// written, it is a device, or nothing.
    Ram(Ram<'a>),
    /// One device, for so many bytes
    Device(u64),
    /// The guest takes an abort
    Nothing,
}

/// Guest memory that is mapped here, for as long as `'a`.
///
/// The library uses it until it returns. So [`Bus::at`] ties `'a` to the bus, which is
/// borrowed as long: what keeps the memory mapped is in the bus, or outlives it.
///
/// It is made of a slice of [`AtomicU8`], without `unsafe`, or of a pointer by [`Ram::new`].
#[derive(Debug)]
pub struct Ram<'a> {
    pub(crate) ptr: *mut u8,
    pub(crate) len: u64,
    mapped: PhantomData<&'a [AtomicU8]>,
}

impl Ram<'_> {
    /// `len` bytes of guest memory at `ptr`.
    ///
    /// # Safety
    ///
    /// For all of `'a`, which is until the library returns at least:
    ///
    /// - `ptr` is not null, and `len` bytes from there on are mapped: to be read, and to be
    ///   written, too, if [`Bus::at`] was asked with `write`.
    /// - No Rust reference to them is used, but to atomics: they are the guest's, whose
    ///   vCPUs write them at any time.
    pub unsafe fn new(ptr: *mut u8, len: u64) -> Self {
        Ram { ptr, len, mapped: PhantomData }
    }
}

impl<'a> From<&'a [AtomicU8]> for Ram<'a> {
    fn from(bytes: &'a [AtomicU8]) -> Self {
        // Atomics may be written through a shared reference
        Ram { ptr: bytes.as_ptr() as *mut u8, len: bytes.len() as u64, mapped: PhantomData }
    }
}

/// A device or a register does not do it, and the access is refused.
///
/// Any [`std::error::Error`] becomes one by `?`. Which it was, the VMM has to note itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl<E: std::error::Error> From<E> for Refused {
    fn from(_: E) -> Self {
        Refused
    }
}

/// The global exclusive monitor: one for a VM, which all of its vCPUs share.
///
/// Put it where the VM's memory is, for example in an [`Arc`](std::sync::Arc), and have each
/// [`Bus`] of the VM give the same one.
#[derive(Debug, Default)]
pub struct Monitor(AtomicU64);

impl Monitor {
    /// One to which nothing has been stored
    pub const fn new() -> Self {
        Monitor(AtomicU64::new(0))
    }

    /// A guest has stored something that the library does not see: `KVM_EXIT_MMIO`. To be
    /// called if guests mix such stores with exclusive ones.
    pub fn stored(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// For the library, which uses it with atomic instructions
    pub(crate) fn as_ptr(&self) -> *mut u64 {
        &self.0 as *const AtomicU64 as *mut u64
    }
}

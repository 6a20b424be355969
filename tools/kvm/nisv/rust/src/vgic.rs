// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! The interrupt controller that KVM emulates

use std::os::raw::c_uint;
use std::os::unix::io::RawFd;

use crate::bindings::{self, kvm_run, nisv_cpu};
use crate::{outcome, Error, Outcome};

/// How many bytes [`vgic_code`] writes
pub const VGIC_CODE: usize = bindings::NISV_VGIC_CODE as usize;

/// Write what [`Vgic`] has a vCPU run.
///
/// To be called once for a VM. The page is then put into a memslot, best a read-only one of its
/// own, at an address that the guest does not use, before vCPUs run. All vCPUs share it.
pub fn vgic_code(page: &mut [u8; VGIC_CODE]) {
    // SAFETY: it writes as many bytes
    unsafe { bindings::nisv_vgic_code(page.as_mut_ptr().cast()) }
}

/// The interrupt controller of KVM, as a vCPU accesses it: for [`Bus::read`](crate::Bus::read)
/// and [`Bus::write`](crate::Bus::write) of the frames that KVM emulates, GICD, GICR and GITS.
///
/// An access is made by the vCPU, for which KVM runs it, and all of it is put back as it was.
/// So a bus that has one of these is that of one vCPU. While it is called, no lock may be held
/// that another vCPU's thread needs for its exits. See `nisv.h`.
///
/// ```
/// # use nisv::{Error, Outcome, Refused, Vgic};
/// fn read(vgic: &Vgic, ipa: u64, data: &mut [u8]) -> Result<(), Refused> {
///     match vgic.read(ipa, data)? {
///         Outcome::Done => Ok(()),
///         // A signal stays pending, or the ring of dirty pages is full
///         Outcome::Again => Err(Refused),
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Vgic {
    cpu: nisv_cpu,
    run: *mut kvm_run,
    code: u64,
}

impl Vgic {
    /// `features` are those that the vCPU was initialised with, and `code` is the guest physical
    /// address of what [`vgic_code`] has written.
    ///
    /// # Safety
    ///
    /// As long as this is used:
    ///
    /// - `vcpu_fd` is a vCPU's, and open. `run` is its `struct kvm_run`, as KVM maps it, and no
    ///   reference to it is used meanwhile: `KVM_RUN` is called, and writes to it.
    /// - The code is in a memslot at `code`, as it was written.
    pub unsafe fn new(vcpu_fd: RawFd, features: u32, run: *mut kvm_run, code: u64) -> Self {
        let mut cpu = nisv_cpu::default();
        // SAFETY: it writes to what it is given, and only keeps the number
        unsafe { bindings::nisv_kvm_init(&mut cpu, vcpu_fd, features) };
        Vgic { cpu, run, code }
    }

    /// Read a register: 1, 2, 4 or 8 bytes, `ipa` a multiple of that.
    ///
    /// # Errors
    ///
    /// With nothing done: [`Error::Nothing`]: KVM has no device there; [`Error::Mismatch`]: it
    /// was another exit than `KVM_EXIT_ARM_NISV`; [`Error::Alignment`], [`Error::Unsupported`],
    /// [`Error::Register`]: see `nisv.h`.
    pub fn read(&self, ipa: u64, data: &mut [u8]) -> Result<Outcome, Error> {
        let (to, len) = (data.as_mut_ptr().cast(), data.len() as c_uint);
        // SAFETY: as new() wants it; and it writes no more than `data` has
        outcome(unsafe { bindings::nisv_vgic_read(&self.cpu, self.run, self.code, ipa, to, len) })
    }

    /// Write a register, likewise.
    ///
    /// # Errors
    ///
    /// As [`Vgic::read`]
    pub fn write(&self, ipa: u64, data: &[u8]) -> Result<Outcome, Error> {
        let (from, len) = (data.as_ptr().cast(), data.len() as c_uint);
        // SAFETY: as new() wants it; and it reads no more than `data` has
        outcome(unsafe {
            bindings::nisv_vgic_write(&self.cpu, self.run, self.code, ipa, from, len)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_written_whole() {
        let mut page = [0xa5; VGIC_CODE];
        vgic_code(&mut page);
        // ldrb w2, [x1]; ldrb w2, [x1], #1; b .
        let words = [0x3940_0022u32, 0x3840_1422, 0x1400_0000, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(page[..16], bytes);
        assert_eq!(page[VGIC_CODE - 16..], [0; 16]);
    }

    /// What comes of `call` after an exit, of a vCPU that there is not
    fn after<T>(exit: u64, call: impl FnOnce(&Vgic) -> T) -> T {
        // As long as a kvm_run
        let mut run = [0u64; 512];
        run[1] = exit;
        // SAFETY: no ioctl succeeds, so nothing is run
        call(&unsafe { Vgic::new(-1, 0, run.as_mut_ptr().cast(), 0x1000) })
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let mut data = [0xa5; 4];
        assert_eq!(after(6, |vgic| vgic.read(0, &mut data)), Err(Error::Mismatch));
        assert_eq!(after(28, |vgic| vgic.read(0, &mut data)), Err(Error::Register));
        assert_eq!(after(28, |vgic| vgic.write(2, &data)), Err(Error::Alignment));
        assert_eq!(after(28, |vgic| vgic.write(0, &data[..3])), Err(Error::Unsupported));
        assert_eq!(data, [0xa5; 4]);
    }
}

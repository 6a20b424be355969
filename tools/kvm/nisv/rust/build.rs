// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! Find libnisv: `libnisv.a` in the folder `NISV_LIB_DIR`, or else what pkg-config knows.

use std::env;
use std::path::Path;
use std::process::{exit, Command};

const HELP: &str =
    "Install libnisv (make -C tools/kvm/nisv install), or set NISV_LIB_DIR to the folder \
                    where `make -C tools/kvm/nisv O=folder` has left libnisv.a.";

fn fail(why: &str) -> ! {
    eprintln!("nisv: {}\n{HELP}", why.trim_end());
    exit(1);
}

fn pkg_config(program: &str) -> String {
    match Command::new(program).args(["--libs", "nisv >= 1.1"]).output() {
        Err(e) => fail(&format!("cannot run {program}, which finds libnisv: {e}")),
        Ok(out) if !out.status.success() => {
            let why = String::from_utf8_lossy(&out.stderr);
            fail(&format!("{program} does not find libnisv: {why}"))
        }
        Ok(out) => String::from_utf8_lossy(&out.stdout).into_owned(),
    }
}

fn main() {
    for name in ["NISV_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_SYSROOT_DIR");
    println!("cargo:rerun-if-changed=build.rs");

    if let Some(dir) = env::var("NISV_LIB_DIR").ok().filter(|dir| !dir.is_empty()) {
        let library = Path::new(&dir).join("libnisv.a");
        // Cargo and the linker run in other folders
        if !library.is_absolute() {
            fail(&format!("NISV_LIB_DIR={dir}: it has to begin with /"));
        }
        // The static one, so that programs run without being told where it is
        if !library.is_file() {
            fail(&format!("NISV_LIB_DIR={dir}: there is no libnisv.a"));
        }
        println!("cargo:rerun-if-changed={}", library.display());
        println!("cargo:rustc-link-search=native={dir}");
        println!("cargo:rustc-link-lib=static=nisv");
        return;
    }
    // For another target: PKG_CONFIG=aarch64-linux-gnu-pkg-config, for example
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    for word in pkg_config(&program).split_whitespace() {
        if let Some(dir) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={dir}");
        } else if let Some(name) = word.strip_prefix("-l") {
            println!("cargo:rustc-link-lib={name}");
        }
    }
}

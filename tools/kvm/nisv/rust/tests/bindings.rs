// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! Are the bindings those of nisv.h?

use std::fs;
use std::process::Command;

#[test]
#[ignore = "needs bindgen 0.60; `make -C tools/kvm/nisv rust` runs it"]
fn bindings_are_those_of_the_header() {
    let dir = env!("CARGO_MANIFEST_DIR");
    let made = Command::new(format!("{dir}/bindings.sh")).output().unwrap();
    assert!(made.status.success(), "bindings.sh: {}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8(made.stdout).unwrap();
    let have = fs::read_to_string(format!("{dir}/src/bindings.rs")).unwrap();
    let differ = made.lines().zip(have.lines()).find(|(made, have)| made != have);
    assert!(
        made == have,
        "src/bindings.rs is not what bindings.sh makes of nisv.h by now; the first lines that differ: {differ:#?}"
    );
}

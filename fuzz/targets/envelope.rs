#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{envelope, seeds};

fuzz_target!(init: seeds::write("envelope"), |input: &[u8]| envelope::run(input));

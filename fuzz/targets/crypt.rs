#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{crypt, seeds};

fuzz_target!(init: seeds::write("crypt"), |input: &[u8]| crypt::run(input));

#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{cookie, seeds};

fuzz_target!(init: seeds::write("cookie"), |input: &[u8]| cookie::run(input));

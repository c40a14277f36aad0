#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{record, seeds};

fuzz_target!(init: seeds::write("record"), |input: &[u8]| record::run(input));

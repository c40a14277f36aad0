#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{items, seeds};

fuzz_target!(init: seeds::write("items"), |input: &[u8]| items::run(input));

#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{form, seeds};

fuzz_target!(init: seeds::write("form"), |input: &[u8]| form::run(input));

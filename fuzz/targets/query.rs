#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{query, seeds};

fuzz_target!(init: seeds::write("query"), |input: &[u8]| query::run(input));

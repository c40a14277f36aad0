#![no_main]

use libfuzzer_sys::fuzz_target;
use wecom_bridge_fuzz::{event, seeds};

fuzz_target!(init: seeds::write("event"), |input: &[u8]| event::run(input));

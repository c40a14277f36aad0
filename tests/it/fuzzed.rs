//! Everything that fuzzing begins with or has ever found, through the targets of `fuzz/`: what was mended stays so.

use std::fs;
use std::panic;
use std::path::Path;

use self::targets::{Run, TARGETS, ground, seeds};

#[expect(dead_code, unreachable_pub, reason = "the fuzzer's programs reach it")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// One test for each target, so that they run side by side.
macro_rules! replayed {
    ($($target:ident),+ $(,)?) => {
        $(#[test]
        fn $target() { replay(stringify!($target)); })+

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($target)),+];
            assert!(TARGETS.iter().all(|(name, _)| replayed.contains(name)));
        }
    };
}

replayed!(envelope, crypt, event, query, record, form, cookie, items);

/// Ends what a target has begun, also when it fails.
struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        ground::end();
    }
}

fn replay(target: &str) {
    let _ending = Ending;
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds::of(target);
    assert!(!seeds.is_empty(), "{target} begins with nothing");
    for (number, seed) in seeds.iter().enumerate() {
        tried(run, seed, &format!("seed {number}"));
    }
    if ["form", "items"].contains(&target) {
        let taken = ground::with(|ground| ground.taken());
        assert!(taken > seeds.len() / 2, "{taken} were taken");
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for entry in fs::read_dir(corpus.join(target)).unwrap() {
        let path = entry.unwrap().path();
        tried(run, &fs::read(&path).unwrap(), &path.display().to_string());
    }
}

fn tried(run: &Run, input: &[u8], name: &str) {
    let tried = panic::catch_unwind(|| run(input));
    assert!(tried.is_ok(), "this was {name}");
}

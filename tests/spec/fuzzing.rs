//! What the fuzzer has kept: see `tests/fuzz`.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// The inputs that are kept, by property.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus");

/// Kept to be read by people, too.
const MOST: usize = 100;
const LONGEST: u64 = 4096;

#[test]
fn what_is_true_of_whatever_comes_in_is_true_of_all_that_the_fuzzer_has_kept() {
    for (name, property) in properties::ALL {
        let entries: Vec<_> = fs::read_dir(Path::new(KEPT).join(name)).unwrap().map(Result::unwrap).collect();
        assert!((1..=MOST).contains(&entries.len()), "{} inputs are kept for {name}", entries.len());
        for entry in entries {
            assert!(entry.metadata().unwrap().len() <= LONGEST, "{} is too long", entry.path().display());
            let input = fs::read(entry.path()).unwrap();
            let holds = catch_unwind(AssertUnwindSafe(|| property(&input)));
            assert!(holds.is_ok(), "{name} does not hold for {}", entry.path().display());
        }
    }
}

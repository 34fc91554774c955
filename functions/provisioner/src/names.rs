//! Many people in one sentence.

/// As many people are named one by one.
pub(crate) const FEW: usize = 5;

/// The most names in a sentence.
const MOST: usize = 100;

/// `names`, separated by commas, and how many more there are.
pub(crate) fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(MOST)].join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_are_named_and_of_the_others_is_said_how_many_they_are() {
        let names = |count: usize| (0..count).map(|it| format!("N{it}")).collect::<Vec<_>>();
        assert_eq!(list(&names(0)), "");
        assert_eq!(list(&names(3)), "N0, N1, N2");
        assert!(list(&names(100)).ends_with("N98, N99"));
        for (count, end) in [(101, "N98, N99 and 1 more"), (250, "N98, N99 and 150 more")] {
            assert!(list(&names(count)).ends_with(end), "{count}");
        }
    }
}

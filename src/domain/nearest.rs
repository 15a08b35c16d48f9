//! The known word nearest to a mistyped one.

/// The candidate that differs least from `word`, if one is near enough to be meant: a third of its letters may be
/// wrong, missing, too many or swapped with their neighbour.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().take(64).collect();
            let distance = distance(&word, &letters);
            (distance <= word.len().max(letters.len()).div_ceil(3)).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, added, removed or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["subject", "requester", "entitlement", "app", "request"];
        for (wrote, meant) in [
            ("subjct", Some("subject")),
            ("sbuject", Some("subject")),
            ("Request", Some("request")),
            ("requestor", Some("requester")),
            ("ap", Some("app")),
            ("pap", Some("app")),
            ("weather", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrote, words), meant, "{wrote}");
        }
    }

    #[test]
    fn distances_count_single_changes() {
        for (a, b, count) in [
            ("", "", 0),
            ("a", "", 1),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(distance(&letters(a), &letters(b)), count, "{a} {b}");
            assert_eq!(distance(&letters(b), &letters(a)), count, "{b} {a}");
        }
    }
}

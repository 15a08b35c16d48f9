//! When a job that failed is tried again, and when it is given up.

use std::time::Duration;

/// After so many tries a job is dead. With the pauses below that is half a day: a provider may be down overnight.
pub const TRIES: i32 = 25;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);

/// The pause after try number `tries` (from 1) of job `id`: doubled each time up to an hour, less up to a quarter, so
/// that jobs that failed together do not come back together. The same job and try give the same pause.
#[must_use]
pub fn pause(id: i64, tries: i32) -> Duration {
    let doublings = tries.clamp(1, 13).unsigned_abs() - 1;
    let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    longest.mul_f64(1.0 - 0.25 * scatter(id, tries))
}

/// A number from 0 to 1 that looks random (the finalizer of splitmix64).
fn scatter(id: i64, tries: i32) -> f64 {
    let mut bits = id
        .cast_unsigned()
        .wrapping_mul(64)
        .wrapping_add(u64::from(tries.unsigned_abs()));
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_stay_near_their_middle() {
        for id in 0..1_000 {
            let mut longest = FIRST;
            for tries in 1..=TRIES {
                let pause = pause(id, tries);
                assert!(
                    pause <= longest && pause >= longest.mul_f64(0.75),
                    "job {id}, try {tries}: {pause:?}"
                );
                longest = (longest * 2).min(LONGEST);
            }
        }
    }

    #[test]
    fn a_provider_may_be_down_overnight() {
        let all: Duration = (1..TRIES).map(|tries| pause(7, tries)).sum();
        assert!(all > Duration::from_secs(9 * 3600), "{all:?}");
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart() {
        let pauses: std::collections::BTreeSet<_> = (0..1_000).map(|id| pause(id, 10).as_millis()).collect();
        assert!(pauses.len() > 990, "{}", pauses.len());
    }

    #[test]
    fn a_strange_number_of_tries_is_no_reason_to_panic() {
        for tries in [i32::MIN, -1, 0, i32::MAX] {
            assert!(pause(i64::MIN, tries) <= LONGEST);
        }
    }
}

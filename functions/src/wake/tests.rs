use super::*;

#[test]
fn effects_that_fail_again_wait_longer_each_time_within_bounds() {
    assert_eq!([0, 5_000, 12_000, 10_000_000].map(repeat_after_ms), [5_000, 5_000, 12_000, 600_000]);
}

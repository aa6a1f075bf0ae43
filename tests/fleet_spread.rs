//! The work of many zones is level: whatever the policy, no hour has much more to sign than another, once the first signing is
//! over. Method: the functions that decide about signatures, on zones that are run every hour for weeks.

#[path = "../benches/support/spread.rs"]
mod spread;

use proptest::prelude::*;
use spread::{max_to_mean, signatures_an_hour, signatures_an_hour_unspread};
use zoneseal::base::Seconds;
use zoneseal::policy::{Policy, Preset};

const DAY: i64 = 86_400;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    /// TIM-7: with half a day of jitter and more. The first signing is spread over half a turn; with every turn the jitter adds
    /// its length, so that after the turns it takes to fill the other half the load is level, and stays so.
    #[test]
    fn no_hour_has_twice_the_work(validity in 5..15_i64, refresh_percent in 20..50_i64, jitter_hours in 12..24_i64) {
        let mut policy = Policy::preset(Preset::default());
        policy.signatures.validity = Seconds(validity * DAY);
        policy.signatures.dnskey_validity = Seconds(validity * DAY);
        policy.signatures.refresh = Seconds(validity * DAY * refresh_percent / 100);
        policy.signatures.jitter = Seconds(jitter_hours * 3600);
        let turn_hours = (100 - refresh_percent) * validity * 24 / 100;
        let turns = turn_hours / 2 / jitter_hours + 3;
        let hours = |turns: i64| usize::try_from(turns * turn_hours).unwrap();
        let made = signatures_an_hour(&policy, 500, hours(turns + 3));
        let ratio = max_to_mean(&made[hours(turns)..]);
        prop_assert!(ratio < 2.0, "max/mean {ratio:.2} from turn {turns} on");
    }
}

/// All that was signed in one hour is not due in one hour again.
#[test]
fn the_first_signing_is_spread() {
    let policy = Policy::preset(Preset::default());
    let made = signatures_an_hour(&policy, 1000, 30 * 24);
    let most = made[1..].iter().max().unwrap();
    assert!(most * 20 < made[0], "{most} of {} come back in one hour", made[0]);
}

/// A test of the test: the same zones without any spread are as far from level as can be.
#[test]
fn without_spread_the_work_comes_at_once() {
    let mut policy = Policy::preset(Preset::default());
    policy.signatures.jitter = Seconds(0);
    let made = signatures_an_hour_unspread(&policy, 200, 60 * 24);
    assert!(max_to_mean(&made[30 * 24..]) > 20.0);
}

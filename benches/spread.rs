//! Not a benchmark: how level the work of many zones is. `cargo bench --bench spread -- 100000` signs so many small zones in
//! one hour, lets them be run every hour by the policy nist-81r3, and prints the signatures made an hour: of each day the
//! least, the mean and the most, and a picture of the hours of a month.

#[path = "support/spread.rs"]
mod spread;

use spread::{max_to_mean, signatures_an_hour, signatures_an_hour_unspread};
use zoneseal::base::Seconds;
use zoneseal::policy::{Policy, Preset};

const DAY: usize = 24;
/// From here on the days count as steady: five turns of all signatures after the first.
const STEADY_FROM: usize = 30 * DAY;
const HOURS: usize = 60 * DAY;

fn main() {
    // Cargo passes --bench; `cargo bench` without a number runs every benchmark, and this one measures nothing.
    let Some(zones) = std::env::args().filter_map(|word| word.parse().ok()).next() else { return };
    let policy = Policy::preset(Preset::default());
    let made = signatures_an_hour(&policy, zones, HOURS);
    println!("{zones} zones, {} signatures in the first hour", made[0]);
    for (title, hours) in [("after the first signing", &made[1..STEADY_FROM]), ("steady", &made[STEADY_FROM..])] {
        println!("{title}: max/mean {:.2}", max_to_mean(hours));
    }
    for (day, hours) in made.chunks(DAY).enumerate().filter(|(day, _)| day % 3 == 0) {
        let (least, most) = (hours.iter().min().expect("24 hours"), hours.iter().max().expect("24 hours"));
        let mean = hours.iter().sum::<u64>() / 24;
        println!("day {day:2}: least {least:8} mean {mean:8} most {most:8}");
    }
    print_histogram(&made[STEADY_FROM..]);
    let mut plain = policy;
    plain.signatures.jitter = Seconds(0);
    let made = signatures_an_hour_unspread(&plain, zones.min(2000), HOURS);
    println!("without any spread: max/mean {:.2}", max_to_mean(&made[STEADY_FROM..]));
}

/// How many hours had how many signatures.
fn print_histogram(hours: &[u64]) {
    let (least, most) = (*hours.iter().min().expect("hours"), *hours.iter().max().expect("hours"));
    let width = (most - least).div_ceil(10).max(1);
    for step in 0..10 {
        let (from, to) = (least + step * width, least + (step + 1) * width);
        let count = hours.iter().filter(|made| (from..to).contains(*made)).count();
        println!("{from:8} to {to:8}: {count:4} hours {}", "#".repeat(count / 4));
    }
}

//! Measuring how long one operation takes and how many a second there are.

use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A batch shorter than this would measure the clock.
const BATCH: Duration = Duration::from_micros(200);

/// Seconds that one call takes: the median of batches within about `budget`, so that what else the machine does now and
/// then does not count. At least one batch is run, of at least one call.
pub(super) fn seconds_per_call(budget: Duration, mut act: impl FnMut()) -> f64 {
    let start = Instant::now();
    let calls = calls_per_batch(&mut act);
    let mut batches = Vec::new();
    while batches.is_empty() || start.elapsed() < budget {
        batches.push(seconds_of_batch(calls, &mut act) / f64::from(calls));
    }
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 2]
}

/// Calls a second, over all of the threads of a pool, each of which makes its own `act` and calls it for `budget`.
pub(super) fn rate_of_pool<A: FnMut()>(pool: &rayon::ThreadPool, budget: Duration, make: impl Fn() -> A + Sync) -> f64 {
    let is_ready = Barrier::new(pool.current_num_threads());
    let work = |_: rayon::BroadcastContext<'_>| {
        let mut act = make();
        let calls = calls_per_batch(&mut act);
        is_ready.wait();
        let start = Instant::now();
        let mut count = 0.0;
        while count == 0.0 || start.elapsed() < budget {
            (0..calls).for_each(|_| act());
            count += f64::from(calls);
        }
        Worked { count, start, end: Instant::now() }
    };
    rate_of(&pool.broadcast(work))
}

/// How often a thread has called, and when.
struct Worked {
    count: f64,
    start: Instant,
    end: Instant,
}

/// Calls a second of threads together: where there are more of them than cores they take turns, and none has the time for
/// itself that its own clock shows.
fn rate_of(threads: &[Worked]) -> f64 {
    let start = threads.iter().map(|thread| thread.start).min();
    let end = threads.iter().map(|thread| thread.end).max();
    let time = start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start);
    threads.iter().map(|thread| thread.count).sum::<f64>() / time.as_secs_f64()
}

/// How many calls make a batch.
fn calls_per_batch(act: &mut impl FnMut()) -> u32 {
    let mut calls = 1;
    while calls < 1 << 20 && seconds_of_batch(calls, act) < BATCH.as_secs_f64() {
        calls *= 2;
    }
    calls
}

fn seconds_of_batch(calls: u32, act: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| act());
    start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not how long, which no test can know, but that the figures have the right unit and that calls were made.
    #[test]
    fn sleeping_takes_as_long_as_it_takes() {
        let mut count = 0;
        let seconds = seconds_per_call(Duration::from_millis(5), || {
            count += 1;
            std::thread::sleep(Duration::from_millis(1));
        });
        assert!(seconds >= 0.001 && count >= 2, "{seconds} s, {count} calls");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let rate = rate_of_pool(&pool, Duration::from_millis(5), || || std::thread::sleep(Duration::from_millis(1)));
        assert!(rate > 0.0 && rate <= 3000.0, "{rate}");
    }

    /// Two threads that had the one core there is after each other were no faster than one.
    #[test]
    fn threads_that_take_turns_are_not_added_up() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let one = Worked { count: 10.0, start: at(0), end: at(1) };
        assert!((rate_of(&[one]) - 10.0).abs() < 1e-9);
        let turns = [(0, 1), (1, 2)].map(|(from, to)| Worked { count: 10.0, start: at(from), end: at(to) });
        assert!((rate_of(&turns) - 10.0).abs() < 1e-9);
        let at_once = [(0, 1), (0, 1)].map(|(from, to)| Worked { count: 10.0, start: at(from), end: at(to) });
        assert!((rate_of(&at_once) - 20.0).abs() < 1e-9);
    }
}

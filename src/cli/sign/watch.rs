//! How long each stage takes, and a progress bar for runs that take their time.

use crate::sign::{Observer, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A run shorter than this shows no bar.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// Follows a run from its first stage.
pub(super) struct Watch {
    state: Mutex<State>,
    /// Nanoseconds of all threads together that were spent on the self-check while the zone was signed.
    checked_ahead: AtomicU64,
}

struct State {
    is_interactive: bool,
    start: Instant,
    /// The stages that have begun, and when; the last is running.
    stages: Vec<(&'static str, Instant)>,
    end: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Watch {
    pub(super) fn start(is_interactive: bool) -> Self {
        let state = State { is_interactive, start: Instant::now(), stages: Vec::new(), end: None, bar: None };
        Self { state: Mutex::new(state), checked_ahead: AtomicU64::new(0) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A thread that panicked while it held the state left it whole: it is only appended to.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A stage begins.
    pub(super) fn begin(&self, name: &'static str) {
        self.with(|state| {
            state.stages.push((name, Instant::now()));
            if let Some(bar) = &state.bar {
                bar.set_message(name);
            }
        });
    }

    /// The run has ended. Said again, it changes nothing.
    pub(super) fn finish(&self) {
        self.with(|state| {
            state.end.get_or_insert_with(Instant::now);
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
        });
    }

    /// The time of all threads together that the self-check took beside signing.
    pub(super) fn checked_ahead(&self) -> Duration {
        Duration::from_nanos(self.checked_ahead.load(Ordering::Relaxed))
    }

    /// The stages with their wall time, then the whole.
    pub(super) fn times(&self) -> (Vec<(&'static str, Duration)>, Duration) {
        self.with(|state| {
            let end = state.end.unwrap_or_else(Instant::now);
            let ends = state.stages.iter().skip(1).map(|(_, begin)| *begin).chain([end]);
            let stages = state.stages.iter().zip(ends).map(|((name, begin), end)| (*name, end.duration_since(*begin)));
            (stages.collect(), end.duration_since(state.start))
        })
    }
}

impl Observer for Watch {
    fn begin(&self, stage: Stage) {
        self.begin(match stage {
            Stage::Apex => "apex",
            Stage::Denial => "denial",
            Stage::Previous => "previous",
            Stage::Sign => "sign",
            Stage::Zonemd => "zonemd",
            Stage::SelfCheck => "self-check",
            Stage::Commit => "commit",
        });
    }

    fn check_ahead(&self, work: &mut dyn FnMut()) {
        let start = Instant::now();
        work();
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.checked_ahead.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn progress(&self, done: u64, total: u64) {
        self.with(|state| {
            if state.is_interactive && state.bar.is_none() && state.start.elapsed() > BAR_AFTER {
                let style = ProgressStyle::with_template("{msg:>10} {wide_bar} {pos}/{len} names")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                state.bar = Some(ProgressBar::new(total).with_style(style).with_message("sign"));
            }
            if let Some(bar) = &state.bar {
                bar.set_position(done);
            }
        });
    }
}

/// The most memory the process has had at a time, in octets, where the system tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_to_the_whole() {
        let watch = Watch::start(false);
        for stage in ["one", "two", "three"] {
            watch.begin(stage);
            std::thread::sleep(Duration::from_millis(2));
        }
        watch.finish();
        let (stages, whole) = watch.times();
        assert_eq!(stages.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert!(stages.iter().all(|(_, time)| *time >= Duration::from_millis(2)));
        let sum: Duration = stages.iter().map(|(_, time)| *time).sum();
        assert!(sum <= whole && whole - sum < Duration::from_millis(50), "{stages:?} of {whole:?}");
        assert_eq!(watch.times().1, whole, "the clock stands still at the end");
    }

    #[test]
    fn peak_memory_is_plausible() {
        if cfg!(target_os = "linux") {
            assert!(peak_memory().is_some_and(|octets| octets > 1 << 20));
        }
    }
}

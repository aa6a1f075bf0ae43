//! How fast zones are read, built and checked: `cargo bench --bench parse [-- COUNT]`, COUNT delegations and hosts.
//!
//! Prints medians of five for one thread and for all, as text speed and record speed.

mod support;

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::time::Duration;
use support::median_time;
use zoneseal::base::Diagnostics;
use zoneseal::zone::{self, BuildOptions, RecordStore, Zone};
use zoneseal::zonefile::{self, Input, ReadOptions};

const RUNS: usize = 5;
const COUNT: u64 = 200_000;

fn main() {
    // Cargo passes --bench.
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(COUNT);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{:<10} {:>7} {:<6} {:>9} {:>9} {:>12}", "zone", "threads", "work", "ms", "MB/s", "records/s");
    for (name, text) in [("tld", support::tld(count)), ("host", support::host(count))] {
        for threads in [1, threads] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
            measure(name, &text, &pool);
        }
    }
    measure_small(10_000);
}

/// Measures one zone in three steps.
fn measure(name: &str, text: &str, pool: &ThreadPool) {
    let records = read(text).len();
    let print = |work: &str, time: Duration| {
        print_line(name, pool.current_num_threads(), work, time, text.len(), records);
    };
    print("read", median_time(RUNS, || (), |()| pool.install(|| read(text))));
    print("build", median_time(RUNS, || read(text), |store| pool.install(|| build(store))));
    let zone = build(read(text));
    print("check", median_time(RUNS, || (), |()| pool.install(|| check(&zone))));
}

/// Measures many small zones one after another, each from text to checked zone.
fn measure_small(count: u64) {
    let texts: Vec<String> = (0..count).map(support::small).collect();
    let records: usize = texts.iter().map(|text| read(text).len()).sum();
    let len = texts.iter().map(String::len).sum();
    let work = |()| texts.iter().for_each(|text| check(&build(read(text))));
    print_line("small", rayon::current_num_threads(), "all", median_time(RUNS, || (), work), len, records);
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn print_line(name: &str, threads: usize, work: &str, time: Duration, len: usize, records: usize) {
    let seconds = time.as_secs_f64();
    let (megabytes, record_rate) = (len as f64 / 1e6 / seconds, records as f64 / seconds);
    println!("{name:<10} {threads:>7} {work:<6} {:>9.1} {megabytes:>9.0} {record_rate:>12.0}", seconds * 1e3);
}

fn read(text: &str) -> RecordStore {
    let mut findings = Diagnostics::new(1);
    let input = Input::Bytes { name: "bench", text: text.as_bytes() };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).expect("memory can be read");
    assert!(findings.is_empty(), "{:?}", findings.list());
    store
}

fn build(store: RecordStore) -> Zone {
    zone::build(store, &BuildOptions::default(), &mut Diagnostics::new(1)).expect("the zone has a SOA record")
}

fn check(zone: &Zone) {
    let mut findings = Diagnostics::new(1);
    zone::check::check(zone, &mut findings);
    assert!(!findings.has_errors(), "{:?}", findings.list());
}

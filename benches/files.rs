//! What the file system itself takes for many durable files, as signing many zones writes them:
//! `cargo bench --bench files -- DIRECTORY COUNT OCTETS`. Each file is made beside its place, written, synced and renamed,
//! many at once, and the directory is synced at the end. Prints wall seconds. `scripts/bench small` adds them to the time
//! of the signatures.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// As many at once as `zoneseal sign` puts in place (`output::Committer`).
const THREADS: usize = 32;

fn main() -> ExitCode {
    // Cargo passes --bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (directory, count, octets) = match words.as_slice() {
        // `cargo bench` without words runs every benchmark; this one needs a place.
        [] => return ExitCode::SUCCESS,
        [directory, count, octets] => match (count.parse(), octets.parse()) {
            (Ok(count), Ok(octets)) => (Path::new(directory), count, octets),
            _ => return usage(),
        },
        _ => return usage(),
    };
    match measure(directory, count, octets) {
        Ok(seconds) => println!("{seconds:.3}"),
        Err(error) => {
            eprintln!("files: {}: {error}", directory.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("files: DIRECTORY COUNT OCTETS");
    ExitCode::from(2)
}

/// Writes so many files of so many octets; seconds.
fn measure(directory: &Path, count: usize, octets: usize) -> io::Result<f64> {
    let text = vec![b'x'; octets];
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let beside = directory.join(format!(".{number}"));
            let mut file = File::create(&beside)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(beside, directory.join(format!("file{number}")))?;
        }
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("nothing here panics"))
    })?;
    File::open(directory)?.sync_all()?;
    Ok(start.elapsed().as_secs_f64())
}

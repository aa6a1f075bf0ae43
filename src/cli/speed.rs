//! `zoneseal speed`

use super::measure::rate_of_pool;
use super::{Env, Failure, Outcome};
use crate::base::Algorithm;
use crate::crypto::digest::nsec3_hash;
use crate::crypto::{Backend, CryptoError, Library, PrivateKey, PublicKey, Signer};
use serde::Serialize;
use std::hint::black_box;
use std::time::Duration;

/// What is measured if nothing else is asked for: the algorithms in use, RSA once.
const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::RSASHA256,
    Algorithm::ECDSAP256SHA256,
    Algorithm::ECDSAP384SHA384,
    Algorithm::ED25519,
    Algorithm::ED448,
];
/// Octets that are signed: about what an RRset of one record and the header of its RRSIG come to.
const MESSAGE: [u8; 120] = [0x5a; 120];
/// A name of usual length in wire form, for NSEC3.
const NAME: &[u8] = b"\x0cdelegation42\x07example\x03org\0";

/// Measure signatures, verifications and NSEC3 hashes a second on this machine
///
/// For each algorithm, library and number of threads. RSA keys have 2048 bits.
#[derive(Debug, clap::Args)]
pub(super) struct SpeedArgs {
    /// Algorithms by number or mnemonic [default: 8,13,14,15,16]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_algorithm)]
    algorithm: Vec<Algorithm>,
    /// How long each figure is measured, in seconds
    #[arg(long, value_name = "N", default_value = "0.1", value_parser = parse_seconds)]
    seconds: Duration,
    /// Numbers of threads [default: 1 and one for each processor]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn parse_algorithm(text: &str) -> Result<Algorithm, String> {
    let algorithm =
        Algorithm::from_text(text.as_bytes()).ok_or("not an algorithm: use a number or a mnemonic, such as 13")?;
    crate::crypto::check_signs(algorithm).map_err(|error| error.to_string())?;
    Ok(algorithm)
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    match seconds {
        0.001..=3600.0 => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("use 0.001 to 3600 seconds".into()),
    }
}

/// What was measured, as JSON has it.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    processors: usize,
    seconds_per_figure: f64,
    signatures: Vec<SignatureSpeed>,
    nsec3: Vec<HashSpeed>,
}

/// One algorithm in one library on so many threads.
#[derive(Debug, Serialize)]
struct SignatureSpeed {
    algorithm: u8,
    mnemonic: &'static str,
    library: String,
    /// Whether `--backend auto` signs with it.
    signs_by_default: bool,
    /// Whether it verifies with it.
    verifies_by_default: bool,
    threads: u16,
    signatures_per_second: f64,
    verifications_per_second: f64,
}

#[derive(Debug, Serialize)]
struct HashSpeed {
    threads: u16,
    hashes_per_second: f64,
}

pub(super) fn run(args: &SpeedArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let shown = measure(args, processors)?;
    match args.json {
        true => super::key_show::print_json(&shown, env)?,
        false => write_text(&shown, env)?,
    }
    Ok(Outcome::Done)
}

fn measure(args: &SpeedArgs, processors: usize) -> Result<Shown, Failure> {
    let signs = |algorithm: &Algorithm| crate::crypto::check_signs(*algorithm).is_ok();
    let mut algorithms = args.algorithm.clone();
    if algorithms.is_empty() {
        algorithms = ALGORITHMS.into_iter().filter(signs).collect();
    }
    let mut threads = args.threads.clone();
    if threads.is_empty() {
        threads = vec![1, u16::try_from(processors).unwrap_or(u16::MAX)];
    }
    threads.sort_unstable();
    threads.dedup();
    let pool = |count: &u16| rayon::ThreadPoolBuilder::new().num_threads(usize::from(*count)).build();
    let pools = threads.iter().map(pool).collect::<Result<Vec<_>, _>>().map_err(Failure::new)?;
    let mut signatures = Vec::new();
    for algorithm in algorithms {
        for keys in Keys::of(algorithm).map_err(Failure::new)? {
            signatures.extend(threads.iter().zip(&pools).map(|(&count, pool)| keys.measure(pool, count, args.seconds)));
        }
    }
    let nsec3 = threads.iter().zip(&pools).map(|(&threads, pool)| {
        let hash = || {
            || {
                black_box(nsec3_hash(black_box(NAME), 0, &[]));
            }
        };
        HashSpeed { threads, hashes_per_second: rate_of_pool(pool, args.seconds, hash) }
    });
    Ok(Shown {
        schema: "zoneseal.speed/1",
        processors,
        seconds_per_figure: args.seconds.as_secs_f64(),
        nsec3: nsec3.collect(),
        signatures,
    })
}

/// Both halves of a key in one library.
struct Keys {
    signer: Box<dyn Signer>,
    public: PublicKey,
    signature: Vec<u8>,
    /// The libraries that `--backend auto` takes to sign and to verify.
    default: (Library, Library),
}

impl Keys {
    /// One new key of an algorithm in each library that has it.
    fn of(algorithm: Algorithm) -> Result<Vec<Self>, CryptoError> {
        let key = PrivateKey::generate(algorithm, None)?;
        let field = key.public_field()?;
        let default = (key.open(&field)?.library(), PublicKey::from_dnskey(algorithm, &field)?.library());
        let mut all: Vec<Self> = Vec::new();
        for backend in [Backend::Ring, Backend::AwsLc] {
            let signer = key.open_with(backend, &field)?;
            if all.iter().any(|keys| keys.signer.library() == signer.library()) {
                continue;
            }
            let public = PublicKey::from_dnskey_with(backend, algorithm, &field)?;
            let mut signature = Vec::new();
            signer.sign(&MESSAGE, &mut signature)?;
            all.push(Self { signer, public, signature, default });
        }
        Ok(all)
    }

    fn measure(&self, pool: &rayon::ThreadPool, threads: u16, time: Duration) -> SignatureSpeed {
        let algorithm = self.signer.algorithm();
        let sign = || {
            let mut signature = Vec::with_capacity(self.signer.signature_len());
            move || {
                signature.clear();
                self.signer.sign(black_box(&MESSAGE), &mut signature).expect("the key has signed when it was opened");
                black_box(&signature);
            }
        };
        let verify = || || assert!(self.public.verify(black_box(&MESSAGE), &self.signature), "its own signature");
        SignatureSpeed {
            algorithm: algorithm.0,
            mnemonic: algorithm.mnemonic().unwrap_or_default(),
            library: self.signer.library().to_string(),
            signs_by_default: self.signer.library() == self.default.0,
            verifies_by_default: self.public.library() == self.default.1,
            threads,
            signatures_per_second: rate_of_pool(pool, time, sign),
            verifications_per_second: rate_of_pool(pool, time, verify),
        }
    }
}

fn write_text(shown: &Shown, env: &mut Env<'_>) -> Result<(), Failure> {
    let heads = ["algorithm", "library", "threads", "signatures/s", "verifications/s"];
    writeln!(env.stdout, "{:<20} {:<22} {:>7} {:>15}  {:>15}", heads[0], heads[1], heads[2], heads[3], heads[4])?;
    let mark = |is_default: bool| if is_default { '*' } else { ' ' };
    for speed in &shown.signatures {
        writeln!(
            env.stdout,
            "{:<20} {:<22} {:>7} {:>14.0}{} {:>15.0}{}",
            format!("{} {}", speed.algorithm, speed.mnemonic),
            speed.library,
            speed.threads,
            speed.signatures_per_second,
            mark(speed.signs_by_default),
            speed.verifications_per_second,
            mark(speed.verifies_by_default),
        )?;
    }
    writeln!(env.stdout, "* what --backend auto takes\n\n{:<20} {:>7} {:>15}", "NSEC3", "threads", "hashes/s")?;
    for speed in &shown.nsec3 {
        writeln!(env.stdout, "{:<20} {:>7} {:>15.0}", "SHA-1, 0 iterations", speed.threads, speed.hashes_per_second)?;
    }
    Ok(())
}

//! Running programs: ours and those we compare with.

use libtest_mimic::{Failed, Trial};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Algorithms zoneseal signs with: number, and the name `dnssec-keygen` knows it by.
pub const ALGORITHMS: [(u8, &str); 6] = [
    (8, "RSASHA256"),
    (10, "RSASHA512"),
    (13, "ECDSAP256SHA256"),
    (14, "ECDSAP384SHA384"),
    (15, "ED25519"),
    (16, "ED448"),
];

/// The three ways to deny existence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    Nsec,
    Nsec3,
    OptOut,
}

impl Denial {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nsec, Self::Nsec3, Self::OptOut];

    /// In a test's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nsec => "nsec",
            Self::Nsec3 => "nsec3",
            Self::OptOut => "opt-out",
        }
    }

    /// Arguments of `zoneseal sign`.
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Nsec => &["--nsec"],
            Self::Nsec3 => &["--nsec3"],
            Self::OptOut => &["--nsec3", "--opt-out"],
        }
    }
}

/// A test that needs programs: ignored, with the missing ones named, where they are not installed.
pub fn trial(
    name: impl Into<String>,
    needs: &[&str],
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let missing: Vec<_> = needs.iter().copied().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        Trial::test(name, run)
    } else {
        Trial::test(name, run).with_ignored_flag(true).with_kind(format!("not installed: {}", missing.join(", ")))
    }
}

/// A test shown as ignored because a peer cannot do what it asks; the reason is shown beside it.
pub fn cannot(name: impl Into<String>, reason: &str) -> Trial {
    Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind(reason)
}

/// Where a program is: in `PATH` or where Debian keeps servers.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// A peer's program, ready for arguments.
pub fn program(name: &str) -> Command {
    Command::new(find(name).unwrap_or_else(|| PathBuf::from(name)))
}

/// Our own program, ready for arguments.
pub fn zoneseal() -> Command {
    Command::new(env!("CARGO_BIN_EXE_zoneseal"))
}

/// Runs to the end and gives standard output; any other end than exit code 0 is an error that shows all there was.
pub fn run(command: &mut Command) -> Result<String, String> {
    run_for_code(command, 0)
}

/// How long a program may take: some peers loop for ever on zones they do not understand.
const SECONDS_MAX: u64 = 120;

/// Runs to the end and expects an exit code; gives standard output.
pub fn run_for_code(command: &mut Command, code: i32) -> Result<String, String> {
    run_for_codes(command, &[code])
}

/// Runs to the end and expects one of some exit codes; gives standard output.
pub fn run_for_codes(command: &mut Command, codes: &[i32]) -> Result<String, String> {
    let (status, stdout, stderr) = run_within(command).map_err(|error| format!("{command:?}: {error}"))?;
    if status.code().is_some_and(|code| codes.contains(&code)) {
        return Ok(stdout);
    }
    Err(format!("{command:?}: {status}\n--- stdout\n{}--- stderr\n{}", head(&stdout), head(&stderr)))
}

/// Runs to the end, or ends it when its time is over. Its output goes to files: nobody has to read while it runs.
fn run_within(command: &mut Command) -> io::Result<(ExitStatus, String, String)> {
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = command.spawn()?;
    let deadline = Instant::now() + Duration::from_secs(SECONDS_MAX);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("did not end within {SECONDS_MAX} seconds")));
        }
        thread::sleep(Duration::from_millis(3));
    };
    Ok((status, read_all(&mut stdout)?, read_all(&mut stderr)?))
}

fn read_all(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first lines of a long text.
fn head(text: &str) -> String {
    text.lines().take(40).fold(String::new(), |shown, line| shown + line + "\n")
}

/// A fresh folder that goes away with the value.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("zoneseal-interop-").tempdir().expect("a temporary folder can be made")
}

/// The project's own folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A key's file: its base name holds dots, so an ending is added, not replaced.
pub fn key_file(base: &Path, ending: &str) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file into a folder.
pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a temporary file can be written");
    path
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes a KSK and a ZSK with our own keygen.
pub fn make_keys(folder: &Path, algorithm: u8, zone: &str) -> Result<(), String> {
    for role in [&["--ksk"][..], &[]] {
        run(zoneseal()
            .args(["keygen", "-q", "-a", &algorithm.to_string()])
            .args(role)
            .arg("-K")
            .arg(folder)
            .arg(zone))?;
    }
    Ok(())
}

/// Makes a KSK and a ZSK with BIND's keygen, and gives their paths without ending, the KSK first.
pub fn make_bind_keys(folder: &Path, algorithm: &str, zone: &str) -> Result<Vec<PathBuf>, String> {
    [&["-f", "KSK"][..], &[]]
        .iter()
        .map(|role| {
            let bits: &[&str] = if algorithm.starts_with("RSA") { &["-b", "2048"] } else { &[] };
            let mut keygen = program("dnssec-keygen");
            keygen.args(["-q", "-a", algorithm]).args(bits).args(*role).arg("-K").arg(folder).arg(zone);
            Ok(folder.join(run(&mut keygen)?.trim()))
        })
        .collect()
}

/// Signs a zone file with the keys of a folder, into `output`.
pub fn sign(zone: &Path, keys: &Path, output: &Path, arguments: &[&str]) -> Result<(), String> {
    run(zoneseal().args(["sign", "-q"]).args(arguments).arg("-K").arg(keys).arg("-f").arg(output).arg(zone)).map(drop)
}

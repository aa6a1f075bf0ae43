//! `zoneseal policy import`

use crate::base::Severity;
use crate::cli::{Env, Failure, Outcome};
use crate::policy::import::{Format, import};
use std::fs;
use std::io::Read;
use std::path::PathBuf;

/// Make a policy file of another signer's policies
///
/// Prints a policy file. What could not be carried over, and what is wrong with the policies by the rules here, goes to
/// standard error with its line. Exit code 0: done; 1: done, but a policy has errors; 2: the file could not be read.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// Whose policies they are [default: what the file looks like]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<FormatArg>,
    /// named.conf with dnssec-policy blocks, knot.conf, or kasp.xml; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// `--from`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormatArg {
    /// BIND's dnssec-policy blocks
    Bind,
    /// Knot's policy section
    Knot,
    /// OpenDNSSEC's kasp.xml
    Opendnssec,
}

impl FormatArg {
    const fn format(self) -> Format {
        match self {
            Self::Bind => Format::Bind,
            Self::Knot => Format::Knot,
            Self::Opendnssec => Format::OpenDnssec,
        }
    }
}

pub(super) fn run(args: &ImportArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let name = args.file.display().to_string();
    let text = if name == "-" {
        let mut text = String::new();
        env.stdin.read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(&args.file)
    };
    let text = text.map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
    let Some(format) = args.from.map(FormatArg::format).or_else(|| Format::guess(&text)) else {
        let help = "name whose it is with --from bind, knot or opendnssec";
        return Err(Failure::new(format_args!("{name}: no policy of BIND, Knot or OpenDNSSEC was recognised; {help}")));
    };
    let imported = match import(&text, &name, format) {
        Ok(imported) => imported,
        Err(error) => {
            writeln!(env.stderr, "{error}")?;
            return Ok(Outcome::Failed);
        }
    };
    super::write_findings(&imported.notes, &mut env.stderr)?;
    let mut has_errors = false;
    for (index, policy) in imported.policies.iter().enumerate() {
        if index > 0 {
            writeln!(env.stdout)?;
        }
        write!(env.stdout, "{}", policy.to_toml())?;
        for finding in policy.policy.check() {
            has_errors |= finding.severity == Severity::Error;
            writeln!(env.stderr, "policy {}: {finding}", policy.policy.name)?;
        }
    }
    Ok(if has_errors { Outcome::Finding } else { Outcome::Done })
}

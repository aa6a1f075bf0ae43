//! `zoneseal rollover start`

use super::context::{Context, ZoneArgs};
use super::ds_word::find_key;
use super::future::timeline;
use super::status;
use crate::base::{Seconds, UnixTime};
use crate::cli::{Env, Failure, Outcome};
use crate::rollover::{Event, Request, RequestKind, Role, emergency};
use crate::timeline::table;
use clap::ValueEnum;

/// Begin a roll
///
/// What the policy decides, such as the algorithm, NSEC or NSEC3, or whether the zone is signed at all, begins by
/// changing the policy; this says how.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StartArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// What is to roll
    #[arg(value_name = "KIND", value_enum)]
    kind: Kind,
    /// This key only: its base name, or its tag
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The keys of the role are in other hands: prints both ways out; one of them must be chosen
    #[arg(long)]
    emergency: bool,
    /// With --emergency: the zone stays secure throughout; the stolen key counts for longer
    #[arg(long, requires = "emergency", conflicts_with = "break_chain")]
    keep_chain: bool,
    /// With --emergency: the DS goes first; the zone is insecure until the new one is there
    #[arg(long, requires = "emergency")]
    break_chain: bool,
    /// Why; it is logged
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Only show what would come of it
    #[arg(long)]
    dry_run: bool,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The key-signing keys
    Ksk,
    /// The zone-signing keys
    Zsk,
    /// The keys that sign all
    Csk,
    /// Another algorithm: by policy
    Algorithm,
    /// No signatures any more: by policy
    Insecure,
    /// Signatures again: by policy
    Secure,
    /// NSEC, NSEC3, another salt: by policy
    Denial,
    /// Keys in reserve: by policy
    Standby,
    /// RFC 5011 revocation: by policy
    Revoke,
}

impl Kind {
    /// The role, or how the policy is changed instead.
    const fn role(self) -> Result<Role, &'static str> {
        match self {
            Self::Ksk => Ok(Role::Ksk),
            Self::Zsk => Ok(Role::Zsk),
            Self::Csk => Ok(Role::Csk),
            Self::Algorithm => Err("set keys.*.algorithm in the policy to the new one"),
            Self::Insecure => {
                Err("set dnssec = \"insecure\" in the policy: first the DS goes, then the signatures (E-1)")
            }
            Self::Secure => Err("set dnssec = \"signed\" in the policy"),
            Self::Denial => Err("set denial in the policy to what is wanted"),
            Self::Standby => Err("set keys.*.standby in the policy to how many there are to be"),
            Self::Revoke => Err("set rfc5011 = true in the policy; a KSK that is replaced is then revoked (start ksk)"),
        }
    }
}

pub(super) fn run(args: &StartArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let role = args.kind.role().map_err(|how| {
        Failure::new(format_args!("this roll begins in the policy\n   = help: {how}, and run zoneseal rollover apply"))
    })?;
    if args.emergency && !args.keep_chain && !args.break_chain {
        let context = args.zone.look(env)?;
        return show_emergency(args, &context, role, env);
    }
    if args.dry_run {
        let mut context = args.zone.look(env)?;
        request(args, role, &mut context, env.now)?;
        let advanced = context.engine(&args.zone).try_out(&context.state, env.now)?;
        return status::print(&args.zone, &context, &advanced, false, false, env);
    }
    let who = args.zone.who.who();
    let (mut guard, mut context) = args.zone.take(env)?;
    let what = request(args, role, &mut context, env.now)?;
    let why = if args.why.is_empty() { "the operator asked for it" } else { &args.why };
    let advanced = context.carry_out(&args.zone, &mut guard, &who, Some((&what, why)), env.now)?;
    for change in &advanced.changes {
        env.say(change);
    }
    status::print(&args.zone, &context, &advanced, true, false, env)
}

/// Notes what is asked for; gives it as a sentence.
fn request(args: &StartArgs, role: Role, context: &mut Context, now: UnixTime) -> Result<String, Failure> {
    let key = match &args.key {
        Some(name) => Some(find_key(name, &context.state.keys)?.id.clone()),
        None => None,
    };
    if !context.state.keys.iter().any(|one| one.role == role && key.as_ref().is_none_or(|id| *id == one.id)) {
        return Err(Failure::new(format_args!("the zone has no {role} to roll")));
    }
    let (kind, words) = match (args.keep_chain, args.break_chain) {
        (true, _) => (RequestKind::EmergencyKeepChain, "an emergency roll that keeps the chain of trust"),
        (_, true) => (RequestKind::EmergencyBreakChain, "an emergency roll that breaks the chain of trust"),
        _ => (RequestKind::Roll, "a roll"),
    };
    let what = format!("asked for {words} of the {role}");
    context.state.request(Request { kind, role, key, at: now, reason: args.why.clone() });
    Ok(what)
}

/// Prints both ways through an emergency. Nothing is done.
fn show_emergency(args: &StartArgs, context: &Context, role: Role, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let both = emergency(&context.policy, &context.state, role, env.now);
    let now = env.now;
    let ways: [(&str, &str, &[Event]); 2] = [
        ("--keep-chain", "the zone stays secure; the stolen key counts until it is gone", &both.keep_chain),
        ("--break-chain", "the DS goes first; the zone is insecure until the new one is there", &both.break_chain),
    ];
    if args.zone.json {
        let value = serde_json::json!({
            "schema": "zoneseal.rollover-emergency/1",
            "zone": args.zone.zone_name(),
            "keep_chain": both.keep_chain,
            "break_chain": both.break_chain,
        });
        writeln!(env.stdout, "{value:#}")?;
    } else {
        for (option, words, events) in ways {
            let until = events.last().map_or_else(|| now.plus(Seconds(Seconds::DAY.0)), |event| event.at);
            let zone = args.zone.zone_name();
            let timeline = timeline(&zone, &context.policy, &context.state, now, until, events);
            writeln!(env.stdout, "{option}: {words}\n{}", table(&timeline))?;
        }
    }
    env.say("Nothing was done. Choose one of them, and give it together with --emergency.");
    Ok(Outcome::Finding)
}

//! `zoneseal rollover start`

use super::context::{Context, ZoneArgs};
use super::ds_word::find_key;
use super::future::timeline;
use super::plan;
use super::status::{self, Shown};
use super::wish::{self, WishArgs};
use super::words::Turn;
use crate::base::{Seconds, UnixTime};
use crate::cli::{Env, Failure, Outcome};
use crate::keys::KeyId;
use crate::policy::{Lifetime, Policy};
use crate::rollover::{Assumptions, Event, Request, RequestKind, Role, ZoneState, emergency, forecast};
use crate::timeline::{Timeline, table};
use clap::ValueEnum;

/// Begin a roll, or another change
///
/// A roll of keys begins by itself when their lifetime ends; this begins it now. The algorithm, the denial of existence, keys in
/// reserve and whether the zone is signed are the policy's: what is asked for here is in force in its place until the policy
/// says so too, or it is taken back with --cancel; status shows it. --dry-run prints what would come of it, and does nothing.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StartArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// What is to begin
    #[arg(value_name = "KIND", value_enum)]
    pub(super) kind: Kind,
    /// This key only: its base name, or its tag
    #[arg(value_name = "KEY")]
    named: Option<String>,
    /// The same
    #[arg(long, value_name = "KEY", conflicts_with = "named")]
    key: Option<String>,
    #[command(flatten)]
    pub(super) wish: WishArgs,
    /// Take back what was asked for
    #[arg(long, conflicts_with_all = ["emergency", "to", "salt", "count"])]
    pub(super) cancel: bool,
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
    pub(super) why: String,
    /// Only show what would come of it
    #[arg(long)]
    dry_run: bool,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A roll of the key-signing keys
    Ksk,
    /// A roll of the zone-signing keys
    Zsk,
    /// A roll of the keys that sign all
    Csk,
    /// Keys of another algorithm: --to
    Algorithm,
    /// No signatures any more: first the DS goes, then the signatures (E-1)
    Insecure,
    /// Signatures
    Secure,
    /// NSEC or NSEC3: --to; another salt: --salt
    Denial,
    /// Keys in reserve: --count
    Standby,
    /// The key is revoked when its successor has taken over: somebody trusts it directly (RFC 5011)
    Revoke,
}

impl Kind {
    /// The role, if keys of one are to roll.
    const fn role(self) -> Option<Role> {
        match self {
            Self::Ksk => Some(Role::Ksk),
            Self::Zsk => Some(Role::Zsk),
            Self::Csk => Some(Role::Csk),
            _ => None,
        }
    }

    /// As it is written.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl StartArgs {
    /// The key that is named, as it was written.
    pub(super) fn key(&self) -> Option<&str> {
        self.named.as_deref().or(self.key.as_deref())
    }

    /// The key that is named, if one is.
    fn named_key(&self, context: &Context) -> Result<Option<KeyId>, Failure> {
        self.key().map(|name| Ok(find_key(name, &context.state.keys)?.id.clone())).transpose()
    }
}

pub(super) fn run(args: &StartArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    refuse_misplaced(args)?;
    if let Some(role) = args.kind.role().filter(|_| args.emergency && !args.keep_chain && !args.break_chain) {
        let context = args.zone.look(env)?;
        return show_emergency(args, &context, role, env);
    }
    if args.dry_run {
        let mut context = args.zone.look(env)?;
        ask(args, &mut context, env)?;
        let advanced = context.engine(&args.zone).try_out(&context.state, env.now)?;
        let to_come = to_come(&args.zone.zone_name(), &context, env.now);
        let shown = Shown { to_come: Some(to_come), ..Shown::default() };
        return status::print(&args.zone, &context, &advanced, &shown, env);
    }
    let who = args.zone.who.who();
    let (mut guard, mut context) = args.zone.take(env)?;
    let what = ask(args, &mut context, env)?;
    let why = if args.why.is_empty() { "the operator asked for it" } else { &args.why };
    let advanced = context.carry_out(&args.zone, &mut guard, &who, Some((&what, why)), env.now)?;
    for change in &advanced.changes {
        env.say(change);
    }
    status::print(&args.zone, &context, &advanced, &Shown { turn: Turn::Signer, ..Shown::default() }, env)
}

/// Options that say nothing about what is asked for.
fn refuse_misplaced(args: &StartArgs) -> Result<(), Failure> {
    let kind = args.kind;
    let rolls = kind.role().is_some();
    let misplaced = [
        (args.emergency && !rolls, "--emergency", "ksk, zsk and csk"),
        (args.key().is_some() && !rolls && kind != Kind::Revoke, "KEY", "ksk, zsk, csk and revoke"),
    ];
    let of_wish = args.wish.misplaced(kind);
    match misplaced.into_iter().find(|(is, ..)| *is).map(|(_, option, kinds)| (option, kinds)).or(of_wish) {
        Some((option, kinds)) => Err(Failure::new(format_args!("{option} is for {kinds}, not for {}", kind.word()))),
        None => Ok(()),
    }
}

/// Notes what is asked for, or that it is taken back; gives it as a sentence.
fn ask(args: &StartArgs, context: &mut Context, env: &mut Env<'_>) -> Result<String, Failure> {
    match (args.kind.role(), args.cancel) {
        (Some(role), false) => request(args, role, context, env.now),
        (Some(role), true) => withdraw(args, role, context),
        (None, false) => wish::ask(args, context, env),
        (None, true) => wish::take_back(args, context),
    }
}

/// Notes a roll that is asked for; gives it as a sentence.
fn request(args: &StartArgs, role: Role, context: &mut Context, now: UnixTime) -> Result<String, Failure> {
    let key = args.named_key(context)?;
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

/// Takes a roll back that has not begun.
fn withdraw(args: &StartArgs, role: Role, context: &mut Context) -> Result<String, Failure> {
    let key = args.named_key(context)?;
    let count = context.state.requests.len();
    context.state.requests.retain(|request| {
        request.role != role || request.kind != RequestKind::Roll || (key.is_some() && request.key != key)
    });
    if context.state.requests.len() == count {
        return Err(Failure::new(format_args!(
            "no roll of the {role} is asked for that has not begun\n   = help: one that has begun goes on: its new key takes over"
        )));
    }
    Ok(format!("took back the roll of the {role} that was asked for"))
}

/// The policy without rolls at the end of a lifetime, which would only be noise here.
fn without_lifetimes(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    (policy.ksk.lifetime, policy.zsk.lifetime, policy.csk.lifetime) =
        (Lifetime::Unlimited, Lifetime::Unlimited, Lifetime::Unlimited);
    policy
}

/// What comes of a state if the parent obliges.
fn to_come(zone: &str, context: &Context, now: UnixTime) -> Timeline {
    let policy = without_lifetimes(&context.policy);
    let end = now.plus(Seconds(366 * Seconds::DAY.0));
    let events = forecast(&policy, &context.state, now, end, &Assumptions::of(&policy));
    drawn(zone, &policy, &context.state, now, &events)
}

/// The timeline of events up to the last of them.
fn drawn(zone: &str, policy: &Policy, state: &ZoneState, now: UnixTime, events: &[Event]) -> Timeline {
    let until = events.last().map_or_else(|| now.plus(Seconds::DAY), |event| event.at);
    timeline(zone, policy, state, now, until, events)
}

/// Prints both ways through an emergency. Nothing is done.
fn show_emergency(args: &StartArgs, context: &Context, role: Role, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let (zone, now) = (args.zone.zone_name(), env.now);
    let policy = without_lifetimes(&context.policy);
    let key = args.named_key(context)?;
    let both = emergency(&policy, &context.state, (role, key.as_ref()), now);
    let way = |kind, events: &[Event]| {
        let mut state = context.state.clone();
        state.request(Request { kind, role, key: key.clone(), at: now, reason: String::new() });
        drawn(&zone, &policy, &state, now, events)
    };
    let keep_chain = way(RequestKind::EmergencyKeepChain, &both.keep_chain);
    let break_chain = way(RequestKind::EmergencyBreakChain, &both.break_chain);
    if args.zone.json {
        let value = serde_json::json!({
            "schema": "zoneseal.rollover-emergency/1",
            "zone": zone,
            "keep_chain": plan::events_to_json(&keep_chain),
            "break_chain": plan::events_to_json(&break_chain),
        });
        writeln!(env.stdout, "{value:#}")?;
    } else {
        let ways = [
            ("--keep-chain", "the zone stays secure; the stolen key counts until it is gone", &keep_chain),
            ("--break-chain", "the DS goes first; the zone is insecure until the new one is there", &break_chain),
        ];
        for (option, words, timeline) in ways {
            writeln!(env.stdout, "{option}: {words}\n{}", table(timeline))?;
        }
    }
    env.say("Nothing was done. Choose one of them, and give it together with --emergency.");
    Ok(Outcome::Finding)
}

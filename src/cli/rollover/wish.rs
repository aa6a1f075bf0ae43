//! What `zoneseal rollover start` asks for in the place of what the policy says.

use super::context::Context;
use super::ds_word::find_key;
use super::start::{Kind, StartArgs};
use crate::base::text::decode_hex;
use crate::base::{Algorithm, Octets, Severity, UnixTime};
use crate::cli::{Env, Failure};
use crate::policy::{Denial, DnssecGoal, Nsec3Policy, Policy, Roles};
use crate::rollover::{Asked, DenialView, KeyKind, KeyRecord, Nsec3View, Overrides, Role, ZoneState};

/// The options of what is the policy's.
#[derive(Debug, clap::Args)]
pub(super) struct WishArgs {
    /// With algorithm: a number or a mnemonic; with denial: nsec or nsec3
    #[arg(long, value_name = "WHAT")]
    to: Option<String>,
    /// With algorithm: bits of an RSA modulus
    #[arg(long, value_name = "BITS")]
    bits: Option<u16>,
    /// With denial: in hexadecimal, - for none, or new for another one of the same length [default: as the policy has it]
    #[arg(long, value_name = "SALT")]
    salt: Option<String>,
    /// With denial: insecure delegations are left out of the chain
    #[arg(long)]
    opt_out: bool,
    /// With standby: how many keys are to stand by
    #[arg(long, value_name = "COUNT")]
    count: Option<u8>,
    /// With standby: keys of this role
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Option<RoleArg>,
}

/// A role as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RoleArg {
    /// Key-signing keys
    Ksk,
    /// Zone-signing keys
    Zsk,
    /// Keys that sign all
    Csk,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Ksk => Self::Ksk,
            RoleArg::Zsk => Self::Zsk,
            RoleArg::Csk => Self::Csk,
        }
    }
}

impl WishArgs {
    /// An option that says nothing about a kind, and which kinds it is for.
    pub(super) fn misplaced(&self, kind: Kind) -> Option<(&'static str, &'static str)> {
        let is_denial = kind == Kind::Denial;
        let found = [
            (self.to.is_some() && kind != Kind::Algorithm && !is_denial, "--to", "algorithm and denial"),
            (self.bits.is_some() && kind != Kind::Algorithm, "--bits", "algorithm"),
            (self.salt.is_some() && !is_denial, "--salt", "denial"),
            (self.opt_out && !is_denial, "--opt-out", "denial"),
            (self.count.is_some() && kind != Kind::Standby, "--count", "standby"),
            (self.role.is_some() && kind != Kind::Standby, "--role", "standby"),
        ];
        found.into_iter().find(|(is, ..)| *is).map(|(_, option, kinds)| (option, kinds))
    }
}

/// Notes what is asked for; gives it as a sentence. What the policy's own rules forbid is refused.
pub(super) fn ask(args: &StartArgs, context: &mut Context, env: &mut Env<'_>) -> Result<String, Failure> {
    let now = env.now;
    if args.kind == Kind::Revoke {
        return revoke(args, &mut context.state, now);
    }
    let what = match args.kind {
        Kind::Algorithm => algorithm(args, &mut context.state, now)?,
        Kind::Denial => denial(args, &context.policy, &mut context.state, now)?,
        Kind::Standby => standby(args, &context.policy, &mut context.state, now)?,
        Kind::Insecure => goal(args, DnssecGoal::Insecure, &mut context.state, now),
        _ => goal(args, DnssecGoal::Signed, &mut context.state, now),
    };
    let known = context.policy.check();
    let wanted = context.state.overrides.in_force(&context.policy).check();
    let news = wanted.into_iter().filter(|finding| !known.iter().any(|one| one.message == finding.message));
    let (errors, warnings): (Vec<_>, Vec<_>) = news.partition(|finding| finding.severity == Severity::Error);
    errors.iter().chain(&warnings).for_each(|finding| env.say(finding));
    if !errors.is_empty() {
        return Err(Failure::new(format_args!("the rules of the policy {} forbid it", context.policy.name)));
    }
    Ok(what)
}

fn asked<T>(args: &StartArgs, value: T, at: UnixTime) -> Option<Asked<T>> {
    Some(Asked { value, at, reason: args.why.clone() })
}

fn algorithm(args: &StartArgs, state: &mut ZoneState, now: UnixTime) -> Result<String, Failure> {
    let help = "name the algorithm, such as --to ED25519";
    let text =
        args.wish.to.as_deref().ok_or_else(|| Failure::new(format_args!("to which algorithm?\n   = help: {help}")))?;
    let Some(algorithm) = Algorithm::from_text(text.as_bytes()) else {
        return Err(Failure::new(format_args!("{text} is no algorithm\n   = help: {help}")));
    };
    crate::crypto::check_signs(algorithm).map_err(Failure::new)?;
    let bits = args.wish.bits.or_else(|| algorithm.is_rsa().then_some(2048));
    state.overrides.algorithm = asked(args, KeyKind { algorithm, bits }, now);
    Ok(format!("asked for keys of algorithm {algorithm}"))
}

fn goal(args: &StartArgs, goal: DnssecGoal, state: &mut ZoneState, now: UnixTime) -> String {
    state.overrides.dnssec = asked(args, goal, now);
    match goal {
        DnssecGoal::Insecure => "asked for the zone to go insecure".into(),
        DnssecGoal::Signed => "asked for the zone to be signed".into(),
    }
}

fn denial(args: &StartArgs, policy: &Policy, state: &mut ZoneState, now: UnixTime) -> Result<String, Failure> {
    let present = match (&state.confirmed.denial, policy.denial) {
        (DenialView::Nsec3(view), _) => Some(view.clone()),
        (_, Denial::Nsec3(wanted)) => Some(empty_chain(wanted)),
        _ => None,
    };
    let salt = args.wish.salt.as_deref();
    let view = match args.wish.to.as_deref() {
        Some("nsec") if salt.is_none() && !args.wish.opt_out => DenialView::Nsec,
        Some("nsec") => return Err(Failure::new("NSEC has no salt and no opt-out")),
        Some("nsec3") => nsec3(args, present.unwrap_or_default(), salt, state, now)?,
        None if salt.is_some() => match present {
            Some(present) => nsec3(args, present, salt, state, now)?,
            None => return Err(Failure::new("the zone has no NSEC3 chain\n   = help: ask for one with --to nsec3")),
        },
        Some(other) => return Err(Failure::new(format_args!("{other} is not nsec or nsec3"))),
        None => return Err(Failure::new("to what?\n   = help: --to nsec, --to nsec3, or --salt")),
    };
    let what = format!("asked for {view}");
    state.overrides.denial = asked(args, view, now);
    Ok(what)
}

/// A chain by the policy, with a salt still to be made.
fn empty_chain(wanted: Nsec3Policy) -> Nsec3View {
    let salt = Octets(vec![0; usize::from(wanted.salt_length)]);
    Nsec3View { iterations: wanted.iterations, salt, opt_out: wanted.opt_out }
}

fn nsec3(
    args: &StartArgs,
    present: Nsec3View,
    salt: Option<&str>,
    state: &ZoneState,
    now: UnixTime,
) -> Result<DenialView, Failure> {
    let length = present.salt.0.len();
    let salt = match salt {
        Some("-") => Vec::new(),
        None if state.confirmed.denial == DenialView::Nsec3(present.clone()) => present.salt.0,
        None => state.new_salt(length, now),
        Some("new") if length == 0 => {
            return Err(Failure::new("the chain has no salt to renew\n   = help: give one in hexadecimal"));
        }
        Some("new") => state.new_salt(length, now),
        Some(text) => {
            let mut octets = Vec::new();
            let is_hex = decode_hex(text.as_bytes(), &mut octets) && octets.len() <= 255;
            if !is_hex {
                return Err(Failure::new(format_args!("{text} is not a salt in hexadecimal of at most 255 octets")));
            }
            octets
        }
    };
    Ok(DenialView::Nsec3(Nsec3View { iterations: 0, salt: Octets(salt), opt_out: args.wish.opt_out }))
}

fn standby(args: &StartArgs, policy: &Policy, state: &mut ZoneState, now: UnixTime) -> Result<String, Failure> {
    let role = match (args.wish.role.map(Role::from), policy.roles) {
        (Some(role), _) => role,
        (None, Roles::Csk) => Role::Csk,
        (None, Roles::KskZsk) => return Err(Failure::new("of which role?\n   = help: --role ksk or --role zsk")),
    };
    let is_used = match policy.roles {
        Roles::Csk => role == Role::Csk,
        Roles::KskZsk => role != Role::Csk,
    };
    if !is_used {
        return Err(Failure::new(format_args!("the policy {} has no {role}", policy.name)));
    }
    let count = args.wish.count.unwrap_or(1);
    let value = Asked { value: count, at: now, reason: args.why.clone() };
    state.overrides.standby.insert(role, value);
    Ok(format!("asked for {count} {role} to stand by"))
}

fn revoke(args: &StartArgs, state: &mut ZoneState, now: UnixTime) -> Result<String, Failure> {
    let key = anchor(args, state)?;
    let (id, title) = (key.id.clone(), key.title());
    state.revoke(&id, now, &args.why);
    Ok(format!("asked for {title} to be revoked"))
}

/// The key to be revoked, or not.
fn anchor<'s>(args: &StartArgs, state: &'s ZoneState) -> Result<&'s KeyRecord, Failure> {
    let name = args.key().ok_or_else(|| Failure::new("which key?\n   = help: give its tag or its base name"))?;
    let key = find_key(name, &state.keys)?;
    if !key.role.signs_dnskey() {
        return Err(Failure::new(format_args!("{} is no trust anchor: only KSKs and CSKs are revoked", key.title())));
    }
    if key.times.revoked.is_some() {
        return Err(Failure::new(format_args!("{} is revoked already, and that is for ever (R-4)", key.title())));
    }
    Ok(key)
}

/// Takes back what was asked for; gives that as a sentence.
pub(super) fn take_back(args: &StartArgs, context: &mut Context) -> Result<String, Failure> {
    let state = &mut context.state;
    let overrides = &mut state.overrides;
    let (is_taken_back, what) = match args.kind {
        Kind::Algorithm => (overrides.algorithm.take().is_some(), "the algorithm"),
        Kind::Insecure | Kind::Secure => (overrides.dnssec.take().is_some(), "whether the zone is signed"),
        Kind::Denial => (overrides.denial.take().is_some(), "the denial of existence"),
        Kind::Standby => {
            let count = overrides.standby.len();
            let only = args.wish.role.map(Role::from);
            overrides.standby.retain(|role, _| only.is_some_and(|only| only != *role));
            (overrides.standby.len() < count, "keys that stand by")
        }
        _ => {
            let id = anchor(args, state)?.id.clone();
            (state.take_back_revocation(&id), "the revocation")
        }
    };
    if is_taken_back {
        return Ok(format!("took back what was asked for about {what}"));
    }
    Err(Failure::new(format_args!("nothing is asked for about {what}")))
}

/// What is asked for in the place of what the policy says, in sentences: what, since when, and how that ends.
pub(super) fn standing(zone: &str, overrides: &Overrides) -> Vec<String> {
    let mut lines = Vec::new();
    let mut push = |what: String, at: UnixTime, reason: &str, keep: &str, kind: &str| {
        let why = if reason.is_empty() { String::new() } else { format!(", {reason}") };
        lines.push(format!(
            "{what}, since {at}{why}; to keep it {keep} in the policy, to take it back: zoneseal rollover start {zone} {kind} \
             --cancel"
        ));
    };
    if let Some(asked) = &overrides.algorithm {
        let what = format!("Keys of algorithm {}", asked.value.algorithm);
        push(what, asked.at, &asked.reason, "set keys.*.algorithm", "algorithm");
    }
    if let Some(asked) = &overrides.dnssec {
        let (what, keep, kind) = match asked.value {
            DnssecGoal::Insecure => ("No signatures", "set dnssec = \"insecure\"", "insecure"),
            DnssecGoal::Signed => ("Signatures", "set dnssec = \"signed\"", "secure"),
        };
        push(what.into(), asked.at, &asked.reason, keep, kind);
    }
    if let Some(asked) = &overrides.denial {
        push(asked.value.to_string(), asked.at, &asked.reason, "set denial and nsec3param", "denial");
    }
    for (role, asked) in &overrides.standby {
        let what = format!("{} {role} to stand by", asked.value);
        push(what, asked.at, &asked.reason, "set keys.*.standby", "standby");
    }
    lines
}

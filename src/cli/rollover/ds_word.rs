//! `zoneseal rollover ds-seen` and `ds-gone`: the operator's word about the parent (I-4).

use super::context::{Context, ZoneArgs};
use super::status::{self, Shown};
use super::words::Turn;
use crate::base::{DigestType, Octets, Ttl, UnixTime};
use crate::cli::{Env, Failure, Outcome};
use crate::keys::ds::ds_rdata;
use crate::rollover::{KeyRecord, Keys, ParentView};
use std::collections::BTreeSet;

/// What both take.
#[derive(Debug, clap::Args)]
pub(super) struct WordArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Key: its base name, or its tag
    #[arg(value_name = "KEY")]
    key: String,
    /// How you know; it is logged
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Only show what would come of it
    #[arg(long)]
    dry_run: bool,
}

/// Give your word that every server of the parent has the DS of a key
///
/// The engine goes by it as by an observation, and a wrong word breaks the zone: prefer zoneseal observe.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DsSeenArgs {
    #[command(flatten)]
    pub(super) word: WordArgs,
}

/// Give your word that no server of the parent has the DS of a key any more
///
/// The engine goes by it as by an observation, and a wrong word breaks the zone: prefer zoneseal observe.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DsGoneArgs {
    #[command(flatten)]
    pub(super) word: WordArgs,
}

pub(super) fn seen(args: &DsSeenArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    run(&args.word, true, env)
}

pub(super) fn gone(args: &DsGoneArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    run(&args.word, false, env)
}

fn run(args: &WordArgs, is_seen: bool, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    if args.dry_run {
        let mut context = args.zone.look(env)?;
        take_word(args, is_seen, &mut context, env.now)?;
        let advanced = context.engine(&args.zone).try_out(&context.state, env.now)?;
        return status::print(&args.zone, &context, &advanced, &Shown::default(), env);
    }
    let who = args.zone.who.who();
    let (mut guard, mut context) = args.zone.take(env)?;
    let what = take_word(args, is_seen, &mut context, env.now)?;
    let advanced = context.carry_out(&args.zone, &mut guard, &who, Some((&what, &args.why)), env.now)?;
    for change in &advanced.changes {
        env.say(change);
    }
    status::print(&args.zone, &context, &advanced, &Shown { turn: Turn::Signer, ..Shown::default() }, env)
}

/// Puts the word in the place of an observation; gives it as a sentence.
fn take_word(args: &WordArgs, is_seen: bool, context: &mut Context, now: UnixTime) -> Result<String, Failure> {
    if args.why.trim().is_empty() {
        return Err(Failure::new("--why says nothing: your word is logged with how you know"));
    }
    let key = find_key(&args.key, &context.state.keys)?;
    if !key.role.signs_dnskey() {
        return Err(Failure::new(format_args!("{} has no DS: the parent knows only KSKs and CSKs", key.title())));
    }
    let known = context.state.ds.current();
    let mut keys: Keys = known.map(|version| version.value.keys.clone()).unwrap_or_default();
    let unknown: BTreeSet<Octets> = known.map(|version| version.value.unknown.clone()).unwrap_or_default();
    let is_news = if is_seen { keys.insert(key.id.clone()) } else { keys.remove(&key.id) };
    if !is_news && known.is_some() {
        let state = if is_seen { "known to be there" } else { "not known to be there" };
        return Err(Failure::new(format_args!("the DS of {} is {state} already", key.title())));
    }
    let seconds = known.and_then(|version| u32::try_from(version.ttl.0).ok());
    let ttl = seconds.and_then(Ttl::new).unwrap_or(context.policy.delays.parent_ds_ttl);
    let zone = args.zone.zone.as_name();
    let rdata = |key: &KeyRecord| ds_rdata(DigestType::SHA256, zone, &key.dnskey_rdata.0).map(Octets);
    let ds = context.state.keys.iter().filter(|key| keys.contains(&key.id)).filter_map(rdata).chain(unknown);
    let what = format!(
        "the operator's word: the parent {} the DS of {} ({})",
        if is_seen { "has" } else { "no longer has" },
        key.title(),
        key.id
    );
    context.observations.parent = Some(ParentView::word(ds.collect(), ttl, now));
    Ok(what)
}

/// A key of the state by its base name or its tag.
pub(super) fn find_key<'k>(name: &str, keys: &'k [KeyRecord]) -> Result<&'k KeyRecord, Failure> {
    let is_it = |key: &&KeyRecord| key.id.as_str() == name || key.tag.to_string() == name;
    let mut found = keys.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => {
            let known: Vec<String> = keys.iter().map(|key| key.id.to_string()).collect();
            Err(Failure::new(format_args!("no key {name} in the state, which has: {}", known.join(", "))))
        }
        (Some(_), Some(_)) => Err(Failure::new(format_args!("several keys have the tag {name}: give the base name"))),
    }
}

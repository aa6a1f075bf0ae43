//! The part of the self-check that is done while the zone is still being signed.
//!
//! ```text
//! window signed ─▶ written ─▶ read back ─ in parts of whole names: read, signatures verified ─▶ parts ─ finish ─▶ Proved
//!     while the next is signed, and the one before is checked
//! ```
//!
//! What is read is what the file has, as the rest of the check would read it at the end; only what takes the time is done
//! sooner, where the text is at hand. Whatever is odd in a part is left to the whole check, which says what is wrong.

use super::Observer;
use super::options::{SelfCheck, SignOptions};
use super::render::Job;
use super::run::WINDOW_OWNERS;
use super::self_check::{crypto_scope, other_libraries};
use super::summary::TextDigest;
use crate::crypto::digest::Hasher;
use crate::keys::KeySet;
use crate::verify::Proofs;
use crate::verify::ahead::{Ahead, Part};
use crate::zone::RecordStore;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Octets of text, at least, that are checked as one piece of work: some thousand signatures share what is made for all.
const PART_LEN: usize = 1 << 19;

/// The check of what was written so far.
#[derive(Debug)]
pub(super) struct CheckAhead<'z> {
    ahead: Ahead<'z>,
    /// `None` once something was odd.
    parts: Option<Vec<Part>>,
    octets: u64,
    digest: Option<Hasher>,
}

/// Chunks of the output, read back.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: Vec<u8>,
    /// Where each chunk of it ends.
    pub(super) ends: Vec<usize>,
}

/// The text of a zone, read, with what was found of its signatures.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) records: RecordStore,
    pub(super) proofs: Proofs,
    /// The digest of the text, if all of it is verified.
    pub(super) text: Option<TextDigest>,
}

impl<'z> CheckAhead<'z> {
    /// For the output of a job that signs all anew. `None` if it is all there at once, or will be changed again (ZONEMD),
    /// or nothing is to be verified.
    pub(super) fn begin(job: &Job<'z>, keys: &KeySet, options: &SignOptions) -> Option<Self> {
        let is_long = job.owner_count() > WINDOW_OWNERS;
        if !is_long || !options.zonemd.is_empty() || keys.all().is_empty() {
            return None;
        }
        let crypto = crypto_scope(options.self_check)?;
        let signatures = job.zone.record_count() + job.denial.len();
        let verifiers = options.verifier.source(signatures, other_libraries(keys));
        let digest = (options.self_check == SelfCheck::Full).then(Hasher::sha256);
        Some(Self { ahead: Ahead::new(job.zone, crypto, &*verifiers), parts: Some(Vec::new()), octets: 0, digest })
    }

    /// Checks what was written next.
    pub(super) fn take(&mut self, written: &Written, observer: &dyn Observer) {
        let Self { ahead, parts, octets, digest } = self;
        *octets += written.text.len() as u64;
        let check = |text: &[u8]| {
            let mut part = None;
            observer.check_ahead(&mut || part = ahead.read(text));
            part
        };
        let check_all = || written.parts().into_par_iter().map(check).collect::<Option<Vec<Part>>>();
        let hash = || digest.iter_mut().for_each(|digest| digest.update(&written.text));
        let (checked, ()) = rayon::join(check_all, hash);
        match (parts.as_mut(), checked) {
            (Some(parts), Some(checked)) => parts.extend(checked),
            _ => *parts = None,
        }
    }

    /// What was found of the whole text; `None` if something was odd.
    pub(super) fn finish(self) -> Option<Proved> {
        let Self { ahead, parts, octets, digest } = self;
        let (records, proofs) = ahead.join("signed zone", parts?);
        let text = digest.map(|digest| TextDigest::of_hasher(octets, digest));
        Some(Proved { records, proofs, text })
    }
}

impl Written {
    /// The text in parts of whole chunks.
    fn parts(&self) -> Vec<&[u8]> {
        let mut parts = Vec::with_capacity(self.text.len() / PART_LEN + 1);
        let mut start = 0;
        for &end in &self.ends {
            if end - start >= PART_LEN || end == self.text.len() {
                parts.push(&self.text[start..end]);
                start = end;
            }
        }
        parts
    }
}

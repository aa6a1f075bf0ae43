//! Delays and margins.

use super::Problems;
use crate::base::{Diagnostic, Seconds};

impl Problems<'_> {
    pub(super) fn check_timing(&mut self) {
        let delays = self.policy.delays;
        let margins: [(&'static [&'static str], Seconds, &str); 4] = [
            (&["zone-propagation-delay"], delays.zone_propagation, "secondaries need time to have a new version"),
            (
                &["parent-propagation-delay"],
                delays.parent_propagation,
                "the parent's servers need time to have a new version",
            ),
            (&["publish-safety"], delays.publish_safety, "a roll has no margin for what is a little late"),
            (&["retire-safety"], delays.retire_safety, "a roll has no margin for what is a little late"),
        ];
        for (fields, span, why) in margins {
            if span.0 == 0 {
                let finding = Diagnostic::warning("policy-no-margin", format!("{} is 0: {why}", fields[0]));
                self.push(fields, finding.because("RFC 7583 section 3").help(format!("set {} = \"1h\"", fields[0])));
            }
        }
        if delays.parent_ds_ttl.seconds() == 0 {
            let message = "parent-ds-ttl is 0: a roll would not wait for the old DS to leave the caches";
            let finding = Diagnostic::error("policy-parent-ds-ttl", message).because("RFC 7583 section 3.3, I-4");
            self.push(&["parent-ds-ttl"], finding.help("set it to what the parent has, \"1d\" if you do not know"));
        }
    }
}

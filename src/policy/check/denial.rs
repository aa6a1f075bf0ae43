//! NSEC3 and its parameters.

use super::{Problems, finding};
use crate::base::{Diagnostic, Severity};
use crate::policy::model::Denial;

impl Problems<'_> {
    pub(super) fn check_denial(&mut self) {
        let Denial::Nsec3(params) = self.policy.denial else { return };
        if self.limits.prefers_nsec {
            let message = "denial = \"nsec3\": NSEC is the more prudent choice; NSEC3 hides names badly and costs much";
            let finding = Diagnostic::warning("policy-nsec3", message).because("N-9");
            self.push(&["denial"], finding.help("set denial = \"nsec\", unless names must not be listed"));
        }
        if params.iterations > 0 {
            let message = format!(
                "nsec3param.iterations ({}) is more than 0: validators may take the zone as insecure or refuse to answer",
                params.iterations
            );
            let finding = Diagnostic::error("policy-nsec3-iterations", message).because("RFC 9276 section 3.1, N-10");
            self.push(&["nsec3param.iterations"], finding.help("set nsec3param.iterations = 0"));
        }
        if params.salt_length > 0 {
            let severity = if self.limits.prefers_nsec { Severity::Error } else { Severity::Warning };
            let message =
                format!("nsec3param.salt-length ({}) is more than 0: a salt gains nothing", params.salt_length);
            let found = finding(severity, "policy-nsec3-salt", message).because("RFC 9276 section 3.1, N-10");
            self.push(&["nsec3param.salt-length"], found.help("set nsec3param.salt-length = 0"));
        }
        if params.opt_out && !self.limits.expects_opt_out {
            let message = "nsec3param.optout = true: insecure delegations, and names that do not exist, are not proven";
            let finding = Diagnostic::warning("policy-nsec3-optout", message).because("RFC 9276 section 3.1, N3-10");
            self.push(
                &["nsec3param.optout"],
                finding.help("set nsec3param.optout = false; it is for very large zones"),
            );
        }
    }
}

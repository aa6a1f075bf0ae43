//! How long signatures last, when they are replaced, and how that fits TTLs and runs (TIM-1 to TIM-7).

use super::profile::Range;
use super::{Problems, Terms, at_least, finding};
use crate::base::{Diagnostic, Seconds, Severity};
use crate::policy::value::span_word;

/// The span that RFC 1982 can order.
const SPAN_END: Seconds = Seconds(1 << 31);

impl Problems<'_> {
    pub(super) fn check_signatures(&mut self) {
        let signatures = self.policy.signatures;
        let (validity, dnskey) = (self.limits.validity, self.limits.dnskey_validity);
        self.check_validity(&["signatures-validity"], signatures.validity, validity);
        self.check_validity(&["signatures-validity-dnskey"], signatures.dnskey_validity, dnskey);
        self.check_offset();
        if self.check_refresh_ends(
            &["signatures-refresh", "signatures-validity", "signatures-inception-offset"],
            signatures.validity,
        ) {
            self.check_jitter();
        }
        self.check_refresh_ends(
            &["signatures-refresh", "signatures-validity-dnskey", "signatures-inception-offset"],
            signatures.dnskey_validity,
        );
        self.check_refresh_covers();
        self.check_runs();
        self.check_ttls();
    }

    fn check_validity(&mut self, fields: &'static [&'static str], span: Seconds, range: Option<Range>) {
        let (field, shown) = (fields[0], span_word(span));
        if span >= SPAN_END || span.0 <= 0 {
            let message = format!("{field} ({shown}) is not between 1 and 2147483647 seconds");
            let finding = Diagnostic::error("policy-validity", message).because("RFC 4034 section 3.1.5, TIM-1");
            self.push(fields, finding.help("seven days is usual: \"7d\""));
            return;
        }
        let Some(range) = range else { return };
        let profile = self.policy.base.name();
        let (severity, (from, to)) = if !is_within(span, range.allowed) {
            (Severity::Error, range.allowed)
        } else if !is_within(span, range.good) {
            (Severity::Warning, range.good)
        } else {
            return;
        };
        let message = format!(
            "{field} ({shown}) is not within {} to {}, which {profile} asks for",
            span_word(from),
            span_word(to)
        );
        let nearest = if span < from { from } else { to };
        let help = format!("set {field} = \"{}\", or base the policy on rfc-current", span_word(nearest));
        self.push(fields, finding(severity, "policy-validity", message).because(range.reference).help(help));
    }

    fn check_offset(&mut self) {
        let offset = self.policy.signatures.inception_offset;
        let fields = &["signatures-inception-offset"];
        if offset > Seconds::DAY {
            let message = format!("signatures-inception-offset ({}) is longer than 1d", span_word(offset));
            let finding = Diagnostic::error("policy-inception-offset", message).because("TIM-3");
            self.push(fields, finding.help("an hour is enough for clocks that are slow: \"1h\""));
        } else if offset.0 == 0 {
            let message = "signatures-inception-offset is 0: validators whose clocks are slow refuse new signatures";
            let finding = Diagnostic::warning("policy-inception-offset", message).because("TIM-3");
            self.push(fields, finding.help("set signatures-inception-offset = \"1h\""));
        }
    }

    /// A new signature must not be due at once. Whether it is not.
    fn check_refresh_ends(&mut self, fields: &'static [&'static str], validity: Seconds) -> bool {
        let signatures = self.policy.signatures;
        let terms =
            [("signatures-refresh", signatures.refresh), ("signatures-inception-offset", signatures.inception_offset)];
        let terms = Terms(&terms);
        if terms.total() < validity {
            return true;
        }
        let field = fields[1];
        let message = format!(
            "{} is not less than {field} ({}): every signature would be due as soon as it is made",
            terms.text(),
            span_word(validity)
        );
        let room = validity.0 - signatures.inception_offset.0 - 1;
        let help = if room > 0 {
            format!("set signatures-refresh to less than {}, or raise {field}", span_word(Seconds(room + 1)))
        } else {
            at_least(field, Seconds(terms.total().0.saturating_add(1)))
        };
        self.push(fields, Diagnostic::error("policy-refresh-long", message).because("TIM-6, TIM-7").help(help));
        false
    }

    fn check_jitter(&mut self) {
        let signatures = self.policy.signatures;
        let room = Seconds(signatures.validity.0 - signatures.inception_offset.0 - signatures.refresh.0);
        let jitter = signatures.jitter;
        let room_text = format!(
            "signatures-validity - signatures-inception-offset - signatures-refresh ({} - {} - {} = {})",
            span_word(signatures.validity),
            span_word(signatures.inception_offset),
            span_word(signatures.refresh),
            span_word(room)
        );
        let fields = &["signatures-jitter", "signatures-validity", "signatures-refresh"];
        if jitter >= room {
            let message = format!("signatures-jitter ({}) is not less than {room_text}", span_word(jitter));
            let finding = Diagnostic::error("policy-jitter", message).because("TIM-7");
            self.push(fields, finding.help(format!("set signatures-jitter to less than {}", span_word(room))));
        } else if jitter.0 > room.0 / 2 {
            let message = format!("signatures-jitter ({}) is more than half of {room_text}", span_word(jitter));
            let finding = Diagnostic::warning("policy-jitter", message).because("TIM-7");
            self.push(
                fields,
                finding.help(format!("set signatures-jitter to at most {}", span_word(Seconds(room.0 / 2)))),
            );
        }
    }

    /// What is left of a signature when it is made anew must cover what caches do with it until then (TIM-6).
    fn check_refresh_covers(&mut self) {
        let policy = self.policy;
        let refresh = policy.signatures.refresh;
        let ttl = policy.ttl.max_zone.max(policy.ttl.dnskey);
        let ttl_field = if ttl == policy.ttl.max_zone { "max-zone-ttl" } else { "dnskey-ttl" };
        let (ttl, run) = (ttl.to_seconds(), policy.run_interval);
        let one_run =
            [(ttl_field, ttl), ("zone-propagation-delay", policy.delays.zone_propagation), ("run-interval", run)];
        let two_runs = [one_run[0], one_run[1], ("2 x run-interval", Seconds(run.0.saturating_mul(2)))];
        let fields = &["signatures-refresh", "max-zone-ttl", "dnskey-ttl", "run-interval"];
        let (terms, severity, what) = if refresh < Terms(&one_run).total() {
            (Terms(&one_run), Severity::Error, "caches could still serve signatures that have expired")
        } else if refresh < Terms(&two_runs).total() {
            (Terms(&two_runs), Severity::Warning, "one missed run, and caches could serve signatures that have expired")
        } else {
            return;
        };
        let message = format!("signatures-refresh ({}) is shorter than {}: {what}", span_word(refresh), terms.text());
        let help = format!("{}, or lower {ttl_field}", at_least("signatures-refresh", terms.total()));
        self.push(fields, finding(severity, "policy-refresh-short", message).because("TIM-6").help(help));
    }

    fn check_runs(&mut self) {
        let (run, refresh) = (self.policy.run_interval, self.policy.signatures.refresh);
        let fields = &["run-interval", "signatures-refresh"];
        let half = Seconds(refresh.0 / 2);
        let (severity, message, help) = if run.0 == 0 {
            (
                Severity::Error,
                "run-interval is 0: nothing runs all the time".to_owned(),
                "set run-interval = \"12h\"".to_owned(),
            )
        } else if run > half {
            let message = format!(
                "run-interval ({}) is longer than half of signatures-refresh ({})",
                span_word(run),
                span_word(refresh)
            );
            (Severity::Error, message, format!("run at least every {}", span_word(half)))
        } else if run > Seconds::DAY {
            let message = format!("run-interval ({}) is longer than 1d", span_word(run));
            (Severity::Warning, message, "run daily or more often".to_owned())
        } else {
            return;
        };
        self.push(fields, finding(severity, "policy-run-interval", message).because("TIM-6").help(help));
    }

    fn check_ttls(&mut self) {
        let policy = self.policy;
        let dnskey = policy.ttl.dnskey.to_seconds();
        let half = Seconds(policy.signatures.dnskey_validity.0 / 2);
        if dnskey > half {
            let message = format!(
                "dnskey-ttl ({}) is longer than half of signatures-validity-dnskey ({})",
                span_word(dnskey),
                span_word(policy.signatures.dnskey_validity)
            );
            let finding = Diagnostic::error("policy-dnskey-ttl", message).because("RFC 4641 section 4.1.1, TIM-5");
            self.push(
                &["dnskey-ttl", "signatures-validity-dnskey"],
                finding.help(format!("set dnskey-ttl to at most {}", span_word(half))),
            );
        }
        self.check_ttl(&["dnskey-ttl"], dnskey);
        self.check_ttl(&["max-zone-ttl"], policy.ttl.max_zone.to_seconds());
    }

    /// N-21; the long end of it for every profile where it is the DNSKEY RRset's.
    fn check_ttl(&mut self, fields: &'static [&'static str], ttl: Seconds) {
        let field = fields[0];
        if ttl.0 == 0 {
            let finding =
                Diagnostic::error("policy-ttl", format!("{field} is 0: nothing could be cached")).because("N-21");
            self.push(fields, finding.help(format!("set {field} = \"1h\"")));
            return;
        }
        let for_keys = (field == "dnskey-ttl").then_some((Seconds(300), Seconds::DAY));
        let Some((from, to)) = self.limits.ttl.or(for_keys) else {
            return;
        };
        if !is_within(ttl, (from, to)) {
            let message =
                format!("{field} ({}) is not within {} to {}", span_word(ttl), span_word(from), span_word(to));
            let nearest = if ttl < from { from } else { to };
            let finding = Diagnostic::warning("policy-ttl", message).because("N-21, TIM-5");
            self.push(fields, finding.help(format!("set {field} = \"{}\"", span_word(nearest))));
        }
    }
}

fn is_within(span: Seconds, (from, to): (Seconds, Seconds)) -> bool {
    (from..=to).contains(&span)
}

//! policy.toml: what is read, what is printed reads back, and what errors say and where.

use proptest::prelude::*;
use zoneseal::base::{Algorithm, Seconds};
use zoneseal::policy::{Denial, KskMethod, Lifetime, Policy, PolicyFile, Preset, Roles, field, to_toml};

#[track_caller]
fn only(text: &str) -> Policy {
    let file = PolicyFile::from_toml(text, "policy.toml").expect("the test's policy is read");
    file.select(None).expect("there is one").policy.clone()
}

/// The findings of a file that cannot be read.
#[track_caller]
fn errors(text: &str) -> Vec<String> {
    let findings = PolicyFile::from_toml(text, "policy.toml").expect_err("the test's policy is not read");
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn fields_override_the_base() {
    let policy = only(
        "[policy.shop]\nbase = \"rfc-current\"\nroles = \"ksk+zsk\"\nsignatures-validity = \"P10D\"\nkeys.zsk.lifetime = \"1mo\"\n\
         [policy.shop.keys.ksk]\nalgorithm = 15\nlifetime = \"unlimited\"\nmethod = \"double-ds\"\n[policy.shop.nsec3param]\n",
    );
    assert_eq!((policy.name.as_str(), policy.base, policy.roles), ("shop", Preset::RfcCurrent, Roles::KskZsk));
    assert_eq!(policy.signatures.validity, Seconds(10 * 86_400));
    assert_eq!(policy.zsk.lifetime, Lifetime::Limited(Seconds(30 * 86_400)));
    assert_eq!((policy.ksk.algorithm, policy.ksk.method), (Algorithm::ED25519, KskMethod::DoubleDs));
    // All else is the base's.
    let base = Policy::preset(Preset::RfcCurrent);
    assert_eq!((policy.signatures.refresh, policy.zsk.algorithm), (base.signatures.refresh, base.zsk.algorithm));
}

#[test]
fn without_a_base_the_default_preset_is_built_upon() {
    let policy = only("[policy.p]\n");
    assert_eq!(Policy { name: "nist-81r3".into(), ..policy }, Policy::default());
}

/// `denial` need not stand before what depends on it.
#[test]
fn order_in_the_file_does_not_matter() {
    let policy = only("[policy.p]\nnsec3param.optout = true\ndenial = \"nsec3\"\n");
    assert!(matches!(policy.denial, Denial::Nsec3(params) if params.opt_out && params.iterations == 0));
}

#[test]
fn rsa_keys_without_a_size_get_the_usual_one() {
    let policy = only("[policy.p]\nkeys.zsk.algorithm = \"RSASHA256\"\nkeys.ksk.algorithm = 8\nkeys.ksk.bits = 3072\n");
    assert_eq!((policy.zsk.bits, policy.ksk.bits, policy.csk.bits), (Some(2048), Some(3072), None));
}

#[test]
fn one_of_several() {
    let file = PolicyFile::from_toml("[policy.b]\n[policy.default]\n[policy.a]\n", "p").expect("is read");
    let names: Vec<_> = file.policies().iter().map(|policy| policy.policy.name.as_str()).collect();
    assert_eq!(names, ["b", "default", "a"]);
    assert_eq!(file.select(None).map(|policy| policy.policy.name.as_str()), Ok("default"));
    assert_eq!(file.select(Some("a")).map(|policy| policy.policy.name.as_str()), Ok("a"));
    assert_eq!(file.select(Some("c")).map(|_| ()), Err("no policy \"c\", but b, default, a".into()));
    let two = PolicyFile::from_toml("[policy.b]\n[policy.a]\n", "p").expect("is read");
    assert_eq!(two.select(None).map(|_| ()), Err("several policies and none called default, but b, a".into()));
}

#[test]
fn errors_have_a_place_and_the_nearest_name() {
    assert_eq!(
        errors("[policy.p]\nsignature-validity = \"7d\"\n  keys.zsk.lifetim = \"90d\"\nkeys.zsk.lifetime = \"soon\"\n"),
        [
            "policy.toml:2:1: error: there is no field \"signature-validity\"\n   | signature-validity = \"7d\"\n   = help: \
             did you mean \"signatures-validity\"?",
            "policy.toml:3:12: error: there is no field \"keys.zsk.lifetim\"\n   |   keys.zsk.lifetim = \"90d\"\n   = \
             help: did you mean \"keys.zsk.lifetime\"?",
            "policy.toml:4:21: error: keys.zsk.lifetime = \"soon\": expected a length of time such as \"90d\", or \
             \"unlimited\"\n   | keys.zsk.lifetime = \"soon\"",
        ]
    );
}

#[test]
fn what_is_no_policy_file() {
    for (text, expected) in [
        ("", "policy.toml:1:1: error: there is no policy in the file\n   = help: begin one with [policy.default]"),
        ("[zone.a]\n", "policy.toml:1:2: error: \"zone\" is no policy"),
        ("roles = \"csk\"\n", "policy.toml:1:1: error: \"roles\" is no policy"),
        ("[policy]\nroles = \"csk\"\n", "policy.toml:2:1: error: \"roles\" is no policy"),
        ("[policy.a]\nbase = \"nist\"\n", "policy.toml:2:8: error: base = \"nist\": expected \"nist-81r3\" or"),
        ("[policy.a]\nroles = csk\n", "policy.toml:2:9: error: "),
        ("[policy.a]\n[policy.a]\n", "policy.toml:2:"),
        ("[policy.a]\nkeys = 7\n", "policy.toml:2:1: error: there is no field \"keys\""),
        (
            "[policy.a]\nroles = { csk = true }\n",
            "policy.toml:2:9: error: roles = { csk = true }: expected \"ksk+zsk\" or",
        ),
        (
            "[policy.a]\nnsec3param.optout = true\n",
            "policy.toml:2:12: error: nsec3param.optout is of no use: the zone has NSEC",
        ),
        ("[policy.a]\nkeys.ksk.bits = 70000\n", "policy.toml:2:17: error: keys.ksk.bits = 70000: expected the bits"),
    ] {
        let found = errors(text);
        assert!(found[0].starts_with(expected), "{text}: {found:#?}");
    }
}

/// What is wrong across fields stands at the field that the file sets, or at the policy.
#[test]
fn checks_have_places() {
    let text = "[policy.a]\nmax-zone-ttl = \"7d\"\n\n[policy.b]\nserial = \"keep\"\n";
    let file = PolicyFile::from_toml(text, "p.toml").expect("is read");
    let places = |index: usize| -> Vec<String> {
        let policy = &file.policies()[index];
        policy
            .check()
            .iter()
            .map(|finding| format!("{} {}", finding.position.as_ref().expect("has one"), finding.code))
            .collect()
    };
    assert_eq!(places(0), ["p.toml:2:1 policy-refresh-short", "p.toml:2:1 policy-ttl"]);
    assert_eq!(places(1), ["p.toml:5:1 policy-serial-keep"]);
}

#[test]
fn from_toml_refuses_what_check_calls_an_error() {
    let findings =
        Policy::from_toml("[policy.a]\nmax-zone-ttl = \"7d\"\n", "p.toml").expect_err("breaks an inequality");
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["policy-refresh-short"]);
    assert!(Policy::from_toml("[policy.a]\nserial = \"keep\"\n", "p.toml").is_ok(), "a warning is no error");
    assert!(Policy::from_toml("[policy.a]\n[policy.b]\n", "p.toml").is_err(), "nobody said which");
}

#[test]
fn presets_read_back_from_their_text() {
    for preset in Preset::ALL {
        let policy = Policy::preset(preset);
        assert_eq!(only(&to_toml(&policy, |_| None)), policy, "{}", preset.name());
    }
}

/// The page's table is the presets'.
#[test]
fn the_page_lists_every_preset_value() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policies.md")).expect("it is there");
    for field in field::all() {
        let value = |preset| match field.origin(preset).value {
            "" => "-".to_owned(),
            value => format!("`{value}`"),
        };
        let row = format!("| `{}` | {} |", field.name, Preset::ALL.map(value).join(" | "));
        assert!(page.lines().any(|line| line == row), "docs/policies.md lacks {row}");
    }
}

/// A field and a value that fits it.
fn setting() -> impl Strategy<Value = (&'static str, String)> {
    let fields: Vec<&'static str> = field::all().map(|field| field.name).collect();
    (proptest::sample::select(fields), 1_u32..1_000_000).prop_map(|(name, number)| {
        let field = field::by_name(name).expect("a name of the table");
        let words: Vec<&str> = field.form().split('"').skip(1).step_by(2).collect();
        let word = words.get(number as usize % words.len().max(1)).copied().unwrap_or_default();
        let value = match field.form() {
            form if form.starts_with("a length") || form.starts_with("a TTL") => number.to_string(),
            form if form.starts_with("a list of digest") => format!("[{}]", number % 256),
            form if form.starts_with("a list") => format!("[\"{word}\"]"),
            form if form.starts_with("an algorithm") => (number % 256).to_string(),
            form if form.starts_with("a number from 0 to 255") => (number % 256).to_string(),
            form if form.starts_with("a number") || form.starts_with("the bits") => (number % 65_536).to_string(),
            "true or false" => (number % 2 == 0).to_string(),
            _ => format!("\"{word}\""),
        };
        (name, value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any policy that can be written comes back from what is printed of it, and can be checked.
    #[test]
    fn any_policy_reads_back(
        base in proptest::sample::select(&Preset::ALL[..]),
        settings in proptest::collection::btree_map(setting().prop_map(|(name, _)| name), any::<u32>(), 0..3),
        more in proptest::collection::vec(setting(), 0..12),
        name in "[a-z \"\\\\.é]{1,8}",
    ) {
        // One value a field: the last.
        let mut values: std::collections::BTreeMap<&str, String> = more.into_iter().collect();
        if settings.len() > 1 {
            values.insert("denial", "\"nsec3\"".into());
        }
        let has_nsec3 = values.get("denial").map_or(base == Preset::Tld, |value| value == "\"nsec3\"");
        let key = toml::Value::String(name.clone());
        let mut text = format!("[policy.{key}]\nbase = \"{}\"\n", base.name());
        for (field, value) in &values {
            if has_nsec3 || !field.starts_with("nsec3param") {
                text.push_str(&format!("{field} = {value}\n"));
            }
        }
        let policy = only(&text);
        prop_assert_eq!(&policy.name, &name);
        prop_assert_eq!(&only(&to_toml(&policy, |_| Some("here:1".into()))), &policy, "{}", text);
        let _ = policy.check();
    }
}

//! The project's house rules, read from its own sources: which module may use which, how long a file may be, which
//! words do not belong in it, and that every dependency says what it is for.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use; `base` is a leaf. ARCHITECTURE.md draws the same picture.
const IMPORTS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("rdata", &["base"]),
    ("zonefile", &["base", "rdata", "zone"]), // of zone only the record store, see ZONEFILE_MAY_USE_OF_ZONE
    ("zone", &["base", "rdata"]),
    ("crypto", &["base", "rdata"]), // of rdata only what a key's RDATA looks like
    ("denial", &["base", "rdata", "zone", "crypto"]),
    ("keys", &["base", "rdata", "crypto"]),
    ("output", &["base", "rdata", "zone"]),
    ("verify", &["base", "rdata", "zonefile", "zone", "crypto", "keys"]),
    ("policy", &["base", "rdata", "crypto", "keys"]),
    ("rollover", &["base", "rdata", "zone", "crypto", "keys", "policy"]), // of zone only what a view is made from
    // of zone only what a view is made from, of output only atomic files
    ("state", &["base", "rdata", "zone", "crypto", "keys", "output", "policy", "rollover"]),
    ("audit", &["base", "rdata", "zone", "crypto", "keys", "verify", "policy"]),
    ("sign", &["base", "rdata", "zonefile", "zone", "denial", "crypto", "keys", "output", "verify"]),
    (
        "fleet",
        &[
            "base", "rdata", "zonefile", "zone", "denial", "crypto", "keys", "output", "verify", "policy", "rollover",
            "state", "sign", "observe",
        ],
    ),
    // of verify only what an anchor is
    ("observe", &["base", "rdata", "crypto", "keys", "verify", "rollover"]),
    ("timeline", &["base", "crypto"]), // of crypto only a digest
    // of fleet the guards, of output a record as text
    ("release", &["base", "rdata", "zone", "output", "verify", "policy", "fleet", "observe"]),
    (
        "cli",
        &[
            "base", "rdata", "zonefile", "zone", "denial", "crypto", "keys", "output", "verify", "policy", "rollover",
            "state", "audit", "sign", "fleet", "observe", "timeline", "release",
        ],
    ),
];

/// What the reader of zone files may name of `zone`: where it puts the records, not what becomes of them.
const ZONEFILE_MAY_USE_OF_ZONE: &[&str] = &["RecordStore", "RawRecord", "Span", "arena"];

const LINES_MAX: usize = 1200;

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for (module, allowed) in IMPORTS {
        for file in module_files(module) {
            for (number, path) in crate_paths(&read(&file)) {
                let used = first_word(&path);
                // `cli` also names the crate's front page and its own macros.
                let is_allowed = used == *module || allowed.contains(&used) || !is_module(used);
                let is_narrow = (*module, used) != ("zonefile", "zone") || names_only_the_store(&path);
                if !is_allowed || !is_narrow {
                    wrong.push(format!("{}:{number}: {module} must not use crate::{path}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_an_import_rule() {
    let listed: Vec<_> = IMPORTS.iter().map(|(module, _)| *module).collect();
    for entry in fs::read_dir(root().join("src")).expect("src is a directory") {
        let path = entry.expect("src can be listed").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("source names are UTF-8").to_owned();
        assert!(
            listed.contains(&name.as_str()) || ["lib", "main"].contains(&name.as_str()),
            "src/{name} has no line in IMPORTS"
        );
    }
}

/// Messages cite rules by their ids, so a reader must be able to look each one up.
#[test]
fn every_rule_cited_is_explained() {
    let explained = read(&root().join("docs/rules.md"));
    let mut missing = Vec::new();
    for (module, _) in IMPORTS {
        for file in module_files(module) {
            let text = read(&file);
            let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-');
            missing.extend(
                words.filter(|word| is_rule_id(word) && !explained.contains(&format!("| {word} |"))).map(str::to_owned),
            );
        }
    }
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "docs/rules.md does not explain {}", missing.join(" "));
}

/// Scripts act on finding codes, so the page that lists them must have them all.
#[test]
fn every_finding_of_verify_is_listed() {
    let page = read(&root().join("docs/verifying.md"));
    let missing: Vec<_> = zoneseal::verify::Rule::ALL
        .iter()
        .map(|rule| rule.code())
        .filter(|code| !page.contains(&format!("| `{code}` |")))
        .collect();
    assert!(missing.is_empty(), "docs/verifying.md does not list {}", missing.join(" "));
}

/// `SIG-2`, `N3-10`: a family that docs/rules.md has, and a number.
fn is_rule_id(word: &str) -> bool {
    let families =
        ["ALG", "SIG", "CAN", "TIM", "NSEC", "N3", "ENC", "CDS", "ZMD", "SER", "ZF", "V", "N", "I", "E", "R"];
    word.split_once('-').is_some_and(|(family, number)| {
        families.contains(&family) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[test]
fn files_are_about_one_thing() {
    let mut long = Vec::new();
    for file in files_below(&["src", "tests", "benches", "fuzz"], &["rs"]) {
        let lines = read(&file).lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "longer than {LINES_MAX} lines:\n{}", long.join("\n"));
}

/// Claims nobody can stand behind, placeholders, and paths of somebody's machine.
#[test]
fn words_that_do_not_belong() {
    // Put together here, so that this file passes its own test.
    let words: Vec<String> = [
        ["todo", "!("],
        ["unimplement", "ed!("],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["SP 800-81r3 comp", "liant"],
        ["compliant with ", "SP 800-81"],
        ["/work", "/"],
        ["/home", "/"],
        ["chat", "gpt"],
        ["as an ", "AI "],
    ]
    .iter()
    .map(|halves| halves.concat())
    .collect();
    let mut found = Vec::new();
    let folders = ["src", "tests", "benches", "docs", "fuzz", "scripts", "zones", "keys-example", ".ci"];
    let mut files = files_below(&folders, &["rs", "md", "toml", "zone", "sh", "", "stdout", "stderr", "trycmd"]);
    files.extend(
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml", "deny.toml"].map(|name| root().join(name)),
    );
    for file in files {
        let Ok(bytes) = fs::read(&file) else { continue };
        for (index, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: \"{word}\"", file.display(), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let mut is_dependencies = false;
    let mut count = 0;
    for line in read(&root().join("Cargo.toml")).lines() {
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]");
        } else if is_dependencies && line.contains('=') {
            let purpose = line.split_once(" # ").map_or("", |(_, purpose)| purpose.trim());
            assert!(purpose.len() > 5, "no purpose beside: {line}");
            count += 1;
        }
    }
    assert!(count > 10, "Cargo.toml was not understood: {count} dependencies found");
}

/// The name a path begins with.
fn first_word(path: &str) -> &str {
    path.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or_default()
}

fn is_module(name: &str) -> bool {
    IMPORTS.iter().any(|(module, _)| *module == name)
}

fn names_only_the_store(path: &str) -> bool {
    path.strip_prefix("zone::").is_some_and(|rest| {
        rest.trim_matches(['{', '}', ';'])
            .split(',')
            .map(|item| first_word(item.trim()))
            .all(|item| item.is_empty() || ZONEFILE_MAY_USE_OF_ZONE.contains(&item))
    })
}

/// Each `crate::…` path outside tests and comments, with its line number; a `use crate::{a, b}` gives several.
fn crate_paths(source: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let code = source.split("\n#[cfg(test)]").next().unwrap_or_default();
    let mut lines = code.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let mut line = line.split("//").next().unwrap_or_default().to_owned();
        // A `use` may go on over several lines.
        while line.trim_start().starts_with("use ") && !line.contains(';') {
            let Some((_, next)) = lines.next() else { break };
            line.push(' ');
            line.push_str(next.trim());
        }
        for (start, _) in line.match_indices("crate::") {
            let rest = &line[start + "crate::".len()..];
            if let Some(group) = rest.strip_prefix('{') {
                paths.extend(split_group(group).into_iter().map(|path| (index + 1, path)));
            } else {
                paths.push((index + 1, rest.trim().to_owned()));
            }
        }
    }
    paths
}

/// The members of a `{a::b, c::{d, e}}` group, its opening brace taken off.
fn split_group(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut members = vec![String::new()];
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(member) = members.last_mut() {
            member.push(character);
        }
    }
    members.iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

fn module_files(module: &str) -> Vec<PathBuf> {
    let single = root().join("src").join(format!("{module}.rs"));
    if single.exists() { vec![single] } else { files_below(&[&format!("src/{module}")], &["rs"]) }
}

/// All files with one of the extensions (`""`: none) below the folders that exist.
fn files_below(folders: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> =
        folders.iter().map(|folder| root().join(folder)).filter(|path| path.exists()).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of ours can be listed") {
            let path = entry.expect("a folder of ours can be listed").path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if path.is_dir() {
                // What tools leave behind is not ours.
                if !["target", "corpus", "artifacts"].iter().any(|name| path.ends_with(name)) {
                    open.push(path);
                }
            } else if extensions.contains(&extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The reader of `use` lines, tried on what it must understand: a test of the test.
#[test]
fn crate_paths_are_read_from_all_forms() {
    let source = "use crate::base::Name;\nuse crate::{base, zone::{Zone, Node}};\nuse crate::{\n    keys::ZoneKey,\n    \
                  sign,\n};\n// crate::cli\nfn f() { crate::denial::build() }\n#[cfg(test)]\nmod tests { use crate::cli; }\n";
    let found = crate_paths(source);
    let modules: Vec<_> = found.iter().map(|(line, path)| format!("{line} {}", first_word(path))).collect();
    assert_eq!(modules, ["1 base", "2 base", "2 zone", "3 keys", "3 sign", "8 denial"], "{found:?}");
}

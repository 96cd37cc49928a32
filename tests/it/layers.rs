//! The floors of the house: who may import whom. Moving a floor means editing this table.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules it may use. A folder's own insides are its own.
const MAY_USE: &[(&str, &[&str])] = &[
    ("config", &["domain", "embedded_postgres", "store"]),
    ("clock", &[]),
    ("telemetry", &["config"]),
    ("embedded_postgres", &[]),
    ("domain", &[]),
    ("store", &["domain"]),
    ("net", &[]),
    ("connections", &[]),
    ("github", &["domain", "clock", "net"]),
    ("bus", &["domain", "store"]),
    ("app", &["bus", "clock", "config", "github", "service", "store"]),
    ("service", &["app", "domain", "github", "store", "config"]),
    ("middleware", &["app", "clock", "config", "domain", "service", "telemetry"]),
    ("graphql", &["app", "bus", "config", "domain", "middleware", "service", "store", "telemetry"]),
    ("rest", &["app", "config", "domain", "middleware", "github", "service", "store"]),
    ("mcp", &["app", "domain", "middleware", "service", "store", "telemetry"]),
    ("web", &["middleware"]),
    ("scheduler", &["app", "domain", "service"]),
];

/// What no floor but the top may touch: the simulator is the demo's and the tests' alone.
const TOP: &[&str] = &["main", "lib", "cli", "demo", "simulator"];

fn sources() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let first = inside.iter().next().unwrap().to_str().unwrap();
                found.push((first.trim_end_matches(".rs").to_owned(), path));
            }
        }
    }
    found
}

/// The modules that a file names behind `crate::`, test code left out.
fn used(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut modules = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let word: String = name
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            modules.push(word);
        }
    }
    modules
}

#[test]
fn imports_point_down() {
    let mut broken = Vec::new();
    for (module, path) in sources() {
        if TOP.contains(&module.as_str()) {
            continue;
        }
        let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{module} has no floor"));
            continue;
        };
        for used in used(&fs::read_to_string(&path).unwrap()) {
            let is_type = used.starts_with(|c: char| c.is_ascii_uppercase()) || used.is_empty();
            if used != module && !is_type && !may_use.contains(&used.as_str()) {
                broken.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_words_of_the_board_do_nothing() {
    for (module, path) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if module == "domain" {
            for forbidden in ["tokio::", "reqwest::", "Utc::now", "diesel_async"] {
                assert!(!code.contains(forbidden), "{} uses {forbidden}", path.display());
            }
        }
        if ["store", "github", "bus"].contains(&module.as_str()) {
            assert!(!code.contains(".transaction("), "{} opens a transaction", path.display());
        }
        if ["graphql", "rest", "mcp", "web", "scheduler"].contains(&module.as_str()) {
            assert!(!code.contains(".transaction("), "{} opens a transaction", path.display());
        }
    }
}

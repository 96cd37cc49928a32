//! The layers: which module may import which. A change of the layers needs a change of this table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules it may use, besides those in its own folder; all of them precede
/// it, so that no two modules use each other.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("connections", &[]),
    ("domain", &[]),
    ("embedded_postgres", &[]),
    ("files", &[]),
    ("metrics", &[]),
    ("net", &[]),
    ("traces", &["net"]),
    ("store", &["domain", "files", "traces"]),
    ("bus", &["domain", "store"]),
    ("github", &["clock", "domain", "net", "traces"]),
    ("config", &["domain", "embedded_postgres", "files", "store", "traces"]),
    ("telemetry", &["config"]),
    ("service", &["bus", "clock", "config", "domain", "github", "metrics", "store", "traces"]),
    ("middleware", &["clock", "config", "domain", "metrics", "service", "telemetry", "traces"]),
    (
        "graphql",
        &[
            "bus",
            "config",
            "domain",
            "metrics",
            "middleware",
            "service",
            "store",
            "telemetry",
            "traces",
        ],
    ),
    ("rest", &["config", "domain", "github", "middleware", "service", "store"]),
    ("mcp", &["domain", "middleware", "service", "store", "telemetry", "traces"]),
    ("web", &["middleware"]),
    ("scheduler", &["domain", "metrics", "service", "telemetry", "traces"]),
];

/// The modules above all layers, which may use every module and are used by none of them.
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

/// The code of a file, without comments and tests.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

/// The modules that a file names after `crate::`.
fn used(text: &str) -> Vec<String> {
    let code = code_of(text);
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
    for (place, (module, may_use)) in MAY_USE.iter().enumerate() {
        let above: Vec<&str> = MAY_USE[..place].iter().map(|(name, _)| *name).collect();
        let is_above = may_use.iter().all(|used| above.contains(used));
        assert!(is_above, "{module} may use what does not stand above it");
    }
    for (module, path) in sources() {
        if TOP.contains(&module.as_str()) {
            continue;
        }
        let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{module} is in no layer"));
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
fn domain_is_pure_and_only_use_cases_open_transactions() {
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

/// The paths of a tree of imports: `a::{b, c::d}` has the paths `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let (head, rest) = tree.split_at(tree.find(|c| !is_name(c)).unwrap_or(tree.len()));
    if !head.ends_with("::") || !rest.starts_with('{') {
        return vec![head.to_owned()];
    }
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in rest.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match c {
            '{' if depth == 1 => {}
            '}' if depth == 0 => break,
            ',' if depth == 1 => items.push(String::new()),
            c => items.last_mut().unwrap().push(c),
        }
    }
    let below = items.iter().flat_map(|item| paths(item.trim_start()));
    below.map(|path| format!("{head}{path}")).collect()
}

/// The modules that a module imports through `crate::` and `super::`, of those that are known.
fn imports(module: &str, code: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let starts = ["crate::", "super::"].into_iter().flat_map(|start| code.match_indices(start));
    let is_start = |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == ':');
    let mut modules = BTreeSet::new();
    for path in starts.map(|(at, _)| at).filter(is_start).flat_map(|at| paths(&code[at..])) {
        let (mut base, mut rest) = (module.to_owned(), path.as_str());
        if let Some(absolute) = rest.strip_prefix("crate::") {
            (base, rest) = (String::new(), absolute);
        }
        while let Some(above) = rest.strip_prefix("super::") {
            base = base.rsplit_once("::").map_or_else(String::new, |(above, _)| above.to_owned());
            rest = above;
        }
        let named = if base.is_empty() { rest.to_owned() } else { format!("{base}::{rest}") };
        let ends = named.match_indices("::").map(|(at, _)| at).chain([named.len()]);
        let prefixes = ends.map(|end| named[..end].to_owned());
        modules.extend(prefixes.filter(|prefix| known.contains(prefix)).last());
    }
    modules
}

/// The groups of files and folders in a folder that import each other in a circle. What a folder's
/// `mod.rs` imports does not count.
fn circles_in(folder: &str, graph: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let inside = |module: &str| {
        let rest = module.strip_prefix(folder)?.strip_prefix("::")?;
        Some(rest.split("::").next().unwrap_or(rest).to_owned())
    };
    let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, imports) in graph {
        let Some(child) = inside(module) else { continue };
        let others = imports.iter().filter_map(|other| inside(other));
        let others: Vec<_> = others.filter(|other| *other != child).collect();
        reached.entry(child).or_default().extend(others);
    }
    for _ in 0..reached.len() {
        for (child, others) in reached.clone() {
            let further: Vec<_> = others.iter().filter_map(|other| reached.get(other)).collect();
            let further: Vec<_> = further.into_iter().flatten().cloned().collect();
            reached.entry(child).or_default().extend(further);
        }
    }
    let reaches = |one: &str, other: &str| reached.get(one).is_some_and(|all| all.contains(other));
    let circle_of = |child: &String| {
        let both = |other: &&String| reaches(child, other) && reaches(other, child);
        reached.keys().filter(both).cloned().collect::<Vec<_>>()
    };
    reached.keys().map(circle_of).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn no_files_of_a_folder_import_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let name = |path: &Path| {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let names: Vec<_> = inside.iter().map(|name| name.to_str().unwrap()).collect();
        names.join("::").trim_end_matches("::mod").to_owned()
    };
    let files: Vec<_> = sources().into_iter().map(|(_, path)| (name(&path), path)).collect();
    let known: BTreeSet<String> = files.iter().map(|(module, _)| module.clone()).collect();
    let graph: BTreeMap<_, _> = files
        .iter()
        .map(|(module, path)| {
            let code = code_of(&fs::read_to_string(path).unwrap());
            (module.clone(), imports(module, &code, &known))
        })
        .collect();
    let folders: BTreeSet<&str> = known
        .iter()
        .filter_map(|module| module.rsplit_once("::"))
        .map(|(above, _)| above)
        .collect();
    let found: BTreeSet<(&str, Vec<String>)> = folders
        .iter()
        .flat_map(|folder| circles_in(folder, &graph).into_iter().map(|circle| (*folder, circle)))
        .collect();
    assert!(found.is_empty(), "circles of imports: {found:?}");
}

#[test]
fn trees_of_imports_are_read() {
    assert_eq!(
        paths("crate::a::{self, b::{c, D}, e};"),
        ["crate::a::self", "crate::a::b::c", "crate::a::b::D", "crate::a::e"]
    );
    assert_eq!(paths("super::a::f(x)"), ["super::a::f"]);
    let known = ["s", "s::a", "s::b", "s::c::d"].map(str::to_owned).into();
    let code = "use super::b::{X, Y};\nuse crate::s::c::d::Z;\nlet x = super::a::f();";
    let found: Vec<String> = imports("s::a", code, &known).into_iter().collect();
    assert_eq!(found, ["s::a", "s::b", "s::c::d"]);
}

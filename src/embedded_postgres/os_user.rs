//! The OS user that runs PostgreSQL: our own, or for root one without privileges.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User, geteuid};

use super::Error;

/// The OS user that runs PostgreSQL's programs and owns their files.
#[derive(Debug, Clone)]
pub(super) struct OsUser {
    name: String,
    /// The ids to switch to; none when it is our own user.
    ids: Option<(u32, u32)>,
}

/// Lets users other than root traverse a folder that was created for Dispatch alone, such as by
/// `mktemp -d`. They still cannot list it.
pub(super) fn let_pass(home: &Path) -> Result<(), Error> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let failed = |error| Error::file("open up", home, error);
    let mode = fs::metadata(home).map_err(failed)?.permissions().mode();
    if mode & 0o001 == 0 {
        let passable = fs::Permissions::from_mode(mode | 0o111);
        fs::set_permissions(home, passable).map_err(failed)?;
    }
    Ok(())
}

impl OsUser {
    /// The owner of existing `data`; for new data, our own user, or for root one without
    /// privileges.
    pub(super) fn for_data(data: &Path) -> Result<Self, Error> {
        let owner = match fs::metadata(data) {
            Ok(owner) => Some(Uid::from_raw(owner.uid())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::file("look at", data, error)),
        };
        let own = geteuid();
        if !own.is_root() {
            if owner.is_some_and(|owner| owner != own) {
                return Err(Error::NotOurs { path: data.to_owned() });
            }
            let name = User::from_uid(own).ok().flatten().map_or(own.to_string(), |user| user.name);
            return Ok(Self { name, ids: None });
        }
        match owner {
            Some(owner) => Self::from_user(User::from_uid(owner).ok().flatten())
                .ok_or_else(|| Error::NoOwner { path: data.to_owned() }),
            None => Self::first_of(&["postgres", "nobody"]),
        }
    }

    /// The first of these users that exists.
    fn first_of(names: &[&str]) -> Result<Self, Error> {
        let mut found = names.iter().map(|name| User::from_name(name).ok().flatten());
        found.find_map(Self::from_user).ok_or(Error::NoAccount)
    }

    /// A user as whom root can run the server.
    fn from_user(user: Option<User>) -> Option<Self> {
        let user = user.filter(|user| !user.uid.is_root())?;
        Some(Self { name: user.name, ids: Some((user.uid.as_raw(), user.gid.as_raw())) })
    }

    /// A command that runs as this user, with an empty environment, because ours may contain
    /// tokens.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
        command.current_dir("/").stdin(Stdio::null());
        if let Some((uid, gid)) = self.ids {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes this user the owner of a file or folder.
    pub(super) fn own(&self, path: &Path) -> Result<(), Error> {
        let Some((uid, gid)) = self.ids else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(uid), Some(gid))
            .map_err(|error| Error::file("give away", path, error))
    }

    /// Checks that this user can enter `dir`.
    pub(super) fn check_reaches(&self, dir: &Path) -> Result<(), Error> {
        let mut visit = self.command(Path::new("/bin/sh"));
        visit.args(["-c", "cd \"$1\"", "sh"]).arg(dir).stderr(Stdio::null());
        match visit.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(Error::OutOfReach { os_user: self.name.clone(), path: dir.to_owned() }),
            Err(error) => Err(Error::failed("running a shell", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_needs_a_user_that_is_not_root() {
        let error = OsUser::first_of(&["no-such-user", "root"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: \
             run Dispatch as another user, or set DATABASE_URL"
        );
        let os_user = OsUser::first_of(&["no-such-user", "root", "nobody"]).unwrap();
        assert_eq!(os_user.name, "nobody");
    }
}

//! The operating system user that runs the database processes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::error::{Attempting, Error};

/// The user that runs the database processes.
///
/// An ordinary user runs the database itself. PostgreSQL refuses to run as root, so for root it is the first
/// of: the owner of existing data, the owner of the folder in which the cluster is created, `postgres`,
/// `nobody`. Each must be listed in `/etc/passwd`, because `initdb` looks up its own user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    uid: u32,
    gid: u32,
    name: Option<String>,
}

impl Account {
    /// Chooses the user for a cluster in the folder `dir`, which need not exist yet.
    ///
    /// # Errors
    ///
    /// [`Error::NoAccount`] if the caller is root and no other user fits; [`Error::ForeignData`] if the
    /// caller is an ordinary user and the data belongs to another user; [`Error::Io`] if `id` cannot be run.
    pub fn for_folder(dir: &Path) -> Result<Self, Error> {
        let caller = caller_uid()?;
        let data_owner = fs::metadata(dir.join("data")).ok().map(|data| data.uid());
        if caller != 0 {
            if let Some(uid) = data_owner.filter(|&uid| uid != caller) {
                return Err(Error::ForeignData { dir: dir.to_owned(), uid });
            }
            return Ok(Self { uid: caller, gid: 0, name: None });
        }
        let users = users();
        let folder_owner =
            dir.ancestors().find_map(|ancestor| fs::metadata(ancestor).ok()).map(|folder| folder.uid());
        let by_id = |uid: Option<u32>| users.iter().find(|user| Some(user.uid) == uid && user.uid != 0);
        let by_name =
            |name: &str| users.iter().find(|user| user.name.as_deref() == Some(name) && user.uid != 0);
        by_id(data_owner)
            .or_else(|| by_id(folder_owner))
            .or_else(|| by_name("postgres"))
            .or_else(|| by_name("nobody"))
            .cloned()
            .ok_or(Error::NoAccount)
    }

    /// Makes a command run as this user. Does nothing if the caller is this user.
    pub fn apply(&self, command: &mut Command) {
        if self.is_dropped() {
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Numeric user id.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The user's name if privileges are dropped; `None` if the caller runs the database itself.
    pub fn dropped_to(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Changes the owner of a file or folder to this user, if privileges are dropped.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        if !self.is_dropped() {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .attempting(|| format!("give {} to user {}", path.display(), self.uid))
    }

    /// Whether this user may enter every existing folder on the way to `path`, including `path`.
    pub(crate) fn can_reach(&self, path: &Path) -> bool {
        if !self.is_dropped() {
            return true;
        }
        path.ancestors().filter_map(|ancestor| fs::metadata(ancestor).ok()).all(|folder| {
            let needed = if folder.uid() == self.uid {
                0o100
            } else if folder.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            folder.mode() & needed != 0
        })
    }

    fn is_dropped(&self) -> bool {
        self.name.is_some()
    }
}

/// Effective user id of this process.
pub(crate) fn caller_uid() -> Result<u32, Error> {
    static UID: OnceLock<u32> = OnceLock::new();
    if let Some(&uid) = UID.get() {
        return Ok(uid);
    }
    let output = Command::new("id").arg("-u").output().attempting(|| "run `id -u`".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let uid = text
        .trim()
        .parse()
        .map_err(|_| Error::Program { program: "id".to_owned(), output: text.trim().to_owned() })?;
    Ok(*UID.get_or_init(|| uid))
}

fn users() -> Vec<Account> {
    parse_users(&fs::read_to_string("/etc/passwd").unwrap_or_default())
}

fn parse_users(passwd: &str) -> Vec<Account> {
    passwd
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account { uid, gid, name: Some(name) })
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_user_list_is_read_and_odd_lines_are_passed_over() {
        let users = parse_users(
            "# comment:x:1:1\nroot:x:0:0:root:/root:/bin/bash\n\nbroken\nnobody:*:-2:-2::/:\npostgres:x:101:104:,,,:/var:/bin/bash\n",
        );
        assert_eq!(users.len(), 2);
        assert_eq!((users[1].uid, users[1].gid, users[1].dropped_to()), (101, 104, Some("postgres")));
    }

    #[test]
    fn a_closed_folder_is_not_reachable() {
        use std::os::unix::fs::PermissionsExt;

        let closed = std::env::temp_dir().join(format!("dev-postgres-closed-{}", std::process::id()));
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { uid: 4_000_000, gid: 4_000_000, name: Some("stranger".to_owned()) };
        assert!(!stranger.can_reach(&closed.join("below")));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.can_reach(&closed.join("below")));
        fs::remove_dir(&closed).unwrap();
    }
}

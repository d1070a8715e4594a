//! A cluster's folder: its location, its lock, and the removal of leftovers of killed runs.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::account::{Account, caller_uid};
use crate::error::{Attempting, Error};
use crate::postmaster::clear_leftovers;

/// Longest path of a Unix socket in bytes on Linux (`sun_path` without its NUL).
const SOCKET_PATH_BYTES: usize = 107;

/// Folder of root's clusters if the database's user cannot reach the requested folder.
const STAND_IN: &str = "/var/lib/dev-postgres";

/// Linux's in-memory file system.
const SHARED_MEMORY: &str = "/dev/shm";

/// Free memory that throw-away clusters need: 2 GiB, for the databases of the tests that run at a time and of
/// failed tests. Containers have 64 MiB by default.
const ENOUGH_KIB: u64 = 2 * 1024 * 1024;

/// [`sweep`] ignores folders that are younger, because their process may not have locked them yet.
const SWEEP_AGE: Duration = Duration::from_secs(10);

/// Prefix of throw-away clusters' folders.
const THROW_AWAY: &str = "pg-";

/// The folder to use in place of `wanted`, so that the database's user can reach it.
///
/// Normally it is the absolute path of `wanted`. If the caller is root and a parent folder is closed to other
/// users, as `/root` is, it is a folder under `/var/lib/dev-postgres` with a name derived from `wanted`. It
/// is not under `/var/tmp`, because systems remove files there that were not used for a month.
///
/// # Errors
///
/// As [`Account::for_folder`]; [`Error::Io`] if that folder cannot be created or belongs to another user.
pub fn reachable_folder(wanted: &Path) -> Result<PathBuf, Error> {
    let wanted = std::path::absolute(wanted).attempting(|| format!("resolve {}", wanted.display()))?;
    if Account::for_folder(&wanted)?.can_reach(&wanted) {
        return Ok(wanted);
    }
    let base = Path::new(STAND_IN);
    if let Some(parent) = base.parent() {
        fs::create_dir_all(parent).attempting(|| format!("make {}", parent.display()))?;
    }
    make_own(base, 0o711)?;
    Ok(base.join(format!("{:016x}", fingerprint(&wanted))))
}

/// A parent folder for throw-away clusters: in memory if there is enough space, else `on_disk`.
///
/// A test's database consists of some 300 small files, which are created and removed again. On disk, the file
/// system takes more time for that than PostgreSQL does.
pub fn throw_away_parent(on_disk: impl Into<PathBuf>) -> PathBuf {
    let in_memory = || -> Option<PathBuf> {
        let shared = Path::new(SHARED_MEMORY);
        if free_kib(shared)? < ENOUGH_KIB {
            return None;
        }
        let parent = shared.join(format!("dev-postgres-{}", caller_uid().ok()?));
        make_own(&parent, 0o711).ok()?;
        Some(parent)
    };
    in_memory().unwrap_or_else(|| on_disk.into())
}

/// Free space of an in-memory file system, in KiB; `None` for one on a disk.
fn free_kib(dir: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // The columns are: name of the file system, size, used, available, …
    let mut columns = text.lines().nth(1)?.split_whitespace();
    // In containers the name is `shm`.
    if !["tmpfs", "shm"].contains(&columns.next()?) {
        return None;
    }
    columns.nth(2)?.parse().ok()
}

/// Removes throw-away clusters under `parent` whose process no longer exists, and stops their servers if they
/// still run. Returns the number of removed clusters.
///
/// # Errors
///
/// As [`reachable_folder`]; [`Error::Io`] if a leftover cannot be removed.
pub fn sweep(parent: &Path) -> Result<usize, Error> {
    let parent = reachable_folder(parent)?;
    let Ok(entries) = fs::read_dir(&parent) else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in entries.flatten() {
        let dir = entry.path();
        let old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > SWEEP_AGE));
        if !old || !entry.file_name().to_string_lossy().starts_with(THROW_AWAY) || !dir.join("lock").is_file()
        {
            continue;
        }
        match FolderLock::take(&dir) {
            Ok(lock) => {
                remove(&dir)?;
                drop(lock);
                removed += 1;
            }
            Err(Error::InUse { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// Removes a cluster's folder with all its data, and first stops a server whose parent process died. A
/// missing folder is not an error.
///
/// # Errors
///
/// [`Error::InUse`] if a running process uses it; [`Error::Io`] if it cannot be removed.
pub fn erase(dir: &Path) -> Result<(), Error> {
    let dir = reachable_folder(dir)?;
    if !dir.exists() {
        return Ok(());
    }
    let lock = FolderLock::take(&dir)?;
    remove(&dir)?;
    drop(lock);
    Ok(())
}

/// A path under `parent` that no other cluster uses.
pub(crate) fn fresh_name(parent: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    parent.join(format!("{THROW_AWAY}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Removes a cluster's folder and its short socket folder, if there is one. The caller holds the lock.
pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
    clear_leftovers(&dir.join("data"));
    let _ = fs::remove_dir_all(short_socket_folder(dir));
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).attempting(|| format!("remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Creates an empty socket folder that belongs to the database's user, and returns it.
///
/// It is inside the cluster's folder, unless the socket's path would be too long.
pub(crate) fn make_socket_folder(dir: &Path, account: &Account, port: u16) -> Result<PathBuf, Error> {
    let inside = dir.join("socket");
    let longest = inside.join(format!(".s.PGSQL.{port}.lock"));
    let folder =
        if longest.as_os_str().len() <= SOCKET_PATH_BYTES { inside } else { short_socket_folder(dir) };
    // A killed server leaves lock files, and the process id in them may now belong to another process.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).attempting(|| format!("clear {}", folder.display()));
        }
        _ => {}
    }
    make_own(&folder, 0o700)?;
    account.own(&folder)?;
    Ok(folder)
}

/// Creates a folder that belongs to the database's user and is closed to others.
pub(crate) fn make_private(dir: &Path, account: &Account) -> Result<(), Error> {
    make_own(dir, 0o700)?;
    account.own(dir)
}

/// Creates a folder, or checks that an existing one belongs to the caller or the database's user.
///
/// Another user may have created the name first under `/tmp`, so links and other owners are refused.
pub(crate) fn make_own(dir: &Path, mode: u32) -> Result<(), Error> {
    match DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let metadata = fs::symlink_metadata(dir).attempting(|| format!("look at {}", dir.display()))?;
            let owned = metadata.uid() == caller_uid()? || Account::for_folder(dir)?.uid() == metadata.uid();
            if !metadata.is_dir() || !owned {
                let taken = io::Error::other("the name is taken by something that is not this user's folder");
                return Err(taken).attempting(|| format!("use {}", dir.display()));
            }
        }
        Err(error) => return Err(error).attempting(|| format!("make {}", dir.display())),
    }
    // The umask may have cleared permission bits.
    fs::set_permissions(dir, Permissions::from_mode(mode))
        .attempting(|| format!("set the mode of {}", dir.display()))
}

/// The exclusive lock on a cluster's folder, held until drop.
///
/// It is a kernel lock (`flock`), so it is released whenever the process ends, even after a crash.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks an existing folder, or fails with [`Error::InUse`].
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let file = lock_file(dir)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(source).attempting(|| format!("lock {}", dir.display())),
        }
    }

    /// Locks an existing folder, and waits while another process holds the lock.
    pub(crate) fn wait(dir: &Path) -> Result<Self, Error> {
        let file = lock_file(dir)?;
        file.lock().attempting(|| format!("lock {}", dir.display()))?;
        Ok(Self { _file: file })
    }
}

fn lock_file(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    options.open(&path).attempting(|| format!("open {}", path.display()))
}

fn short_socket_folder(dir: &Path) -> PathBuf {
    PathBuf::from(format!("/tmp/pg-{:016x}", fingerprint(dir)))
}

/// FNV-1a hash of a path: a short name that is the same in every run. It is not a secret, and collisions are
/// possible.
fn fingerprint(path: &Path) -> u64 {
    path.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("dev-postgres-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn a_folder_is_used_by_one_at_a_time() {
        let dir = scratch("lock");
        let first = FolderLock::take(&dir).unwrap();
        assert!(matches!(FolderLock::take(&dir), Err(Error::InUse { .. })));
        drop(first);
        FolderLock::take(&dir).unwrap();
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn throw_away_clusters_are_in_memory_or_where_they_were_asked_for() {
        let parent = throw_away_parent("target/postgres");
        let in_memory = free_kib(Path::new(SHARED_MEMORY)).is_some_and(|free| free >= ENOUGH_KIB);
        assert_eq!(parent.starts_with(SHARED_MEMORY), in_memory, "{}", parent.display());
        assert_eq!(parent == Path::new("target/postgres"), !in_memory, "{}", parent.display());
    }

    #[test]
    fn sweeping_removes_what_nobody_locks_and_nothing_else() {
        let parent = scratch("sweep");
        let old = std::time::SystemTime::now() - SWEEP_AGE - Duration::from_secs(5);
        let make = |name: &str, with_lock: bool, aged: bool| {
            let dir = parent.join(name);
            fs::create_dir(&dir).unwrap();
            if with_lock {
                fs::write(dir.join("lock"), "").unwrap();
            }
            if aged {
                File::open(&dir).unwrap().set_modified(old).unwrap();
            }
            dir
        };
        let dead = make("pg-1-0", true, true);
        let living = make("pg-2-0", true, true);
        let young = make("pg-3-0", true, false);
        let foreign = make("notes", true, true);
        let unlocked = make("pg-4-0", false, true);
        let lock = FolderLock::take(&living).unwrap();

        assert_eq!(sweep(&parent).unwrap(), 1);
        assert!(!dead.exists());
        assert!([&living, &young, &foreign, &unlocked].iter().all(|dir| dir.exists()));
        drop(lock);
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn a_link_in_a_shared_folder_is_not_followed() {
        let parent = scratch("link");
        let target = parent.join("target");
        fs::create_dir(&target).unwrap();
        let link = parent.join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(matches!(make_own(&link, 0o700), Err(Error::Io { .. })));
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn a_long_path_gets_a_short_socket() {
        let parent = scratch("socket");
        let account = Account::for_folder(&parent).unwrap();
        let inside = make_socket_folder(&parent, &account, 5432).unwrap();
        assert_eq!(inside, parent.join("socket"));
        let long = parent.join("x".repeat(120));
        fs::create_dir(&long).unwrap();
        let short = make_socket_folder(&long, &account, 5432).unwrap();
        assert!(short.join(".s.PGSQL.5432.lock").as_os_str().len() <= SOCKET_PATH_BYTES);
        fs::remove_dir_all(&short).unwrap();
        fs::remove_dir_all(&parent).unwrap();
    }
}

//! The development server's secret. It is kept in a file, so that sessions survive a restart.

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::database::say;
use crate::failure::Failure;

/// Random bytes of the secret. In hexadecimal they are 64 characters, twice the minimum of the server.
const BYTES: usize = 32;

/// Returns the file that holds the secret and creates it if it is missing. `None` if the environment sets a
/// secret.
pub(super) fn file(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let own = [
        "BETTER_AUTH_SECRET",
        "BETTER_AUTH_SECRETS",
        "BETTER_AUTH_SECRET_FILE",
        "BETTER_AUTH_SECRETS_FILE",
        "AUTH_SECRET",
    ];
    if own.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Ok(None);
    }
    let path = folder.join("secret");
    let cannot = |error| Failure::because(format!("cannot make the secret in {}", path.display()), error);
    fs::create_dir_all(folder).map_err(cannot)?;
    // The secret is written to another file and renamed: the server would refuse a partly written secret at
    // every later start.
    let unfinished = folder.join("secret.new");
    if path.exists() {
        return Ok(Some(path));
    }
    let mut random = [0_u8; BYTES];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random)).map_err(cannot)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    let mut file =
        File::options().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(cannot)?;
    file.write_all(format!("{text}\n").as_bytes()).map_err(cannot)?;
    fs::rename(&unfinished, &path).map_err(cannot)?;
    say(&format!("made a secret in {}", path.display()));
    Ok(Some(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_secret_is_made_once_and_for_its_owner_alone() {
        let folder = env::temp_dir().join(format!("xtask-secret-{}", std::process::id()));
        let path = file(&folder).unwrap().unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(first.trim().len(), BYTES * 2);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(file(&folder).unwrap().unwrap(), path);
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        fs::remove_dir_all(&folder).unwrap();
    }
}

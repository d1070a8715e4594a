//! Finds out whether josekit can link the system's OpenSSL or OpenSSL must be built from source.
//!
//! `auth-http` (not `xtask`) needs OpenSSL's headers. If they are missing, the feature `vendored-openssl`
//! builds OpenSSL once, which takes a few minutes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::shell::{capture, which};

/// The source of OpenSSL's headers and libraries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Openssl {
    /// The build finds them without help.
    Found,
    /// They are installed, but the build needs their paths: include folder and library folder.
    At(PathBuf, PathBuf),
    /// They are missing and must be built.
    Missing,
}

impl Openssl {
    /// Looks for the headers on this machine.
    pub(crate) fn look() -> Self {
        let header = Path::new("include/openssl/ssl.h");
        if env::var_os("OPENSSL_DIR").is_some_and(|dir| Path::new(&dir).join(header).is_file())
            || env::var_os("OPENSSL_INCLUDE_DIR")
                .is_some_and(|dir| Path::new(&dir).join("openssl/ssl.h").is_file())
        {
            return Self::Found;
        }
        if capture(Command::new("pkg-config").args(["--exists", "openssl"])).is_ok() {
            return Self::Found;
        }
        if cfg!(target_os = "macos") {
            let brewed = ["/opt/homebrew/opt/openssl@3", "/usr/local/opt/openssl@3"];
            return if brewed.iter().any(|dir| Path::new(dir).join(header).is_file()) {
                Self::Found
            } else {
                Self::Missing
            };
        }
        // Without pkg-config, openssl-sys does not find the headers.
        let multiarch = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
        let library = [multiarch.as_str(), "/usr/lib64", "/usr/lib"]
            .into_iter()
            .find(|dir| Path::new(dir).join("libssl.so").exists());
        match library {
            Some(library) if Path::new("/usr").join(header).is_file() => {
                Self::At("/usr/include".into(), library.into())
            }
            _ => Self::Missing,
        }
    }

    /// Adds the variables and features that a cargo command on `auth-http` needs, and prints a note if
    /// OpenSSL must be built.
    ///
    /// # Errors
    ///
    /// OpenSSL must be built, and this machine has no C compiler, perl or make.
    pub(crate) fn prepare(&self, command: &mut Command) -> Result<(), Failure> {
        match self {
            Self::Found => {}
            Self::At(include, library) => {
                command.env("OPENSSL_INCLUDE_DIR", include).env("OPENSSL_LIB_DIR", library);
            }
            Self::Missing => {
                let absent: Vec<&str> =
                    ["cc", "perl", "make"].into_iter().filter(|program| which(program).is_none()).collect();
                if !absent.is_empty() {
                    return Err(Failure::new(format!(
                        "OpenSSL's headers are not installed and cannot be built, because {} missing\n  \
                         Debian, Ubuntu:  sudo apt-get install libssl-dev pkg-config\n  \
                         Fedora, RHEL:    sudo dnf install openssl-devel pkgconf\n  \
                         macOS:           brew install openssl@3",
                        match absent.as_slice() {
                            [one] => format!("`{one}` is"),
                            several => format!("`{}` are", several.join("`, `")),
                        }
                    )));
                }
                println!(
                    "OpenSSL's headers are not installed: using one built from source, which takes a few minutes the first time (`libssl-dev` and `pkg-config` avoid it)"
                );
                command.args(["--features", "auth-http/vendored-openssl"]);
            }
        }
        Ok(())
    }
}

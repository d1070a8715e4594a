//! A Python with PyJWT, which verifies our access tokens as a service in another language would.

use std::path::PathBuf;
use std::process::Command;

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, target_dir, which};

/// Version and, as pip spells it, hash of the wheel; the same file for every platform.
const PYJWT: &str = "PyJWT==2.15.1";
const HASH: &str = "sha256:42d59d631f7768a1028a64c7ff581a9bf7519804daf91fc5b6c56e30eec5e193";

/// Makes a virtual environment in `target/` and returns its interpreter.
pub(super) fn install() -> Result<PathBuf, Failure> {
    let folder = target_dir().join("tools/python");
    let python = folder.join("bin/python");
    let ready =
        |python: &PathBuf| capture(Command::new(python).args(["-c", "import jwt; print(jwt.__version__)"]));
    if ready(&python).is_ok_and(|version| PYJWT.ends_with(version.trim())) {
        return Ok(python);
    }
    let way_out = "install python3 with its `venv` module (Debian: sudo apt-get install python3-venv), name an interpreter that has PyJWT in AUTH_TEST_PYTHON, or leave the test out with `cargo xtask test --without python`";
    if which("python3").is_none() {
        return Err(Failure::new(format!("the tests need Python: {way_out}")));
    }
    say(&format!("{PYJWT} in {}", folder.display()));
    let because = |failure: Failure| Failure::new(format!("{failure}\n{way_out}"));
    capture(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).map_err(because)?;
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, format!("{PYJWT} --hash={HASH}\n"))
        .map_err(|error| Failure::because(format!("cannot write {}", requirements.display()), error))?;
    capture(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "-r",
            ])
            .arg(&requirements),
    )
    .map_err(because)?;
    Ok(python)
}

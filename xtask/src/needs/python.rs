//! Python with PyJWT and FastAPI, to verify tokens as a service in another language would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, root, target_dir, which};

/// The packages, with versions and hashes.
const REQUIREMENTS: &str = "crates/auth-http/tests/conformance/python/requirements.txt";

/// Creates a virtual environment in `target/` and returns its interpreter.
pub(super) fn install() -> Result<PathBuf, Failure> {
    let folder = target_dir().join("tools/python");
    let (python, installed) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let requirements = fs::read_to_string(root().join(REQUIREMENTS))
        .map_err(|error| Failure::because(format!("cannot read {REQUIREMENTS}"), error))?;
    let starts = || capture(Command::new(&python).args(["-c", ""])).is_ok();
    if fs::read_to_string(&installed).is_ok_and(|text| text == requirements) && starts() {
        return Ok(python);
    }
    let way_out = "install python3 with its `venv` module (Debian: sudo apt-get install python3-venv), name an interpreter that has PyJWT, FastAPI and uvicorn in AUTH_TEST_PYTHON, or leave the tests out with `cargo xtask test --without python`";
    if which("python3").is_none() {
        return Err(Failure::new(format!("the tests need Python: {way_out}")));
    }
    say(&format!("PyJWT and FastAPI in {}", folder.display()));
    let because = |failure: Failure| Failure::new(format!("{failure}\n{way_out}"));
    capture(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).map_err(because)?;
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
            .arg(root().join(REQUIREMENTS)),
    )
    .map_err(because)?;
    // Written last, so that an interrupted installation is repeated.
    fs::write(&installed, requirements)
        .map_err(|error| Failure::because(format!("cannot write {}", installed.display()), error))?;
    Ok(python)
}

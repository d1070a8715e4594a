//! Runs libFuzzer on the target that `AUTH_FUZZ_TARGET` names. `cargo xtask fuzz` starts it.
#![no_main]
#![expect(clippy::expect_used, reason = "stops before the first input")]

use std::sync::LazyLock;

use auth_core_fuzz::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("AUTH_FUZZ_TARGET").expect("AUTH_FUZZ_TARGET names the target");
    auth_core_fuzz::target(&name).expect("AUTH_FUZZ_TARGET names a target")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    TARGET(data);
});

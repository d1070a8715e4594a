//! Benchmarks of the operations that a request needs: time and allocations. Run them with
//! `cargo bench -p auth-core --features josekit`.
//!
//! They use divan, because it counts allocations as well as time and needs no plotting library.
//! `cargo xtask bench core` compares with other libraries.

#![allow(clippy::expect_used, missing_docs, unreachable_pub, dead_code, reason = "benchmarks")]

mod operations;

use std::sync::LazyLock;

use divan::{AllocProfiler, Bencher, bench};

use operations::{Form, Operations};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

static OPERATIONS: LazyLock<Operations> = LazyLock::new(Operations::signed_in);

const FORMS: [Form; 3] = [Form::Compact, Form::Jwt, Form::Jwe];

fn main() {
    LazyLock::force(&OPERATIONS);
    divan::main();
}

#[bench]
fn verify_access_token(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.verify_access_token());
}

#[bench]
fn issue_access_token(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.issue_access_token());
}

#[bench]
fn verify_signed_cookie(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.verify_signed_cookie());
}

#[bench]
fn read_cookie_header(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.read_cookie_header());
}

#[bench(args = FORMS)]
fn read_cache(bencher: Bencher<'_, '_>, form: Form) {
    bencher.bench(|| OPERATIONS.read_cache(form));
}

#[bench(args = FORMS)]
fn write_cache(bencher: Bencher<'_, '_>, form: Form) {
    bencher.bench(|| OPERATIONS.write_cache(form));
}

#[bench]
fn bare_mac_of_cookie(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.bare_mac_of_cookie());
}

#[bench]
fn bare_mac_of_access_token(bencher: Bencher<'_, '_>) {
    bencher.bench(|| OPERATIONS.bare_mac_of_access_token());
}

//! Small invented crates, each with one correct or incorrect detail.
#![allow(clippy::panic, reason = "tests")]

use super::*;

const HOUSE: House = House {
    package: "shop",
    rooms: &[
        Room { name: "lib", knows: &["app"] },
        Room { name: "app", knows: &[FEATURES, "web"] },
        Room { name: FEATURES, knows: &["web", "config"] },
        Room { name: "web", knows: &["config"] },
        Room { name: "config", knows: &[] },
    ],
};

/// Checks a crate `shop` with these files in `src`.
fn judge_shop(sources: &[(&str, &str)]) -> Vec<String> {
    let paths: Vec<String> = sources.iter().map(|(name, _)| format!("crates/shop/src/{name}")).collect();
    let mut files = vec![("crates/shop/Cargo.toml", "[package]\nname = \"shop\"\n")];
    files.extend(paths.iter().zip(sources).map(|(path, (_, text))| (path.as_str(), *text)));
    let packages = modules::packages(&Files::of(&files));
    judge(&packages, &[HOUSE]).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn passes(sources: &[(&str, &str)]) {
    let found = judge_shop(sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[track_caller]
fn finds(sources: &[(&str, &str)], expected: &str) {
    let found = judge_shop(sources);
    assert_eq!(found, [expected], "{found:#?}");
}

const LIB: &str =
    "mod app;\npub mod config;\nmod features;\nmod web;\n\npub use app::App;\npub use web::Reply;\n";

#[test]
fn arrows_downward_pass() {
    passes(&[
        ("lib.rs", LIB),
        ("app.rs", "use crate::features::cart::Cart;\npub struct App(Cart, crate::web::Reply);\n"),
        ("features.rs", "pub mod cart;\npub mod order;\n"),
        (
            "features/cart.rs",
            "mod line;\nuse crate::web::{self, Reply};\npub use self::line::Line;\npub struct Cart(Reply);\n",
        ),
        ("features/cart/line.rs", "use crate::config::Limit;\npub struct Line(Limit);\n"),
        ("features/order.rs", "use crate::Reply;\npub struct Order(Reply);\n"),
        ("web.rs", "mod reply;\npub use reply::Reply;\n"),
        ("web/reply.rs", "use crate::config::Limit;\npub struct Reply(Limit);\n"),
        ("config.rs", "pub struct Limit;\n"),
    ]);
}

#[test]
fn an_arrow_upward_is_found_where_it_is_named_first() {
    finds(
        &[
            ("lib.rs", "mod config;\nmod web;\n"),
            ("web.rs", "pub struct Reply;\n"),
            ("config.rs", "pub struct Limit;\n\nuse crate::web::Reply;\npub fn f(_: Reply) {}\n"),
        ],
        "crates/shop/src/config.rs:3: uses Reply of web.rs: `config` may not know `web`",
    );
}

#[test]
fn a_re_export_leads_to_the_file_that_defines() {
    finds(
        &[
            ("lib.rs", LIB),
            ("app.rs", "pub struct App;\n"),
            ("features.rs", ""),
            ("web.rs", "mod reply;\npub use reply::{Answer as Reply};\n"),
            ("web/reply.rs", "pub enum Answer { Ok }\n"),
            ("config.rs", "pub fn f() {\n    drop(crate::Reply::Ok)\n}\n"),
        ],
        "crates/shop/src/config.rs:2: uses Ok of web/reply.rs: `config` may not know `web`",
    );
}

#[test]
fn paths_are_found_through_modules_globs_macros_and_attributes() {
    let web = ("web.rs", "pub mod reply;\npub use reply::*;\n");
    let reply = ("web/reply.rs", "pub fn say() {}\n");
    let lib = ("lib.rs", "mod config;\nmod web;\n");
    for (config, name) in [
        ("use crate::web;\nfn f() {\n    web::say();\n}\n", "3: uses say"),
        ("\nuse super::web::reply as said;\nfn f() { said::say() }\n", "3: uses say"),
        ("use crate::web::*;\nfn f() { say() }\n", "2: uses say"),
        ("fn f() {\n    println!(\"{:?}\", crate::web::say());\n}\n", "2: uses say"),
        ("struct S {\n    #[serde(with = \"crate::web::say\")]\n    a: u8,\n}\n", "2: uses say"),
        ("mod inner {\n    pub fn f() { super::super::web::say() }\n}\n", "2: uses say"),
        ("fn f() { use crate::web::say; say() }\n", "1: uses say"),
    ] {
        let found = judge_shop(&[lib, web, reply, ("config.rs", config)]);
        let expected = format!("config.rs:{name} of web/reply.rs: `config` may not know `web`");
        assert!(found.iter().any(|finding| finding.ends_with(&expected)), "{config}\n{found:#?}");
    }
}

#[test]
fn a_field_a_variable_and_another_crate_are_no_arrows() {
    passes(&[
        ("lib.rs", "mod config;\nmod web;\n"),
        ("web.rs", "pub struct Reply;\n"),
        (
            "config.rs",
            "use other::web;\nfn f(s: S) { let web = s.web; dbg!(s.web, web); web::Reply; ::web::Reply; }\n",
        ),
    ]);
}

#[test]
fn an_arrow_between_features_is_found() {
    finds(
        &[
            ("lib.rs", LIB),
            ("app.rs", "pub struct App;\n"),
            ("features.rs", "pub mod cart;\npub mod order;\n"),
            ("features/cart.rs", "use super::order::Order;\nfn f(_: Order) {}\n"),
            ("features/order.rs", "pub struct Order;\n"),
            ("web.rs", "pub struct Reply;\n"),
            ("config.rs", ""),
        ],
        "crates/shop/src/features/cart.rs:1: uses Order of features/order.rs, but a feature never calls another \
         feature: what both need goes to a room below",
    );
}

#[test]
fn a_cycle_is_found_with_all_its_arrows() {
    finds(
        &[
            ("lib.rs", "mod config;\n"),
            ("config.rs", "mod a;\nmod b;\nmod c;\n"),
            ("config/a.rs", "use super::b::B;\npub struct A(B);\n"),
            ("config/b.rs", "\nuse super::c::C;\npub struct B(C);\n"),
            ("config/c.rs", "\n\nuse crate::config::a::A;\npub struct C(Box<A>);\n"),
        ],
        "crates/shop/src/config/a.rs:1: import cycle: config/a.rs -(line 1)-> config/b.rs -(line 2)-> \
         config/c.rs -(line 3)-> config/a.rs",
    );
}

#[test]
fn a_parent_and_its_children_are_one_whole_but_children_may_not_use_each_other_in_circles() {
    let parent = ("web.rs", "mod a;\nmod b;\npub use a::A;\npub fn f(_: A, _: b::B) {}\npub struct Web;\n");
    let a = ("web/a.rs", "use super::Web;\npub struct A(Web);\n");
    passes(&[("lib.rs", "mod web;\n"), parent, a, ("web/b.rs", "use super::A;\npub struct B(A);\n")]);
    let a = ("web/a.rs", "use super::Web;\npub struct A(Web, super::b::B);\n");
    let b = ("web/b.rs", "pub struct B(Box<crate::web::A>);\n");
    let found = judge_shop(&[("lib.rs", "mod web;\n"), parent, a, b]);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert!(
        finding.contains("import cycle: web/a.rs -(line 2)-> web/b.rs -(line 1)-> web/a.rs"),
        "{finding}"
    );
}

#[test]
fn tests_are_left_out() {
    passes(&[
        ("lib.rs", "mod config;\nmod web;\n"),
        ("web.rs", "pub struct Reply;\n"),
        (
            "config.rs",
            "#[cfg(test)]\nuse crate::web::Reply;\n#[cfg(test)]\nmod tests;\n#[cfg(all(test, unix))]\n\
             mod more { use crate::web::Reply; }\nstruct S;\nimpl S {\n    #[cfg(test)]\n    fn f(_: Reply) {}\n}\n",
        ),
        ("config/tests.rs", "mod deep;\nuse crate::web::Reply;\n"),
        ("config/tests/deep.rs", "use crate::web::Reply;\n"),
    ]);
}

#[test]
fn a_program_knows_the_library_by_its_name() {
    finds(
        &[
            ("lib.rs", "mod config;\npub use config::Limit;\n"),
            ("config.rs", "pub struct Limit;\n"),
            ("main.rs", "fn main() { let _ = shop::Limit; }\n"),
        ],
        "crates/shop/src/main.rs: `main` is no room of shop: the rooms are in xtask/src/tidy/layers.rs",
    );
    let found = judge_shop(&[
        ("lib.rs", "mod web;\npub use web::Reply;\n"),
        ("web.rs", "pub struct Reply;\n"),
        ("main.rs", "mod config;\nfn main() {}\n"),
        ("config.rs", "use shop::Reply;\npub fn f(_: Reply) {}\n"),
    ]);
    assert!(found.iter().any(|finding| finding.contains("config.rs:1: uses Reply of web.rs")), "{found:#?}");
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let lines = "// a line\n".repeat(MAX_LINES);
    let tests = "#[cfg(test)]\nmod tests {\n    fn f() {}\n\n}\n";
    passes(&[("lib.rs", &format!("{lines}{tests}"))]);
    finds(
        &[("lib.rs", &format!("{lines}fn f() {{}}\n{tests}"))],
        "crates/shop/src/lib.rs: has 501 lines without its tests, at most 500 are allowed: give the second \
         subject a file of its own",
    );
}

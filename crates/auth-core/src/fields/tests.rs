//! Declarations and input. The expected results are those of Better Auth 1.7.25.
#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Map, Value, json};
use time::macros::datetime;

use super::*;
use crate::additional::JsonText;

fn field(name: &str, kind: FieldKind) -> FieldDeclaration {
    FieldDeclaration {
        name: name.into(),
        column: name.to_owned(),
        kind,
        required: false,
        default: None,
        input: true,
        visibility: Visibility::Returned,
        unique: false,
        index: false,
    }
}

fn body(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn problem(owner: FieldOwner, fields: Vec<FieldDeclaration>) -> Option<(usize, DeclarationProblem)> {
    AdditionalFields::new(owner, fields).err().map(|error| (error.position, error.problem))
}

#[test]
fn names_that_are_taken_or_unsafe_are_refused() {
    for name in ["", "1a", "a b", "a\"b", "a;b", "é", "a.b", "a-b", "$1", &"a".repeat(64)] {
        let expected = Some((0, DeclarationProblem::NoIdentifier("its name")));
        assert_eq!(problem(FieldOwner::User, vec![field(name, FieldKind::Text)]), expected, "{name}");
        let column = FieldDeclaration { column: name.to_owned(), ..field("plan", FieldKind::Text) };
        let expected = Some((0, DeclarationProblem::NoIdentifier("its column")));
        assert_eq!(problem(FieldOwner::User, vec![column]), expected, "{name}");
    }
    for (owner, name) in [
        (FieldOwner::User, "id"),
        (FieldOwner::User, "emailVerified"),
        (FieldOwner::User, "password"),
        (FieldOwner::User, "xmin"),
        (FieldOwner::Session, "token"),
        (FieldOwner::Session, "userId"),
        (FieldOwner::Session, "__proto__"),
    ] {
        let expected = Some((0, DeclarationProblem::Reserved("its name")));
        assert_eq!(problem(owner, vec![field(name, FieldKind::Text)]), expected, "{name}");
        let column = FieldDeclaration { column: name.to_owned(), ..field("plan", FieldKind::Text) };
        let expected = Some((0, DeclarationProblem::Reserved("its column")));
        assert_eq!(problem(owner, vec![column]), expected, "{name}");
    }
    assert_eq!(problem(FieldOwner::Session, vec![field("email", FieldKind::Text)]), None);
    assert_eq!(problem(FieldOwner::User, vec![field(&"a".repeat(63), FieldKind::Text)]), None);
}

#[test]
fn declarations_that_contradict_themselves_are_refused() {
    let text = || field("plan", FieldKind::Text);
    let default = || Some(FieldValue::Text("free".to_owned()));
    let user = |field| problem(FieldOwner::User, vec![field]).map(|(_, problem)| problem);
    let session = |field| problem(FieldOwner::Session, vec![field]).map(|(_, problem)| problem);
    let closed = FieldDeclaration { required: true, input: false, ..text() };
    assert_eq!(user(closed.clone()), Some(DeclarationProblem::NobodyCanSet));
    assert_eq!(user(FieldDeclaration { default: default(), ..closed }), None);
    let required = FieldDeclaration { required: true, ..text() };
    assert_eq!(user(required.clone()), None);
    assert_eq!(session(required), Some(DeclarationProblem::NobodyCanSet), "signing in sets nothing");
    let unique = FieldDeclaration { unique: true, default: default(), ..text() };
    assert_eq!(user(unique), Some(DeclarationProblem::UniqueDefault));
    let list = FieldDeclaration { index: true, ..field("tags", FieldKind::TextList) };
    assert_eq!(user(list), Some(DeclarationProblem::NotIndexable));
    let twin = FieldDeclaration { column: "plan".to_owned(), ..field("tier", FieldKind::Text) };
    let expected = Some((1, DeclarationProblem::ColumnTaken));
    assert_eq!(problem(FieldOwner::User, vec![text(), twin]), expected);
}

#[track_caller]
fn reads(kind: FieldKind, value: Value, expected: Option<FieldValue>) {
    assert_eq!(kind.read(&value), expected, "{kind:?} {value}");
}

/// Better Auth stored each value and returned it as expected here, except in the last line of each type.
#[test]
fn values_are_read_as_the_reference_and_its_database_read_them() {
    let number = |value| Some(FieldValue::Number(value));
    reads(FieldKind::Number, json!(12), number(12));
    reads(FieldKind::Number, json!(12.0), number(12));
    reads(FieldKind::Number, json!("12"), number(12));
    reads(FieldKind::Number, json!(" +12\n"), number(12));
    reads(FieldKind::Number, json!(-2_147_483_648_i64), number(-2_147_483_648));
    for refused in [json!(1.5), json!(true), json!(""), json!("x"), json!(2_147_483_648_i64), json!([1])] {
        reads(FieldKind::Number, refused, None);
    }
    let big = |value| Some(FieldValue::BigNumber(value));
    reads(FieldKind::BigNumber, json!(9_007_199_254_740_991_i64), big(9_007_199_254_740_991));
    reads(FieldKind::BigNumber, json!(9_007_199_254_740_993_i64), big(9_007_199_254_740_992));
    reads(FieldKind::BigNumber, json!("9223372036854775807"), big(i64::MAX));
    reads(FieldKind::BigNumber, json!(1e21), None);
    for (value, expected) in [
        (json!(true), true),
        (json!("yes"), true),
        (json!("tr"), true),
        (json!(" ON "), true),
        (json!(1), true),
        (json!("f"), false),
        (json!("of"), false),
        (json!("0"), false),
    ] {
        reads(FieldKind::Boolean, value, Some(FieldValue::Boolean(expected)));
    }
    for refused in [json!(2), json!("maybe"), json!("o"), json!(""), json!("truee"), json!({})] {
        reads(FieldKind::Boolean, refused, None);
    }
    let text = |value: &str| Some(FieldValue::Text(value.to_owned()));
    reads(FieldKind::Text, json!("a\"b"), text("a\"b"));
    reads(FieldKind::Text, json!(1.5), text("1.5"));
    reads(FieldKind::Text, json!(1e21), text("1e+21"));
    reads(FieldKind::Text, json!(true), text("true"));
    let json = |text| Some(FieldValue::Json(JsonText::parse(text).unwrap()));
    reads(FieldKind::Json, json!({"b": 1.0}), json(r#"{"b":1}"#));
    reads(FieldKind::Json, json!("{\"b\": 1}"), json(r#"{"b":1}"#));
    reads(FieldKind::Json, json!("\"x\""), json(r#""x""#));
    reads(FieldKind::Json, json!([1, 2]), json("[1,2]"));
    reads(FieldKind::Json, json!("x"), None);
    reads(FieldKind::TextList, json!(["a", "b"]), json(r#"["a","b"]"#));
    reads(FieldKind::TextList, json!("[\"a\"]"), json(r#"["a"]"#));
    reads(FieldKind::NumberList, json!([1, 2.5]), json("[1,2.5]"));
    for kind in [FieldKind::Text, FieldKind::Number, FieldKind::Date, FieldKind::Json, FieldKind::TextList] {
        reads(kind, Value::Null, Some(FieldValue::Null));
    }
}

#[test]
fn r_076_text_and_json_of_fields_have_a_bound() {
    let long = "x".repeat(FieldKind::TEXT_MAX);
    assert!(FieldKind::Text.read(&json!(long)).is_some());
    reads(FieldKind::Text, json!(format!("{long}x")), None);
    reads(FieldKind::Json, json!({"a": long}), None);
    reads(FieldKind::TextList, json!([long]), None);
}

/// Better Auth stores these values and returns them as another type than the declared one.
#[test]
fn values_of_another_kind_are_refused() {
    reads(FieldKind::Text, json!({"a": 1}), None);
    reads(FieldKind::Text, json!(["a"]), None);
    reads(FieldKind::TextList, json!([1]), None);
    reads(FieldKind::TextList, json!({"a": 1}), None);
    reads(FieldKind::NumberList, json!(["x"]), None);
    reads(FieldKind::NumberList, json!("5"), None);
}

#[test]
fn dates_are_those_of_javascript_in_utc() {
    let check = |text: &str, expected| {
        assert_eq!(FieldKind::Date.read(&json!(text)), Some(FieldValue::Date(expected)), "{text}");
    };
    check("2000-01-02T03:04:05.678Z", datetime!(2000-01-02 03:04:05.678 UTC));
    check("2000-01-02T03:04:05.6789999Z", datetime!(2000-01-02 03:04:05.678 UTC));
    check("2000-01-02T03:04:05.6Z", datetime!(2000-01-02 03:04:05.6 UTC));
    check("2000-01-02T03:04:05+05:30", datetime!(2000-01-01 21:34:05 UTC));
    check("2000-01-02 10:00", datetime!(2000-01-02 10:00 UTC));
    check("2000-02-29", datetime!(2000-02-29 0:00 UTC));
    check("2000-02", datetime!(2000-02-01 0:00 UTC));
    check("2000", datetime!(2000-01-01 0:00 UTC));
    for text in [
        "",
        "nope",
        "2000-02-30",
        "2001-02-29",
        "2000-13-01",
        "2000-1-1",
        "99999-01-01",
        "2000-01-01T",
        "2000-01-01T25:00Z",
        "2000-01-01T10:60Z",
        "2000-01-01T10:00:00.Z",
        "2000-01-01T10:00+5:00",
        "2000-01-01T10:00+05:99",
        "2000-01-01T10:00é",
        "2000-01-01-01",
        "9999-12-31T23:59-23:59",
    ] {
        reads(FieldKind::Date, json!(text), None);
    }
    reads(FieldKind::Date, json!(1_700_000_000_000_i64), None);
}

fn declared() -> AdditionalFields {
    let text = |text: &str| Some(FieldValue::Text(text.to_owned()));
    AdditionalFields::new(
        FieldOwner::User,
        vec![
            FieldDeclaration { required: true, default: text("free"), ..field("plan", FieldKind::Text) },
            field("age", FieldKind::Number),
            FieldDeclaration {
                required: true,
                input: false,
                default: text("user"),
                ..field("role", FieldKind::Text)
            },
            FieldDeclaration { input: false, ..field("ssn", FieldKind::Text) },
            FieldDeclaration { required: true, ..field("team", FieldKind::Text) },
        ],
    )
    .unwrap()
}

/// Checks the values of `plan`, `age`, `role`, `ssn` and `team`, or the error message.
#[track_caller]
fn created(input: Value, expected: Result<[FieldValue; 5], &str>) {
    let read = declared().parse_new(&body(input.clone()));
    let read = read.map(|values| values.map_err(FieldInputError::from)).and_then(|values| values);
    let read = read.map(|values| values.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>());
    assert_eq!(
        read.map_err(|error| error.to_string()),
        expected.map(Vec::from).map_err(str::to_owned),
        "{input}"
    );
}

#[test]
fn r_073_fields_of_a_new_row_follow_the_references_rules() {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let (free, user, a, null) = (text("free"), text("user"), text("a"), FieldValue::Null);
    let usual = || Ok([free.clone(), null.clone(), user.clone(), null.clone(), a.clone()]);
    created(json!({"team": "a"}), usual());
    created(json!({"team": "a", "id": "x", "emailVerified": true, "unknown": 1}), usual());
    created(json!({"team": "a", "plan": null}), usual());
    created(json!({"team": "a", "age": null}), usual());
    created(json!({"team": "a", "role": "admin"}), usual());
    created(json!({"team": "a", "role": null}), usual());
    for falsy in [json!(""), json!(null), json!(0), json!(false)] {
        created(json!({"team": "a", "ssn": falsy}), usual());
    }
    for truthy in [json!("x"), json!([]), json!({}), json!(1), json!(true)] {
        created(json!({"team": "a", "ssn": truthy}), Err("ssn is not allowed to be set"));
    }
    created(json!({}), Err("team is required"));
    created(json!({"ssn": "x"}), Err("ssn is not allowed to be set"));
    created(
        json!({"age": 7, "plan": 5, "team": ""}),
        Ok([text("5"), FieldValue::Number(7), user, null, text("")]),
    );
    created(json!({"team": null}), Err("team holds no string"));
    created(json!({"team": "a", "age": "x"}), Err("age holds no number"));
    created(json!({"age": "x"}), Err("team is required"));
}

#[test]
fn r_073_changes_follow_the_references_rules() {
    let update = |input| declared().parse_update(&body(input)).map_err(|error| error.to_string());
    assert!(update(json!({})).unwrap().is_empty());
    assert!(
        update(json!({"unknown": 1, "emailVerified": true, "ssn": "", "role": null})).unwrap().is_empty()
    );
    let changes = update(json!({"age": null, "plan": "pro"})).unwrap();
    assert_eq!(changes.get("plan"), Some(&FieldValue::Text("pro".to_owned())));
    assert_eq!(changes.get("age"), Some(&FieldValue::Null));
    assert_eq!(changes.get("team"), None, "it stays as it is");
    assert_eq!(update(json!({"role": "admin"})), Err("role is not allowed to be set".to_owned()));
    assert_eq!(update(json!({"age": "x", "ssn": 1})), Err("ssn is not allowed to be set".to_owned()));
    assert_eq!(update(json!({"age": "x"})), Err("age holds no number".to_owned()));
    assert_eq!(update(json!({"team": null})), Err("team holds no string".to_owned()));
}

#[test]
fn defaults_are_what_nobody_has_to_say() {
    let values = declared().defaults();
    let names: Vec<&str> = values.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["plan", "age", "role", "ssn", "team"]);
    assert_eq!(values.get("role"), Some(&FieldValue::Text("user".to_owned())));
    assert_eq!(values.get("team"), Some(&FieldValue::Null));
}

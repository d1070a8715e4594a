//! Field declarations in settings files: valid ones, and each reason to refuse one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use auth_core::DeclaredFields;

use super::super::{DEFAULT_TOML, Environment, SchemaSettings};
use super::*;

fn load(toml: &str) -> Result<DeclaredFields, SettingsError> {
    let name = format!("auth-fields-{}-{:x}", std::process::id(), rand::random::<u64>());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, toml).unwrap();
    let environment = Environment::default()
        .with("DATABASE_URL", "postgres://nobody@localhost/none")
        .with("AUTH_CONFIG", path.clone());
    let loaded = SchemaSettings::load(&environment);
    std::fs::remove_file(path).unwrap();
    loaded.map(|settings| settings.fields)
}

fn only(fields: AdditionalFields) -> FieldDeclaration {
    assert_eq!(fields.len(), 1);
    fields.iter().next().unwrap().clone()
}

#[test]
fn no_field_is_declared_by_default() {
    assert_eq!(load("").unwrap(), DeclaredFields::default());
    assert_eq!(
        load("[user.additional_fields]\n[session.additional_fields]").unwrap(),
        DeclaredFields::default()
    );
}

#[test]
fn the_example_shows_the_defaults() {
    let example: Vec<&str> = DEFAULT_TOML
        .lines()
        .skip_while(|line| *line != "# [user.additional_fields.plan]")
        .map_while(|line| line.strip_prefix("# "))
        .collect();
    assert_eq!(example.len(), 10, "each of the nine keys has a line");
    let whole = only(load(&example.join("\n")).unwrap().user);
    let short = "[user.additional_fields.plan]\ntype = \"string\"\ndefault = \"free\"";
    assert_eq!(whole, only(load(short).unwrap().user));
    assert_eq!(
        whole,
        FieldDeclaration {
            name: "plan".into(),
            column: "plan".to_owned(),
            kind: FieldKind::Text,
            required: true,
            default: Some(FieldValue::Text("free".to_owned())),
            input: true,
            visibility: Visibility::Returned,
            unique: false,
            index: false,
        }
    );
}

#[test]
fn fields_keep_the_order_of_the_file() {
    let toml = r#"
        [user.additional_fields.zeta]
        type = "number"
        [user.additional_fields.alpha]
        type = "number"
        bigint = true
        [user.additional_fields.Mid_9]
        type = "string[]"
        required = false
        default = ["a", "b"]
        [session.additional_fields.deviceName]
        type = "date"
        column = "device_name"
        default = "2020-01-01"
        returned = false
    "#;
    let fields = load(toml).unwrap();
    let names: Vec<&str> = fields.user.iter().map(|field| &*field.name).collect();
    assert_eq!(names, ["zeta", "alpha", "Mid_9"]);
    let kinds: Vec<FieldKind> = fields.user.iter().map(|field| field.kind).collect();
    assert_eq!(kinds, [FieldKind::Number, FieldKind::BigNumber, FieldKind::TextList]);
    let session = only(fields.session);
    assert_eq!((&*session.name, session.column.as_str()), ("deviceName", "device_name"));
    assert_eq!(session.visibility, Visibility::Hidden);
}

#[test]
fn variables_declare_and_change_fields_too() {
    let environment = Environment::default()
        .with("DATABASE_URL", "postgres://nobody@localhost/none")
        .with("AUTH__USER__ADDITIONAL_FIELDS__AGE__TYPE", "number")
        .with("AUTH__USER__ADDITIONAL_FIELDS__AGE__DEFAULT", "7");
    let field = only(SchemaSettings::load(&environment).unwrap().fields.user);
    assert_eq!((&*field.name, field.default), ("age", Some(FieldValue::Number(7))));
}

#[track_caller]
fn refused(toml: &str, key: &str, reason: &str) {
    let error = load(toml).unwrap_err();
    assert_eq!(error.key, key, "{toml}");
    assert!(error.to_string().contains(reason), "{toml}: {error}");
}

#[test]
fn r_110_a_declaration_that_cannot_be_is_refused_by_its_key() {
    let plan = "user.additional_fields.plan";
    let with = |rest: &str| format!("[{plan}]\ntype = \"string\"\n{rest}");
    refused(&format!("[{plan}]"), &format!("{plan}.type"), "not set");
    refused("[user.additional_fields]\nplan = \"string\"", plan, "a table");
    refused(&format!("[{plan}]\nrequired = false"), &format!("{plan}.type"), "not set");
    refused(&format!("[{plan}]\ntype = \"text\""), &format!("{plan}.type"), "\"string\"");
    refused(&with("requried = false"), &format!("{plan}.requried"), &format!("mean `{plan}.required`?"));
    refused(&with("required = \"maybe\""), &format!("{plan}.required"), "true or false");
    refused(&with("bigint = true"), &format!("{plan}.bigint"), "64 bits");
    refused(&format!("[{plan}]\ntype = \"number\"\ndefault = \"x\""), &format!("{plan}.default"), "a number");
    refused(&with(&format!("default = \"{}\"", "x".repeat(4097))), &format!("{plan}.default"), "4096");
    refused(&with("input = false"), plan, "nobody can give it");
    refused(&with("unique = true\ndefault = \"free\""), plan, "once only");
    refused(&with("column = \"a b\""), plan, "its column is no identifier");
    refused(&with("column = \"email\""), plan, "its column is one that Better Auth");
    refused("[user.additional_fields.id]\ntype = \"string\"", "user.additional_fields.id", "its name is one");
    refused(
        "[user.additional_fields.\"a.b\"]\ntype = \"string\"",
        "user.additional_fields.a.b",
        "no identifier",
    );
    refused(
        "[user.additional_fields.\"a\\\"; drop\"]\ntype = \"string\"",
        "user.additional_fields.a\"; drop",
        "no identifier",
    );
    refused(
        &with("[user.additional_fields.tier]\ntype = \"string\"\ncolumn = \"plan\""),
        "user.additional_fields.tier",
        "another field",
    );
    refused(
        "[session.additional_fields.plan]\ntype = \"string\"",
        "session.additional_fields.plan",
        "nobody can give it",
    );
    refused(
        "[account.additional_fields.plan]\ntype = \"string\"",
        "account.additional_fields.plan.type",
        "no setting",
    );
}

#[test]
fn fields_of_features_come_first_and_are_not_declared_twice() {
    let declared = |names: &[&str]| -> Vec<FieldDeclaration> {
        let text =
            |name: &&str| format!("[user.additional_fields.{name}]\ntype = \"string\"\nrequired = false\n");
        load(&names.iter().map(text).collect::<String>()).unwrap().user.iter().cloned().collect()
    };
    let own = || UserFields(AdditionalFields::new(FieldOwner::User, declared(&["plan", "city"])).unwrap());
    let all = own().after(declared(&["handle"])).unwrap();
    assert_eq!(all.iter().map(|field| &*field.name).collect::<Vec<_>>(), ["handle", "plan", "city"]);

    let mut other_name = declared(&["city"]);
    other_name[0].name = "town".into();
    let mut other_column = declared(&["city"]);
    other_column[0].column = "town".to_owned();
    for of_feature in [declared(&["city"]), other_name, other_column] {
        let error = own().after(of_feature).unwrap_err();
        assert_eq!(error.key, "user.additional_fields.city", "{error}");
    }
}

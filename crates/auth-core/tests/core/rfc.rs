//! What the RFCs themselves give as examples, computed by the very crates that are linked in.

use std::fmt::Write;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn rfc_7914_section_12_scrypt() {
    let check = |password: &str, salt: &str, log_n, r, p, expected: &str| {
        let mut key = [0_u8; 64];
        let params = scrypt::Params::new(log_n, r, p).unwrap();
        scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut key).unwrap();
        assert_eq!(hex(&key), expected.replace(' ', ""));
    };
    check(
        "",
        "",
        4,
        1,
        1,
        "77d6576238657b203b19ca42c18a0497 f16b4844e3074ae8dfdffa3fede21442 fcd0069ded0948f8326a753a0fc81f17 e8d3e0fb2e0d3628cf35e20c38d18906",
    );
    check(
        "password",
        "NaCl",
        10,
        8,
        16,
        "fdbabe1c9d3472007856e7190d01e9fe 7c6ad7cbc8237830e77376634b373162 2eaf30d92e22a3886ff109279d9830da c727afb94a83ee6d8360cbdfa2cc0640",
    );
    check(
        "pleaseletmein",
        "SodiumChloride",
        14,
        8,
        1,
        "7023bdcb3afd7348461c06cd81fd38eb fda8fbba904f8e3ea9b543f6545da1f2 d5432955613f0fcf62d49705242a9af9 e61e85dc0d651e40dfcf017b45575887",
    );
}

#[test]
fn rfc_9106_section_5_3_argon2id() {
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let secret = [3; 8];
    let function =
        argon2::Argon2::new_with_secret(&secret, argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .unwrap();
    let mut tag = [0_u8; 32];
    function.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
    assert_eq!(hex(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

//! HKDF-SHA256, which derives the keys of encrypted cookies and of purposes.

use hkdf::Hkdf;
use sha2::Sha256;

use super::Vector;

#[test]
fn r_132_hkdf_sha256() {
    let vectors = Vector::read(include_str!("../../tests/wycheproof/hkdf_sha256_test.json"));
    assert_eq!(vectors.len(), 86);
    for vector in vectors {
        let size = usize::try_from(vector.test["size"].as_u64().unwrap()).unwrap();
        let mut okm = vec![0_u8; size];
        let expanded = Hkdf::<Sha256>::new(Some(&vector.bytes("salt")), &vector.bytes("ikm"))
            .expand(&vector.bytes("info"), &mut okm);
        vector.check(expanded.is_ok());
        assert!(expanded.is_err() || okm == vector.bytes("okm"), "vector {}", vector.id());
    }
}

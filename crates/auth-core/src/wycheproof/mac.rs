//! HMAC-SHA256, with full tags and with tags truncated to 128 bits.

use super::Vector;
use crate::constant_time;
use crate::mac::MacKey;

#[test]
fn r_132_hmac_sha256() {
    let vectors = Vector::read(include_str!("../../tests/wycheproof/hmac_sha256_test.json"));
    assert_eq!(vectors.len(), 174);
    for vector in vectors {
        let mac = MacKey::new(&vector.bytes("key")).mac(&vector.bytes("msg"));
        let bits = usize::try_from(vector.group["tagSize"].as_u64().unwrap()).unwrap();
        vector.check(constant_time::equal(&mac[..bits / 8], &vector.bytes("tag")));
    }
}

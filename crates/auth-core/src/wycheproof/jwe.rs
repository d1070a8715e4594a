//! A256CBC-HS512 (RFC 7518 §5.2): checks the tag, then decrypts, as for encrypted cookies.

use super::Vector;
use crate::jwe::Key;

#[test]
fn r_132_a256cbc_hs512() {
    let vectors = Vector::read(include_str!("../../tests/wycheproof/a256cbc_hs512_test.json"));
    assert_eq!(vectors.len(), 94);
    for vector in vectors {
        let key = Key::of(vector.bytes("key").try_into().unwrap());
        let iv: [u8; 16] = vector.bytes("iv").try_into().unwrap();
        let (aad, message) = (vector.bytes("aad"), vector.bytes("msg"));
        let (ciphertext, tag) = (vector.bytes("ct"), vector.bytes("tag"));
        let made = key.made(&aad, &iv, &ciphertext, &tag);
        vector.check(made);
        if made {
            assert_eq!(key.decrypt(&aad, &iv, &ciphertext, &tag).unwrap(), message, "vector {}", vector.id());
            let again = key.encrypt(&aad, &iv, &message).unwrap();
            assert_eq!(again, (ciphertext, tag), "vector {}", vector.id());
        }
    }
}

//! XChaCha20-Poly1305: decrypts and encrypts with the cipher of encrypted values.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};

use super::Vector;
use crate::secret::Secret;
use crate::symmetric::cipher;

#[test]
fn r_132_xchacha20_poly1305() {
    let vectors = Vector::read(include_str!("../../tests/wycheproof/xchacha20_poly1305_test.json"));
    assert_eq!(vectors.len(), 315);
    for vector in vectors {
        // Encrypted values always have nonces of 24 bytes, so other lengths cannot occur.
        let Ok(nonce) = <[u8; 24]>::try_from(vector.bytes("iv")) else {
            vector.check(false);
            continue;
        };
        let nonce = XNonce::from(nonce);
        let cipher = cipher(&Secret::new(vector.bytes("key").try_into().unwrap()));
        let (message, aad) = (vector.bytes("msg"), vector.bytes("aad"));
        let sealed = [vector.bytes("ct"), vector.bytes("tag")].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad });
        vector.check(opened.as_ref().is_ok_and(|opened| *opened == message));
        if vector.is_valid() {
            let again = cipher.encrypt(&nonce, Payload { msg: &message, aad: &aad }).unwrap();
            assert_eq!(again, sealed, "vector {}", vector.id());
        } else {
            assert!(opened.is_err(), "vector {}", vector.id());
        }
    }
}

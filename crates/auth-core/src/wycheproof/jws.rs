//! Compact HS256 signatures: modified, truncated, in other serializations, and in base64 that is not strict.

use base64::Engine;

use super::Vector;
use crate::base64url::BASE64URL;
use crate::jws::{MAX_TOKEN_BYTES, verify_within};
use crate::mac::MacKey;

/// Valid for Wycheproof but refused here; the README says why.
const STRICTER: [u64; 2] = [372, 373];

/// Invalid for Wycheproof because of a padding that the file does not contain.
const LOST_PADDING: [u64; 2] = [367, 370];

/// The vector that these two equal without their padding.
const UNPADDED: u64 = 357;

/// The vectors with an HS256 key.
fn vectors() -> Vec<Vector> {
    let mut vectors = Vector::read(include_str!("../../tests/wycheproof/json_web_signature_test.json"));
    vectors.retain(|vector| vector.group["private"]["alg"] == "HS256");
    vectors
}

fn accepts(vector: &Vector, token: &str) -> bool {
    let key = BASE64URL.decode(vector.group["private"]["k"].as_str().unwrap()).unwrap();
    verify_within(MAX_TOKEN_BYTES, token, &MacKey::new(&key)).is_ok()
}

#[test]
fn r_132_hs256_signatures() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 40);
    for vector in &vectors {
        let (token, id) = (vector.text("jws"), vector.id());
        if STRICTER.contains(&id) {
            assert!(vector.is_valid() && !accepts(vector, token), "vector {id} is listed for nothing");
        } else if !LOST_PADDING.contains(&id) {
            vector.check(accepts(vector, token));
        }
    }
}

#[test]
fn r_011_padding_that_vectors_lost_is_refused() {
    let vectors = vectors();
    let find = |id| vectors.iter().find(|vector| vector.id() == id).unwrap();
    let unpadded = find(UNPADDED).text("jws");
    for id in LOST_PADDING {
        assert_eq!(
            find(id).text("jws"),
            unpadded,
            "vector {id} has its padding again: judge it like the others"
        );
    }
    let (start, mac) = unpadded.rsplit_once('.').unwrap();
    let (header, payload) = start.split_once('.').unwrap();
    for padded in [
        format!("{header}=.{payload}.{mac}"),
        format!("{header}.{payload}==.{mac}"),
        format!("{header}.{payload}.{mac}="),
    ] {
        assert!(!accepts(find(UNPADDED), &padded), "{padded}");
    }
    // A correct MAC over padded parts is refused too.
    let key = MacKey::new(&[0; 32]);
    for start in
        [format!("{header}.{payload}"), format!("{header}=.{payload}"), format!("{header}.{payload}==")]
    {
        let signed = format!("{start}.{}", BASE64URL.encode(key.mac(start.as_bytes())));
        assert_eq!(accepts(find(UNPADDED), &signed), signed == unpadded, "{signed}");
    }
}

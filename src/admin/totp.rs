//! One-time passwords by time (RFC 6238), as authenticator apps make them: SHA-1, 6 digits, 30 s.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign},
};

/// Bytes of a secret, as many as SHA-1 gives (RFC 4226, 4).
pub const SECRET_BYTES: usize = 20;
/// Seconds that a code lasts.
const STEP_SECONDS: i64 = 30;
/// Steps that a clock may be off, either way.
const STEPS_OFF_MAX: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of the code, if it is one of the steps around now that come after `last`.
pub fn step_of(secret: &[u8], code: &str, unix_seconds: i64, last: i64) -> Option<i64> {
    let now = unix_seconds / STEP_SECONDS;
    let mut found = None;
    // all of them, so that the time does not tell which
    for step in now - STEPS_OFF_MAX..=now + STEPS_OFF_MAX {
        let right = format!("{:06}", number(secret, step) % 1_000_000);
        let same = verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok();
        if same && step > last {
            found = Some(step);
        }
    }
    found
}

/// Dynamic truncation (RFC 4226, 5.3).
fn number(secret: &[u8], step: i64) -> u32 {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 0xf);
    let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    u32::from_be_bytes(word) & 0x7fff_ffff
}

/// A secret in base32 (RFC 4648), which people can type.
pub fn base32(secret: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in secret {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// What an authenticator app scans.
pub fn otpauth_url(name: &str, secret: &[u8]) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let secret = base32(secret);
    format!("otpauth://totp/Concierge:{name}?secret={secret}&issuer=Concierge")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B.
    #[test]
    fn it_agrees_with_the_vectors_of_the_standard() {
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(
                number(SECRET, seconds / 30) % 100_000_000,
                code,
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_code_counts_around_its_time_and_once() {
        let step = |seconds, last| step_of(SECRET, "287082", seconds, last);
        assert_eq!(step(59, 0), Some(1));
        assert_eq!(step(89, 0), Some(1));
        assert_eq!(step(90, 0), None);
        assert_eq!(step(29, 0), Some(1));
        assert_eq!(step(59, 1), None);
        for wrong in ["287083", "", "28708", "2870821", "94287082"] {
            assert_eq!(step_of(SECRET, wrong, 59, 0), None, "{wrong}");
        }
    }

    /// RFC 4648, 10, without padding.
    #[test]
    fn secrets_are_written_in_base32() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        assert_eq!(
            otpauth_url("a@b", SECRET),
            "otpauth://totp/Concierge:a%40b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Concierge"
        );
    }
}

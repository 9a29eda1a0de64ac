//! Whether an event was signed by Stripe, over its bytes as they came, not long ago.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify as tag_fits};
use time::OffsetDateTime;

use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Seconds that an event's time may be away from ours, in both directions.
const TOLERANCE_SECONDS: i64 = 300;
/// Bytes of the header at most.
const HEADER_BYTES_MAX: usize = 4_096;
/// Signatures looked at at most: Stripe sends one for each secret while they are rotated.
const SIGNATURES_MAX: usize = 8;

/// Checks the header `Stripe-Signature` (`t=SECONDS,v1=HEX`, several `v1`).
///
/// # Errors
/// `Unauthenticated`, with one text for every reason.
pub fn verify(header: &str, body: &[u8], secrets: &[Secret], now: OffsetDateTime) -> Result<()> {
    let (time, tags) = parse(header).ok_or(Error::Unauthenticated)?;
    let away = now.unix_timestamp().saturating_sub(time).saturating_abs();
    let signed = [time.to_string().as_bytes(), b".", body].concat();
    let fits = secrets.iter().any(|secret| {
        let key = Key::new(HMAC_SHA256, secret.expose().as_bytes());
        tags.iter().any(|tag| tag_fits(&key, &signed, tag).is_ok())
    });
    if !fits || away > TOLERANCE_SECONDS {
        return Err(Error::Unauthenticated);
    }
    Ok(())
}

/// The time and the signatures. A header with two times, or one that is not plain digits, is none.
fn parse(header: &str) -> Option<(i64, Vec<Vec<u8>>)> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let (mut time, mut tags) = (None, Vec::new());
    for (name, value) in header
        .split(',')
        .map(|part| part.split_once('='))
        .collect::<Option<Vec<_>>>()?
    {
        match name.trim() {
            "t" if time.is_none() && digits(value) => time = value.parse().ok(),
            "t" => return None,
            "v1" if tags.len() < SIGNATURES_MAX => tags.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    Some((time?, tags))
}

/// Without a sign or a leading zero: what is signed is the text of the number.
fn digits(text: &str) -> bool {
    (1..=12).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac::sign;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-01 08:30 UTC);

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn tag(secret: &str, time: &str, body: &[u8]) -> String {
        let key = Key::new(HMAC_SHA256, secret.as_bytes());
        hex::encode(sign(&key, &[time.as_bytes(), b".", body].concat()))
    }

    #[test]
    fn only_what_is_signed_now_with_our_secret_is_believed() {
        let (body, ours) = (b"{\"id\":\"evt_1\"}".as_slice(), "whsec_ours");
        let at = |seconds: i64| (NOW.unix_timestamp() + seconds).to_string();
        let (now, good) = (at(0), tag(ours, &at(0), body));
        let fits = |header: &str, body: &[u8]| {
            verify(header, body, &[secret("whsec_new"), secret(ours)], NOW).is_ok()
        };
        for header in [
            format!("t={now},v1={good}"),
            format!("t={now},v1={},v1={good},v0=abc", tag("other", &now, body)),
            format!("t={now}, v1={good}"),
            format!("t={},v1={}", at(-300), tag(ours, &at(-300), body)),
            format!("t={},v1={}", at(300), tag("whsec_new", &at(300), body)),
        ] {
            assert!(fits(&header, body), "{header}");
        }
        for header in [
            String::new(),
            good.clone(),
            format!("v1={good}"),
            format!("t={now}"),
            format!("t={now},v0={good}"),
            format!("t={now},v1={}", tag("other", &now, body)),
            format!("t={now},v1={}", &good[..62]),
            format!("t={now},v1=zz{}", &good[2..]),
            // old, and from a clock that is ahead
            format!("t={},v1={}", at(-301), tag(ours, &at(-301), body)),
            format!("t={},v1={}", at(301), tag(ours, &at(301), body)),
            // a time that was not signed
            format!("t={},v1={good}", at(1)),
            format!("t={now},t={now},v1={good}"),
            format!("t=+{now},v1={}", tag(ours, &format!("+{now}"), body)),
            format!("t=0{now},v1={good}"),
            format!("t=99999999999999999999,v1={good}"),
            format!("t=NaN,v1={good}"),
            format!("t={now},v1={good},{}", "v1=00,".repeat(900)),
        ] {
            assert!(!fits(&header, body), "{header}");
        }
        for changed in [&b"{\"id\":\"evt_2\"}"[..], b"", b"{\"id\":\"evt_1\"} "] {
            assert!(!fits(&format!("t={now},v1={good}"), changed));
        }
    }
}

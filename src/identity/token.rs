//! The v1 `api_token`, as Chat2LLM defined it: base64 of `client|base64(RSA-OAEP(client|user|name|time))`.

use base64::{Engine, engine::general_purpose::STANDARD};
use time::{Duration, OffsetDateTime};

use super::key::{Decryptor, Encryptor};
use crate::error::{Error, Result};

/// Bytes of the longest token that is looked at: a 4096-bit key gives fewer than 1,000.
pub const TOKEN_BYTES_MAX: usize = 1_400;

/// A token taken apart as far as that goes without a key.
pub struct Envelope {
    /// The client it says it is of.
    pub client_id: String,
    ciphertext: Vec<u8>,
}

/// What a token says.
#[derive(Debug, PartialEq)]
pub struct Claims {
    /// The partner's name for the user.
    pub user_id: String,
    /// The user's name, for people.
    pub username: String,
    /// Seconds since 1970, with fractions.
    pub timestamp: f64,
}

/// When a token counts.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Longest time since its timestamp.
    pub age_max: Duration,
    /// Furthest its timestamp may lie ahead.
    pub ahead_max: Duration,
}

impl Envelope {
    /// Takes the outer layer off; `None` for anything that is not one.
    pub fn open(token: &str) -> Option<Self> {
        let outer = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let (client_id, inner) = outer.split_once('|')?;
        let ciphertext = STANDARD.decode(inner).ok()?;
        Some(Self {
            client_id: client_id.to_owned(),
            ciphertext,
        })
    }

    /// What a key of the client finds inside; `None` for whatever reason it does not open or the
    /// inside is not right. One RSA operation.
    pub fn claims(&self, key: &Decryptor) -> Option<Claims> {
        let plain = key.decrypt(&self.ciphertext)?;
        read(&self.client_id, std::str::from_utf8(&plain).ok()?)
    }
}

/// Spends the one RSA operation that a token without a usable key costs too.
pub fn spend(envelope: Option<&Envelope>, dummy: &Decryptor) {
    let ciphertext = envelope.map_or(&[][..], |envelope| &envelope.ciphertext);
    std::hint::black_box(dummy.decrypt(ciphertext));
}

fn read(outer_client: &str, plain: &str) -> Option<Claims> {
    let [client, user, username, timestamp] =
        plain.split('|').collect::<Vec<_>>().try_into().ok()?;
    // only the holder of a client's key could write the inner name; the outer one chose the key
    let names = client == outer_client && (1..=200).contains(&user.chars().count());
    let timestamp: f64 = timestamp.parse().ok()?;
    (names && username.chars().count() <= 200 && timestamp.is_finite()).then(|| Claims {
        user_id: user.to_owned(),
        username: username.to_owned(),
        timestamp,
    })
}

impl Claims {
    /// Until when the token counts; `None` when it does not, or not yet.
    pub fn until(&self, window: Window, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let age = now.unix_timestamp_nanos() as f64 / 1e9 - self.timestamp;
        let counts =
            age <= window.age_max.as_seconds_f64() && -age <= window.ahead_max.as_seconds_f64();
        counts.then(|| now + (window.age_max - Duration::seconds_f64(age)))
    }
}

/// Makes a token, as a partner does.
///
/// # Errors
/// `Invalid` when a name has a `|` in it or all together are too long for the key.
pub fn make(
    client_id: &str,
    user_id: &str,
    username: &str,
    key: &Encryptor,
    now: OffsetDateTime,
) -> Result<String> {
    if [client_id, user_id, username]
        .iter()
        .any(|part| part.contains('|'))
    {
        return Err(Error::invalid(
            "A v1 token cannot carry a name with the character | in it.",
        ));
    }
    let time = now.unix_timestamp_nanos() / 1_000;
    let plain = format!(
        "{client_id}|{user_id}|{username}|{}.{:06}",
        time / 1_000_000,
        time % 1_000_000
    );
    let inner = STANDARD.encode(key.encrypt(plain.as_bytes())?);
    Ok(STANDARD.encode(format!("{client_id}|{inner}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_four_right_fields_are_claims() {
        let right = Claims {
            user_id: "u".into(),
            username: "张 三".into(),
            timestamp: 1.5,
        };
        assert_eq!(read("0", "0|u|张 三|1.5"), Some(right));
        for (why, plain) in [
            ("three fields", "0|u|1.5"),
            ("five fields", "0|u|n|1.5|x"),
            ("another client inside", "1|u|n|1.5"),
            ("no user", "0||n|1.5"),
            ("not a number", "0|u|n|soon"),
            ("not a number either", "0|u|n|NaN"),
            ("infinite", "0|u|n|inf"),
            ("infinite too", "0|u|n|-1e999"),
            ("empty", ""),
        ] {
            assert_eq!(read("0", plain), None, "{why}");
        }
    }

    #[test]
    fn a_token_counts_in_its_window_only() {
        let window = Window {
            age_max: Duration::hours(8),
            ahead_max: Duration::minutes(5),
        };
        let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let counts = |timestamp: f64| {
            Claims {
                user_id: "u".into(),
                username: String::new(),
                timestamp,
            }
            .until(window, now)
        };
        assert_eq!(counts(1_700_000_000.0), Some(now + Duration::hours(8)));
        assert_eq!(
            counts(1_699_999_999.5).unwrap() - now,
            Duration::hours(8) - Duration::milliseconds(500)
        );
        assert!(counts(1_700_000_000.0 - 8.0 * 3600.0).is_some());
        assert!(counts(1_700_000_000.0 - 8.0 * 3600.0 - 1.0).is_none());
        assert!(counts(1_700_000_299.0).is_some());
        assert!(counts(1_700_000_301.0).is_none());
        assert!(counts(1_700_000_000_000.0).is_none(), "milliseconds");
        assert!(counts(f64::MAX).is_none());
        assert!(counts(f64::MIN).is_none());
    }

    proptest! {
        #[test]
        fn nothing_makes_the_reader_panic(token in "\\PC{0,300}", inner in "\\PC{0,80}") {
            let _ = Envelope::open(&token);
            let _ = Envelope::open(&STANDARD.encode(&token));
            let _ = read("0", &inner);
        }

        #[test]
        fn what_is_written_is_read(user in "[^|]{1,50}", name in "[^|]{0,50}", at in 0i64..4_000_000_000) {
            let plain = format!("0|{user}|{name}|{at}");
            let claims = read("0", &plain).unwrap();
            prop_assert_eq!(claims.user_id, user);
            prop_assert_eq!(claims.username, name);
        }
    }
}

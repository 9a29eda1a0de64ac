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

/// Why a token does not count. Outsiders are told none of this; the operator's debugger is.
#[derive(Clone, Debug, PartialEq)]
pub enum Flaw {
    /// The whole is not base64.
    OuterBase64,
    /// What it decodes to is not UTF-8.
    OuterText,
    /// There is no `|` behind the client.
    NoBar,
    /// What stands behind the `|` is not base64.
    InnerBase64,
    /// The key does not open it.
    Sealed,
    /// What was sealed is not UTF-8.
    InnerText,
    /// There are not four fields inside.
    Fields(usize),
    /// The client inside is not the one outside.
    InnerClient,
    /// The user's id does not have 1 to 200 characters.
    UserId(usize),
    /// The user's name has more than 200 characters.
    Username(usize),
    /// The timestamp is not a number.
    NotANumber,
    /// It is a number, and not a finite one.
    NotFinite,
    /// Its timestamp lies back more than it may, by these seconds in all.
    TooOld(f64),
    /// Its timestamp lies ahead more than it may, by these seconds in all.
    TooFarAhead(f64),
}

impl Envelope {
    /// Takes the outer layer off.
    ///
    /// # Errors
    /// The flaw of anything that is not one.
    pub fn open(token: &str) -> Result<Self, Flaw> {
        let outer = STANDARD.decode(token).map_err(|_| Flaw::OuterBase64)?;
        let outer = String::from_utf8(outer).map_err(|_| Flaw::OuterText)?;
        let (client_id, inner) = outer.split_once('|').ok_or(Flaw::NoBar)?;
        let ciphertext = STANDARD.decode(inner).map_err(|_| Flaw::InnerBase64)?;
        Ok(Self {
            client_id: client_id.to_owned(),
            ciphertext,
        })
    }

    /// Bytes of what was sealed: as many as the key has.
    pub fn sealed_bytes(&self) -> usize {
        self.ciphertext.len()
    }

    /// What a key of the client finds inside. One RSA operation.
    ///
    /// # Errors
    /// The flaw when it does not open or the inside is not right.
    pub fn claims(&self, key: &Decryptor) -> Result<Claims, Flaw> {
        let plain = key.decrypt(&self.ciphertext).ok_or(Flaw::Sealed)?;
        let plain = std::str::from_utf8(&plain).map_err(|_| Flaw::InnerText)?;
        read(&self.client_id, plain)
    }
}

/// Spends the one RSA operation that a token without a usable key costs too.
pub fn spend(envelope: Option<&Envelope>, dummy: &Decryptor) {
    let ciphertext = envelope.map_or(&[][..], |envelope| &envelope.ciphertext);
    std::hint::black_box(dummy.decrypt(ciphertext));
}

fn read(outer_client: &str, plain: &str) -> Result<Claims, Flaw> {
    let fields: Vec<&str> = plain.split('|').collect();
    let [client, user, username, timestamp] = fields[..] else {
        return Err(Flaw::Fields(fields.len()));
    };
    // only the holder of a client's key could write the inner name; the outer one chose the key
    if client != outer_client {
        return Err(Flaw::InnerClient);
    }
    let (user_chars, name_chars) = (user.chars().count(), username.chars().count());
    if !(1..=200).contains(&user_chars) {
        return Err(Flaw::UserId(user_chars));
    }
    if name_chars > 200 {
        return Err(Flaw::Username(name_chars));
    }
    let timestamp: f64 = timestamp.parse().map_err(|_| Flaw::NotANumber)?;
    if !timestamp.is_finite() {
        return Err(Flaw::NotFinite);
    }
    Ok(Claims {
        user_id: user.to_owned(),
        username: username.to_owned(),
        timestamp,
    })
}

impl Claims {
    /// Until when the token counts.
    ///
    /// # Errors
    /// The flaw when it does not, or not yet.
    pub fn until(&self, window: Window, now: OffsetDateTime) -> Result<OffsetDateTime, Flaw> {
        let age = self.age(now);
        if age > window.age_max.as_seconds_f64() {
            return Err(Flaw::TooOld(age));
        }
        if -age > window.ahead_max.as_seconds_f64() {
            return Err(Flaw::TooFarAhead(-age));
        }
        Ok(now + (window.age_max - Duration::seconds_f64(age)))
    }

    /// Seconds since its timestamp.
    pub fn age(&self, now: OffsetDateTime) -> f64 {
        now.unix_timestamp_nanos() as f64 / 1e9 - self.timestamp
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
        assert_eq!(read("0", "0|u|张 三|1.5"), Ok(right));
        for (plain, flaw) in [
            ("0|u|1.5", Flaw::Fields(3)),
            ("0|u|n|1.5|x", Flaw::Fields(5)),
            ("1|u|n|1.5", Flaw::InnerClient),
            ("0||n|1.5", Flaw::UserId(0)),
            ("0|u|n|soon", Flaw::NotANumber),
            ("0|u|n|NaN", Flaw::NotFinite),
            ("0|u|n|inf", Flaw::NotFinite),
            ("0|u|n|-1e999", Flaw::NotFinite),
            ("", Flaw::Fields(1)),
        ] {
            assert_eq!(read("0", plain), Err(flaw), "{plain}");
        }
        let long = "x".repeat(201);
        let flaw = read("0", &format!("0|{long}|n|1"));
        assert_eq!(flaw, Err(Flaw::UserId(201)));
        let flaw = read("0", &format!("0|u|{long}|1"));
        assert_eq!(flaw, Err(Flaw::Username(201)));
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
        assert_eq!(counts(1_700_000_000.0), Ok(now + Duration::hours(8)));
        assert_eq!(
            counts(1_699_999_999.5).unwrap() - now,
            Duration::hours(8) - Duration::milliseconds(500)
        );
        assert!(counts(1_700_000_000.0 - 8.0 * 3600.0).is_ok());
        assert!(counts(1_700_000_000.0 - 8.0 * 3600.0 - 1.0).is_err());
        assert!(counts(1_700_000_299.0).is_ok());
        assert!(counts(1_700_000_301.0).is_err());
        assert!(counts(1_700_000_000_000.0).is_err(), "milliseconds");
        assert!(counts(f64::MAX).is_err());
        assert!(counts(f64::MIN).is_err());
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

//! Addresses: how they are written, and how those of orders follow from a key that can only receive.

use std::fmt;

use bip32::{ChildNumber, XPub};
use sha3::{Digest as _, Keccak256};

use crate::{
    error::{Error, Result},
    ids::ClientNo,
};

/// Bytes of an address.
const BYTES: usize = 20;

/// An account of a chain of the EVM kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; BYTES]);

impl Address {
    /// Reads `0x` and 40 hexadecimal digits. Where they are of both cases, the cases are a checksum
    /// (EIP-55) that has to hold.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        let digits = text.strip_prefix("0x")?;
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        let address = Self(bytes);
        let is = |wanted: fn(&u8) -> bool| digits.as_bytes().iter().any(wanted);
        let mixed = is(u8::is_ascii_uppercase) && is(u8::is_ascii_lowercase);
        (!mixed || address.to_string() == text).then_some(address)
    }

    /// Reads it out of a topic of a log: 32 bytes, the first twelve of them zero.
    pub fn from_topic(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x000000000000000000000000")?;
        Self::parse(&format!("0x{}", digits.to_ascii_lowercase()))
    }

    /// As a topic of a log.
    pub fn topic(self) -> String {
        format!("0x{:0>64}", hex::encode(self.0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let sum = Keccak256::digest(digits.as_bytes());
        f.write_str("0x")?;
        for (at, digit) in digits.chars().enumerate() {
            let half = (sum[at / 2] >> (4 * (1 - at % 2))) & 0xf;
            let digit = if half >= 8 {
                digit.to_ascii_uppercase()
            } else {
                digit
            };
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key from which all addresses of orders follow. It cannot spend: whoever has this server has
/// none of the money.
#[derive(Clone, Debug)]
pub struct Deposits(XPub);

impl Deposits {
    /// Reads an extended public key (BIP-32, `xpub…`).
    ///
    /// # Errors
    /// A sentence that says what to give instead; a private key is refused.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("xprv") {
            return Err(Error::invalid(
                "this is a private key: give the extended public key (xpub…) and keep this one off the server",
            ));
        }
        let key = text
            .starts_with("xpub")
            .then(|| text.parse().ok())
            .flatten();
        key.map(Self).ok_or_else(|| {
            Error::invalid("give an extended public key (BIP-32), such as a wallet exports: xpub…")
        })
    }

    /// The address of a client's order: the child `client / index` of the key. No two clients share
    /// a child, whatever chain they pay on.
    ///
    /// # Errors
    /// `Internal` for numbers that no child has, and for one child in 2^127.
    pub fn address(&self, client: ClientNo, index: i32) -> Result<Address> {
        let child = |key: &XPub, number: i32| {
            let number = u32::try_from(number).map_err(anyhow::Error::from)?;
            let number = ChildNumber::new(number, false).map_err(anyhow::Error::from)?;
            key.derive_child(number).map_err(anyhow::Error::from)
        };
        let key = child(&child(&self.0, client.0)?, index)?;
        let point = key.public_key().to_sec1_point(false);
        // of the two coordinates, without the byte that says that both are there
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&hash[hash.len() - BYTES..]);
        Ok(Address(bytes))
    }
}

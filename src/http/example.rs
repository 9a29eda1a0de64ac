//! Ids and times for the examples in the document.

use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// An id that looks like ours; the same number, the same thing.
pub fn id(number: u8) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

/// A time at which something was made.
pub fn time() -> OffsetDateTime {
    datetime!(2026-03-01 08:30 UTC)
}

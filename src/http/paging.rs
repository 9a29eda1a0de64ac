//! Cursor paging: stable while rows come and go, opaque to callers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem_openapi::{
    Object,
    types::{Example, ParseFromJSON, ToJSON, Type},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Items of a page unless the caller says otherwise.
pub const LIMIT_DEFAULT: u32 = 20;
/// Items of a page at most.
pub const LIMIT_MAX: u32 = 100;

/// Items, and where the next ones begin.
#[derive(Object, Debug)]
#[oai(example)]
pub struct Page<T: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null when this was the last.
    pub next_cursor: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON + Example> Example for Page<T> {
    fn example() -> Self {
        Self {
            items: vec![T::example()],
            next_cursor: None,
        }
    }
}

/// The place behind the last row of a page: rows are ordered by time and id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The row's time.
    pub at: OffsetDateTime,
    /// The row's id.
    pub id: Uuid,
}

/// Where a page begins and how long it may be.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Rows behind this place; from the first when `None`.
    pub after: Option<Place>,
    /// Rows at most.
    pub limit: u32,
}

impl Window {
    /// Reads what the caller asked for.
    pub fn new(cursor: Option<&str>, limit: Option<u32>) -> Result<Self> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Error::invalid(format!(
                "limit must be from 1 to {LIMIT_MAX}."
            )));
        }
        let after = cursor.map(|text| {
            Place::parse(text)
                .ok_or_else(|| Error::invalid("This cursor is not one that was given out."))
        });
        Ok(Self {
            after: after.transpose()?,
            limit,
        })
    }

    /// How many rows to read: one more than a page has, to know whether there is another.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts what was read to a page.
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        place: impl Fn(&R) -> Place,
        shape: impl Fn(R) -> T,
    ) -> Page<T>
    where
        T: Type + ParseFromJSON + ToJSON + Send + Sync,
    {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|row| place(row).to_text());
        Page {
            items: rows.into_iter().map(shape).collect(),
            next_cursor,
        }
    }
}

impl Place {
    /// As callers get it.
    pub fn to_text(self) -> String {
        let at_us = i64::try_from(self.at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        let bytes = [&at_us.to_be_bytes()[..], self.id.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let nanos = i128::from(i64::from_be_bytes(*at)) * 1_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        // the database knows other years than we do, and nothing here is of any of them
        if !(1970..=9999).contains(&at.year()) {
            return None;
        }
        Some(Self {
            at,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_000).unwrap();
        let place = Place {
            at,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for wrong in [
            "",
            "x",
            "AAAA",
            "\u{1F600}",
            // the year -7537
            &URL_SAFE_NO_PAD
                .encode([&(-300_000_000_000_000_000_i64).to_be_bytes()[..], &[0; 16]].concat()),
            &"A".repeat(32),
            &format!("{}AA", place.to_text()),
        ] {
            let window = Window::new(Some(wrong), None);
            assert!(
                window.is_err() || window.unwrap().after.is_some_and(|place| place.id.is_nil())
            );
        }
        assert!(Window::new(None, Some(0)).is_err());
        assert!(Window::new(None, Some(101)).is_err());
    }

    #[test]
    fn a_page_knows_whether_there_is_another() {
        let window = Window {
            after: None,
            limit: 2,
        };
        let place = |n: &i64| Place {
            at: OffsetDateTime::UNIX_EPOCH,
            id: Uuid::from_u128(*n as u128),
        };
        assert!(window.page(vec![1, 2], place, |n| n).next_cursor.is_none());
        let page = window.page(vec![1, 2, 3], place, |n| n);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(
            Place::parse(&page.next_cursor.unwrap()).unwrap().id,
            Uuid::from_u128(2)
        );
    }
}

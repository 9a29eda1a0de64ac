//! Periods of what is paid by the month: from a day to the same day of the next month, in a client's
//! time zone.
//!
//! A period is known by the day on which it begins, a date without a time zone: whatever clocks and
//! zones do, the same period is never begun twice. The zone says only at which moment that day begins.

use chrono::{NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use time::{Date, Duration, Month, OffsetDateTime};

use crate::error::{Error, Result};

/// The offset before a gap is asked for this many hours ahead of it, which is more than any offset.
const BEFORE_GAP_HOURS: i64 = 26;

/// A time zone as the IANA database describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// The zone of this name, such as `Asia/Shanghai`.
    ///
    /// # Errors
    /// `Invalid` when the name is not known here; the database of PostgreSQL may know others.
    pub fn named(name: &str) -> Result<Self> {
        name.parse().map(Self).map_err(|_| {
            Error::invalid(format!(
                "The time zone {name} is not known here: set another one for the client, such as Asia/Shanghai."
            ))
        })
    }

    /// The first moment of a day. Where clocks go forward over midnight it is the moment they do, and
    /// where they go back over midnight it is the first of the two midnights.
    pub fn start_of(self, day: Date) -> OffsetDateTime {
        let wanted = naive(day);
        let local = self.0.offset_from_local_datetime(&wanted);
        let offset = local.earliest().unwrap_or_else(|| {
            let before = wanted - TimeDelta::hours(BEFORE_GAP_HOURS);
            self.0.offset_from_utc_datetime(&before)
        });
        let utc = wanted - offset.fix();
        moment(utc)
    }

    /// The day that it is there at this moment.
    pub fn day_of(self, at: OffsetDateTime) -> Date {
        let utc = chrono::DateTime::from_timestamp(at.unix_timestamp(), 0).unwrap_or_default();
        let local = utc.with_timezone(&self.0).date_naive();
        // both count days from the same one
        let days = local - naive(at.date()).date();
        at.date()
            .checked_add(Duration::days(days.num_days()))
            .unwrap_or_else(|| at.date())
    }
}

/// The day on which period `n` begins, counted from 0. Months that are too short for the first day's
/// number end with their last day, and the next one that is long enough has it again.
pub fn nth(first: Date, n: i32) -> Option<Date> {
    let months = i64::from(first.year()) * 12 + i64::from(u8::from(first.month())) - 1;
    let months = months + i64::from(n);
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).ok()?).ok()?;
    let day = first.day().min(month.length(year));
    Date::from_calendar_date(year, month, day).ok()
}

fn naive(day: Date) -> NaiveDateTime {
    let month = u32::from(u8::from(day.month()));
    NaiveDate::from_ymd_opt(day.year(), month, u32::from(day.day()))
        .unwrap_or_default()
        .and_time(chrono::NaiveTime::MIN)
}

fn moment(utc: NaiveDateTime) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(utc.and_utc().timestamp())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_month_ends_where_it_ends() {
        let days = |first: Date, n: i32| -> Vec<String> {
            let day = |n| nth(first, n).unwrap().to_string();
            (0..n).map(day).collect()
        };
        assert_eq!(
            days(date!(2026 - 01 - 31), 5),
            [
                "2026-01-31",
                "2026-02-28",
                "2026-03-31",
                "2026-04-30",
                "2026-05-31"
            ]
        );
        assert_eq!(
            days(date!(2027 - 12 - 30), 4),
            ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]
        );
        // begun on a leap day: the 28th in other years, the 29th again four years later
        let leap = date!(2024 - 02 - 29);
        assert_eq!(nth(leap, 12), Some(date!(2025 - 02 - 28)));
        assert_eq!(nth(leap, 48), Some(date!(2028 - 02 - 29)));
        assert_eq!(nth(leap, 1), Some(date!(2024 - 03 - 29)));
        assert_eq!(nth(leap, i32::MAX), None);
    }

    #[test]
    fn a_day_begins_when_it_begins_there() {
        for (zone, day, begins) in [
            (
                "UTC",
                date!(2026 - 03 - 01),
                datetime!(2026-03-01 00:00 UTC),
            ),
            (
                "Asia/Shanghai",
                date!(2026 - 03 - 01),
                datetime!(2026-02-28 16:00 UTC),
            ),
            (
                "America/New_York",
                date!(2026 - 03 - 09),
                datetime!(2026-03-09 04:00 UTC),
            ),
            // clocks go forward over midnight: the day begins at one o'clock
            (
                "Africa/Cairo",
                date!(2024 - 04 - 26),
                datetime!(2024-04-25 22:00 UTC),
            ),
            (
                "Asia/Beirut",
                date!(2024 - 03 - 31),
                datetime!(2024-03-30 22:00 UTC),
            ),
            // clocks go back at midnight: eleven o'clock comes twice, midnight once
            (
                "Asia/Beirut",
                date!(2024 - 10 - 27),
                datetime!(2024-10-26 22:00 UTC),
            ),
            // clocks went back at one: midnight came twice, the first one counts
            (
                "America/Havana",
                date!(2024 - 11 - 03),
                datetime!(2024-11-03 04:00 UTC),
            ),
            // a day that never was begins when the one after it does
            (
                "Pacific/Apia",
                date!(2011 - 12 - 30),
                datetime!(2011-12-30 10:00 UTC),
            ),
            (
                "Pacific/Apia",
                date!(2011 - 12 - 31),
                datetime!(2011-12-30 10:00 UTC),
            ),
            (
                "Asia/Kathmandu",
                date!(2026 - 06 - 01),
                datetime!(2026-05-31 18:15 UTC),
            ),
            (
                "Pacific/Kiritimati",
                date!(2026 - 06 - 01),
                datetime!(2026-05-31 10:00 UTC),
            ),
        ] {
            assert_eq!(
                Zone::named(zone).unwrap().start_of(day),
                begins,
                "{zone} {day}"
            );
        }
        assert!(Zone::named("Mars/Olympus").is_err());
        assert!(Zone::named("").is_err());
    }

    proptest! {
        #[test]
        fn periods_follow_each_other(year in 1990..2090_i32, ordinal in 1..=365_u16, n in 0..600_i32) {
            let first = Date::from_ordinal_date(year, ordinal).unwrap();
            let (this, next) = (nth(first, n).unwrap(), nth(first, n + 1).unwrap());
            let days = (next - this).whole_days();
            prop_assert!((28..=31).contains(&days), "{this} {next}");
            prop_assert!(this.day() == first.day() || this.day() == this.month().length(this.year()));
        }

        #[test]
        fn days_begin_one_after_the_other_everywhere(zone in 0..chrono_tz::TZ_VARIANTS.len(), offset in 0..40_000_i64) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[zone]);
            let day = date!(1980 - 01 - 01) + Duration::days(offset);
            let (begins, ends) = (zone.start_of(day), zone.start_of(day.next_day().unwrap()));
            let hours = (ends - begins).whole_hours();
            prop_assert!((0..=48).contains(&hours), "{zone:?} {day} {hours}");
            // unless the day never was, its first moment is in it and the moment before is not
            if zone.day_of(begins) == day {
                prop_assert!(zone.day_of(begins - Duration::SECOND) < day, "{zone:?} {day}");
            } else {
                prop_assert_eq!(hours, 0, "{:?} {}", zone, day);
            }
        }
    }
}

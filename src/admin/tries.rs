//! Tries to sign in: few by an address, few for a name; and nobody can lock an operator out of the
//! places where they have signed in before.

use std::{net::IpAddr, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::{
    db::Db,
    error::{Error, Result},
};

/// Minutes for which a try that failed counts.
const WINDOW_MINUTES: i64 = 15;
/// Tries that failed, in this time: for a name from one address, from one address, and for a name
/// from addresses where it has not signed in before.
const OF_NAME_AND_ADDRESS_MAX: i64 = 5;
const OF_ADDRESS_MAX: i64 = 20;
const OF_NAME_MAX: i64 = 30;

/// A try that counts as failed until it has succeeded.
pub struct Try {
    /// Its id.
    pub id: Uuid,
}

/// Counts a try before it is looked at, so that many at once are counted too.
///
/// # Errors
/// `Throttled` when there were too many.
pub async fn begin(db: &Db, name: &str, address: &str, now: OffsetDateTime) -> Result<Try> {
    let since = now - time::Duration::minutes(WINDOW_MINUTES);
    let mut tx = db.admin().await?;
    store::lock_tries(&mut tx).await?;
    store::forget_tries(&mut tx, since).await?;
    let tries = store::count_tries(&mut tx, name, address).await?;
    if tries.of_both >= OF_NAME_AND_ADDRESS_MAX
        || tries.of_address >= OF_ADDRESS_MAX
        || (tries.of_name >= OF_NAME_MAX && !tries.known_place)
    {
        let ends = tries.oldest.unwrap_or(now) + time::Duration::minutes(WINDOW_MINUTES);
        let wait = u64::try_from((ends - now).whole_seconds()).unwrap_or(0);
        return Err(Error::Throttled(Duration::from_secs(wait.max(1))));
    }
    let id = Uuid::new_v4();
    store::add_try(&mut tx, id, name, address, now).await?;
    tx.commit().await?;
    Ok(Try { id })
}

/// The part of an address that is one caller's: whoever has one address of IPv6 has 2^64.
pub fn of_one(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        for (address, one) in [
            ("10.1.2.3", "10.1.2.3"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(of_one(address.parse().unwrap()), one);
        }
    }
}

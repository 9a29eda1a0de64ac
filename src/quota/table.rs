//! The shares of this process, one a caller; those that have been quiet are forgotten.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use super::share::{Key, Limit, Share};

/// Parts with a lock each.
const PARTS: usize = 64;
/// Callers remembered in a part at most: 64,000 in all.
const CALLERS_MAX: usize = 1_000;
/// Milliseconds after which a caller who asked nothing may be forgotten.
const QUIET_MS: i64 = 120_000;

/// See above.
#[derive(Debug)]
pub struct Table {
    parts: [Mutex<HashMap<Key, Arc<Share>>>; PARTS],
    hasher: RandomState,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            parts: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }
}

impl Table {
    /// The share of this caller, a new one when its limit has changed.
    pub fn share(&self, key: Key, limit: Limit, now_ms: i64) -> Arc<Share> {
        let part = self.hasher.hash_one(key) as usize % PARTS;
        let mut part = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = part.get(&key).filter(|share| share.limit == limit) {
            return share.clone();
        }
        if part.len() >= CALLERS_MAX {
            forget(&mut part, now_ms);
        }
        let share = Arc::new(Share::new(key, limit, now_ms));
        part.insert(key, share.clone());
        share
    }
}

/// Makes room: those who are quiet go, and if nobody is, the half that was here longest ago.
fn forget(part: &mut HashMap<Key, Arc<Share>>, now_ms: i64) {
    part.retain(|_, share| now_ms - share.used_at_ms() < QUIET_MS);
    if part.len() < CALLERS_MAX {
        return;
    }
    let mut uses: Vec<i64> = part.values().map(|share| share.used_at_ms()).collect();
    let (_, &mut middle, _) = uses.select_nth_unstable(CALLERS_MAX / 2);
    part.retain(|_, share| share.used_at_ms() > middle);
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn of(table: &Table, n: u32, now_ms: i64) -> Arc<Share> {
        let address = IpAddr::V4(Ipv4Addr::from_bits(n));
        let limit = Limit::per_minute(10).unwrap();
        table.share(Key::Address(address), limit, now_ms)
    }

    #[test]
    fn a_caller_has_one_share_until_the_limit_changes() {
        let table = Table::default();
        assert!(Arc::ptr_eq(&of(&table, 1, 0), &of(&table, 1, 9)));
        assert!(!Arc::ptr_eq(&of(&table, 1, 0), &of(&table, 2, 0)));
        let key = of(&table, 1, 0).key;
        let other = table.share(key, Limit::per_minute(11).unwrap(), 0);
        assert_eq!(other.limit.size, 11);
    }

    #[test]
    fn however_many_come_few_are_remembered() {
        let table = Table::default();
        for n in 0..200_000 {
            of(&table, n, i64::from(n));
        }
        let parts = table.parts.iter().map(|part| part.lock().unwrap().len());
        assert!(parts.sum::<usize>() <= PARTS * CALLERS_MAX);
        let last = of(&table, 199_999, 200_000);
        assert_eq!(last.used_at_ms(), 199_999, "the latest is still known");
    }
}

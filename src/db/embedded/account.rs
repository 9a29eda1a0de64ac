//! The unprivileged system user that PostgreSQL runs as when the server itself is root.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use anyhow::Context;
use rustix::process::geteuid;

/// Tried in this order; the first that the system knows is taken.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user and group to step down to before a program of PostgreSQL is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// Who PostgreSQL runs as: `None` is the user of this process, which is the rule for everybody
    /// but root. As root it is the owner of the data, or for new data the first of [`NAMES`].
    pub fn choose(pgdata: &Path) -> anyhow::Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        if let Some(owner) = Self::owner_of(pgdata).filter(|owner| owner.uid != 0) {
            return Ok(Some(owner));
        }
        let users = fs::read_to_string("/etc/passwd").context("read /etc/passwd")?;
        let account = first_known(&users).with_context(|| {
            format!(
                "PostgreSQL does not run as root, and there is no user {} to run it as: \
                 create one, or start the server as an ordinary user",
                NAMES.join(" or ")
            )
        })?;
        Ok(Some(account))
    }

    /// Who owns this file or folder, if it is there.
    pub fn owner_of(path: &Path) -> Option<Self> {
        let meta = fs::symlink_metadata(path).ok()?;
        Some(Self {
            uid: meta.uid(),
            gid: meta.gid(),
        })
    }
}

pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

fn first_known(users: &str) -> Option<Account> {
    NAMES.iter().find_map(|name| {
        users
            .lines()
            .filter_map(|line| {
                let fields: Vec<_> = line.split(':').collect();
                (fields.first() == Some(name)).then(|| account(&fields))?
            })
            .find(|account| account.uid != 0)
    })
}

fn account(fields: &[&str]) -> Option<Account> {
    Some(Account {
        uid: id(fields.get(2)?)?,
        gid: id(fields.get(3)?)?,
    })
}

/// Some systems write the ids of `nobody` as -2, which is the same 32 bits.
fn id(field: &str) -> Option<u32> {
    field.parse::<u32>().ok().or_else(|| {
        let signed = field.parse::<i32>().ok()?;
        Some(signed.cast_unsigned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_postgres_comes_before_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        let found = first_known(nobody).unwrap();
        assert_eq!((found.uid, found.gid), (65534, 65533));

        let both = format!("{nobody}postgres:x:101:104:,,,:/var:/bin/bash\n");
        let found = first_known(&both).unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));

        let odd = "#comment\n\nnobody:*:-2:-2:Unprivileged:/var/empty:/usr/bin/false\n";
        assert_eq!(first_known(odd).unwrap().uid, 4_294_967_294);

        assert_eq!(first_known("postgres:x:0:0::/:/bin/sh\n"), None);
        assert_eq!(first_known("postgres\npostgresql:x:5:5::/:/bin/sh\n"), None);
    }
}

//! Passwords, hashed with Argon2id off the async threads, few at a time.

use std::sync::Arc;

use anyhow::anyhow;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Kibibytes, passes and lanes, as OWASP recommends for Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes made at the same time: each takes its memory.
const HASHES_MAX: usize = 2;
/// Characters of a password at least and at most.
const CHARS: std::ops::RangeInclusive<usize> = 12..=200;

/// Makes and checks hashes of passwords.
pub struct Passwords {
    slots: Arc<Semaphore>,
    nobodys: String,
}

impl Passwords {
    /// Makes the hash that nobody's password has, too: takes a moment.
    pub fn new() -> anyhow::Result<Self> {
        let nobodys = make(&hex::encode(rand::random::<[u8; 16]>()))?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(HASHES_MAX)),
            nobodys,
        })
    }

    /// The hash of a password, with its salt and parameters.
    ///
    /// # Errors
    /// `Invalid` for one that is too short or too long.
    pub async fn hash(&self, password: &Secret) -> Result<String> {
        if !CHARS.contains(&password.expose().chars().count()) {
            return Err(Error::invalid(format!(
                "A password has {} to {} characters.",
                CHARS.start(),
                CHARS.end()
            )));
        }
        let password = password.clone();
        self.work(move || make(password.expose())).await?
    }

    /// Whether it is the password of this hash. The same work when there is none.
    pub async fn fits(&self, password: &Secret, hash: Option<String>) -> Result<bool> {
        let (known, password) = (hash.is_some(), password.clone());
        let hash = hash.unwrap_or_else(|| self.nobodys.clone());
        let fits = self.work(move || fits(password.expose(), &hash)).await?;
        Ok(fits && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(slot);
            done
        });
        done.await.map_err(Error::internal)
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn make(password: &str) -> Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash
        .map_err(|error| anyhow!("argon2: {error}"))?
        .to_string())
}

fn fits(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    // with the parameters that the hash names
    Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_its_password_only() {
        let passwords = Passwords::new().unwrap();
        let secret = |text: &str| Secret::from(text.to_owned());
        let hash = passwords.hash(&secret("correct horse 电池")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        for (password, fits) in [("correct horse 电池", true), ("correct horse", false)] {
            let found = passwords.fits(&secret(password), Some(hash.clone())).await;
            assert_eq!(found.unwrap(), fits, "{password}");
        }
        assert!(!passwords.fits(&secret("x"), None).await.unwrap());
        for wrong in ["elevenchars", &"x".repeat(201)] {
            assert_eq!(
                passwords.hash(&secret(wrong)).await.unwrap_err().code(),
                "invalid"
            );
        }
    }
}

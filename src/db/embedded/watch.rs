//! Watches over the running PostgreSQL: one that ends without having been asked to is started again,
//! on the same port, for as long as the server lives.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Access,
    home::{Home, Lock},
    log::Mark,
    postmaster::{self, Attempt, Passing, Process},
    programs::{Programs, hint},
    remnants,
};

/// Before the second attempt in a row; each further one waits twice as long.
const WAIT_FIRST: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(15);
/// One that ran for so long is not in a row with the one before.
const STEADY: Duration = Duration::from_secs(60);
/// How long processes of a killed PostgreSQL may go on with what they are doing.
const REMNANTS_MAX: Duration = Duration::from_secs(5);
/// How long the process may take to go once `pg_ctl` has said that it stopped.
const REAP_MAX: Duration = Duration::from_secs(5);

/// A PostgreSQL that is looked after.
#[derive(Debug)]
pub(super) struct Watch {
    pub programs: Programs,
    pub home: Home,
    pub durable: bool,
    /// Pools have made it their own: it stays as it is.
    pub access: Access,
    /// `None` while it is away.
    pub process: Option<Process>,
    pub _locks: Vec<Lock>,
}

/// What hinders PostgreSQL from running.
enum Hindrance {
    Passing(Passing),
    Failure(String),
}

impl Watch {
    /// Looks after PostgreSQL until told to stop; what then runs, or is just starting, is in the
    /// pid file.
    pub async fn run(mut self, stop: CancellationToken) -> Self {
        let mut failures = 0;
        while let Some(process) = &mut self.process {
            let (since, mark) = (Instant::now(), Mark::here(&self.home));
            let how = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                how = process.ended(&self.home) => how,
            };
            let log = match how {
                // it had time to say why
                Some(status) if status.code().is_some() => mark.last_words(&self.home).await,
                _ => mark.tail(&self.home),
            };
            let how = how.map_or("not known: not started by us".into(), |how| how.to_string());
            tracing::error!(
                how,
                log,
                "the embedded PostgreSQL has ended: starting it again"
            );
            if since.elapsed() > STEADY {
                failures = 0;
            }
            self.process = self.restart(&stop, &mut failures).await;
        }
        self
    }

    /// Tries until PostgreSQL answers; `None` only when told to stop.
    async fn restart(&self, stop: &CancellationToken, failures: &mut u32) -> Option<Process> {
        let away = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = sleep(wait_after(*failures)) => {}
            }
            *failures += 1;
            let hindrance = match self.attempt(stop).await {
                Ok(process) => {
                    let seconds = away.elapsed().as_secs_f32();
                    tracing::info!(seconds, "the embedded PostgreSQL runs again");
                    return Some(process);
                }
                Err(hindrance) => hindrance,
            };
            self.tell(&hindrance, *failures);
            let remnants = matches!(hindrance, Hindrance::Passing(Passing::Remnants));
            if remnants && away.elapsed() > REMNANTS_MAX {
                remnants::end(&self.home);
            }
        }
    }

    async fn attempt(&self, stop: &CancellationToken) -> Result<Process, Hindrance> {
        if let Some((pid, port)) = postmaster::found(&self.home) {
            return self.join(pid, port).await;
        }
        let (home, access) = (&self.home, &self.access);
        let attempt = postmaster::attempt(&self.programs, home, self.durable, access, stop).await;
        match attempt {
            Ok(Attempt::Answers(child) | Attempt::Stopped(child)) => Ok(Process::Child(child)),
            Ok(Attempt::Ended(log)) => Err(Passing::read(&log).map_or_else(
                || Hindrance::Failure(format!("It ended.{} Its log: {log}", hint(&log))),
                Hindrance::Passing,
            )),
            Err(error) => Err(Hindrance::Failure(format!("{error:#}"))),
        }
    }

    /// Somebody else has started PostgreSQL on this data, say an operator.
    async fn join(&self, pid: u32, port: Option<u16>) -> Result<Process, Hindrance> {
        let ours = self.access.port;
        if let Some(port) = port.filter(|port| *port != ours) {
            return Err(Hindrance::Failure(format!(
                "One that we did not start (process {pid}) runs on the same data, on port {port}: \
                 end it, then ours starts on port {ours}"
            )));
        }
        match postmaster::answers(&self.access).await {
            Ok(true) => Ok(Process::Found(pid)),
            Ok(false) => Err(Hindrance::Failure(format!(
                "One that we did not start (process {pid}) does not answer yet"
            ))),
            Err(error) => Err(Hindrance::Failure(format!("{error:#}"))),
        }
    }

    fn tell(&self, hindrance: &Hindrance, attempt: u32) {
        let (port, again) = (self.access.port, wait_after(attempt).as_secs_f32());
        match hindrance {
            Hindrance::Passing(Passing::PortTaken) => tracing::error!(
                port,
                attempt,
                again_in_seconds = again,
                "another program has taken the port of the embedded PostgreSQL: it starts when that lets go"
            ),
            Hindrance::Passing(Passing::Remnants) => tracing::warn!(
                attempt,
                again_in_seconds = again,
                "processes of the embedded PostgreSQL that ended are still at work: it starts when they are gone"
            ),
            Hindrance::Failure(why) => tracing::error!(
                why,
                attempt,
                again_in_seconds = again,
                "the embedded PostgreSQL does not start"
            ),
        }
    }

    /// Stops PostgreSQL, if it runs, and waits until it has ended.
    pub async fn stop(self) -> anyhow::Result<()> {
        let stopping = postmaster::stop(&self.programs, &self.home);
        let well = match self.process {
            Some(Process::Child(mut child)) => tokio::select! {
                biased;
                // `pg_ctl` would wait for one that was killed until somebody asks how it ended
                ended = child.wait() => ended?.success(),
                stopped = stopping => {
                    let well = stopped?;
                    timeout(REAP_MAX, child.wait())
                        .await
                        .context("PostgreSQL has stopped but its process does not end")??;
                    well
                }
            },
            _ => stopping.await?,
        };
        if well {
            tracing::info!("the embedded PostgreSQL has stopped");
        } else {
            tracing::warn!(
                "the embedded PostgreSQL was not shut down: it recovers at the next start"
            );
            if postmaster::found(&self.home).is_none() {
                remnants::end(&self.home);
            }
        }
        Ok(())
    }
}

/// None before the first attempt.
fn wait_after(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    WAIT_MAX.min(WAIT_FIRST * 2_u32.pow(doublings.min(10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_comes_at_once_and_the_others_ever_more_slowly() {
        let waits: Vec<u128> = (0..9).map(|n| wait_after(n).as_millis()).collect();
        assert_eq!(
            waits,
            [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]
        );
        assert_eq!(wait_after(u32::MAX), WAIT_MAX);
    }
}

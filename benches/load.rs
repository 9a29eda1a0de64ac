//! As many requests as a server takes, over connections that are kept.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{samples::ms_since, wire::Wire};

/// Requests at work at the same time.
const CONNECTIONS: usize = 32;
/// Values out of one round.
const SLICES: u32 = 5;

/// Connections to one server.
pub struct Load {
    wires: Vec<Wire>,
    request: Vec<u8>,
}

impl Load {
    /// Connects.
    pub fn new(port: u16, request: Vec<u8>) -> Result<Self> {
        let wires = (0..CONNECTIONS).map(|_| {
            let mut wire = Wire::connect(port)?;
            wire.never_sleep()?;
            Ok(wire)
        });
        Ok(Self {
            wires: wires.collect::<Result<_>>()?,
            request,
        })
    }

    /// Requests per second, in slices of the time.
    ///
    /// The connections are served in turn: the answer of the first is read and the next request
    /// sent while the server works on those of the others, so that it is never without work.
    ///
    /// # Errors
    /// For any answer but 2xx.
    pub fn per_second(&mut self, time: Duration) -> Result<Vec<f64>> {
        for wire in &mut self.wires {
            wire.send(&self.request)?;
        }
        let mut slices = Vec::new();
        for _ in 0..SLICES {
            let (started, mut answers) = (Instant::now(), 0_u32);
            while started.elapsed() < time / SLICES {
                for wire in &mut self.wires {
                    wire.skip()?;
                    wire.send(&self.request)?;
                }
                answers += CONNECTIONS as u32;
            }
            slices.push(f64::from(answers) * 1_000.0 / ms_since(started));
        }
        for wire in &mut self.wires {
            wire.skip()?;
        }
        Ok(slices)
    }
}

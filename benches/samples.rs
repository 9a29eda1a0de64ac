//! Values measured in rounds, and what is said of them.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Rounds of each side.
const ROUNDS: usize = 3;
/// Before the first round each side runs for this long, unmeasured.
const WARM_UP: Duration = Duration::from_millis(500);

/// Values of one side, round by round.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Vec<f64>>);

/// Measures for a time and returns what it measured.
pub type Side<'a> = &'a mut dyn FnMut(Duration) -> Result<Vec<f64>>;

/// Measures the sides in turns, so that whatever else happens on the machine happens to all.
pub fn interleaved<const SIDES: usize>(
    round: Duration,
    mut sides: [Side; SIDES],
) -> Result<[Samples; SIDES]> {
    for side in &mut sides {
        side(WARM_UP)?;
    }
    let mut samples = [const { Samples(Vec::new()) }; SIDES];
    for _ in 0..ROUNDS {
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            samples.0.push(side(round)?);
        }
    }
    Ok(samples)
}

/// Does something again and again for a time; it returns its own milliseconds.
pub fn repeat(time: Duration, mut once: impl FnMut() -> Result<f64>) -> Result<Vec<f64>> {
    let started = Instant::now();
    let mut all = Vec::new();
    while started.elapsed() < time {
        all.push(once()?);
    }
    Ok(all)
}

/// The milliseconds since then.
pub fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1_000.0
}

impl Samples {
    /// The median of the medians of the rounds.
    pub fn median(&self) -> f64 {
        let medians = self.0.iter().map(|round| percentile(round.clone(), 0.5));
        percentile(medians.collect(), 0.5)
    }

    /// A percentile of all values.
    pub fn percentile(&self, share: f64) -> f64 {
        percentile(self.0.concat(), share)
    }

    /// The first and the third quartile of all values, each divided by this.
    pub fn quartiles_by(&self, divisor: f64) -> (f64, f64) {
        let quartile = |share| self.percentile(share) / divisor;
        (quartile(0.25), quartile(0.75))
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// A percentile of some values.
pub fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len().saturating_sub(1)) as f64 * share;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (values.get(below), values.get(above)) {
        (Some(a), Some(b)) => a + (b - a) * (place - place.floor()),
        _ => f64::NAN,
    }
}

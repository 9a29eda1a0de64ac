//! A call that did not lead to an answer: why, and what that means for the caller.

use std::time::Duration;

use anyhow::anyhow;
use reqwest::{Response, StatusCode, header::RETRY_AFTER};

use super::link::Speaker;
use crate::error::Error;

/// What is read of the body of a refusal.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// For a vendor that says 429 and not for how long.
const RETRY_SECONDS_DEFAULT: u64 = 10;
const RETRY_SECONDS_MAX: u64 = 3600;

/// Words by which vendors say that the prompt itself was not let through.
const FILTER_CODES: [&str; 2] = ["content_filter", "data_inspection_failed"];

/// Why there is no answer.
pub enum Refusal {
    /// No response came: no connection, or silence, or a broken one.
    Unheard(reqwest::Error),
    /// A response with another status than success.
    Said {
        /// Its status.
        status: StatusCode,
        /// Its `Retry-After` in seconds.
        retry_seconds: Option<u64>,
        /// The beginning of its body.
        body: String,
    },
}

impl Refusal {
    /// Reads what a response of refusal says.
    pub async fn read(mut response: Response) -> Self {
        let status = response.status();
        // the other form, a date, is not used by vendors
        let retry_seconds = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok())
            .filter(|seconds| (0.0..=RETRY_SECONDS_MAX as f64).contains(seconds))
            .map(|seconds| seconds.ceil() as u64);
        let mut body = Vec::new();
        while let Ok(Some(bytes)) = response.chunk().await {
            body.extend_from_slice(&bytes[..bytes.len().min(BODY_BYTES_MAX - body.len())]);
            if body.len() >= BODY_BYTES_MAX {
                break;
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Self::Said {
            status,
            retry_seconds,
            body,
        }
    }

    /// Whether asking again soon can help. A silence is not asked again: it may have been paid for.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unheard(error) => {
                error.is_connect() || (error.is_request() && !error.is_timeout())
            }
            Self::Said { status, .. } => status.is_server_error(),
        }
    }

    /// Whether the request was called wrong in words that contain all of `words`.
    pub fn complains_of(&self, words: &[&str]) -> bool {
        match self {
            Self::Said {
                status: StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY,
                body,
                ..
            } => {
                let body = body.to_lowercase();
                words.iter().all(|word| body.contains(word))
            }
            _ => false,
        }
    }

    /// The vendor's word for not letting the prompt through, if that is what it says.
    pub fn filter(&self) -> Option<&'static str> {
        FILTER_CODES
            .into_iter()
            .find(|code| self.complains_of(&[code]))
    }

    /// The error for the caller; the cause in it is for the log.
    pub fn into_error(self, speaker: &Speaker) -> Error {
        match self {
            Self::Unheard(error) => speaker.failed(error),
            // an empty account is said with the same status, and waiting does not fill it
            Self::Said {
                status: StatusCode::TOO_MANY_REQUESTS,
                retry_seconds,
                body,
            } if !body.contains("insufficient_quota") => Error::Throttled(Duration::from_secs(
                retry_seconds.unwrap_or(RETRY_SECONDS_DEFAULT),
            )),
            Self::Said { status, body, .. } => {
                let words = speaker.quote(&body);
                speaker.failed(anyhow!("the vendor said {status}: {words}"))
            }
        }
    }
}

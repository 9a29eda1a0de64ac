//! Documents that are read in the worker process, so that one of them costs at most itself.

use super::{
    Extracted, Limits, Source,
    pdf::{
        self, Worker,
        frame::{Cause, Frame, Task, Work},
    },
};
use crate::error::{Error, Result};

/// Reads a document in a process of its own.
pub async fn extract(source: Source, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    let work = Work::Read {
        kind: source.kind,
        charset: source.charset,
    };
    let output = pdf::run_in_time(Task::new(work, limits), source.bytes, limits, worker).await?;
    let mut frames = serde_json::Deserializer::from_slice(&output.frames).into_iter();
    match frames.next() {
        Some(Ok(Frame::Whole(extracted))) => Ok(extracted),
        Some(Ok(Frame::Failed { cause, detail })) => Err(match cause {
            Cause::Invalid => Error::Invalid(detail),
            Cause::TooLarge => Error::TooLarge(detail),
            Cause::Unsupported => Error::Unsupported(detail),
            Cause::Internal => Error::Internal(anyhow::anyhow!(detail)),
        }),
        _ => Err(pdf::died(&output, limits)),
    }
}

/// The worker's side: reads the document and says what came of it.
pub fn answer(source: Source, task: &Task) -> Frame {
    match super::read(source, &task.limits()) {
        Ok(extracted) => Frame::Whole(extracted),
        Err(error) => Frame::Failed {
            detail: error.to_string(),
            cause: match error {
                Error::Invalid(_) => Cause::Invalid,
                Error::TooLarge(_) => Cause::TooLarge,
                Error::Unsupported(_) => Cause::Unsupported,
                _ => Cause::Internal,
            },
        },
    }
}

//! An answer on its way: frames in, chat events out, one clean end whatever the vendor does.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use futures_util::{StreamExt as _, stream};
use reqwest::{Response, header::CONTENT_TYPE};

use super::{
    link::Speaker,
    sse::Decoder,
    wire::{self, Choice, Frame},
};
use crate::{
    error::Result,
    models::{ChatEvent, ChatStream, TokenUsage},
};

/// Text of one answer; what is over it is cut.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Everything a vendor may send for one answer, reasoning and empty frames included.
const STREAM_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long the count is waited for after the last word.
const USAGE_SECONDS_MAX: u64 = 5;
/// How long the end of the body is waited for, without which the connection cannot serve again.
const DRAIN_MS_MAX: u64 = 50;

/// Words for an answer that is complete; every other word means that it was cut.
const COMPLETE: [&str; 4] = ["stop", "eos_token", "stop_sequence", "end_turn"];

/// The state between two events.
pub struct Answer {
    response: Option<Response>,
    frames: Decoder,
    speaker: Speaker,
    /// The vendor said that there is no more text.
    finished: bool,
    ended: bool,
    stream_bytes: usize,
    answer_bytes: usize,
    cut: Option<String>,
    usage: Option<TokenUsage>,
    /// What is left to hand out.
    left: VecDeque<Result<ChatEvent>>,
}

impl Answer {
    /// The events of a response of success.
    ///
    /// # Errors
    /// `Upstream` when the vendor did not stream, and what it sent instead is not an answer.
    pub async fn read(response: Response, speaker: Speaker) -> Result<ChatStream> {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.as_bytes());
        let whole = content_type.is_some_and(|kind| kind.starts_with(b"application/json"));
        let mut answer = Self::new(response, speaker);
        if whole {
            let read = answer.read_whole().await;
            read.map_err(|cause| answer.speaker.failed(cause))?;
            answer.end(None);
        }
        let events = stream::unfold(answer, |mut answer| async move {
            answer.next().await.map(|event| (event, answer))
        });
        Ok(events.boxed())
    }

    fn new(response: Response, speaker: Speaker) -> Self {
        Self {
            response: Some(response),
            frames: Decoder::default(),
            speaker,
            finished: false,
            ended: false,
            stream_bytes: 0,
            answer_bytes: 0,
            cut: None,
            usage: None,
            left: VecDeque::new(),
        }
    }

    async fn next(&mut self) -> Option<Result<ChatEvent>> {
        loop {
            if let Some(event) = self.left.pop_front() {
                return Some(event);
            }
            if self.ended {
                self.drain().await;
                return None;
            }
            match self.step().await {
                Ok(Step::On) => {}
                Ok(Step::End) => self.end(None),
                // all text is here; only the count, or the farewell, is missing
                Err(_) if self.finished => self.end(None),
                Err(cause) => self.end(Some(cause)),
            }
        }
    }

    async fn step(&mut self) -> anyhow::Result<Step> {
        match self.frames.event()? {
            Some(data) => self.take(&data),
            None => self.read_more().await,
        }
    }

    async fn read_more(&mut self) -> anyhow::Result<Step> {
        let response = self
            .response
            .as_mut()
            .context("the response was read to its end")?;
        let read = if self.finished {
            tokio::time::timeout(Duration::from_secs(USAGE_SECONDS_MAX), response.chunk()).await?
        } else {
            response.chunk().await
        };
        let Some(bytes) = read.map_err(reqwest::Error::without_url)? else {
            self.response = None;
            return self.take_rest();
        };
        self.stream_bytes += bytes.len();
        if self.stream_bytes > STREAM_BYTES_MAX {
            bail!("the vendor sent more than {STREAM_BYTES_MAX} bytes");
        }
        self.frames.push(&bytes);
        Ok(Step::On)
    }

    /// The stream is over. Some vendors send no `[DONE]`, but all say why the text ended.
    fn take_rest(&mut self) -> anyhow::Result<Step> {
        if let Some(data) = self.frames.rest()? {
            self.take(&data)?;
        }
        if !self.finished {
            bail!("the stream ended in the middle of the answer");
        }
        Ok(Step::End)
    }

    fn take(&mut self, data: &str) -> anyhow::Result<Step> {
        if data.trim() == "[DONE]" {
            self.finished = true;
            return Ok(Step::End);
        }
        let frame = serde_json::from_str(data)
            .with_context(|| format!("a frame is not JSON: {}", self.speaker.quote(data)))?;
        self.take_frame(frame)
    }

    fn take_frame(&mut self, frame: Frame) -> anyhow::Result<Step> {
        // some vendors count in every frame, the last one is the whole
        if let Some(usage) = frame.usage.as_ref().and_then(wire::usage) {
            self.usage = Some(usage);
        }
        for choice in frame.choices.into_iter().flatten() {
            if choice.index.unwrap_or(0) == 0 {
                self.take_choice(choice);
            }
        }
        if let Some(error) = frame.error.filter(|error| !error.is_null()) {
            let words = self.speaker.quote(&error.to_string());
            bail!("the vendor broke off: {words}");
        }
        let full = self.answer_bytes > ANSWER_BYTES_MAX;
        Ok(if full { Step::End } else { Step::On })
    }

    fn take_choice(&mut self, choice: Choice) {
        let piece = choice.delta.or(choice.message);
        if let Some(text) = piece
            .and_then(|piece| piece.content)
            .filter(|text| !text.is_empty())
        {
            self.answer_bytes += text.len();
            if self.answer_bytes > ANSWER_BYTES_MAX {
                self.cut = Some("answer_bytes_max".to_owned());
                return;
            }
            self.left.push_back(Ok(ChatEvent::Delta(text)));
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finished = true;
            if !COMPLETE.contains(&reason.as_str()) {
                self.cut = Some(reason);
            }
        }
    }

    async fn read_whole(&mut self) -> anyhow::Result<()> {
        let mut response = self
            .response
            .take()
            .context("the response was read before")?;
        let mut body = Vec::new();
        while let Some(bytes) = response
            .chunk()
            .await
            .map_err(reqwest::Error::without_url)?
        {
            body.extend_from_slice(&bytes);
            if body.len() > 2 * ANSWER_BYTES_MAX {
                bail!("the answer is longer than {} bytes", 2 * ANSWER_BYTES_MAX);
            }
        }
        let text = String::from_utf8_lossy(&body);
        self.take(&text)?;
        if self.finished || !self.left.is_empty() {
            return Ok(());
        }
        Err(anyhow!(
            "there is no answer in the response: {}",
            self.speaker.quote(&text)
        ))
    }

    fn end(&mut self, cause: Option<anyhow::Error>) {
        self.ended = true;
        let cut = self.cut.take().map(ChatEvent::Cut);
        let usage = self.usage.take().map(ChatEvent::Usage);
        self.left.extend(cut.into_iter().chain(usage).map(Ok));
        if let Some(cause) = cause {
            self.left.push_back(Err(self.speaker.failed(cause)));
        }
    }

    async fn drain(&mut self) {
        let Some(mut response) = self.response.take().filter(|_| self.finished) else {
            return;
        };
        let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
        // a body that goes on costs a new connection next time, nothing else
        let _ = tokio::time::timeout(Duration::from_millis(DRAIN_MS_MAX), rest).await;
    }
}

enum Step {
    On,
    End,
}

//! Connections that have gone quiet, or never come to the point, are let go.

use std::{
    future::Future,
    io::{IoSlice, Result},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Seconds between two looks at whether a connection is used.
const LOOK_SECONDS: u64 = 25;
/// Looks after which a connection without a request is closed: 75 seconds, more than a heartbeat.
const IDLE_LOOKS: u32 = 3;
/// Looks after which one is closed whose request is not answered: 15 minutes.
const SILENT_LOOKS: u32 = 36;
/// Looks after which one is closed that has begun a request whose head is not whole, however
/// busily it drips: 25 to 50 seconds.
const HEAD_LOOKS: u32 = 2;
/// What an HTTP/2 connection begins with.
const HTTP2: &[u8] = b"PRI";
/// What asks for the rest of a request and is no answer to it.
const CONTINUE: &[u8] = b"HTTP/1.1 100 ";

/// A connection that reads as ended once it has not been used for long, or takes too long to say
/// what it wants. poem's own `idle_timeout` sets a timer anew at every read and write, on a task of
/// its own: a tenth of a short request; and it has none for the head of a request.
pub struct Watched<S> {
    stream: S,
    look: Pin<Box<Sleep>>,
    /// Something was read or written since the last look.
    used: bool,
    /// Looks since then.
    quiet: u32,
    /// The other side spoke last, or may at any time: an answer may be at work.
    asked: bool,
    http2: Option<bool>,
    head: Head,
}

/// How far the head of an HTTP/1 request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// No byte of it is here: the connection may stay idle.
    Awaited,
    /// Begun: looks since then, and the line ends at its end so far.
    Begun { looks: u32, line_ends: u8 },
    /// Whole: what comes is a body, until something is answered.
    Whole,
}

impl Head {
    fn with(self, bytes: &[u8]) -> Self {
        let is_line_end = |byte: &u8| b"\r\n".contains(byte);
        let (looks, mut line_ends, bytes) = match self {
            Self::Whole => return Self::Whole,
            Self::Begun { looks, line_ends } => (looks, line_ends, bytes),
            Self::Awaited => match bytes.iter().position(|byte| !is_line_end(byte)) {
                Some(begin) => (0, 0, &bytes[begin..]),
                // empty lines before a request do not count
                None => return Self::Awaited,
            },
        };
        // most heads come in one piece and with nothing behind
        if bytes.ends_with(b"\r\n\r\n") {
            return Self::Whole;
        }
        for byte in bytes {
            line_ends = match byte {
                b'\n' => line_ends + 1,
                b'\r' => line_ends,
                _ => 0,
            };
            if line_ends == 2 {
                return Self::Whole;
            }
        }
        Self::Begun { looks, line_ends }
    }
}

impl<S> Watched<S> {
    /// Around a fresh connection.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            look: Box::pin(sleep(Duration::from_secs(LOOK_SECONDS))),
            used: false,
            quiet: 0,
            asked: false,
            http2: None,
            head: Head::Awaited,
        }
    }

    fn heard(&mut self, bytes: &[u8]) {
        (self.used, self.asked) = (true, true);
        let http2 = *self.http2.get_or_insert_with(|| bytes.starts_with(HTTP2));
        self.head = if http2 {
            Head::Whole
        } else {
            self.head.with(bytes)
        };
    }

    fn spoke(&mut self, bytes: &[u8]) {
        self.used = true;
        if bytes.starts_with(CONTINUE) {
            return;
        }
        self.asked = self.http2 == Some(true);
        if !self.asked {
            self.head = Head::Awaited;
        }
    }

    /// Ready when it is time to let go.
    fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.look.as_mut().poll(cx));
            self.quiet = if self.used { 0 } else { self.quiet + 1 };
            self.used = false;
            let looks_max = if self.asked { SILENT_LOOKS } else { IDLE_LOOKS };
            if let Head::Begun { looks, .. } = &mut self.head {
                *looks += 1;
            }
            let drips = matches!(
                self.head,
                Head::Begun {
                    looks: HEAD_LOOKS..,
                    ..
                }
            );
            if drips || self.quiet >= looks_max {
                return Poll::Ready(());
            }
            let next = Instant::now() + Duration::from_secs(LOOK_SECONDS);
            self.look.as_mut().reset(next);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            self.heard(&buf.filled()[before..]);
            return Poll::Ready(read);
        }
        // nothing read means the end
        self.poll_quiet(cx).map(Ok)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        self.spoke(buf);
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs));
        self.spoke(bufs.first().map_or(&[], |first| first));
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::{error::Elapsed, timeout},
    };

    use super::*;

    const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

    fn connection() -> (DuplexStream, Watched<DuplexStream>) {
        let (client, server) = duplex(64);
        (client, Watched::new(server))
    }

    async fn ended_within(
        server: &mut Watched<DuplexStream>,
        seconds: u64,
    ) -> std::result::Result<(), Elapsed> {
        timeout(Duration::from_secs(seconds), seconds_until_the_end(server))
            .await
            .map(drop)
    }

    async fn seconds_until_the_end(server: &mut Watched<DuplexStream>) -> u64 {
        let started = Instant::now();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
        started.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_is_let_go() {
        let (_client, mut server) = connection();
        assert_eq!(seconds_until_the_end(&mut server).await, 75);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_answer_is_waited_for_and_the_next_question_is_not() {
        let (mut client, mut server) = connection();
        client.write_all(GET).await.unwrap();
        assert_eq!(server.read(&mut [0; 64]).await.unwrap(), GET.len());
        assert!(ended_within(&mut server, 600).await.is_err());
        server.write_all(b"200").await.unwrap();
        let idle = seconds_until_the_end(&mut server).await;
        assert!((75..=100).contains(&idle), "{idle}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_not_waited_for_without_end() {
        let (mut client, mut server) = connection();
        client.write_all(GET).await.unwrap();
        assert_eq!(server.read(&mut [0; 64]).await.unwrap(), GET.len());
        let silent = seconds_until_the_end(&mut server).await;
        assert!((900..=925).contains(&silent), "{silent}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_drips_a_head_is_let_go() {
        let (mut client, mut server) = connection();
        let started = Instant::now();
        loop {
            client.write_all(b"a").await.unwrap();
            assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 1);
            if ended_within(&mut server, 3).await.is_ok() {
                break;
            }
        }
        let seconds = started.elapsed().as_secs();
        assert!((25..=53).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_was_asked_for_may_take_its_time() {
        let (mut client, mut server) = connection();
        client.write_all(GET).await.unwrap();
        assert_eq!(server.read(&mut [0; 64]).await.unwrap(), GET.len());
        server
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .unwrap();
        for _ in 0..100 {
            client.write_all(b"a").await.unwrap();
            assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 1);
            assert!(ended_within(&mut server, 20).await.is_err());
        }
    }

    #[test]
    fn a_head_is_whole_at_its_empty_line() {
        for (pieces, whole) in [
            (&["GET / HTTP/1.1\r\nhost: x\r\n\r\n"][..], true),
            (&["GET / HTTP/1.1\r\nhost: x\r\n"], false),
            (&["GET / HTTP/1.1\r\n", "\r", "\n"], true),
            (&["G", "ET / HTTP/1.1\n\n"], true),
            (&["POST / HTTP/1.1\r\nhost: x\r\n\r\n{}"], true),
            (&["POST / HTTP/1.1\r\nhost: x\r\n\r\n{", "}"], true),
            (&["\r\n\r\n"], false),
            (&["\r\n\r\nGET / HTTP/1.1\r\n"], false),
            (&["\r\n", "\r\n", "GET / HTTP/1.1\r\n\r\n"], true),
            (&["\r\n\r\nGET /", " HTTP/1.1\r\na: b\r\n", "\r\n"], true),
            (&["\r\n\r\n\r\n"], false),
            (&["a\r\nb\r\nc\r\n"], false),
        ] {
            let bytes = pieces.iter().map(|piece| piece.as_bytes());
            let head = bytes.fold(Head::Awaited, Head::with);
            assert_eq!(head == Head::Whole, whole, "{pieces:?}: {head:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn in_http_2_an_answer_may_be_at_work_after_any_write() {
        let (mut client, mut server) = connection();
        client.write_all(b"PRI * H").await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 7);
        server.write_all(b"ack").await.unwrap();
        assert!(seconds_until_the_end(&mut server).await >= 900);
    }
}

//! TCP connections that end when their peer stalls, and a count of the open ones.
//!
//! The HTTP parser has a deadline for the head of the first request and for idle connections. It has none for
//! the head of a later request, for a body that no handler reads, or for a peer that does not read its
//! answer. [`Connection`] adds these deadlines below the parser. While no request is running, received bytes
//! must become a request in time. A blocked write must make progress in time.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Deadlines of a connection, and the number of connections from which only health probes are served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Time for a request's head.
    pub(crate) head_timeout: Duration,
    /// Maximum time between requests.
    pub(crate) keep_alive: Duration,
    /// Maximum time for which a peer may block a write.
    pub(crate) write_timeout: Duration,
    /// Number of connections served in full. Further connections are for health probes.
    pub(crate) max_connections: usize,
}

/// The number of open connections of all workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionGauge(Arc<AtomicUsize>);

/// The state of a connection that the middleware sees.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionState(Rc<State>);

#[derive(Debug)]
struct State {
    phase: Cell<Phase>,
    beyond_limit: bool,
    limits: ConnectionLimits,
}

/// What the server waits for on a connection.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The first byte of a request.
    Idle { until: Instant },
    /// The rest of a head.
    Head { until: Instant },
    /// A running request, which has deadlines of its own.
    Request,
}

/// Delay after the parser's own deadline. The parser answers 408 to the first slow head and must come first.
const AFTER_THE_PARSER: Duration = Duration::from_millis(500);
/// Number of bytes after which the parser must process its input. By itself it reads until no data is left or
/// its buffer of 128 KiB is full. With this limit it refuses a body that is too large with a fraction of that
/// in memory.
const READ_AT_ONCE: usize = 8 * 1024;
thread_local! {
    /// Read buffer of all connections of a thread. A buffer for each connection would have to be cleared for
    /// each read.
    static READ: RefCell<[u8; READ_AT_ONCE]> = const { RefCell::new([0; READ_AT_ONCE]) };
}

/// Time in which a connection beyond the limit must send its health probe.
const PATIENCE_BEYOND_LIMIT: Duration = Duration::from_secs(1);

impl ConnectionState {
    /// Whether this connection was opened beyond the limit. Only health probes are answered on it.
    pub(crate) fn is_beyond_limit(&self) -> bool {
        self.0.beyond_limit
    }

    /// Marks the connection as busy with a request until the guard is dropped.
    pub(crate) fn begin_request(&self) -> RunningRequest {
        self.0.phase.set(Phase::Request);
        RunningRequest(self.clone())
    }
}

/// A request that runs on a connection.
#[derive(Debug)]
pub(crate) struct RunningRequest(ConnectionState);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let state = &self.0.0;
        state.phase.set(Phase::Idle { until: Instant::now() + state.limits.keep_alive + AFTER_THE_PARSER });
    }
}

/// A TCP connection with deadlines.
#[derive(Debug)]
pub(crate) struct Connection {
    io: TcpStream,
    state: ConnectionState,
    read_deadline: Pin<Box<Sleep>>,
    write_deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes given to the parser since it last had to process its input.
    read_at_once: usize,
    gauge: ConnectionGauge,
}

impl Connection {
    /// Takes over an accepted connection and counts it.
    pub(crate) fn new(io: TcpStream, gauge: &ConnectionGauge, limits: ConnectionLimits) -> Self {
        let others = gauge.0.fetch_add(1, Ordering::Relaxed);
        let beyond_limit = others >= limits.max_connections;
        let patience =
            if beyond_limit { PATIENCE_BEYOND_LIMIT } else { limits.head_timeout + AFTER_THE_PARSER };
        let until = Instant::now() + patience;
        let phase = Cell::new(Phase::Head { until });
        Self {
            io,
            state: ConnectionState(Rc::new(State { phase, beyond_limit, limits })),
            read_deadline: Box::pin(sleep_until(until)),
            write_deadline: None,
            read_at_once: 0,
            gauge: gauge.clone(),
        }
    }

    /// Returns the state that requests share.
    pub(crate) fn state(&self) -> ConnectionState {
        self.state.clone()
    }

    /// Waits until `until`. A timer that is set too early is set again only when it fires: most requests move
    /// the deadline later, and few connections ever wait that long.
    fn poll_deadline(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.read_deadline.deadline() > until {
            self.read_deadline.as_mut().reset(until);
        }
        loop {
            ready!(self.read_deadline.as_mut().poll(cx));
            if self.read_deadline.deadline() >= until {
                return Poll::Ready(());
            }
            self.read_deadline.as_mut().reset(until);
        }
    }

    /// Starts the deadline of a blocked write, and clears it when a write makes progress.
    fn watch_write<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write_deadline = None;
            return outcome;
        }
        let timeout = self.state.0.limits.write_timeout;
        let deadline =
            self.write_deadline.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.gauge.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read_at_once >= READ_AT_ONCE {
            this.read_at_once = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let phase = &this.state.0.phase;
        let room = (READ_AT_ONCE - this.read_at_once).min(buf.remaining());
        let (outcome, read) = READ.with_borrow_mut(|read| {
            let mut part = ReadBuf::new(read.get_mut(..room).unwrap_or_default());
            let outcome = Pin::new(&mut this.io).poll_read(cx, &mut part);
            buf.put_slice(part.filled());
            (outcome, part.filled().len())
        });
        this.read_at_once = if outcome.is_ready() { this.read_at_once + read } else { 0 };
        match (phase.get(), &outcome) {
            (Phase::Idle { until }, Poll::Ready(Ok(()))) => {
                let head = Instant::now() + this.state.0.limits.head_timeout;
                phase.set(Phase::Head { until: until.min(head) });
                outcome
            }
            (Phase::Idle { until } | Phase::Head { until }, Poll::Pending) => {
                ready!(this.poll_deadline(until, cx));
                // An empty read means that the peer closed the connection, and the parser treats it so. An
                // error would be logged.
                Poll::Ready(Ok(()))
            }
            _ => outcome,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.watch_write(cx, outcome)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

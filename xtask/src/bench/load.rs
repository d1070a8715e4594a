//! An HTTP client that sends requests one after the other over a kept-alive connection and measures each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Timeout of a read; longer than any timeout of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client with one connection, which is reopened if the server has closed it.
pub(super) struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// A response: status, body, and the cookies it sets, in the form of a `Cookie` header.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) cookies: String,
    pub(super) body: Vec<u8>,
}

/// Response times in ascending order.
pub(super) struct Times(Vec<Duration>);

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request and reads the response.
    pub(super) fn send(&mut self, request: &str) -> Result<Answer, Failure> {
        let lost = |error| Failure::because("the server broke a connection off", error);
        // The server may have closed an idle connection, so a failure on one is retried on a new connection.
        if self.stream.is_some()
            && let Ok(answer) = self.try_send(request)
        {
            return Ok(answer);
        }
        let stream = TcpStream::connect(self.address).map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(lost)?;
        self.stream = Some(BufReader::new(stream));
        self.try_send(request).map_err(lost)
    }

    fn try_send(&mut self, request: &str) -> std::io::Result<Answer> {
        let answer = match &mut self.stream {
            Some(stream) => exchange(stream, request),
            None => Err(std::io::ErrorKind::NotConnected.into()),
        };
        if !matches!(answer, Ok((_, true))) {
            self.stream = None;
        }
        answer.map(|(answer, _)| answer)
    }
}

/// Sends a request and reads the response. The returned flag says whether the connection can be reused.
fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<(Answer, bool)> {
    let garbled = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(garbled)?;
    let (mut length, mut keeps, mut chunked, mut cookies) = (0, true, false, Vec::new());
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse().map_err(|_| garbled())?,
            ("connection", value) => keeps = !value.eq_ignore_ascii_case("close"),
            ("transfer-encoding", _) => chunked = true,
            ("set-cookie", value) => cookies.push(value.split(';').next().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if chunked {
        body = read_chunks(stream)?;
    }
    Ok((Answer { status, cookies: cookies.join("; "), body }, keeps))
}

/// Reads a chunked body (RFC 9112 §7.1), as Node sends it. Trailers are not supported.
fn read_chunks(stream: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim_end(), 16)
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
        let start = body.len();
        body.resize(start + length, 0);
        stream.read_exact(body.get_mut(start..).unwrap_or_default())?;
        stream.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

impl Times {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns all times.
    pub(super) fn into_all(self) -> Vec<Duration> {
        self.0
    }

    /// Returns the given percentile.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// Sends one request repeatedly until the deadline, expects status 200, and returns the times.
pub(super) fn read_until(address: SocketAddr, request: &str, until: Instant) -> Result<Times, Failure> {
    let mut client = Client::new(address);
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let answer = client.send(request)?;
        times.push(began.elapsed());
        if answer.status != 200 {
            return Err(Failure::new(format!("a session read was answered {}", answer.status)));
        }
    }
    Ok(Times::new(times))
}

/// Sends requests over several parallel connections, expects status 200, and returns the times. Each
/// connection starts at a different position in the list of requests and wraps around at its end.
pub(super) fn drive(
    address: SocketAddr,
    requests: &[String],
    connections: usize,
    until: Instant,
) -> Result<Times, Failure> {
    let one = |first: usize| -> Result<Vec<Duration>, Failure> {
        let mut client = Client::new(address);
        let mut times = Vec::new();
        for request in requests.iter().cycle().skip(first) {
            let began = Instant::now();
            if began > until {
                break;
            }
            let status = client.send(request)?.status;
            times.push(began.elapsed());
            if status != 200 {
                return Err(Failure::new(format!("a request was answered {status}")));
            }
        }
        Ok(times)
    };
    let one = &one;
    let all: Result<Vec<Vec<Duration>>, Failure> = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| scope.spawn(move || one(number * requests.len() / connections)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|times| times.map_err(|_| Failure::new("a client panicked"))?).collect()
    });
    Ok(Times::new(all?.concat()))
}

/// Builds a GET request.
pub(super) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n")
}

/// Builds a POST request with a JSON body.
pub(super) fn post(path: &str, headers: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_one_body_and_end_where_they_say() {
        let mut stream: &[u8] = b"4\r\nab\r\n\r\nB\r\ncdefghijklm\r\n0\r\n\r\nHTTP/1.1";
        assert_eq!(read_chunks(&mut stream).ok().as_deref(), Some(&b"ab\r\ncdefghijklm"[..]));
        assert_eq!(stream, b"HTTP/1.1");
        assert!(read_chunks(&mut &b"x\r\n"[..]).is_err());
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(times.percentile(50), Duration::from_millis(100));
        assert_eq!(times.percentile(99), Duration::from_millis(198));
        assert_eq!(times.percentile(100), Duration::from_millis(200));
        assert_eq!(Times::new(Vec::new()).percentile(99), Duration::ZERO);
    }
}

//! An HTTP/1.1 client that sends exactly the bytes it is told to: the differences between two servers
//! hide in what a comfortable client adds. One request per connection, no redirects, no cookies of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a peer may take before a test gives up on it: scripts in a browser take seconds, and longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One request. The client adds `Host` unless one is given, `Connection: close` and, to a body, `Content-Length`
/// unless a framing header is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), ..Self::default() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post_json(path: &str, body: &serde_json::Value) -> Self {
        let mut request = Self::new("POST", path).header("content-type", "application/json");
        request.body = Some(body.to_string().into_bytes());
        request
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }
}

/// One answer, its header names in lower case and in the order they came.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The `Set-Cookie` lines, in order.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON in {} {:?}", self.status, self.text()))
    }
}

/// Sends one request to `origin` (`http://host:port`) and reads the whole answer.
pub(crate) fn send(origin: &str, request: &Request) -> Response {
    try_send(origin, request).unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path))
}

pub(crate) fn try_send(origin: &str, request: &Request) -> std::io::Result<Response> {
    let host = origin.strip_prefix("http://").expect("an http origin");
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&wire_text(host, request))?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // A server that leaves a body unread may hold the connection open for a while after its answer.
    while !is_whole(&answer, &request.method) {
        match stream.read(&mut chunk)? {
            0 => break,
            read => answer.extend_from_slice(&chunk[..read]),
        }
    }
    parse(&answer).ok_or_else(|| {
        std::io::Error::other(format!("not an HTTP answer: {:?}", String::from_utf8_lossy(&answer)))
    })
}

/// Whether an answer is complete by what its head says. One that says nothing ends with the connection.
fn is_whole(answer: &[u8], method: &str) -> bool {
    let Some(head_end) = head_end(answer) else { return false };
    let head = String::from_utf8_lossy(&answer[..head_end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let body = answer.len() - head_end - 4;
    method == "HEAD" || length.is_some_and(|length: usize| body >= length)
}

fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n")
}

fn wire_text(host: &str, request: &Request) -> Vec<u8> {
    let given = request.headers.iter().any(|(name, _)| name == "host");
    let host = if given { String::new() } else { format!("host: {host}\r\n") };
    let mut text = format!("{} {} HTTP/1.1\r\n{host}connection: close\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let framed =
        request.headers.iter().any(|(name, _)| name == "content-length" || name == "transfer-encoding");
    let body = request.body.as_deref().unwrap_or_default();
    if request.body.is_some() && !framed {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    // Header values of recordings may hold characters of one byte each, as browsers send them.
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn parse(answer: &[u8]) -> Option<Response> {
    let head_end = head_end(answer)?;
    // One character per byte, whatever the byte: header values are not always ASCII.
    let head: String = answer[..head_end].iter().map(|&byte| char::from(byte)).collect();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &answer[head_end + 4..];
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunk(rest)? } else { rest.to_vec() };
    Some(Response { status, headers, body })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).ok()?.trim(), 16).ok()?;
        rest = &rest[line_end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

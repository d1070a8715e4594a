//! A browser that visits several servers under one host name, and so shows each the cookies of the other:
//! browsers keep cookies by host, not by port.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::{self, Request, Response};
use crate::node::Reference;
use crate::ours::Ours;

/// A live server, whoever wrote it.
pub(crate) trait Site {
    /// Where it listens: `http://127.0.0.1:<port>`.
    fn address(&self) -> &str;
    /// How messages of failed assertions call it.
    fn name(&self) -> &'static str;
}

impl Site for Reference {
    fn address(&self) -> &str {
        self.origin()
    }

    fn name(&self) -> &'static str {
        "Better Auth"
    }
}

impl Site for Ours {
    fn address(&self) -> &str {
        self.origin()
    }

    fn name(&self) -> &'static str {
        "this server"
    }
}

/// One browser with its cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    /// Name → value as sent (percent-encoded).
    pub(crate) cookies: BTreeMap<String, String>,
    /// What the page's origin is, where that is not the address of the server.
    pub(crate) origin: Option<String>,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sends a request as a browser would, and keeps the cookies of the answer.
    pub(crate) fn send(&mut self, site: &dyn Site, request: Request) -> Response {
        let mut request = request.header("origin", self.origin.as_deref().unwrap_or(site.address()));
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", &pairs.join("; "));
        }
        let response = http::send(site.address(), &request);
        for line in response.set_cookies() {
            let (pair, attributes) = line.split_once("; ").expect("a cookie with attributes");
            let (name, value) = pair.split_once('=').expect("a cookie with a name");
            if attributes.split("; ").any(|attribute| attribute == "Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    pub(crate) fn sign_up(&mut self, site: &dyn Site, email: &str, password: &str) -> Response {
        let body = json!({ "name": "Ada Lovelace", "email": email, "password": password });
        self.send(site, Request::post_json("/api/auth/sign-up/email", &body))
    }

    pub(crate) fn sign_in(&mut self, site: &dyn Site, email: &str, password: &str) -> Response {
        self.sign_in_with(site, &json!({ "email": email, "password": password }))
    }

    pub(crate) fn sign_in_with(&mut self, site: &dyn Site, body: &Value) -> Response {
        self.send(site, Request::post_json("/api/auth/sign-in/email", body))
    }

    pub(crate) fn sign_out(&mut self, site: &dyn Site) -> Response {
        self.send(site, Request::new("POST", "/api/auth/sign-out"))
    }

    pub(crate) fn get_session(&mut self, site: &dyn Site) -> Response {
        self.send(site, Request::get("/api/auth/get-session"))
    }

    /// The session and user that a server sees behind the cookies; `Null` where it sees none.
    pub(crate) fn session(&mut self, site: &dyn Site) -> Value {
        let response = self.get_session(site);
        match response.status {
            200 => response.json(),
            401 => Value::Null,
            status => panic!("{} answered {status}: {}", site.name(), response.text()),
        }
    }

    /// The value of the session cookie, as sent.
    pub(crate) fn session_cookie(&self) -> &str {
        self.cookies.get("better-auth.session_token").expect("a session cookie")
    }
}

/// Asserts a success and hands the answer on.
pub(crate) fn ok(response: Response) -> Response {
    assert_eq!(response.status, 200, "{}", response.text());
    response
}

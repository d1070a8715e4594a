//! A response, read whole.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::credential::CredentialHeader;

/// Status, headers and body of a response.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The body's `code`, empty where there is none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's value, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The values of all `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// The names of all cookies that are set or removed.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.set_cookies().iter().map(|line| line.split('=').next().unwrap()).collect()
    }

    /// All cookies that were set, as a client sends them back.
    pub fn cookie_header(&self) -> String {
        self.set_cookies().iter().map(|line| pair(line)).collect::<Vec<_>>().join("; ")
    }

    /// The session cookie, as a client sends it back.
    pub fn session_cookie(&self) -> String {
        let cookies = self.set_cookies();
        let line =
            cookies.iter().find(|line| line.contains("session_token=")).expect("a session cookie is set");
        pair(line).to_owned()
    }

    /// The access token of the token API's answers.
    pub fn access_token(&self) -> String {
        self.json()["accessToken"].as_str().unwrap().to_owned()
    }

    /// The session's token in the token API's answers.
    pub fn session_token(&self) -> String {
        self.json()["session"]["token"].as_str().unwrap().to_owned()
    }

    /// The user's id in an answer that has a user.
    pub fn user_id(&self) -> String {
        self.json()["user"]["id"].as_str().unwrap().to_owned()
    }

    /// The credential of a browser that kept the session cookie.
    pub fn cookie(&self) -> CredentialHeader {
        CredentialHeader::cookie(self.session_cookie())
    }

    /// The credential of a browser that kept every cookie.
    pub fn all_cookies(&self) -> CredentialHeader {
        CredentialHeader::cookie(self.cookie_header())
    }

    /// The credential of a client that kept the access token.
    pub fn access_bearer(&self) -> CredentialHeader {
        CredentialHeader::bearer(self.access_token())
    }

    /// The credential of a client that kept the session token.
    pub fn session_bearer(&self) -> CredentialHeader {
        CredentialHeader::bearer(self.session_token())
    }
}

/// Name and value of a `Set-Cookie` header.
fn pair(line: &str) -> &str {
    line.split(';').next().unwrap()
}

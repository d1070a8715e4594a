//! An HTTP response, read completely.

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

    /// The body's `code`; empty if there is none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's value; empty if there is none.
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

    /// All cookies that the response sets, in the form of a `Cookie` header.
    pub fn cookie_header(&self) -> String {
        self.set_cookies().iter().map(|line| pair(line)).collect::<Vec<_>>().join("; ")
    }

    /// The session cookie, in the form of a `Cookie` header.
    pub fn session_cookie(&self) -> String {
        let cookies = self.set_cookies();
        let line =
            cookies.iter().find(|line| line.contains("session_token=")).expect("a session cookie is set");
        pair(line).to_owned()
    }

    /// The access token in a response of the token API.
    pub fn access_token(&self) -> String {
        self.json()["accessToken"].as_str().unwrap().to_owned()
    }

    /// The session token in a response of the token API.
    pub fn session_token(&self) -> String {
        self.json()["session"]["token"].as_str().unwrap().to_owned()
    }

    /// The user's id in a response with a user.
    pub fn user_id(&self) -> String {
        self.json()["user"]["id"].as_str().unwrap().to_owned()
    }

    /// The session cookie as a credential.
    pub fn cookie(&self) -> CredentialHeader {
        CredentialHeader::cookie(self.session_cookie())
    }

    /// All cookies as a credential.
    pub fn all_cookies(&self) -> CredentialHeader {
        CredentialHeader::cookie(self.cookie_header())
    }

    /// The access token as a credential.
    pub fn access_bearer(&self) -> CredentialHeader {
        CredentialHeader::bearer(self.access_token())
    }

    /// The session token as a credential.
    pub fn session_bearer(&self) -> CredentialHeader {
        CredentialHeader::bearer(self.session_token())
    }
}

/// The name and value in a `Set-Cookie` header, without its attributes.
fn pair(line: &str) -> &str {
    line.split(';').next().unwrap()
}

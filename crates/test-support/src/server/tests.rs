//! Servers start and stop in every kind of runtime.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::SECRET;

/// Settings of a server that answers `/healthz` without a database.
fn environment() -> Environment {
    Environment::default()
        .with("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
        .with("BETTER_AUTH_SECRET", SECRET)
        .with("BETTER_AUTH_URL", "http://auth.test:3000")
        .with("PORT", "0")
        .with("AUTH__SERVER__WORKERS", "1")
        .with("AUTH__DATABASE__ACQUIRE_TIMEOUT", "100ms")
}

/// Requests `/healthz` and returns the connection, which stays open.
fn ask(server: &Server) -> TcpStream {
    let mut peer = TcpStream::connect(server.address()).unwrap();
    peer.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let mut answer = [0; 15];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    peer
}

/// Stops a server that has an open connection, and checks that the port and the connection are closed.
fn ends(server: Server) {
    let (mut peer, address) = (ask(&server), server.address());
    drop(server);
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
    let mut rest = Vec::new();
    let _reset = peer.read_to_end(&mut rest);
}

#[test]
fn a_server_needs_no_runtime_of_the_test() {
    ends(Server::start(environment()).unwrap());
}

#[test]
fn a_server_ends_within_any_runtime() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        ends(Server::start_async(environment()).await.unwrap());
        ends(Server::start(environment()).unwrap());
    });
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        ends(Server::start_async(environment()).await.unwrap());
    });
    actix_web::rt::System::new().block_on(async {
        ends(Server::start_async(environment()).await.unwrap());
        ends(Server::start(environment()).unwrap());
    });
}

#[test]
fn a_server_ends_with_a_test_that_panics() {
    let server = Server::start(environment()).unwrap();
    let address = server.address();
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _peer = ask(&server);
        panic!("a failed assert, on purpose");
    }));
    assert!(panicked.is_err());
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
}

#[test]
fn what_keeps_a_server_from_starting_is_told() {
    let wrong = Server::start(environment().with("PORT", "x")).unwrap_err();
    assert!(matches!(wrong, StartFailure::Settings(_)), "{wrong:?}");
    let server = Server::start(environment()).unwrap();
    let taken = Server::start(environment().with("PORT", server.address().port().to_string())).unwrap_err();
    assert!(matches!(taken, StartFailure::Build(_)), "{taken:?}");
}

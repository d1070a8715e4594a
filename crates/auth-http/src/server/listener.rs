//! Workers, sockets and the middleware that every request passes through.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive};
use actix_service::{ServiceFactoryExt, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::web::ServiceConfig;
use socket2::{Domain, Protocol, Socket, Type};

use crate::app::settings::Settings;
use crate::server::connection::{Connection, ConnectionGauge, ConnectionLimits};
use crate::server::cors::CorsPolicy;
use crate::server::limits::RequestLimits;
use crate::server::middleware::{Policies, around};
use crate::web::client_address::ClientAddressPolicy;

/// Time for which the server reads and discards what a refused client still sends, so that the client sees
/// the refusal and not a connection reset.
const LINGER: Duration = Duration::from_secs(1);

/// Binds the port.
pub(crate) fn listen(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut refused = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host names no address");
    for address in (host.trim_matches(['[', ']']), port).to_socket_addrs()? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Maximum number of connections that wait to be accepted. Beyond it the system drops the last packet of a
/// handshake, and a client that does not speak first waits forever. The standard library's 128 are too few
/// for a burst.
const BACKLOG: i32 = 1024;

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // As in the standard library: a restart then need not wait until connections of the last run have timed
    // out.
    socket.set_reuse_address(cfg!(unix))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Builds the workers: connections with deadlines, the HTTP/1 parser, and in each worker an app that `mount`
/// fills.
///
/// HTTP/2 stays off: browsers do not use it without TLS, and proxies talk HTTP/1 to their upstreams.
pub(crate) fn serve(
    listener: TcpListener,
    settings: &Settings,
    trusts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    mount: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let server = &settings.server;
    let gauge = ConnectionGauge::default();
    let connections = ConnectionLimits {
        head_timeout: server.head_timeout,
        keep_alive: server.keep_alive,
        write_timeout: server.body_timeout,
        max_connections: server.max_connections,
    };
    let limits = RequestLimits {
        head: server.head_limit,
        path: server.path_limit,
        handler_timeout: server.handler_timeout,
    };
    let cors = settings.cors.enabled.then(|| CorsPolicy { trusts, max_age: settings.cors.max_age });
    let clients = ClientAddressPolicy::new(settings.proxies.clone());
    let policies = Policies { limits, cors, clients };

    let builder = Server::build();
    let shutdown = builder.graceful_shutdown_signal();
    let accepted = server.max_connections.saturating_add(server.reserved_connections);
    let builder = builder
        .workers(server.workers)
        .max_concurrent_connections(accepted.div_ceil(server.workers))
        .shutdown_timeout(server.shutdown_timeout.as_secs())
        .disable_signals()
        .listen("auth-server", listener, move || {
            let policies = Rc::new(policies.clone());
            let app = App::new().configure(mount.clone());
            let app = app.wrap(from_fn(move |request, next| around(Rc::clone(&policies), request, next)));

            let (gauge, shutdown) = (gauge.clone(), shutdown.clone());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let signal = shutdown.clone();
                    async move { signal.notified().await }
                })
                .keep_alive(KeepAlive::Timeout(connections.keep_alive))
                .client_request_timeout(connections.head_timeout)
                .client_disconnect_timeout(LINGER)
                // A request is cancelled if its client disconnects.
                .h1_allow_half_closed(false)
                .local_addr(address)
                .on_connect_ext(|connection: &Connection, extensions| {
                    extensions.insert(connection.state());
                })
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(move |io: TcpStream| {
                let peer = io.peer_addr().ok();
                // Answers are small and written whole, so there is nothing to gain from waiting for more
                // data.
                let _ = io.set_nodelay(true);
                let connection = Connection::new(io, &gauge, connections);
                std::future::ready(Ok((connection, peer)))
            })
            .and_then(http)
        })?;
    Ok(builder.run())
}

#[cfg(test)]
mod tests;

//! The input of a route: a body that passed every check before the handler runs. The checks run in Better
//! Auth's order: media type, syntax, origin and redirects, the route's own step before its fields, fields,
//! login origin.

use actix_web::dev::Payload;

use super::body::{Body, BodyRule, MediaTypes};
use super::context::RequestContext;
use super::error::ApiError;

/// The input of a route.
pub(crate) trait Input: Sized + 'static {
    /// How the body is read.
    const BODY: BodyRule;

    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` with every issue.
    fn parse(body: &Body) -> Result<Self, ApiError>;
}

/// Input of routes that change nothing.
#[derive(Debug)]
pub(crate) struct NoBody;

impl Input for NoBody {
    const BODY: BodyRule = BodyRule::Unread;

    fn parse(_: &Body) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// Input of routes that change something and read no body.
#[derive(Debug)]
pub(crate) struct IgnoredBody;

impl Input for IgnoredBody {
    const BODY: BodyRule = BodyRule::Ignored;

    fn parse(_: &Body) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// Input of routes that need none. If there is a body, it must be JSON.
#[derive(Debug)]
pub(crate) struct NoInput;

impl Input for NoInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(_: &Body) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// Reads and checks a request's input. `before` runs before the fields are checked.
///
/// # Errors
///
/// The error of the first check that fails.
pub(super) async fn read<I: Input>(
    request: &RequestContext,
    payload: &mut Payload,
    before: impl AsyncFnOnce(&mut Body) -> Result<(), ApiError>,
) -> Result<I, ApiError> {
    let services = request.services();
    let (mut body, is_login) = match I::BODY {
        BodyRule::Unread => return I::parse(&Body::none()),
        BodyRule::Ignored => (Body::none(), false),
        BodyRule::Read { media_types, is_login } => {
            (Body::read(request.http(), payload, media_types, services.body).await?, is_login)
        }
    };
    services.origins.check_cookie_request(request.http())?;
    services.origins.check_redirects(request.http(), &body)?;
    before(&mut body).await?;
    let input = I::parse(&body)?;
    if is_login {
        services.origins.check_login_request(request.http())?;
    }
    Ok(input)
}

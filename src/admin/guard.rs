//! Guards of the console: the first argument of a handler. Holding one is the check.

use std::{ops::Deref, sync::Arc};

use poem::{
    Request, RequestBody,
    http::{Method, header::COOKIE},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{By, Console, Role, session, tries};
use crate::{
    error::{Error, Result},
    identity::api_key::hash,
};

const SESSION: &str = "OperatorSession";
/// Pages of other sites cannot send it without being asked first, and we say no.
const CONSOLE: &str = "x-concierge-console";

/// Someone who is signed in, whatever their role.
pub struct Operator {
    /// Who, from where.
    pub by: By,
    /// What they may do.
    pub role: Role,
    /// When the session ends.
    pub until: time::OffsetDateTime,
    /// By what the session is kept.
    pub session: [u8; 32],
}

/// Someone who may do everything.
pub struct Admin(Operator);

/// Someone who may write documents.
pub struct Librarian(Operator);

/// Someone who may move money.
pub struct Finance(Operator);

/// Where a request comes from, for those who are not signed in yet.
pub struct Visitor {
    /// The address, as far as it is one caller's.
    pub address: String,
}

impl Deref for Admin {
    type Target = Operator;
    fn deref(&self) -> &Operator {
        &self.0
    }
}

impl Deref for Librarian {
    type Target = Operator;
    fn deref(&self) -> &Operator {
        &self.0
    }
}

impl Deref for Finance {
    type Target = Operator;
    fn deref(&self) -> &Operator {
        &self.0
    }
}

async fn operator(request: &Request) -> Result<Operator> {
    let console = console(request)?;
    let cookies = request.headers().get_all(COOKIE).iter();
    let mut cookies = cookies.filter_map(|value| value.to_str().ok());
    let secret = cookies
        .find_map(session::in_cookies)
        .ok_or(Error::Unauthenticated)?;
    let now = console.app.clock.now();
    let found = session::find(&console.app.db, secret, now).await?;
    let found = found.ok_or(Error::Unauthenticated)?;
    Ok(Operator {
        by: By {
            operator: Some(found.operator_id),
            name: found.name,
            address: address(console, request),
        },
        role: found.role,
        until: found.expires_at,
        session: hash(secret),
    })
    .and_then(|operator| said_by_the_console(request).map(|()| operator))
}

async fn admin(request: &Request) -> Result<Admin> {
    let operator = operator(request).await?;
    match operator.role {
        Role::Admin => Ok(Admin(operator)),
        _ => Err(may_not()),
    }
}

async fn librarian(request: &Request) -> Result<Librarian> {
    let operator = operator(request).await?;
    match operator.role {
        Role::Admin | Role::Knowledge => Ok(Librarian(operator)),
        _ => Err(may_not()),
    }
}

async fn finance(request: &Request) -> Result<Finance> {
    let operator = operator(request).await?;
    match operator.role {
        Role::Admin | Role::Finance => Ok(Finance(operator)),
        _ => Err(may_not()),
    }
}

fn may_not() -> Error {
    Error::Forbidden("Your role does not allow this: ask an operator whose role is admin.".into())
}

fn said_by_the_console(request: &Request) -> Result<()> {
    if request.method() == Method::GET || request.headers().contains_key(CONSOLE) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Requests that write need the header X-Concierge-Console: 1.".into(),
    ))
}

fn console(request: &Request) -> Result<&Console> {
    let console = request.data::<Arc<Console>>();
    Ok(console.ok_or_else(|| anyhow::anyhow!("the routes lack the console"))?)
}

fn address(console: &Console, request: &Request) -> String {
    tries::of_one(console.proxies.caller(request))
}

fn register(registry: &mut Registry) {
    registry.create_security_scheme(
        SESSION,
        MetaSecurityScheme {
            ty: "apiKey",
            description: Some(
                "The cookie that signing in sets. Requests that write need the header `X-Concierge-Console: 1` besides.",
            ),
            name: Some(session::COOKIE),
            key_in: Some("cookie"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        },
    );
}

macro_rules! guard {
    ($guard:ident, $check:ident) => {
        impl<'a> ApiExtractor<'a> for $guard {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![SESSION]
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<Self::ParamType>,
            ) -> poem::Result<Self> {
                Ok($check(request).await?)
            }
        }
    };
}

guard!(Operator, operator);
guard!(Admin, admin);
guard!(Librarian, librarian);
guard!(Finance, finance);

impl<'a> ApiExtractor<'a> for Visitor {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        said_by_the_console(request)?;
        let address = address(console(request)?, request);
        Ok(Self { address })
    }
}

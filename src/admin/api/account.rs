//! Signing in and out.

use std::sync::Arc;

use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json, types::Example};
use time::OffsetDateTime;

use super::{Done, Tags};
use crate::{
    admin::{
        Console, Role,
        guard::{Operator, Visitor},
        session::cookie,
        sign_in::{self, Opened, Proof},
    },
    error::Result,
    http::example,
    secret::Secret,
};

/// Operations about being signed in.
pub struct AccountApi(pub(super) Arc<Console>);

/// The code of a one-time link.
#[derive(Object)]
#[oai(example)]
struct LinkCode {
    /// What stands behind `#code=` in the link.
    code: String,
}

/// What a link offers to set up.
#[derive(Object)]
#[oai(example)]
struct LinkBody {
    /// Whose link it is.
    operator: OperatorNamed,
    /// The authenticator to set up.
    totp: TotpBody,
}

/// An operator, in short.
#[derive(Object)]
struct OperatorNamed {
    /// What one signs in with.
    name: String,
    /// What the operator may do.
    role: Role,
}

/// A secret for an authenticator app.
#[derive(Object)]
struct TotpBody {
    /// In base32, to type.
    secret: String,
    /// The same, to scan.
    otpauth_url: String,
}

/// What a link is used up for.
#[derive(Object)]
#[oai(example)]
struct SetUp {
    /// The code of the link.
    code: String,
    /// The password to be, 12 to 200 characters.
    password: String,
    /// The code that the authenticator shows now.
    totp: String,
}

/// What an operator signs in with.
#[derive(Object)]
#[oai(example)]
struct SignIn {
    /// The operator's name.
    name: String,
    /// The password.
    password: String,
    /// The code that the authenticator shows now. Each counts once.
    totp: String,
}

/// Another password.
#[derive(Object)]
#[oai(example)]
struct PasswordChange {
    /// The present one.
    current: String,
    /// The one to be, 12 to 200 characters.
    new: String,
    /// The code that the authenticator shows now.
    totp: String,
}

/// Who is signed in.
#[derive(Object)]
#[oai(rename = "OperatorMe", example)]
struct MeBody {
    /// What one signs in with.
    name: String,
    /// What the operator may do.
    role: Role,
    /// When the session ends; without requests it ends sooner.
    session_until: OffsetDateTime,
}

#[derive(ApiResponse)]
enum SignedIn {
    /// You are signed in.
    #[oai(status = 200)]
    Yes(
        Json<MeBody>,
        /// The session: a cookie that scripts cannot read.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

#[derive(ApiResponse)]
enum SignedOut {
    /// You are signed out.
    #[oai(status = 204)]
    Yes(
        /// Takes the cookie away.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

const CODE: &str = "5f1d…";
const PASSWORD: &str = "a long sentence";

impl Example for LinkCode {
    fn example() -> Self {
        Self { code: CODE.into() }
    }
}

impl Example for LinkBody {
    fn example() -> Self {
        Self {
            operator: OperatorNamed {
                name: "ada".into(),
                role: Role::Admin,
            },
            totp: TotpBody {
                secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into(),
                otpauth_url: "otpauth://totp/Concierge:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Concierge".into(),
            },
        }
    }
}

impl Example for SetUp {
    fn example() -> Self {
        Self {
            code: CODE.into(),
            password: PASSWORD.into(),
            totp: "123456".into(),
        }
    }
}

impl Example for SignIn {
    fn example() -> Self {
        Self {
            name: "ada".into(),
            password: PASSWORD.into(),
            totp: "123456".into(),
        }
    }
}

impl Example for PasswordChange {
    fn example() -> Self {
        Self {
            current: PASSWORD.into(),
            new: "another long sentence".into(),
            totp: "123456".into(),
        }
    }
}

impl Example for MeBody {
    fn example() -> Self {
        Self {
            name: "ada".into(),
            role: Role::Admin,
            session_until: example::time(),
        }
    }
}

impl AccountApi {
    fn enter(&self, opened: Opened) -> SignedIn {
        let cookie = cookie(Some(&opened.secret), self.0.secure);
        let me = MeBody {
            name: opened.name,
            role: opened.role,
            session_until: opened.until,
        };
        SignedIn::Yes(Json(me), cookie)
    }
}

#[OpenApi(tag = "Tags::Account")]
impl AccountApi {
    /// Look at a one-time link
    ///
    /// Tells whose link it is and what to set up. The link is used up by setting up.
    #[oai(path = "/sign-in/link", method = "post", operation_id = "lookAtLink")]
    async fn link(&self, from: Visitor, body: Json<LinkCode>) -> Result<Json<LinkBody>> {
        let offer = sign_in::look_at_link(&self.0, &body.0.code, &from.address).await?;
        Ok(Json(LinkBody {
            operator: OperatorNamed {
                name: offer.name,
                role: offer.role,
            },
            totp: TotpBody {
                secret: offer.secret.expose().to_owned(),
                otpauth_url: offer.otpauth_url.expose().to_owned(),
            },
        }))
    }

    /// Set password and authenticator, and sign in
    #[oai(path = "/sign-in/set-up", method = "post", operation_id = "setUp")]
    async fn set_up(&self, from: Visitor, body: Json<SetUp>) -> Result<SignedIn> {
        let proof = Proof {
            password: Secret::from(body.0.password),
            totp: body.0.totp,
        };
        let opened = sign_in::set_up(&self.0, &body.0.code, proof, &from.address).await?;
        Ok(self.enter(opened))
    }

    /// Sign in
    ///
    /// One error for every reason. After some that fail, the next ones have to wait.
    #[oai(path = "/sign-in", method = "post", operation_id = "signIn")]
    async fn sign_in(&self, from: Visitor, body: Json<SignIn>) -> Result<SignedIn> {
        let proof = Proof {
            password: Secret::from(body.0.password),
            totp: body.0.totp,
        };
        let opened = sign_in::sign_in(&self.0, &body.0.name, proof, &from.address).await?;
        Ok(self.enter(opened))
    }

    /// Sign out
    #[oai(path = "/sign-out", method = "post", operation_id = "signOut")]
    async fn sign_out(&self, who: Operator) -> Result<SignedOut> {
        sign_in::sign_out(&self.0, &who.by, &who.session).await?;
        Ok(SignedOut::Yes(cookie(None, self.0.secure)))
    }

    /// Who am I
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, who: Operator) -> Result<Json<MeBody>> {
        Ok(Json(MeBody {
            name: who.by.name,
            role: who.role,
            session_until: who.until,
        }))
    }

    /// Set another password
    ///
    /// Ends all your other sessions.
    #[oai(
        path = "/me/password",
        method = "post",
        operation_id = "changePassword"
    )]
    async fn password(&self, who: Operator, body: Json<PasswordChange>) -> Result<Done> {
        let proof = Proof {
            password: Secret::from(body.0.current),
            totp: body.0.totp,
        };
        let new = Secret::from(body.0.new);
        sign_in::change_password(&self.0, &who.by, &who.session, proof, &new).await?;
        Ok(Done::Done)
    }
}

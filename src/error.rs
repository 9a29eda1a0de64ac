//! One error type, named by what the caller can do about it.

use std::time::Duration;

use poem::http::StatusCode;

/// What every fallible verb of the server returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, named by its remedy. The text inside a variant is for people; causes of the last
/// three never reach a caller, they are logged once at the edge.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No credential, or one that does not hold (one text for every reason).
    #[error(
        "Authentication is required: the credential is missing, malformed, expired or revoked."
    )]
    Unauthenticated,
    /// Known, but not allowed to do this.
    #[error("{0}")]
    Forbidden(String),
    /// Not there, or not visible to the caller: both read the same.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// A unique name or id is in use.
    #[error("This {0} is already in use.")]
    Taken(&'static str),
    /// The thing is in a state that does not allow this.
    #[error("{0}")]
    Conflict(String),
    /// The thing changed since the caller read it.
    #[error("{0}")]
    Stale(String),
    /// Over a size limit; the text names the limit.
    #[error("{0}")]
    TooLarge(String),
    /// A kind of input that is not handled; the text names those that are.
    #[error("{0}")]
    Unsupported(String),
    /// Wrong input; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// The balance is too low; the text says what is needed and what is there.
    #[error("{0}")]
    OutOfCredit(String),
    /// Too many requests; try again after this time.
    #[error("Too many requests: try again in {} seconds.", .0.as_secs().max(1))]
    Throttled(Duration),
    /// A quota is used up; the text says which, and it fills again after this time.
    #[error("{0}")]
    OverQuota(String, Duration),
    /// A part of the server is away (database, disk); try again.
    #[error("The service is not available right now. Nothing was lost; please try again.")]
    Unavailable(#[source] anyhow::Error),
    /// A model vendor or a remote site failed.
    #[error("The remote service did not give a usable answer. Please try again.")]
    Upstream(#[source] anyhow::Error),
    /// A defect of ours.
    #[error("Something went wrong on our side. The request id helps us find it.")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// The HTTP status of the native API.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Taken(_) | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OutOfCredit(_) => StatusCode::PAYMENT_REQUIRED,
            Self::Throttled(_) | Self::OverQuota(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Upstream(_) => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The machine-readable kind of failure.
    pub fn kind(&self) -> Code {
        match self {
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden(_) => Code::Forbidden,
            Self::NotFound(_) => Code::NotFound,
            Self::Taken(_) => Code::Taken,
            Self::Conflict(_) => Code::Conflict,
            Self::Stale(_) => Code::Stale,
            Self::TooLarge(_) => Code::TooLarge,
            Self::Unsupported(_) => Code::Unsupported,
            Self::Invalid(_) => Code::Invalid,
            Self::OutOfCredit(_) => Code::OutOfCredit,
            Self::Throttled(_) | Self::OverQuota(..) => Code::Throttled,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Upstream(_) => Code::Upstream,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The word for [`Self::kind`].
    pub fn code(&self) -> &'static str {
        self.kind().word()
    }

    /// The sentence and what led to it, for the log.
    pub fn causes(&self) -> String {
        let first: &dyn std::error::Error = self;
        let chain = std::iter::successors(Some(first), |error| error.source());
        let texts: Vec<String> = chain.map(ToString::to_string).collect();
        texts.join(": ")
    }

    /// Input that is wrong, said in a sentence.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::Invalid(detail.into())
    }

    /// A defect of ours, with the cause for the log.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(cause.into())
    }
}

/// What went wrong, for machines: a closed list. `interrupted` is said of answers only, when the
/// server was restarted while it wrote one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "ProblemCode", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Code {
    /// See [`Error::Unauthenticated`].
    Unauthenticated,
    /// See [`Error::Forbidden`].
    Forbidden,
    /// See [`Error::NotFound`].
    NotFound,
    /// See [`Error::Taken`].
    Taken,
    /// See [`Error::Conflict`].
    Conflict,
    /// See [`Error::Stale`].
    Stale,
    /// See [`Error::TooLarge`].
    TooLarge,
    /// See [`Error::Unsupported`].
    Unsupported,
    /// See [`Error::Invalid`].
    Invalid,
    /// See [`Error::OutOfCredit`].
    OutOfCredit,
    /// See [`Error::Throttled`].
    Throttled,
    /// See [`Error::Unavailable`].
    Unavailable,
    /// See [`Error::Upstream`].
    Upstream,
    /// See [`Error::Internal`].
    Internal,
    /// The server was restarted while it wrote this answer.
    Interrupted,
}

impl Code {
    /// As it is written on the wire, in the database and in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Taken => "taken",
            Self::Conflict => "conflict",
            Self::Stale => "stale",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::Invalid => "invalid",
            Self::OutOfCredit => "out_of_credit",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Self::Internal(cause)
    }
}

impl From<std::io::Error> for Error {
    fn from(cause: std::io::Error) -> Self {
        if matches!(
            cause.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            Self::Unavailable(cause.into())
        } else {
            Self::Internal(cause.into())
        }
    }
}

/// For errors that are swallowed on purpose: the reason is part of the call.
pub trait CanFail {
    /// Logs the error together with why nothing else is done about it.
    fn can_fail(self, why: &'static str);
}

impl<T, E: std::fmt::Debug> CanFail for std::result::Result<T, E> {
    fn can_fail(self, why: &'static str) {
        if let Err(error) = self {
            tracing::debug!(?error, why, "an error that may happen");
        }
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::{
        registry::Registry,
        types::{ParseFromJSON, Type},
    };

    use super::Code;

    #[test]
    fn a_word_is_the_same_in_the_document_and_in_the_database() {
        let mut registry = Registry::new();
        Code::register(&mut registry);
        let words = &registry.schemas["ProblemCode"].enum_items;
        assert_eq!(words.len(), 15);
        for word in words {
            let code = Code::parse_from_json(Some(word.clone())).unwrap();
            assert_eq!(word.as_str(), Some(code.word()));
        }
    }
}

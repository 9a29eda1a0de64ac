//! The envelope of this dialect, and the face of errors in it: that of its documentation, with the
//! text where its code put it.

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::{
    compat::{Fault, fastapi, told_when},
    error::Error,
};

/// `{"code":0,"msg":"success","data":…}`
pub fn success(data: impl Serialize) -> Response {
    #[derive(Serialize)]
    struct Success<T> {
        code: u8,
        msg: &'static str,
        data: T,
    }
    let answer = Success {
        code: 0,
        msg: "success",
        data,
    };
    fastapi::json(StatusCode::OK, &answer)
}

/// `{"code":1,"msg":…,"error":…}`: documented the first two, in the code of the original the third.
pub fn failure(status: StatusCode, text: impl Into<String>) -> Response {
    #[derive(Serialize)]
    struct Failure {
        code: u8,
        msg: String,
        error: String,
    }
    let text: String = text.into();
    let answer = Failure {
        code: 1,
        msg: text.clone(),
        error: text,
    };
    fastapi::json(status, &answer)
}

/// How an error looks here. The original answered 400 to what it found wrong and 500 to all else;
/// what it did not know (credentials, limits) has the status that HTTP has for it.
pub fn face(error: &Error) -> Response {
    let status = match error {
        Error::NotFound("address") => StatusCode::NOT_FOUND,
        Error::NotFound(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Invalid(_) | Error::Unsupported(_) => StatusCode::BAD_REQUEST,
        Error::Upstream(_) => StatusCode::INTERNAL_SERVER_ERROR,
        other => other.status(),
    };
    told_when(failure(status, error.to_string()), error)
}

/// A field that is missing: 500 with its name, as Python quotes it.
pub fn missing(field: &str) -> Fault {
    failure(StatusCode::INTERNAL_SERVER_ERROR, format!("'{field}'")).into()
}

/// Something wrong that the original found wrong too.
pub fn bad(text: impl Into<String>) -> Fault {
    failure(StatusCode::BAD_REQUEST, text).into()
}

/// The answer of the legacy `POST /`.
pub fn legacy(answer: &str) -> Response {
    #[derive(Serialize)]
    struct Answered<'a> {
        answer: &'a str,
        success: bool,
    }
    let success = true;
    fastapi::json(StatusCode::OK, &Answered { answer, success })
}

/// Why there is none: under 200 for a wrong secret, under 400 for everything else.
pub fn no_legacy(status: StatusCode, message: &'static str) -> Response {
    #[derive(Serialize)]
    struct None {
        answer: Value,
        success: bool,
        message: &'static str,
    }
    let none = None {
        answer: Value::Null,
        success: false,
        message,
    };
    fastapi::json(status, &none)
}

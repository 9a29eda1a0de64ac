//! The envelope of this dialect, and the face of errors in it.

use poem::{Response, http::StatusCode};
use serde::Serialize;

use crate::{
    compat::{
        fastapi::{detail, json},
        told_when,
    },
    error::Error,
};

/// What those are told who bring no token.
pub const NO_TOKEN: &str = "Authentication required: 缺少Api-Token!";
/// What those are told whose token does not count here.
pub const BAD_TOKEN: &str = "Authentication required: Api-Token无效!";
/// What those are told whose token has expired.
pub const OLD_TOKEN: &str = "Authentication required: token过期!";
/// What those are told who may not do what they want.
pub const NOT_YOURS: &str = "无权操作!";

#[derive(Serialize)]
struct BaseResponse<T> {
    code: u16,
    msg: String,
    data: T,
}

/// `{"code":200,"msg":"success","data":…}`
pub fn success(data: impl Serialize) -> Response {
    enveloped(200, "success", data)
}

/// An envelope without data.
pub fn said(code: u16, msg: impl Into<String>) -> Response {
    enveloped(code, msg, ())
}

/// An envelope; the HTTP status is 200 whatever the code says.
pub fn enveloped(code: u16, msg: impl Into<String>, data: impl Serialize) -> Response {
    let msg = msg.into();
    json(StatusCode::OK, &BaseResponse { code, msg, data })
}

/// How an error looks here: a business outcome is an envelope under 200; what stands before the
/// routes (limits, sizes, paths, a database that is away) keeps its status, as exceptions of
/// FastAPI do.
pub fn face(error: &Error) -> Response {
    match error {
        Error::Unauthenticated => detail(StatusCode::UNAUTHORIZED, NO_TOKEN),
        // no route
        Error::NotFound("address") => detail(StatusCode::NOT_FOUND, "Not Found"),
        Error::TooLarge(_) | Error::Unavailable(_) => detail(error.status(), error.to_string()),
        Error::Throttled(_) | Error::OverQuota(..) => {
            told_when(detail(error.status(), error.to_string()), error)
        }
        Error::Forbidden(_) => said(403, NOT_YOURS),
        _ => said(code(error), error.to_string()),
    }
}

fn code(error: &Error) -> u16 {
    match error {
        Error::Upstream(_) => 500,
        other => other.status().as_u16(),
    }
}

/// 401 as the middleware of the original says it: plain, without a media type.
pub fn plain_refusal(text: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .body(text)
}

//! What the routes of knowledge share: bases and documents found by the names that callers send, and
//! the words for those that are not there.

use percent_encoding::percent_decode_str;
use poem::Response;
use serde_json::Value;

use super::{Chatchat, envelope};
use crate::{
    compat::Fault,
    db::ClientTx,
    error::{Error, Result},
    http::paging::{LIMIT_MAX, Window},
    identity::Who,
    ids::BaseId,
    knowledge::{
        base::{self, CountedBase},
        document::{self, Document},
        extract,
        shapes::{place_of_base, place_of_document},
        version::CHUNK_CHARS,
    },
};

/// Bases that one list has at most.
const BASES_MAX: usize = 1_000;
/// Documents that one list has at most.
const DOCUMENTS_MAX: usize = 10_000;
/// Times that a name is decoded: who encodes it more often means no harm.
const DECODED_TIMES: usize = 3;

/// What names are answered that lead out of their place.
pub const ATTACK: &str = "Don't attack me";

/// Whether a name would lead somewhere else if it were a path, however it is encoded.
pub fn leads_away(name: &str) -> bool {
    let mut name = name.to_owned();
    for _ in 0..DECODED_TIMES {
        let mut parts = name.split(['/', '\\']);
        let absolute = name.starts_with(['/', '\\']);
        if absolute || name.contains('\0') || parts.any(|part| part == ".." || part == ".") {
            return true;
        }
        name = percent_decode_str(&name).decode_utf8_lossy().into_owned();
    }
    false
}

/// 404 for a base that is not there.
pub fn no_base(name: &str) -> Response {
    envelope::said(404, format!("未找到知识库 {name}"))
}

/// The base of this name; its data when it is not there, or leads away.
///
/// # Errors
/// The envelopes 403 and 404.
pub async fn base_of(tx: &mut ClientTx, who: &Who, name: &str) -> Result<CountedBase, Fault> {
    if leads_away(name) {
        return Err(envelope::said(403, ATTACK).into());
    }
    let found = base::named(tx, who, name).await?;
    found.ok_or_else(|| no_base(name).into())
}

/// The same for routes that answer lists.
pub async fn base_of_list(tx: &mut ClientTx, who: &Who, name: &str) -> Result<CountedBase, Fault> {
    let nothing = Value::Array(Vec::new());
    if leads_away(name) {
        return Err(envelope::enveloped(403, ATTACK, nothing).into());
    }
    let found = base::named(tx, who, name).await?;
    let unknown = || envelope::enveloped(404, format!("未找到知识库 {name}"), nothing);
    found.ok_or_else(|| unknown().into())
}

/// The base of this name, for a caller who may change it.
pub async fn writable(chatchat: &Chatchat, who: &Who, name: &str) -> Result<base::Base, Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = base_of(&mut tx, who, name).await?;
    Ok(base::find_writable(&mut tx, who, found.base.base_id).await?)
}

/// The document of this name; none for a name that leads away.
pub async fn document_of(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    name: &str,
) -> Result<Option<Document>> {
    if leads_away(name) {
        return Ok(None);
    }
    match extract::clean_file_name(name) {
        Ok(name) => document::named(tx, who, base, &name).await,
        Err(_) => Ok(None),
    }
}

/// The bases that a caller may read. Of two of one name the client's counts, which is listed first.
pub async fn bases(tx: &mut ClientTx, who: &Who) -> Result<Vec<CountedBase>> {
    let mut window = first();
    let mut all: Vec<CountedBase> = Vec::new();
    while all.len() < BASES_MAX {
        let rows = base::list(tx, who, &window).await?;
        let Some(last) = rows.last() else { break };
        window.after = Some(place_of_base(last));
        let whole = rows.len() > LIMIT_MAX as usize;
        all.extend(rows);
        if !whole {
            break;
        }
    }
    all.sort_by_key(|counted| counted.base.owner_id.is_some());
    let mut seen = std::collections::HashSet::new();
    all.retain(|counted| seen.insert(counted.base.name.clone()));
    Ok(all)
}

/// The documents of a base.
pub async fn documents(tx: &mut ClientTx, who: &Who, base: BaseId) -> Result<Vec<Document>> {
    let mut window = first();
    let mut all = Vec::new();
    while all.len() < DOCUMENTS_MAX {
        let rows = document::list(tx, who, base, &window).await?;
        let Some(last) = rows.last() else { break };
        window.after = Some(place_of_document(last));
        let whole = rows.len() > LIMIT_MAX as usize;
        all.extend(rows);
        if !whole {
            break;
        }
    }
    Ok(all)
}

fn first() -> Window {
    Window {
        after: None,
        limit: LIMIT_MAX,
    }
}

/// Whether it can be found: what a list of files has.
pub fn is_listed(document: &Document) -> bool {
    document.enabled && document.version > 0
}

/// A length in characters as the server counts it, within its bounds: a Chinese character is two.
pub fn columns(chunk_size: Option<i64>) -> Option<u32> {
    let (least, most) = (
        i64::from(*CHUNK_CHARS.start()),
        i64::from(*CHUNK_CHARS.end()),
    );
    let columns = chunk_size?.saturating_mul(2).clamp(least, most);
    u32::try_from(columns).ok()
}

/// Why a file was not taken in, in a sentence.
pub fn reason(error: &Error) -> String {
    if let Error::Internal(_) = error {
        tracing::error!(error = error.causes(), "a file was not taken in");
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_away_is_known_however_it_is_written() {
        for name in [
            "../x",
            "a/../b",
            "..",
            "..\\x",
            "/etc/passwd",
            "\\\\host",
            "%2e%2e%2fx",
            "%252e%252e%252fx",
            "..%2Fx",
            "a\0b",
            "a%00b",
            "./a",
        ] {
            assert!(leads_away(name), "{name:?}");
        }
        for name in [
            "samples",
            "产品手册",
            "a..b",
            "a.b",
            "100%",
            "%E6%89%8B",
            "",
        ] {
            assert!(!leads_away(name), "{name:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_letters() {
        for (size, columns) in [
            (None, None),
            (Some(250), Some(500)),
            (Some(1), Some(100)),
            (Some(i64::MAX), Some(4_000)),
            (Some(-5), Some(100)),
        ] {
            assert_eq!(super::columns(size), columns, "{size:?}");
        }
    }
}

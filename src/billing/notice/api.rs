//! Notices about money, over HTTP.

use poem_openapi::{Object, OpenApi, param::Query, payload::Json, types::Example};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Kind, Notice};
use crate::{
    app::App,
    billing::{Owner, amount::credits},
    error::Result,
    http::{
        Tags, example,
        paging::{Page, Place, Window},
    },
    identity::{Member, user::Role},
    ids::{NoticeId, OrderId, UserId},
};

/// Operations on notices.
pub struct NoticesApi(pub App);

/// A notice about money: a wallet that fell low, a fee that stays unpaid, an order that ended without its money.
#[derive(Object)]
#[oai(rename = "Notice", example)]
struct NoticeBody {
    /// Its id.
    id: NoticeId,
    /// The user whose wallet or order it is about; null: the client's own.
    user_id: Option<UserId>,
    /// What it is about.
    kind: Kind,
    /// Credits that there were; null where it is about an order.
    balance: Option<String>,
    /// Credits that there should have been; null where it is about an order.
    needed: Option<String>,
    /// The order that it is about.
    order_id: Option<OrderId>,
    /// Since when.
    begun_at: OffsetDateTime,
    /// Until when; null while it holds. That an order ended is of a moment.
    ended_at: Option<OffsetDateTime>,
}

#[OpenApi(tag = "Tags::Billing")]
impl NoticesApi {
    /// Notices about your money, the latest first
    ///
    /// Managers see those of the client and all its users.
    #[oai(path = "/notices", method = "get", operation_id = "listNotices")]
    async fn list(
        &self,
        who: Member,
        /// Only those of this kind.
        kind: Query<Option<Kind>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<NoticeBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.db.client(who.client).await?;
        let owner = match who.user().role {
            Role::Manager => None,
            Role::Member => Some(Owner::User(who.user().user_id)),
        };
        let notices = super::list(&mut tx, owner, kind.0, &window).await?;
        Ok(Json(window.page(notices, place, Into::into)))
    }
}

fn place(notice: &Notice) -> Place {
    Place {
        at: notice.begun_at,
        id: notice.notice_id.0,
    }
}

impl From<Notice> for NoticeBody {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.notice_id,
            user_id: match Owner::of(notice.owner_id) {
                Owner::User(id) => Some(id),
                Owner::Client => None,
            },
            kind: notice.kind,
            balance: notice.amount.map(credits),
            needed: notice.threshold.map(credits),
            order_id: notice.order_id,
            begun_at: notice.begun_at,
            ended_at: notice.ended_at,
        }
    }
}

impl Example for NoticeBody {
    fn example() -> Self {
        Notice {
            notice_id: NoticeId(example::id(1)),
            owner_id: Uuid::nil(),
            kind: Kind::LowBalance,
            amount: Some(1_500_000),
            threshold: Some(5_000_000),
            order_id: None,
            begun_at: example::time(),
            ended_at: None,
        }
        .into()
    }
}

//! A type for every id, so that a session's id never stands in for a message's.

use poem_openapi::NewType;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

/// The small number by which every table knows a client; its public name is in `client` only.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ClientNo(pub i32);

/// The small number of a knowledge base in the tables of search; unique within a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct BaseNo(pub i32);

/// The small number of a document in the tables of search; unique within a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct DocumentNo(pub i64);

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, NewType)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id (UUID version 7, RFC 9562): later ones sort behind earlier ones.
            pub fn new(now: OffsetDateTime) -> Self {
                Self(uuid_v7(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// A user of a client.
    UserId;
    /// An RSA key pair of a client.
    KeyId;
    /// A machine key of a client.
    ApiKeyId;
    /// A conversation.
    SessionId;
    /// A question or an answer.
    MessageId;
    /// A knowledge base.
    BaseId;
    /// A document.
    DocumentId;
    /// Documents that together take the place of what a base holds.
    ReplacementId;
    /// A piece of a document's text.
    ChunkId;
    /// A question that is recommended.
    QuestionId;
    /// A prompt of a client.
    PromptId;
    /// A job in the queue.
    JobId;
    /// Someone who runs this server.
    OperatorId;
    /// Something that an operator did.
    EventId;
    /// A transfer of credits.
    TransferId;
    /// Something that is bought with money from outside.
    OrderId;
    /// Money that came in for an order.
    PaymentId;
    /// Money that somebody has to look at.
    ExceptionId;
    /// A request to a payment provider.
    CallId;
    /// Something that can be bought.
    PlanId;
    /// A pack of uses or a pass that somebody owns.
    EntitlementId;
    /// Somebody who pays for a plan by the month.
    SubscriptionId;
    /// A run of the reconciliation.
    RunId;
    /// A line of the reconciliation.
    LineId;
    /// A notice about money.
    NoticeId;
    /// A version of a price.
    PriceId;
    /// Something that arrived on a chain.
    ArrivalId;
}

fn uuid_v7(now: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.nanosecond()))
}

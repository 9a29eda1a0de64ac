//! Operators over HTTP.

use std::sync::Arc;

use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json, types::Example};
use time::OffsetDateTime;

use super::Tags;
use crate::{
    admin::{
        Console, Role,
        guard::{Admin, Operator as Reader},
        operator::{self, Operator},
    },
    error::Result,
    http::example,
    ids::OperatorId,
    secret::Secret,
};

/// Operations on operators.
pub struct OperatorsApi(pub(super) Arc<Console>);

/// Someone who may use the console.
#[derive(Object)]
#[oai(rename = "Operator", example)]
struct OperatorBody {
    /// The id.
    id: OperatorId,
    /// What one signs in with.
    name: String,
    /// What the operator may do.
    role: Role,
    /// Whether the operator is let in.
    enabled: bool,
    /// Whether password and authenticator are set.
    set_up: bool,
    /// When the operator was made.
    created_at: OffsetDateTime,
}

/// All operators.
#[derive(Object)]
#[oai(example)]
struct Operators {
    /// By name.
    items: Vec<OperatorBody>,
}

/// An operator to be.
#[derive(Object)]
#[oai(example)]
struct NewOperator {
    /// What one signs in with: 1 to 64 of `a-z 0-9 . _ @ -`.
    name: String,
    /// What the operator may do.
    role: Role,
}

/// What is to change of an operator.
#[derive(Object)]
#[oai(example)]
struct OperatorChange {
    /// What the operator may do.
    role: Option<Role>,
    /// Whether the operator is let in; when not, their sessions end.
    enabled: Option<bool>,
}

/// An operator and the link that opens the set-up.
#[derive(Object)]
#[oai(example)]
struct OperatorLink {
    /// The operator.
    operator: OperatorBody,
    /// Path and fragment of the link: opens once, within 24 hours, and is shown here only.
    link: String,
}

#[derive(ApiResponse)]
enum OperatorMade {
    /// The operator was made.
    #[oai(status = 201)]
    Made(Json<OperatorLink>),
}

impl From<Operator> for OperatorBody {
    fn from(operator: Operator) -> Self {
        Self {
            id: operator.operator_id,
            name: operator.name,
            role: operator.role,
            enabled: operator.enabled,
            set_up: operator.set_up,
            created_at: operator.created_at,
        }
    }
}

impl OperatorLink {
    fn new(operator: Operator, code: &Secret) -> Self {
        Self {
            operator: operator.into(),
            link: operator::address_of(code),
        }
    }
}

impl Example for OperatorBody {
    fn example() -> Self {
        Self {
            id: OperatorId(example::id(1)),
            name: "ada".into(),
            role: Role::Admin,
            enabled: true,
            set_up: true,
            created_at: example::time(),
        }
    }
}

impl Example for Operators {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewOperator {
    fn example() -> Self {
        Self {
            name: "ada".into(),
            role: Role::Admin,
        }
    }
}

impl Example for OperatorChange {
    fn example() -> Self {
        Self {
            role: Some(Role::ReadOnly),
            enabled: None,
        }
    }
}

impl Example for OperatorLink {
    fn example() -> Self {
        Self {
            operator: Example::example(),
            link: "/admin/#code=5f1d…".into(),
        }
    }
}

#[OpenApi(tag = "Tags::Operators")]
impl OperatorsApi {
    /// All operators
    #[oai(path = "/operators", method = "get", operation_id = "listOperators")]
    async fn list(&self, _who: Reader) -> Result<Json<Operators>> {
        let mut tx = self.0.app.db.admin().await?;
        let items = operator::list(&mut tx).await?;
        Ok(Json(Operators {
            items: items.into_iter().map(Into::into).collect(),
        }))
    }

    /// Make an operator
    #[oai(path = "/operators", method = "post", operation_id = "createOperator")]
    async fn create(&self, who: Admin, body: Json<NewOperator>) -> Result<OperatorMade> {
        let app = &self.0.app;
        let mut tx = app.db.admin().await?;
        let (name, now) = (&body.0.name, app.clock.now());
        let made = operator::create(&mut tx, &app.vault, &who.by, name, body.0.role, now);
        let (operator, code) = made.await?;
        tx.commit().await?;
        Ok(OperatorMade::Made(Json(OperatorLink::new(operator, &code))))
    }

    /// Change what an operator may do
    #[oai(
        path = "/operators/:operator",
        method = "patch",
        operation_id = "changeOperator"
    )]
    async fn change(
        &self,
        who: Admin,
        /// The operator.
        operator: Path<OperatorId>,
        body: Json<OperatorChange>,
    ) -> Result<Json<OperatorBody>> {
        let mut tx = self.0.app.db.admin().await?;
        let (id, now) = (operator.0, self.0.app.clock.now());
        let change = body.0;
        let changed =
            operator::change(&mut tx, &who.by, id, change.role, change.enabled, now).await?;
        tx.commit().await?;
        Ok(Json(changed.into()))
    }

    /// Give an operator a new link
    ///
    /// Takes password, authenticator and sessions away: for who has lost them.
    #[oai(
        path = "/operators/:operator/reset",
        method = "post",
        operation_id = "resetOperator"
    )]
    async fn reset(
        &self,
        who: Admin,
        /// The operator.
        operator: Path<OperatorId>,
    ) -> Result<Json<OperatorLink>> {
        let app = &self.0.app;
        let mut tx = app.db.admin().await?;
        let now = app.clock.now();
        let (operator, code) =
            operator::reset(&mut tx, &app.vault, &who.by, operator.0, now).await?;
        tx.commit().await?;
        Ok(Json(OperatorLink::new(operator, &code)))
    }
}

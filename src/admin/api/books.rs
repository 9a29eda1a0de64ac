//! The books of clients over HTTP: what was compared, what waits for a person, closed days.

mod shapes;

use std::sync::Arc;

use poem::Body;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use self::shapes::{DayBody, LineBody, LowBalance, LowBalanceBody, Note, RunBody, UsedBody};
use super::{Tags, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Finance, Operator},
    },
    billing::{
        Micros, notice,
        recon::{
            Standing,
            close::{self, Day},
            desk::{self, Kept, Run},
            table,
        },
        rollup,
    },
    error::{Error, Result},
    http::{
        file::Download,
        paging::{Page, Place, Window},
    },
    ids::LineId,
};

/// Days of lines and of usage that are read at once.
const DAYS_MAX: i64 = 366;
/// Lines of a table at most.
const TABLE_ROWS: i64 = 100_000;
/// Rows of usage at most.
const USED_ROWS: i64 = 10_000;
/// Days that are shown unless the caller says otherwise.
const DAYS: i64 = 31;

/// Operations on the books of clients.
pub struct BooksApi(pub(super) Arc<Console>);

#[OpenApi(tag = "Tags::Books")]
impl BooksApi {
    /// Runs of the reconciliation, the latest first
    #[oai(
        path = "/clients/:client/reconciliations",
        method = "get",
        operation_id = "listReconciliations"
    )]
    async fn runs(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<RunBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let runs = desk::runs(&mut tx, &window).await?;
        Ok(Json(window.page(runs, place_of_run, Into::into)))
    }

    /// Lines of the books, by day
    #[oai(
        path = "/clients/:client/book-lines",
        method = "get",
        operation_id = "listBookLines"
    )]
    #[expect(clippy::too_many_arguments, reason = "parameters of a query")]
    async fn lines(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The first day, of UTC; a month ago without it.
        from: Query<Option<Date>>,
        /// The last day; today without it.
        to: Query<Option<Date>>,
        /// Only those that stand so: `open` waits for a person.
        standing: Query<Option<Standing>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<LineBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let days = self.days(from.0, to.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let after = window.after.map(|place| (place.at.date(), place.id));
        let lines = desk::lines(&mut tx, days, standing.0, after, window.rows()).await?;
        Ok(Json(window.page(lines, place_of_line, Into::into)))
    }

    /// Lines of the books as CSV
    #[oai(
        path = "/clients/:client/book-lines.csv",
        method = "get",
        operation_id = "downloadBookLines"
    )]
    async fn table(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The first day, of UTC; a month ago without it.
        from: Query<Option<Date>>,
        /// The last day; today without it.
        to: Query<Option<Date>>,
    ) -> Result<Download> {
        let days = self.days(from.0, to.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let lines = desk::lines(&mut tx, days, None, None, TABLE_ROWS + 1).await?;
        if lines.len() as u64 > TABLE_ROWS as u64 {
            let text = format!("There are more than {TABLE_ROWS} lines: ask for fewer days.");
            return Err(Error::invalid(text));
        }
        let text = table::csv(&client.client_id, &lines, true)?;
        Ok(Download {
            name: format!("{} {} to {}.csv", client.client_id, days.0, days.1),
            bytes: text.len() as u64,
            body: Body::from(text),
        })
    }

    /// Say what became of a line that waits
    #[oai(
        path = "/clients/:client/book-lines/:line/resolve",
        method = "post",
        operation_id = "resolveBookLine"
    )]
    async fn resolve(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        /// The line.
        line: Path<LineId>,
        body: Json<Note>,
    ) -> Result<Json<LineBody>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let kept = desk::resolve(&mut tx, line.0, &body.note, now).await?;
        let act = Act {
            detail: kept.note.clone(),
            ..Act::about("book_line.resolve", &client.client_id, line.0)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Json(kept.into()))
    }

    /// Closed days, the oldest first
    #[oai(
        path = "/clients/:client/book-days",
        method = "get",
        operation_id = "listBookDays"
    )]
    async fn closed(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<DayBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let after = window.after.map(|place| place.at.date());
        let days = close::list(&mut tx, after, window.rows()).await?;
        Ok(Json(window.page(days, place_of_day, Into::into)))
    }

    /// What was used, by day of UTC and model
    #[oai(
        path = "/clients/:client/usage",
        method = "get",
        operation_id = "listClientUsage"
    )]
    async fn used(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The first day; a month ago without it.
        from: Query<Option<Date>>,
        /// The last day; today without it.
        to: Query<Option<Date>>,
    ) -> Result<Json<Vec<UsedBody>>> {
        let days = self.days(from.0, to.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let until = desk::hours_of(days.1).end;
        let times = (desk::hours_of(days.0).start, until);
        let used = rollup::used(&mut tx, times, USED_ROWS).await?;
        Ok(Json(used.into_iter().map(Into::into).collect()))
    }

    /// Below how much a wallet is low
    #[oai(
        path = "/clients/:client/low-balance",
        method = "get",
        operation_id = "getLowBalance"
    )]
    async fn low(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<LowBalanceBody>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        Ok(Json(notice::threshold(&mut tx).await?.into()))
    }

    /// Set below how much a wallet is low
    ///
    /// Its owner gets a notice each time it falls below that.
    #[oai(
        path = "/clients/:client/low-balance",
        method = "put",
        operation_id = "setLowBalance"
    )]
    async fn set_low(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<LowBalance>,
    ) -> Result<Json<LowBalanceBody>> {
        let threshold = body.credits.as_deref().map(Micros::parse).transpose()?;
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        notice::set_threshold(&mut tx, threshold, now).await?;
        let act = Act {
            detail: Some(threshold.map_or("nobody is told".into(), |credits| credits.to_string())),
            ..Act::on("low_balance.set", &client.client_id)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Json(threshold.into()))
    }
}

impl BooksApi {
    fn days(&self, from: Option<Date>, to: Option<Date>) -> Result<(Date, Date)> {
        let to = to.unwrap_or_else(|| self.0.app.clock.now().date());
        let month = to.checked_sub(Duration::days(DAYS)).unwrap_or(Date::MIN);
        let from = from.unwrap_or(month);
        // what the database can count with
        let sane = (1970..=9000).contains(&from.year()) && (1970..=9000).contains(&to.year());
        if !sane || from > to || (to - from).whole_days() >= DAYS_MAX {
            return Err(Error::invalid(format!(
                "from comes before to, at most {DAYS_MAX} days in all."
            )));
        }
        Ok((from, to))
    }
}

fn place_of_run(run: &Run) -> Place {
    Place {
        at: run.started_at,
        id: run.run_id.0,
    }
}

fn place_of_line(line: &Kept) -> Place {
    Place {
        at: midnight(line.day),
        id: line.line_id.0,
    }
}

/// A day has no id but itself.
fn place_of_day(day: &Day) -> Place {
    Place {
        at: midnight(day.day),
        id: Uuid::nil(),
    }
}

fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}

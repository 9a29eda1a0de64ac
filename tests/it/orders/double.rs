//! A double of Stripe: Checkout Sessions, idempotency keys, disputes and signed events of our own,
//! before `localstripe`, which has none of them, or alone, with the rest of the objects in memory.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use poem::{Endpoint, Request, Response, Server, http::StatusCode, listener::TcpAcceptor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub const KEY: &str = "sk_test_51acme";
pub const SECRET: &str = "whsec_of_the_tests_0123456789";
/// When things were made, unless a test says otherwise.
const THEN: i64 = 1_772_000_000;
/// Seconds until money that came can be paid out.
const PENDING_SECONDS: i64 = 2 * 86_400;

/// A thing that goes wrong with the next request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done.
    Away,
    /// It is done, and nobody hears of it.
    Unheard,
    /// It is refused.
    Refused,
    /// The account's key is not good today.
    Barred,
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub path: String,
    pub body: String,
    pub key: String,
    pub version: String,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    done: HashMap<String, (String, String, u16, Value)>,
    faults: VecDeque<Fault>,
    asked: Vec<Asked>,
    made: u64,
    moved: u64,
    away: bool,
    /// A path that the key may not read.
    barred: Option<String>,
}

/// What moves the balance of the account.
pub struct Move<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Of `adjustment`, which says of itself only this.
    pub category: &'a str,
    /// What moved it.
    pub source: &'a str,
    /// Below zero where the balance falls.
    pub amount: i64,
    pub fee: i64,
    pub currency: &'a str,
    pub at: i64,
}

impl<'a> Move<'a> {
    /// Of dollars, without a fee; its category is its type.
    pub fn of(kind: &'a str, source: &'a str, amount: i64, at: i64) -> Self {
        Self {
            kind,
            category: kind,
            source,
            amount,
            fee: 0,
            currency: "usd",
            at,
        }
    }
}

struct Inner {
    state: Mutex<State>,
    /// Where `localstripe` listens, when it does.
    behind: Option<String>,
    http: reqwest::Client,
}

/// The double.
pub struct Double {
    pub base: String,
    inner: Arc<Inner>,
    stop: CancellationToken,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Api(Arc<Inner>);

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        let (auth, version) = (header("authorization"), header("stripe-version"));
        let key = header("idempotency-key");
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let body = request.take_body().into_string().await.unwrap();
        let path = uri.path().to_owned();
        let query = form(uri.query().unwrap_or_default());
        let (away, barred) = {
            let state = self.0.state.lock().unwrap();
            (state.away, state.barred.as_ref() == Some(&path))
        };
        let (status, answer) = if away {
            (503, error("away"))
        } else if barred {
            let text = "The provided key 'rk_test_*acme' does not have the required permissions for this endpoint.";
            (403, error(text))
        } else if auth != format!("Bearer {KEY}") || version.is_empty() {
            (401, error("no key"))
        } else if method == "POST" {
            let asked = Asked {
                path,
                body,
                key,
                version,
            };
            self.0.write(asked).await
        } else {
            self.0.read(&path, &query).await
        };
        let status = StatusCode::from_u16(status).unwrap();
        let answer = answer.to_string();
        Ok(Response::builder()
            .status(status)
            .content_type("application/json")
            .body(answer))
    }
}

impl Inner {
    async fn write(&self, asked: Asked) -> (u16, Value) {
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(asked.clone());
            if let Some((path, body, status, answer)) = state.done.get(&asked.key) {
                // as Stripe does: the first answer stays the answer
                return if (path, body) == (&asked.path, &asked.body) {
                    (*status, answer.clone())
                } else {
                    (
                        400,
                        error(
                            "Keys for idempotent requests can only be used with the same parameters",
                        ),
                    )
                };
            }
            state.faults.pop_front()
        };
        match fault {
            Some(Fault::Away) => return (503, error("away")),
            Some(Fault::Refused) => return (400, error("no such thing")),
            Some(Fault::Barred) => return (401, error("Invalid API Key provided")),
            _ => {}
        }
        let (status, answer) = match asked.path.as_str() {
            "/v1/checkout/sessions" => (200, self.session(&form(&asked.body))),
            path if path.ends_with("/expire") => self.expire(path),
            "/v1/refunds" if self.behind.is_none() => self.refund(&form(&asked.body)),
            path => self.forward("POST", path, &asked.body).await,
        };
        let mut state = self.state.lock().unwrap();
        let done = (asked.path, asked.body, status, answer.clone());
        if !asked.key.is_empty() {
            state.done.insert(asked.key, done);
        }
        match fault {
            Some(Fault::Unheard) => (502, error("unheard")),
            _ => (status, answer),
        }
    }

    async fn read(&self, path: &str, query: &HashMap<String, String>) -> (u16, Value) {
        let kinds = [
            "checkout/sessions",
            "payment_intents",
            "refunds",
            "disputes",
            "balance_transactions",
        ];
        let rest = path.strip_prefix("/v1/").unwrap_or_default();
        let own =
            self.behind.is_none() || rest.starts_with("checkout") || rest.starts_with("disputes");
        if !own {
            return self.read_behind(path, query).await;
        }
        let state = self.state.lock().unwrap();
        if !kinds.contains(&rest) {
            let id = rest.rsplit('/').next().unwrap_or_default();
            return match state.objects.get(id) {
                Some(object) => (200, object.clone()),
                None => (404, error("No such object")),
            };
        }
        let kind = rest.rsplit('/').next().unwrap_or_default();
        let rows = state.objects.values().filter(|object| {
            object["object"] == kind.trim_end_matches('s')
                && query
                    .get("payment_intent")
                    .is_none_or(|intent| object["payment_intent"] == **intent)
        });
        (200, page(rows.cloned().collect(), query))
    }

    /// `localstripe` lists by nothing but its own parameters.
    async fn read_behind(&self, path: &str, query: &HashMap<String, String>) -> (u16, Value) {
        let plain = path.split('/').count() == 3;
        let given = query
            .get("payment_intent")
            .filter(|_| path == "/v1/refunds");
        let asks = given.map_or(String::new(), |intent| format!("&payment_intent={intent}"));
        let full = if plain {
            format!("{path}?limit=100{asks}")
        } else {
            path.to_owned()
        };
        let (status, answer) = self.forward("GET", &full, "").await;
        match answer["data"].as_array() {
            Some(rows) => (status, page(rows.clone(), query)),
            None => (status, answer),
        }
    }

    async fn forward(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let Some(behind) = &self.behind else {
            return (404, error("Unrecognized request URL"));
        };
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{behind}{path}"));
        let request = request
            .bearer_auth(KEY)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    fn session(&self, form: &HashMap<String, String>) -> Value {
        let id = self.id("cs_test_");
        let price = |name: &str| {
            form.get(&format!("line_items[0][price_data][{name}]"))
                .unwrap()
                .clone()
        };
        let session = json!({
            "id": id,
            "object": "checkout.session",
            "livemode": false,
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": null,
            "amount_total": price("unit_amount").parse::<u64>().unwrap(),
            "currency": price("currency"),
            "url": format!("https://checkout.example/{id}"),
            "client_reference_id": form["client_reference_id"],
            "expires_at": form["expires_at"].parse::<i64>().unwrap(),
            "metadata": inner(form, "metadata["),
            "intent_metadata": inner(form, "payment_intent_data[metadata]["),
        });
        self.put(&session);
        session
    }

    fn expire(&self, path: &str) -> (u16, Value) {
        let id = path.split('/').nth(4).unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        match state.objects.get_mut(id) {
            Some(session) if session["status"] == "open" => {
                session["status"] = "expired".into();
                (200, session.clone())
            }
            _ => (
                400,
                error("Only Checkout Sessions with a status in [\"open\"] can be expired."),
            ),
        }
    }

    fn refund(&self, form: &HashMap<String, String>) -> (u16, Value) {
        let (id, amount) = (self.id("re_"), form["amount"].parse::<i64>().unwrap());
        let txn = self.moves(&Move::of("refund", &id, -amount, THEN));
        let refund = json!({
            "id": id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": txn,
            "currency": "usd",
            "created": THEN,
            "status": "succeeded",
            "payment_intent": form["payment_intent"],
            "metadata": inner(form, "metadata["),
        });
        self.put(&refund);
        (200, refund)
    }

    /// Writes down what moved the balance, as Stripe does. Its id.
    fn moves(&self, moved: &Move<'_>) -> String {
        let id = {
            let mut state = self.state.lock().unwrap();
            state.moved += 1;
            format!("txn_{:08}", state.moved)
        };
        self.put(&json!({
            "id": id,
            "object": "balance_transaction",
            "amount": moved.amount,
            "available_on": moved.at + PENDING_SECONDS,
            "balance_type": "payments",
            "created": moved.at,
            "currency": moved.currency,
            "description": null,
            "exchange_rate": null,
            "fee": moved.fee,
            "fee_details": [{"amount": moved.fee, "currency": moved.currency, "type": "stripe_fee"}],
            "net": moved.amount - moved.fee,
            "reporting_category": moved.category,
            "source": moved.source,
            "status": "pending",
            "type": moved.kind,
        }));
        id
    }

    fn put(&self, object: &Value) {
        let id = object["id"].as_str().unwrap().to_owned();
        self.state
            .lock()
            .unwrap()
            .objects
            .insert(id, object.clone());
    }

    fn id(&self, prefix: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        format!("{prefix}{:08}", state.made)
    }
}

impl Double {
    /// Alone, with everything in memory.
    pub async fn alone() -> Self {
        Self::before(None).await
    }

    /// Before `localstripe`, which listens there.
    pub async fn before(behind: Option<String>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            state: Mutex::default(),
            behind,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        });
        let (api, stop) = (Api(inner.clone()), CancellationToken::new());
        let acceptor = TcpAcceptor::from_std(listener).unwrap();
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
        tokio::spawn(async move {
            let server = Server::new_with_acceptor(acceptor);
            drop(
                server
                    .run_with_graceful_shutdown(api, stopped.cancelled_owned(), None)
                    .await,
            );
        });
        Self { base, inner, stop }
    }

    /// What goes wrong with the next requests that write.
    pub fn fails(&self, faults: &[Fault]) {
        self.inner.state.lock().unwrap().faults.extend(faults);
    }

    /// A day goes by: keys of requests are not known any more.
    pub fn forgets(&self) {
        self.inner.state.lock().unwrap().done.clear();
    }

    /// It answers nobody, or everybody again.
    pub fn goes_away(&self, away: bool) {
        self.inner.state.lock().unwrap().away = away;
    }

    /// The requests that were made to write.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.state.lock().unwrap().asked.clone()
    }

    /// How many there are of a kind.
    pub fn count(&self, prefix: &str) -> usize {
        let state = self.inner.state.lock().unwrap();
        state
            .objects
            .keys()
            .filter(|id| id.starts_with(prefix))
            .count()
    }

    pub fn put(&self, object: &Value) {
        self.inner.put(object);
    }

    /// An object is gone.
    pub fn takes_away(&self, id: &str) {
        self.inner.state.lock().unwrap().objects.remove(id);
    }

    /// The key may not read this path, or everything again.
    pub fn bars(&self, path: Option<&str>) {
        self.inner.state.lock().unwrap().barred = path.map(str::to_owned);
    }

    /// Something moves the balance. The id of the transaction.
    pub fn moves(&self, moved: &Move<'_>) -> String {
        self.inner.moves(moved)
    }

    /// What moved the balance for this charge, refund or dispute.
    pub fn moved(&self, source: &str) -> Vec<String> {
        let state = self.inner.state.lock().unwrap();
        let objects = state.objects.iter();
        objects
            .filter(|(id, object)| id.starts_with("txn_") && object["source"] == source)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// A payment, a refund or a dispute was made then, and moved the balance then.
    pub fn dates(&self, id: &str, at: i64) {
        let charge = self.object(id)["latest_charge"].clone();
        let mut all = self.moved(id);
        all.extend(charge.as_str().into_iter().flat_map(|id| self.moved(id)));
        all.push(id.to_owned());
        for id in all {
            let mut object = self.object(&id);
            object["created"] = at.into();
            self.put(&object);
        }
    }

    /// Money goes back to a payer.
    pub fn gives_back(&self, refund: &Value) {
        let (id, amount) = (refund["id"].as_str().unwrap(), refund["amount"].as_i64());
        let (at, currency) = (refund["created"].as_i64(), refund["currency"].as_str());
        self.put(refund);
        self.moves(&Move {
            currency: currency.unwrap(),
            ..Move::of("refund", id, -amount.unwrap(), at.unwrap())
        });
    }

    pub fn object(&self, id: &str) -> Value {
        self.inner.state.lock().unwrap().objects[id].clone()
    }

    /// Somebody pays a session; it is as Stripe would tell of it.
    pub async fn pays(&self, session: &str) -> Value {
        let mut session = self.object(session);
        assert_eq!(session["status"], "open");
        let intent = match &self.inner.behind {
            None => self.intent(&session),
            Some(_) => self.intent_behind(&session).await,
        };
        session["status"] = "complete".into();
        session["payment_status"] = "paid".into();
        session["payment_intent"] = intent;
        self.put(&session);
        session
    }

    fn intent(&self, session: &Value) -> Value {
        let id = self.inner.id("pi_");
        let charge = id.replace("pi_", "ch_");
        let amount = session["amount_total"].as_i64().unwrap();
        let txn = self.moves(&Move {
            // as of a card: 2.9 % and 30 cents
            fee: amount * 29 / 1_000 + 30,
            currency: session["currency"].as_str().unwrap(),
            ..Move::of("charge", &charge, amount, THEN)
        });
        self.put(&json!({
            "id": charge,
            "object": "charge",
            "amount": amount,
            "balance_transaction": txn,
            "currency": session["currency"],
            "created": THEN,
            "payment_intent": id,
            "status": "succeeded",
        }));
        self.put(&json!({
            "id": id,
            "object": "payment_intent",
            "status": "succeeded",
            "amount": amount,
            "amount_received": amount,
            "currency": session["currency"],
            "created": THEN,
            "latest_charge": charge,
            "metadata": session["intent_metadata"],
        }));
        id.into()
    }

    async fn intent_behind(&self, session: &Value) -> Value {
        let card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2034&card[cvc]=123";
        let (status, method) = self
            .inner
            .forward("POST", "/v1/payment_methods", card)
            .await;
        assert_eq!(status, 200, "{method}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut form = format!(
            "amount={}&currency={}&payment_method={}&confirm=true",
            session["amount_total"],
            text(&session["currency"]),
            text(&method["id"])
        );
        for (name, value) in session["intent_metadata"].as_object().unwrap() {
            form.push_str(&format!("&metadata[{name}]={}", text(value)));
        }
        let (status, intent) = self
            .inner
            .forward("POST", "/v1/payment_intents", &form)
            .await;
        assert_eq!(
            (status, &intent["status"]),
            (200, &json!("succeeded")),
            "{intent}"
        );
        intent["id"].clone()
    }
}

/// An event as Stripe writes it.
pub fn event(id: &str, kind: &str, object: &Value) -> Value {
    json!({
        "id": id,
        "object": "event",
        "type": kind,
        "livemode": false,
        "api_version": "2025-03-31.basil",
        "created": THEN,
        "data": {"object": object},
    })
}

/// The header of an event that is signed at a time.
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    let tag = hex::encode(sign(&key, format!("{seconds}.{body}").as_bytes()));
    format!("t={seconds},v1={tag}")
}

fn error(text: &str) -> Value {
    json!({"error": {"type": "invalid_request_error", "message": text}})
}

fn form(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        let bytes = percent_encoding::percent_decode_str(&text);
        bytes.decode_utf8().unwrap().into_owned()
    };
    pairs
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

/// The fields of a form inside of another one.
fn inner(form: &HashMap<String, String>, prefix: &str) -> Value {
    let rows = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(prefix)?.strip_suffix(']')?;
        Some((name.to_owned(), Value::from(value.as_str())))
    });
    Value::Object(rows.collect())
}

/// A page of a list, the latest first.
fn page(mut rows: Vec<Value>, query: &HashMap<String, String>) -> Value {
    let since: i64 = query
        .get("created[gte]")
        .map_or(0, |text| text.parse().unwrap());
    rows.retain(|row| {
        row["created"]
            .as_i64()
            .is_none_or(|created| created >= since)
    });
    rows.reverse();
    if let Some(after) = query.get("starting_after") {
        let at = rows
            .iter()
            .position(|row| row["id"] == **after)
            .map_or(rows.len(), |at| at + 1);
        rows.drain(..at);
    }
    let limit: usize = query.get("limit").map_or(10, |text| text.parse().unwrap());
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    json!({"object": "list", "data": rows, "has_more": has_more})
}

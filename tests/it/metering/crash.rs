//! Answers of two real servers that are killed again and again while they write them, with readers who
//! go, a vendor that breaks off or never counts, and questions that are asked twice: 20,000 in `make soak`.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use concierge::{
    billing::{Billing, Owner},
    jobs,
};
use futures_util::{StreamExt as _, future::join_all};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    assert_all_settled, assert_charged_is_delivered, billed, client_pays, gift, owner, soak::deeds,
    users_pay, wallet_of,
};
use crate::{
    process::{Server, beside},
    vendor::{Fault, Reply, Usage, Vendor, Wire, millis},
    verbs::text,
    world::{Person, World},
};

/// Far more than is spent.
const PLENTY: i64 = 1_000_000_000_000;
/// People who ask at the same time.
const HANDS: usize = 4;
/// Answers of the long test.
const COUNT_OF_SOAK: usize = 20_000;
/// Servers that a question is brought to, until one takes it.
const TRIES_MAX: usize = 200;

/// An answer of the vendor's that ends in one of many ways, and takes its time.
fn fate(deed: u64) -> Reply {
    let said = ["电池", "保修期", "为", "24", "个月", "。"];
    let pieces = &said[..(deed % 7) as usize];
    let usage = match deed >> 16 & 3 {
        0 => Usage::Never,
        1 => Usage::Twice((deed >> 18) as u32 % 3_000, (deed >> 30) as u32 % 500),
        _ => Usage::Once((deed >> 18) as u32 % 3_000, (deed >> 30) as u32 % 500),
    };
    let finish = if deed >> 8 & 7 == 2 { "length" } else { "stop" };
    let reply = Reply::stream(pieces, finish, usage, Wire::Plain).every(millis(deed >> 40 & 15));
    match deed >> 8 & 7 {
        0 => Reply::json(400, &json!({"error": {"message": "no"}})),
        1 => reply.with(Fault::CutAfter((deed >> 12) as usize % 6)),
        _ => reply,
    }
}

/// Who asks, and where.
struct Hand<'w> {
    person: Person<'w>,
    http: reqwest::Client,
    /// Addresses of the servers, as they are now.
    seats: &'w [Mutex<String>; 2],
    /// Answers that were seen to their end, with words in them.
    seen: Vec<Uuid>,
}

impl Hand<'_> {
    fn post(&self, seat: usize, path: &str) -> RequestBuilder {
        let base = self.seats[seat % 2].lock().unwrap().clone();
        let request = self.http.request(Method::POST, format!("{base}{path}"));
        request.bearer_auth(&self.person.bearer)
    }

    /// Brings a question to one server after the other, until one takes it; its whole answer, and none
    /// when the server died over it.
    async fn asks(&self, seat: usize, path: &str, question: &Value) -> Option<Value> {
        for seat in seat..seat + TRIES_MAX {
            match self.post(seat, path).json(question).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => return answer.json().await.ok(),
                Ok(answer) => {
                    // another one has just died over it, the vendor does not want it, or those who
                    // went have left as many answers as one may have at once
                    let status = answer.status();
                    let expected = [
                        StatusCode::CONFLICT,
                        StatusCode::BAD_GATEWAY,
                        StatusCode::TOO_MANY_REQUESTS,
                    ];
                    assert!(expected.contains(&status), "{:?}", answer.text().await);
                    return None;
                }
                Err(error) if error.is_connect() => tokio::time::sleep(millis(20)).await,
                Err(_) => return None,
            }
        }
        panic!("no server takes a question");
    }

    /// Reads a little of an answer, and goes.
    async fn peeks(&self, seat: usize, path: &str, question: &Value) {
        let request = self.post(seat, path).header("accept", "text/event-stream");
        let Ok(answer) = request.json(question).send().await else {
            return;
        };
        let mut bytes = answer.bytes_stream();
        drop(tokio::time::timeout(Duration::from_secs(1), bytes.next()).await);
    }

    /// One question; whether its conversation can go on.
    async fn deed(&mut self, session: &str, deed: u64) -> bool {
        let (seat, id) = ((deed >> 50) as usize, Uuid::new_v4());
        let question = json!({"id": id, "content": "?"});
        let path = format!("/api/v1/sessions/{session}/messages");
        let answer = match deed >> 11 & 7 {
            0 | 1 => {
                self.peeks(seat, &path, &question).await;
                return true;
            }
            2 => {
                let question = json!({"content": "?"});
                let answer = self.asks(seat, "/api/v1/completions", &question).await;
                self.keep(answer.as_ref());
                return true;
            }
            _ => self.asks(seat, &path, &question).await,
        };
        self.keep(answer.as_ref());
        let Some(answer) = answer else {
            // once more, at the other one: it was taken, or it is now
            self.peeks(seat + 1, &path, &question).await;
            return false;
        };
        if deed >> 11 & 7 == 3 {
            let again = self.asks(seat + 1, &path, &question).await;
            assert!(again.is_none_or(|again| again["id"] == answer["id"]));
        }
        if deed >> 11 & 7 == 4 {
            let path = format!("/api/v1/messages/{}", text(&answer["id"]));
            let gone = self.person.request(Method::DELETE, &path).send().await;
            let status = gone.unwrap().status();
            assert!(status.is_success(), "{status}");
        }
        true
    }

    fn keep(&mut self, answer: Option<&Value>) {
        let told = answer.filter(|answer| answer["content"] != "" && answer["error"].is_null());
        self.seen
            .extend(told.map(|answer| crate::verbs::uuid(text(&answer["id"]))));
    }
}

/// Kills one of two servers after every few questions, and starts another in its place; how often.
async fn kills(
    at: &Path,
    (seats, mut asked): (&[Mutex<String>; 2], watch::Receiver<usize>),
    mut servers: [Option<Server>; 2],
    (count, every): (usize, usize),
) -> (usize, [Option<Server>; 2]) {
    let mut kills = 0;
    for deed in deeds(99) {
        let next = *asked.borrow() + 1 + deed as usize % every;
        let reached = asked.wait_for(|asked| *asked >= next.min(count)).await;
        if *reached.unwrap() >= count {
            break;
        }
        let (seat, at) = ((deed >> 40) as usize % 2, PathBuf::from(at));
        let killed = servers[seat].take().unwrap();
        let started = tokio::task::spawn_blocking(move || {
            killed.kill();
            Server::start(&at, &[])
        });
        let server = started.await.unwrap();
        *seats[seat].lock().unwrap() = server.base.clone();
        servers[seat] = Some(server);
        kills += 1;
    }
    (kills, servers)
}

/// A folder for servers that use this world's database and keys, and ask this vendor.
fn settings(world: &World, vendor: &Vendor) -> tempfile::TempDir {
    let folder = beside(world);
    let path = folder.path().join("config.ini");
    let before = std::fs::read_to_string(&path).unwrap();
    let chat = format!(
        "chat = scripted\n[chat.scripted]\nkind = openai\nbase_url = {}\nmodel = m\n",
        vendor.base_url()
    );
    std::fs::write(&path, before + &chat).unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::copy(
        world.app.vault.path(),
        folder.path().join("data/master.key"),
    )
    .unwrap();
    folder
}

async fn answers(count: usize, every: usize, billing: Billing) {
    let (world, vendor) = (World::new().await, Vendor::start().await);
    let acme = world.partner("acme").await;
    billed(&world, acme.no, billing).await;
    gift(&world, acme.no, Owner::Client, PLENTY).await;
    let folder = settings(&world, &vendor);
    let at = folder.path().to_owned();
    let start = tokio::task::spawn_blocking(move || [0, 1].map(|_| Server::start(&at, &[])));
    let servers = start.await.unwrap();
    let seats = servers
        .each_ref()
        .map(|server| Mutex::new(server.base.clone()));
    let asked = watch::Sender::new(0);
    let hands = (0..HANDS).map(|hand| {
        let (world, vendor, acme, seats, asked) = (&world, &vendor, &acme, &seats, &asked);
        let (seed, name) = (hand as u64 + 1, format!("u{hand}"));
        async move {
            let person = acme.person(&name).await;
            gift(world, acme.no, owner(&person).await, PLENTY).await;
            let http = reqwest::Client::builder().no_proxy();
            let mut hand = Hand {
                http: http.timeout(Duration::from_secs(3)).build().unwrap(),
                seats,
                seen: Vec::new(),
                person,
            };
            let mut session = hand.person.session().await;
            for (n, deed) in deeds(seed).take(count / HANDS).enumerate() {
                vendor.script(fate(deed));
                let goes_on = hand.deed(&session, deed).await;
                asked.send_modify(|asked| *asked += 1);
                // a conversation does not grow for ever
                if !goes_on || n % 50 == 49 {
                    session = hand.person.session().await;
                }
            }
            hand
        }
    });
    let (hands, (kills, servers)) = tokio::join!(
        join_all(hands),
        kills(
            folder.path(),
            (&seats, asked.subscribe()),
            servers.map(Some),
            (count / HANDS * HANDS, every)
        )
    );
    end(servers).await;
    eprintln!("{count} answers, {kills} servers killed");
    assert!(kills > 0, "nobody was killed");
    settled(&world, acme.no, &hands).await;
}

/// One is killed once more, the other ends well.
async fn end(servers: [Option<Server>; 2]) {
    let ended = tokio::task::spawn_blocking(move || {
        let [killed, stopped] = servers.map(Option::unwrap);
        killed.kill();
        let mut stopped = stopped;
        stopped.stop()
    });
    assert_eq!(ended.await.unwrap(), Some(0));
}

/// Nothing is left open, nothing is lost, and what was charged is what was delivered.
async fn settled(world: &World, client: concierge::ids::ClientNo, hands: &[Hand<'_>]) {
    world.app.clock.forward(Duration::from_secs(2 * 3_600));
    jobs::end_orphans(&world.app).await.unwrap();
    jobs::end_stale_holds(&world.app).await.unwrap();
    assert_all_settled(world).await;
    let mut left = wallet_of(world, client, Owner::Client).await.balance;
    for hand in hands {
        let who = owner(&hand.person).await;
        left += wallet_of(world, client, who).await.balance;
    }
    let charged = world
        .count("select coalesce(sum(charged), 0)::bigint from meter")
        .await;
    assert_eq!(left + charged, (hands.len() as i64 + 1) * PLENTY);
    assert!(charged > 0);
    assert_charged_is_delivered(world).await;
    let seen: Vec<Uuid> = hands.iter().flat_map(|hand| hand.seen.clone()).collect();
    assert!(!seen.is_empty());
    let paid: i64 = sqlx::query_scalar(
        "select count(*) from meter where meter_id = any($1) and charged > 0 and state = 'settled'",
    )
    .bind(&seen)
    .fetch_one(&mut world.superuser().await)
    .await
    .unwrap();
    assert_eq!(paid, seen.len() as i64, "what was seen whole was paid");
}

#[tokio::test]
#[ignore = "servers are started again and again: in `make soak`"]
async fn whatever_is_killed_over_answers_the_books_agree() {
    answers(40, 12, users_pay()).await;
}

#[tokio::test]
#[ignore = "20,000 answers: in `make soak`"]
async fn whatever_is_killed_over_20000_answers_the_books_agree() {
    let half = COUNT_OF_SOAK / 2;
    answers(half, 100, users_pay()).await;
    answers(half, 100, client_pays()).await;
}

//! The console's operations: who may, what they do, and that it is written down.

mod audit;
mod callers;
mod debugger;
mod document;
mod documents;
mod keys;
mod pages;
mod settings;
mod sign_in;
mod snippets;

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use concierge::admin::{By, Role, operator};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::SET_COOKIE};
use serde_json::{Value, json};

use crate::{
    verbs::text,
    world::{World, body},
};

pub const PASSWORD: &str = "a long sentence 电池";

/// Someone who is signed in to the console.
pub struct Desk<'w> {
    pub world: &'w World,
    pub name: String,
    pub cookie: String,
    pub totp: Vec<u8>,
}

impl World {
    /// An operator who has set up and is signed in.
    pub async fn operator(&self, name: &str, role: Role) -> Desk<'_> {
        let code = self.link(name, role).await;
        self.sets_up(name, &code, PASSWORD).await
    }

    /// The code of the link of a new operator.
    pub async fn link(&self, name: &str, role: Role) -> String {
        let (app, by) = (&self.app, By::command_line());
        let mut tx = app.db.admin().await.unwrap();
        let made = operator::create(&mut tx, &app.vault, &by, name, role, app.clock.now()).await;
        let (_, code) = made.unwrap();
        tx.commit().await.unwrap();
        code.expose().to_owned()
    }

    /// Uses a link up.
    pub async fn sets_up(&self, name: &str, code: &str, password: &str) -> Desk<'_> {
        let offer = self.console("/sign-in/link", json!({"code": code})).await;
        let offer = body(offer, StatusCode::OK).await;
        assert_eq!(offer["operator"]["name"], name);
        let totp = unbase32(text(&offer["totp"]["secret"]));
        let body = json!({"code": code, "password": password, "totp": self.code(&totp)});
        let answer = self.console("/sign-in/set-up", body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Desk {
            world: self,
            name: name.to_owned(),
            cookie: cookie(&answer),
            totp,
        }
    }

    /// A POST of the console by nobody.
    pub async fn console(&self, path: &str, json: Value) -> Response {
        let request = self.request(Method::POST, &format!("/admin/v1{path}"));
        let request = request.header("x-concierge-console", "1").json(&json);
        request.send().await.unwrap()
    }

    /// What an authenticator shows now.
    pub fn code(&self, secret: &[u8]) -> String {
        let step = (self.app.clock.now().unix_timestamp() / 30).to_be_bytes();
        let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step);
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }
}

impl Desk<'_> {
    /// A request of the console.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.world.request(method, &format!("/admin/v1{path}"));
        request
            .header("cookie", &self.cookie)
            .header("x-concierge-console", "1")
    }

    /// What a GET answers.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        body(answer, StatusCode::OK).await
    }

    /// What a request with JSON answers, with this status.
    pub async fn json(&self, method: Method, path: &str, json: Value, status: StatusCode) -> Value {
        let request = self.request(method, path).json(&json);
        body(request.send().await.unwrap(), status).await
    }

    /// What a POST answers, with this status.
    pub async fn post(&self, path: &str, json: Value, status: StatusCode) -> Value {
        self.json(Method::POST, path, json, status).await
    }

    /// Signs in anew, at a time when the code is a new one.
    pub async fn signs_in(&self, password: &str) -> Response {
        let later = std::time::Duration::from_secs(30);
        self.world.app.clock.forward(later);
        let totp = self.world.code(&self.totp);
        let body = json!({"name": self.name, "password": password, "totp": totp});
        self.world.console("/sign-in", body).await
    }

    /// A client made by this operator; its key.
    pub async fn makes_client(&self, id: &str) -> String {
        let made = json!({"name": id, "id": id, "v1_tokens": "header"});
        let made = self.post("/clients", made, StatusCode::CREATED).await;
        text(&made["client_key"]).to_owned()
    }

    /// The acts on record, the latest first.
    pub async fn acts(&self) -> Vec<String> {
        let page = self.get("/audit?limit=100").await;
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| text(&item["act"]).to_owned())
            .collect()
    }
}

/// The cookie that an answer sets, as a browser sends it.
pub fn cookie(answer: &Response) -> String {
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn unbase32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((held >> bits) & 255) as u8);
        }
    }
    bytes
}

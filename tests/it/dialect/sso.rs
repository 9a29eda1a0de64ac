//! The ways in without a token: a demo behind a secret, and WeCom.

use std::sync::{Arc, Mutex};

use reqwest::{Method, Response, StatusCode};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::data;
use crate::world::World;

/// What Python's `quote` makes of the texts in the addresses.
const WRONG_SECRET: &str = "/401?message=%E5%8D%95%E7%82%B9%E5%A4%B1%E8%B4%A5,%20%E8%AF%B7%E6%8F%90%E4%BE%9B%E6%AD%A3%E7%A1%AE%E5%8F%A3%E4%BB%A4";
const UNKNOWN_CLIENT: &str = "/401?message=%E6%97%A0%E6%95%88%E7%9A%84%E5%AE%A2%E6%88%B7%E7%AB%AF,%E6%97%A0%E6%B3%95%E5%8D%95%E7%82%B9%E7%99%BB%E5%BD%95,%E8%AF%B7%E9%87%8D%E6%96%B0%E8%BF%9B%E5%85%A5";

async fn get(world: &World, path: &str) -> Response {
    world.request(Method::GET, path).send().await.unwrap()
}

fn place(answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn with_demo() -> World {
    World::configured(vec![
        ("dialects.sso_secret", "open sesame".into()),
        ("dialects.sso_client", "0".into()),
        ("dialects.h5_address", "https://h5.example/".into()),
    ])
    .await
}

#[tokio::test]
async fn the_right_secret_lets_a_fresh_visitor_in() {
    let world = with_demo().await;
    world.partner("0").await;
    let mut users = Vec::new();
    for path in [
        "/sso?secret=open%20sesame",
        "/api/sso?client=0&secret=open+sesame",
    ] {
        let answer = get(&world, path).await;
        let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
        let place = place(&answer);
        let token = place.strip_prefix("https://h5.example/sso?token=").unwrap();
        let by_token = world.request(Method::GET, "/api/user/info");
        let by_token = data(by_token.header("Api-Token", token)).await;
        let cookie = set.split(';').next().unwrap();
        assert!(!cookie.contains(token));
        let by_cookie = world
            .request(Method::GET, "/user/info")
            .header("cookie", cookie);
        assert_eq!(data(by_cookie).await, by_token);
        assert_eq!(by_token["client_id"], "0");
        users.push(by_token["user_id"].clone());
    }
    assert_ne!(users[0], users[1]);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_client_come_to_a_page_that_says_so() {
    let world = with_demo().await;
    world.partner("0").await;
    for (path, message) in [
        ("/sso", WRONG_SECRET),
        ("/sso?client=0&secret=chat2llm", WRONG_SECRET),
        ("/api/sso?client=1", UNKNOWN_CLIENT),
        ("/sso?client=7&secret=open%20sesame", UNKNOWN_CLIENT),
    ] {
        let answer = get(&world, path).await;
        assert_eq!(
            place(&answer),
            format!("https://h5.example{message}"),
            "{path}"
        );
        assert!(!answer.headers().contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_demo_is_off_until_it_has_a_secret() {
    let world = World::new().await;
    world.partner("demo").await;
    for path in ["/sso", "/sso?secret=", "/sso?secret=chat2llm"] {
        assert_eq!(place(&get(&world, path).await), WRONG_SECRET);
    }
}

#[tokio::test]
async fn secrets_cannot_be_guessed_for_long() {
    let world = World::configured(vec![
        ("dialects.sso_secret", "x".into()),
        ("demo.visitors_per_hour", "3".into()),
    ])
    .await;
    for _ in 0..3 {
        assert_eq!(place(&get(&world, "/sso?secret=y").await), WRONG_SECRET);
    }
    let answer = get(&world, "/sso?secret=x").await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// WeCom's API, as far as it is asked: what it was asked, and what it says.
struct WeCom {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: tokio::task::JoinSet<()>,
}

impl WeCom {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (seen, mut serving) = (asked.clone(), tokio::task::JoinSet::new());
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &seen).await;
            }
        });
        Self {
            address,
            asked,
            _serving: serving,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() <= 2 {
            break;
        }
        lines.push(line);
    }
    let target = lines[0].split(' ').nth(1).unwrap().to_owned();
    let body = if target.starts_with("/cgi-bin/gettoken") {
        r#"{"errcode":0,"errmsg":"ok","access_token":"at-1","expires_in":7200}"#
    } else if target.ends_with("code=employee") {
        r#"{"errcode":0,"errmsg":"ok","userid":"zhangsan"}"#
    } else if target.ends_with("code=guest") {
        r#"{"errcode":0,"errmsg":"ok","openid":"open-1"}"#
    } else if target.ends_with("code=late") {
        r#"{"errcode":42001,"errmsg":"access_token expired"}"#
    } else {
        r#"{"errcode":40029,"errmsg":"invalid code"}"#
    };
    seen.lock().unwrap().push(target);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn users_of_wecom_come_in_by_its_word() {
    let wecom = WeCom::start().await;
    let world = World::configured(vec![
        ("server.public_url", "https://chat.example".into()),
        ("dialects.wecom_secret", "app secret".into()),
        ("dialects.wecom_client", "acme".into()),
        ("dialects.wecom_corp_id", "corp".into()),
        ("dialects.wecom_agent_id", "1000002".into()),
        ("dialects.wecom_api", wecom.address.clone()),
        ("demo.visitors_per_hour", "3".into()),
    ])
    .await;
    world.partner("acme").await;
    let way = place(&get(&world, "/api/sso?client=1").await);
    assert_eq!(
        way,
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=corp&redirect_uri=https%3A%2F%2Fchat.example%2Fent-wechat-sso&response_type=code&scope=snsapi_privateinfo&state=1&agentid=1000002#wechat_redirect"
    );
    for (code, user) in [("employee", "zhangsan"), ("guest", "open-1")] {
        let answer = get(&world, &format!("/ent-wechat-sso?code={code}&state=1")).await;
        let place = place(&answer);
        let token = place.strip_prefix("/sso?token=").unwrap();
        let info = world
            .request(Method::GET, "/user/info")
            .header("Api-Token", token);
        let info = data(info).await;
        assert_eq!(
            (&info["client_id"], &info["user_id"]),
            (&"acme".into(), &user.into())
        );
    }
    // the access token was asked for once
    let asked = wecom.asked();
    assert_eq!(
        asked,
        [
            "/cgi-bin/gettoken?corpid=corp&corpsecret=app%20secret",
            "/cgi-bin/auth/getuserinfo?access_token=at-1&code=employee",
            "/cgi-bin/auth/getuserinfo?access_token=at-1&code=guest",
        ]
    );
    // a wrong code says nothing of the token, and whoever came in is not counted
    for (code, way, tokens) in [
        ("wrong", "/401?message=", 1),
        ("employee", "/sso?token=", 1),
        ("late", "/401?message=", 1),
        ("employee", "/sso?token=", 2),
    ] {
        let answer = get(&world, &format!("/ent-wechat-sso?code={code}&state=1")).await;
        assert!(place(&answer).starts_with(way), "{code}: {answer:?}");
        let asked = wecom.asked();
        let asked = asked.iter().filter(|target| target.contains("gettoken"));
        assert_eq!(asked.count(), tokens, "{code}");
    }
    get(&world, "/ent-wechat-sso?code=wrong&state=1").await;
    let guessed = get(&world, "/ent-wechat-sso?code=employee&state=1").await;
    assert_eq!(guessed.status(), StatusCode::TOO_MANY_REQUESTS);
    let strange = get(&world, "/ent-wechat-sso?code=employee&state=9").await;
    assert_eq!(
        place(&strange),
        "/401?message=%E6%8B%92%E7%BB%9D%E8%AE%BF%E9%97%AE,%20%E6%9C%AA%E7%9F%A5%E5%AE%A2%E6%88%B7%E7%AB%AF:%209"
    );
    let missing = super::said(world.request(Method::GET, "/ent-wechat-sso?code=x")).await;
    assert_eq!(
        missing,
        super::Said::json(
            422,
            r#"{"detail":[{"loc":["query","state"],"msg":"field required","type":"value_error.missing"}]}"#
        )
    );
}

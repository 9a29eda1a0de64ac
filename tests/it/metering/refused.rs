//! Settings of money over HTTP that cannot be: each is refused, and nothing is changed.

use concierge::admin::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

/// A wish with one field put in the place of what was right.
fn with(right: &Value, field: &str, wrong: &Value) -> Value {
    let mut wish = right.clone();
    wish[field] = wrong.clone();
    wish
}

/// What is no amount of credits.
fn amounts() -> impl Iterator<Item = Value> {
    let texts = [
        "-1",
        "+1",
        "-0.5",
        "NaN",
        "inf",
        "1e308",
        "0.0000001",
        "１２",
        "٣",
        "1,5",
        " 1",
        "",
        "0x10",
        "1000000000.000001",
        "99999999999999999999",
    ];
    let others = [json!(-5), json!(1e308), json!(0.000_000_1), json!(true)];
    texts.map(|text| json!(text)).into_iter().chain(others)
}

#[tokio::test]
async fn wrong_prices_and_gifts_are_refused_and_change_nothing() {
    let world = World::new().await;
    let fay = world.operator("fay", Role::Finance).await;
    world.partner("acme").await;
    let price = json!({
        "model": "m", "input": "3", "cached_input": "0.3", "output": "15", "embedding": "1", "page": "1", "image": "1",
    });
    let gift = json!({"credits": "20", "key": "k"});
    let mut wishes = Vec::new();
    for field in [
        "input",
        "cached_input",
        "output",
        "embedding",
        "page",
        "image",
    ] {
        wishes.extend(amounts().map(|wrong| ("prices", with(&price, field, &wrong))));
    }
    let amounts = amounts().chain([json!("0"), Value::Null]);
    wishes.extend(amounts.map(|wrong| ("grants", with(&gift, "credits", &wrong))));
    let state = async || {
        json!([
            fay.get("/clients/acme/prices?all=true").await,
            fay.get("/clients/acme/wallet").await,
            fay.acts().await
        ])
    };
    fay.post("/clients/acme/prices", price, StatusCode::CREATED)
        .await;
    fay.post("/clients/acme/grants", gift, StatusCode::OK).await;
    let before = state().await;
    assert_eq!(before[1]["balance"], "20");
    for (path, wish) in wishes {
        let path = format!("/clients/acme/{path}");
        let refused = fay
            .post(&path, wish, StatusCode::UNPROCESSABLE_ENTITY)
            .await;
        assert_eq!(refused["code"], "invalid", "{refused}");
    }
    assert_eq!(state().await, before);
}

#[tokio::test]
async fn wrong_settings_of_money_are_refused_and_change_nothing() {
    let world = World::new().await;
    let admin = world.operator("root", Role::Admin).await;
    admin.makes_client("acme").await;
    let uses = [
        json!(-1),
        json!(1_000_001),
        json!(i64::from(i32::MAX) + 1),
        json!(1.5),
        json!(1e308),
        json!("9"),
        json!("９"),
    ];
    let billing = json!({
        "payer": "user", "free_uses_per_day": 3, "budget_per_month": "100", "user_credits_per_day": "5",
        "user_credits_per_month": "50", "user_uses_per_day": 10, "user_uses_per_month": 100,
    });
    let low = json!({"credits": "5"});
    let pack = json!({
        "name": "pack", "kind": "uses", "credits": "5", "uses": 10, "price_minor": 500, "currency": "CNY",
    });
    let pass = json!({
        "name": "pass", "kind": "pass", "price_minor": 500, "currency": "CNY", "pass_unit": "month", "pass_count": 1,
    });
    let mut wishes = Vec::new();
    let mut refused =
        |method: &Method, path: &'static str, right: &Value, field: &str, wrong: Vec<Value>| {
            wishes.extend(
                wrong
                    .iter()
                    .map(|wrong| (method.clone(), path, with(right, field, wrong))),
            );
        };
    let (put, post) = (Method::PUT, Method::POST);
    for field in [
        "budget_per_month",
        "user_credits_per_day",
        "user_credits_per_month",
    ] {
        refused(&put, "billing", &billing, field, amounts().collect());
    }
    for field in [
        "free_uses_per_day",
        "user_uses_per_day",
        "user_uses_per_month",
    ] {
        refused(&put, "billing", &billing, field, uses.to_vec());
    }
    let payers = [
        json!("bank"),
        json!("User"),
        json!(""),
        json!(1),
        Value::Null,
    ];
    refused(&put, "billing", &billing, "payer", payers.to_vec());
    // below nothing no wallet falls
    refused(
        &put,
        "low-balance",
        &low,
        "credits",
        amounts().chain([json!("0")]).collect(),
    );
    refused(
        &post,
        "plans",
        &pack,
        "credits",
        amounts().chain([json!("0")]).collect(),
    );
    refused(
        &post,
        "plans",
        &pack,
        "uses",
        uses.iter()
            .cloned()
            .chain([json!(0), Value::Null])
            .collect(),
    );
    let prices = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(u64::MAX),
        json!("500"),
        json!("NaN"),
        Value::Null,
    ];
    refused(&post, "plans", &pack, "price_minor", prices.to_vec());
    let currencies = ["cny", "CN", "ＣＮＹ", "", "C N", "DOLLARSXX", "$", "¥"];
    let currencies = currencies
        .iter()
        .map(|text| json!(text))
        .chain([json!(156), Value::Null]);
    refused(&post, "plans", &pack, "currency", currencies.collect());
    refused(
        &post,
        "plans",
        &pack,
        "kind",
        vec![json!("gold"), json!(""), Value::Null],
    );
    refused(
        &post,
        "plans",
        &pass,
        "pass_count",
        vec![json!(0), json!(-1), json!(367), json!(1.5), Value::Null],
    );
    refused(
        &post,
        "plans",
        &pass,
        "pass_unit",
        vec![json!("week"), json!(""), Value::Null],
    );

    // what stands there before, and after
    for (path, right) in [("billing", &billing), ("low-balance", &low)] {
        let path = format!("/clients/acme/{path}");
        admin
            .json(put.clone(), &path, right.clone(), StatusCode::OK)
            .await;
    }
    for plan in [&pack, &pass] {
        admin
            .post("/clients/acme/plans", plan.clone(), StatusCode::CREATED)
            .await;
    }
    let state = async || {
        let (billing, low) = (
            admin.get("/clients/acme/billing").await,
            admin.get("/clients/acme/low-balance").await,
        );
        json!([
            billing,
            low,
            admin.get("/clients/acme/plans").await,
            admin.acts().await
        ])
    };
    let before = state().await;
    assert_eq!((&before[0], &before[1]), (&billing, &low));
    let mut taken = Vec::new();
    for (method, path, wish) in wishes {
        let path = format!("/clients/acme/{path}");
        let answer = admin
            .request(method, &path)
            .json(&wish)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let problem: Value = answer.json().await.unwrap();
        if (status, &problem["code"]) != (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")) {
            taken.push(format!("{path} {wish}: {status} {problem}"));
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert_eq!(state().await, before);
    // a limit of nothing is one
    let nothing = with(&billing, "budget_per_month", &json!("0"));
    let set = admin
        .json(put, "/clients/acme/billing", nothing, StatusCode::OK)
        .await;
    assert_eq!(set["budget_per_month"], "0");
}

//! What users, managers and operators see of plans, quotas and usage.

use concierge::{
    admin::Role,
    billing::{Billing, Owner},
    models::{Step, TokenUsage},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{billed, client_pays, gift, owner, plans, tx, users_pay, wallet_of};
use crate::{
    chat::{say, script},
    verbs::problem,
    world::{World, body},
};

#[tokio::test]
async fn usage_and_quotas_add_up_for_a_user_and_for_the_manager() {
    let counted = Step::Usage(TokenUsage {
        input: 40,
        cached: 0,
        output: 6,
    });
    let (world, _) = World::scripted(script([say("好的。"), counted])).await;
    let acme = world.partner("acme").await;
    let (ann, bob, boss) = (
        acme.person("ann").await,
        acme.person("bob").await,
        acme.manager("boss").await,
    );
    // what is used before somebody pays is seen, too
    ann.asks(&ann.session().await, "?").await;
    let limits = Billing {
        free_uses_per_day: 1,
        user_uses_per_day: Some(5),
        user_credits_per_month: Some(90_000_000),
        budget_per_month: Some(500_000_000),
        ..client_pays()
    };
    billed(&world, acme.no, limits).await;
    gift(&world, acme.no, Owner::Client, 50_000_000).await;
    for person in [&ann, &ann, &bob] {
        person.asks(&person.session().await, "?").await;
    }
    let base = ann.base("notes").await;
    ann.document(&base, "a.txt", "text").await;

    let quotas = ann.get("/api/v1/quotas").await;
    assert_eq!(
        (
            &quotas["payer"],
            &quotas["free_uses"],
            &quotas["free_uses_max"]
        ),
        (&json!("client"), &json!(1), &json!(1))
    );
    assert_eq!(
        (&quotas["day"]["uses"], &quotas["day"]["uses_max"]),
        (&json!(2), &json!(5))
    );
    // one answer of 40 + 60, and a page
    assert_eq!(
        (&quotas["month"]["credits"], &quotas["month"]["credits_max"]),
        (&json!("0.0011"), &json!("90"))
    );
    assert_eq!(
        quotas["budget"],
        Value::Null,
        "what the client may spend is for its managers"
    );
    let of_boss = boss.get("/api/v1/quotas").await;
    assert_eq!(
        (&of_boss["budget"], &of_boss["budget_spent"]),
        (&json!("500"), &json!("0.0011"))
    );

    let lines = |usage: Value| -> Vec<(String, i64, i64, String)> {
        let line = |line: &Value| {
            let number = |name: &str| line[name].as_i64().unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (
                text("model"),
                number("count"),
                number("output_tokens") + number("pages"),
                text("charged"),
            )
        };
        usage["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(line)
            .collect()
    };
    let own = lines(ann.get("/api/v1/usage").await);
    assert_eq!(
        own,
        [
            ("ingestion".into(), 1, 1, "0.001".into()),
            ("scripted".into(), 3, 18, "0.0001".into())
        ]
    );
    let all = lines(boss.get("/api/v1/usage?of=client").await);
    assert_eq!(all[1], ("scripted".into(), 4, 24, "0.0001".into()));
    assert_eq!(lines(boss.get("/api/v1/usage").await), []);
    let none = lines(ann.get("/api/v1/usage?from=2020-01-01&to=2020-01-31").await);
    assert_eq!(none, []);
    for (path, status) in [
        ("/api/v1/usage?of=client", StatusCode::FORBIDDEN),
        (
            "/api/v1/usage?from=2026-02-01&to=2026-01-01",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/api/v1/usage?from=2026-01-01&to=2026-06-01",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/api/v1/usage?to=9999-12-31",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/api/v1/usage?from=-0044-03-15&to=-0044-03-15",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        problem(ann.request(Method::GET, path).send().await.unwrap(), status).await;
    }
}

#[tokio::test]
async fn who_buys_is_who_pays() {
    let world = World::new().await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let (ann, boss) = (acme.person("ann").await, acme.manager("boss").await);
    let mut offering = tx(&world, acme.no).await;
    let plan = plans::offered(&mut offering, plans::pack(10, 1_000)).await;
    offering.commit().await.unwrap();
    let path = format!("/api/v1/plans/{}/purchase", plan.plan_id);
    let buys = async |person: &crate::world::Person<'_>, status| {
        let request = person
            .request(Method::POST, &path)
            .header("Idempotency-Key", "1");
        body(request.send().await.unwrap(), status).await
    };
    buys(&ann, StatusCode::CONFLICT).await;
    billed(&world, acme.no, client_pays()).await;
    gift(&world, acme.no, Owner::Client, 1_500).await;
    buys(&ann, StatusCode::FORBIDDEN).await;
    buys(&boss, StatusCode::CREATED).await;
    // what the client has is for its managers
    for path in ["/api/v1/wallet", "/api/v1/wallet/statement"] {
        let request = ann.request(Method::GET, &format!("{path}?of=client"));
        problem(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    }
    let wallet = boss.get("/api/v1/wallet?of=client").await;
    assert_eq!(wallet["balance"], "0.0005");
    let statement = boss.get("/api/v1/wallet/statement?of=client").await;
    assert_eq!(statement["items"][0]["kind"], "purchase");
    assert_eq!(boss.get("/api/v1/wallet").await["balance"], "0");
    // for all
    let owned = ann.get("/api/v1/entitlements").await;
    assert_eq!(owned["items"].as_array().unwrap().len(), 1);
    billed(&world, acme.no, users_pay()).await;
    assert_eq!(ann.get("/api/v1/entitlements").await["items"], json!([]));
    buys(&ann, StatusCode::PAYMENT_REQUIRED).await;
    // the same key of another user is another purchase
    gift(&world, acme.no, owner(&ann).await, 1_500).await;
    buys(&ann, StatusCode::CREATED).await;
    assert_eq!(
        wallet_of(&world, acme.no, owner(&ann).await).await.balance,
        500
    );
    // another client's plan is not there
    billed(&world, rival.no, users_pay()).await;
    let eve = rival.person("eve").await;
    let seen = buys(&eve, StatusCode::NOT_FOUND).await;
    assert_eq!(seen["detail"], "There is no such plan.");
    assert_eq!(
        eve.get("/api/v1/plans").await,
        json!({"items": [], "providers": []})
    );
    assert_eq!(
        ann.get("/api/v1/plans").await["items"][0]["credits"],
        "0.001"
    );
}

#[tokio::test]
async fn operators_of_finance_set_prices_and_payers_and_give_credits() {
    let world = World::new().await;
    let admin = world.operator("root", Role::Admin).await;
    let (finance, reader) = (
        world.operator("fin", Role::Finance).await,
        world.operator("eyes", Role::ReadOnly).await,
    );
    admin.makes_client("acme").await;
    let price = json!({"model": "m", "input": "3", "output": "15.5", "cached_input": "0"});
    let set = finance
        .post("/clients/acme/prices", price.clone(), StatusCode::CREATED)
        .await;
    assert_eq!(
        (&set["output"], &set["cached_input"]),
        (&json!("15.5"), &json!("0"))
    );
    let listed = reader.get("/clients/acme/prices").await;
    assert_eq!(listed["items"], json!([set]));
    let billing = json!({"payer": "user", "free_uses_per_day": 3, "budget_per_month": "100"});
    let billing = finance
        .json(
            Method::PUT,
            "/clients/acme/billing",
            billing,
            StatusCode::OK,
        )
        .await;
    assert_eq!(reader.get("/clients/acme/billing").await, billing);
    let gift = json!({"credits": "20", "key": "welcome", "note": "hello"});
    for _ in 0..2 {
        let wallet = finance
            .post("/clients/acme/grants", gift.clone(), StatusCode::OK)
            .await;
        assert_eq!(wallet["balance"], "20");
        assert_eq!(reader.get("/clients/acme/wallet").await, wallet);
    }
    for user in ["nobody", "%00"] {
        let path = format!("/clients/acme/wallet?user={user}");
        reader
            .json(Method::GET, &path, json!({}), StatusCode::NOT_FOUND)
            .await;
    }
    let nobody = json!({"credits": "1", "key": "k", "user": "\0"});
    finance
        .post("/clients/acme/grants", nobody, StatusCode::NOT_FOUND)
        .await;
    let plan = json!({"name": "10", "kind": "uses", "credits": "5", "uses": 10});
    let plan = finance
        .post("/clients/acme/plans", plan, StatusCode::CREATED)
        .await;
    let path = format!("/clients/acme/plans/{}", plan["id"].as_str().unwrap());
    let ended = json!({"enabled": false});
    let ended = finance
        .json(Method::PATCH, &path, ended, StatusCode::OK)
        .await;
    assert_eq!(ended["enabled"], false);
    assert_eq!(
        reader.get("/clients/acme/plans").await["items"],
        json!([ended])
    );

    for (path, wrong) in [
        (
            "prices",
            json!({"model": "m", "input": "-1", "output": "1"}),
        ),
        (
            "prices",
            json!({"model": "m", "input": "1e308", "output": "1"}),
        ),
        (
            "prices",
            json!({"model": "m", "input": "NaN", "output": "1"}),
        ),
        ("prices", json!({"model": "m", "input": "3"})),
        ("prices", json!({"model": "", "input": "3", "output": "1"})),
        ("prices", json!({"model": "m"})),
        (
            "prices",
            json!({"model": "m", "page": "1", "valid_from": "2020-01-01T00:00:00Z"}),
        ),
        (
            "prices",
            json!({"model": "m", "page": "1", "valid_from": "9999-01-01T00:00:00Z"}),
        ),
        ("prices", json!({"model": "a\0b", "page": "1"})),
        ("grants", json!({"credits": "1", "key": "a\0b"})),
        ("grants", json!({"credits": "1", "key": "a", "note": "\0"})),
        ("grants", json!({"credits": "0", "key": "a"})),
        ("grants", json!({"credits": "0.0000001", "key": "a"})),
        ("grants", json!({"credits": "１", "key": "a"})),
        ("grants", json!({"credits": "1", "key": ""})),
        (
            "plans",
            json!({"name": "x", "kind": "pass", "credits": "1"}),
        ),
    ] {
        let path = format!("/clients/acme/{path}");
        finance
            .post(&path, wrong, StatusCode::UNPROCESSABLE_ENTITY)
            .await;
    }
    reader
        .post("/clients/acme/prices", price, StatusCode::FORBIDDEN)
        .await;
    reader
        .post("/clients/acme/grants", gift, StatusCode::FORBIDDEN)
        .await;
    let acts = admin.acts().await;
    for act in [
        "price.set",
        "billing.set",
        "credits.grant",
        "plan.offer",
        "plan.end",
    ] {
        assert!(acts.iter().any(|done| done == act), "{act}: {acts:?}");
    }
}

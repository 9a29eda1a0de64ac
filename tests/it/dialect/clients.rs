//! Clients in Python, written from the contracts alone, walk through the whole life of each system.
//! What one prints when it fails are its last exchanges.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use concierge::{
    identity::{MembersMay, V1Tokens},
    models::{Script, Scripted, SharedChatModel},
};

use super::datagpt;
use crate::{
    golden::python_libraries,
    world::{Wish, World},
};

/// Runs a client to its end, on a thread of its own: the server answers on this one.
async fn walks(name: &'static str, arguments: Vec<String>) {
    let walk = tokio::task::spawn_blocking(move || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let mut command = Command::new("python3");
        command
            .arg(folder.join(name))
            .args(arguments)
            .env("PYTHONPATH", python_libraries())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1");
        command.output().unwrap()
    });
    let output = walk.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}\n{complaint}");
    assert!(said.starts_with("walked "), "{name}: {said}");
}

/// A model that says this in small pieces, with braces where readers look for the end of an object.
fn talking() -> SharedChatModel {
    let script = Script::saying("您好}{，电池保修期为24个月[1]。", 2, Duration::ZERO);
    Arc::new(Scripted::new("scripted", script))
}

async fn world(set: Vec<(&'static str, String)>) -> World {
    World::with(Wish {
        set,
        chat: Some(talking()),
        background: true,
        ..Wish::default()
    })
    .await
}

#[tokio::test]
async fn a_client_of_chatchat() {
    let world = world(vec![("dialects.chatchat_client", "acme".into())]).await;
    let may = MembersMay::Manage;
    world.partner_with("acme", V1Tokens::Header, may).await;
    walks("chatchat.py", vec![world.base.clone()]).await;
}

#[tokio::test]
async fn a_client_of_chat2llm() {
    let world = world(vec![]).await;
    let may = MembersMay::Manage;
    let partner = world.partner_with("1", V1Tokens::Header, may).await;
    let key = world.folder().join("client_key.pem");
    std::fs::write(&key, &partner.pem).unwrap();
    let key = key.display().to_string();
    walks("chat2llm.py", vec![world.base.clone(), "1".into(), key]).await;
}

#[tokio::test]
async fn clients_of_custom_data_gpt() {
    let world = datagpt::trained(vec![]).await;
    world.partner("acme").await;
    let arguments = [&world.base, datagpt::SECRET, "http://site.example"];
    walks("datagpt.py", arguments.map(str::to_owned).to_vec()).await;
}

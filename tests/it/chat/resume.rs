//! Coming back to an answer: byte for byte, wherever one was.

use concierge::{chat::orphan, jobs, models::Step};
use reqwest::{Method, StatusCode};

use super::{ANSWER, MANUAL, QUESTION, say, saying, script};
use crate::{
    reader::{Reader, names, shown},
    verbs::{behind, text},
    world::World,
};

#[tokio::test]
async fn whoever_comes_back_gets_the_very_bytes() {
    let steps = [
        say("电池"),
        say("保修"),
        Step::Gate,
        say("期为24个月[1]。"),
        Step::Gate,
        say("北京是首都[1]。"),
    ];
    let (world, model) = World::scripted(script(steps)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let twin = world.twin().await;
    let mut reader = ann.reads(&ann.session().await, QUESTION).await;
    let answer = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    let path = format!("/api/v1/messages/{answer}/stream");

    // in mid-answer, here and at a process that does not write it, from each place so far
    let mut others = vec![(None, ann.resumes(&answer, None).await)];
    for last in 0..=4 {
        others.push((Some(last), ann.resumes(&answer, Some(last)).await));
        let request = behind(twin.request(&ann, Method::GET, &path), Some(last));
        others.push((Some(last), Reader::new(request.send().await.unwrap())));
    }
    model.open_gate(2);
    let all = [reader.read.len(), reader.rest().await.len()];
    assert!(all[1] > 3, "{all:?}");
    let whole = reader.read;
    for (last, mut other) in others {
        other.rest().await;
        let tail = tail(&whole, last.unwrap_or(0));
        assert_eq!(text_of(&other.read), text_of(&tail), "behind {last:?}");
    }

    // after the end, out of the database
    let last_id = whole.windows(4).filter(|four| four == b"id: ").count() as u32;
    for last in 0..=last_id {
        let mut other = ann.resumes(&answer, Some(last)).await;
        other.rest().await;
        assert_eq!(
            text_of(&other.read),
            text_of(&tail(&whole, last)),
            "behind {last}"
        );
    }
    // what is no number counts as none
    let request = ann
        .request(Method::GET, &path)
        .header("Last-Event-ID", "somewhere");
    let mut other = Reader::new(request.send().await.unwrap());
    other.rest().await;
    assert_eq!(other.read, whole);
}

fn tail(whole: &[u8], last: u32) -> Vec<u8> {
    let frames = text_of(whole);
    let frames = frames.split_inclusive("\n\n").skip(last as usize);
    frames.collect::<String>().into_bytes()
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_day_later_the_text_comes_as_one() {
    let (world, model) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let answer = ann.asks(&session, QUESTION).await;
    model.push(script([say("half"), Step::Fail]));
    let failed = ann.asks(&session, QUESTION).await;
    let mut tx = world.app.db.system().await.unwrap();
    orphan::forget_frames(&mut tx, world.app.clock.now() + time::Duration::seconds(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.count("select count(*) from frame").await, 0);
    for (message, end) in [(&answer, "done"), (&failed, "error")] {
        let mut reader = ann.resumes(text(&message["id"]), Some(3)).await;
        let events = reader.rest().await;
        assert_eq!(names(&events), ["reset", end]);
        assert_eq!(shown(&events), text(&message["content"]));
        assert!(events[0].id > 3 && events[1].id > events[0].id);
    }
}

#[tokio::test]
async fn only_an_answer_of_ones_own_can_be_read_on() {
    let (world, _) = World::scripted(saying(ANSWER)).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let answer = ann.asks(&ann.session().await, "a").await;
    let path = |id: &str| format!("/api/v1/messages/{id}/stream");
    let nobody = uuid::Uuid::new_v4().to_string();
    for (who, id) in [
        (&bob, text(&answer["id"])),
        (&ann, text(&answer["reply_to"])),
        (&ann, &nobody),
    ] {
        assert_eq!(
            who.status(Method::GET, &path(id)).await,
            StatusCode::NOT_FOUND
        );
    }
}

/// The writer of an answer is killed in kill.rs; here it is only silent for longer than it may.
#[tokio::test]
async fn an_answer_without_a_writer_is_ended_once() {
    let (world, model) = World::scripted(script([say("电池保修"), Step::Hang])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let twin = world.twin().await;
    let mut reader = ann.reads(&ann.session().await, QUESTION).await;
    let answer = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    // the events so far are stored by now, or within a moment
    let path = format!("/api/v1/messages/{answer}/stream");
    let mut other = Reader::new(twin.request(&ann, Method::GET, &path).send().await.unwrap());
    other.until("delta").await;
    world.app.clock.forward(std::time::Duration::from_secs(11));
    jobs::end_orphans(&world.app).await.unwrap();
    let rest = other.rest().await;
    assert_eq!(names(&rest), ["reset", "error"]);
    assert_eq!(rest[0].data["text"], "电池保修");
    assert_eq!(rest[1].data["code"], "interrupted");
    let message = ann.message(&answer).await;
    assert_eq!(
        (&message["state"], &message["content"]),
        (&"failed".into(), &"电池保修".into())
    );
    assert_eq!(message["error"]["code"], "interrupted");
    // the writer learns of it and lets go of the vendor; one bill is written
    model.dropped(1).await;
    reader.rest().await;
    assert_eq!(world.booked(&answer).await.len(), 1);
    assert_eq!(ann.message(&answer).await, message);
}

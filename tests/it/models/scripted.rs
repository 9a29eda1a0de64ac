//! The scripted model, on which other tests lean.

use concierge::models::{ChatEvent, ChatModel as _, Script, Scripted, Step, TokenUsage};
use futures_util::{FutureExt as _, StreamExt as _};

use super::{Heard, question};
use crate::vendor::millis;

fn say(text: &str) -> Step {
    Step::Say(text.to_owned())
}

#[tokio::test]
async fn it_says_its_own_script_unless_given_another() {
    let usage = TokenUsage {
        input: 9,
        cached: 0,
        output: 3,
    };
    let own = Script::saying("电池保修两年", 4, millis(1)).then(Step::Usage(usage));
    assert_eq!(own.0.len(), 5);
    let model = Scripted::new("test", own);
    model.push(Script(vec![say("once"), Step::Cut("length".to_owned())]));

    let heard = Heard::from(model.answer(question()).await).await;
    assert_eq!(
        (heard.text.as_str(), heard.cut.as_deref()),
        ("once", Some("length"))
    );
    for _ in 0..2 {
        let heard = Heard::from(model.answer(question()).await).await;
        assert_eq!(
            (heard.text.as_str(), heard.usage),
            ("电池保修两年", Some(usage))
        );
    }
    assert_eq!(model.requests().len(), 3);
    assert_eq!(model.requests()[0].question, "电池保修多久？");
    assert_eq!(model.name(), "test");
}

#[tokio::test]
async fn a_gate_holds_the_rest_back() {
    let model = Scripted::new("test", Script(vec![say("a"), Step::Gate, say("b")]));
    let mut events = model.answer(question()).await.unwrap();
    assert_eq!(
        events.next().await.unwrap().unwrap(),
        ChatEvent::Delta("a".to_owned())
    );
    assert!(events.next().now_or_never().is_none());
    model.open_gate(1);
    assert_eq!(
        events.next().await.unwrap().unwrap(),
        ChatEvent::Delta("b".to_owned())
    );
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn it_fails_before_and_in_the_middle() {
    let model = Scripted::new("test", Script(vec![Step::Fail]));
    assert_eq!(
        model.answer(question()).await.err().unwrap().code(),
        "upstream"
    );
    model.push(Script(vec![say("a"), Step::Fail, say("never")]));
    let heard = Heard::from(model.answer(question()).await).await;
    assert_eq!(
        (heard.text.as_str(), heard.error.unwrap().code()),
        ("a", "upstream")
    );
}

#[tokio::test]
async fn it_tells_that_it_was_dropped() {
    let model = Scripted::new("test", Script(vec![say("a"), Step::Hang]));
    let mut events = model.answer(question()).await.unwrap();
    assert!(events.next().await.is_some());
    assert!(events.next().now_or_never().is_none());
    assert!(model.dropped(1).now_or_never().is_none());
    drop(events);
    model.dropped(1).await;
    // an answer heard to its end was not dropped
    model.push(Script(vec![say("a")]));
    Heard::from(model.answer(question()).await).await;
    assert!(model.dropped(2).now_or_never().is_none());
}

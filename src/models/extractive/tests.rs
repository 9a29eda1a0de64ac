use super::*;

const WARRANTY: &str =
    "保修政策\n整机保修一年，自购买之日起计算。电池保修期为24个月。屏幕不在保修范围内。";
const RETURNS: &str = "退货须在签收后7天内提出。商品应保持原包装，运费由买家承担。";
const CHARGING: &str = "电池首次使用前请充满电。充电时请使用原装充电器，环境温度为0℃至40℃。";
const WARRANTY_EN: &str = "Warranty\nThe device is covered for one year. The battery is covered by a \
    warranty of 24 months from the date of purchase. Screens are excluded.";
const RETURNS_EN: &str = "Items can be returned within 14 days of delivery. Keep the original \
    packaging; the buyer pays for shipping.";
const CHARGING_EN: &str = "Charge the battery fully before its first use. Use the original charger \
    between 0 and 40 degrees.";
const FAQ: &str = "问：电池保修多久？\n答：两年。\n问：屏幕坏了怎么办？\n答：请联系客服。";

fn bare(text: &str) -> Excerpt {
    Excerpt {
        context: String::new(),
        text: text.to_owned(),
    }
}

/// What is said when the documents hold no answer.
const NOTHING: &str = "Nothing.";

fn ask(question: &str, passages: &[&str]) -> String {
    let passages: Vec<Excerpt> = passages.iter().map(|&text| bare(text)).collect();
    reply(question, &passages, NOTHING)
}

#[test]
fn it_answers_with_the_sentence_that_answers() {
    let chinese = [CHARGING, RETURNS, WARRANTY];
    let english = [CHARGING_EN, RETURNS_EN, WARRANTY_EN];
    let cases: [(&str, &[&str], &str); 9] = [
        ("电池保修多久？", &chinese, "电池保修期为24个月。 [3]"),
        (
            "退货要在几天内提出？",
            &chinese,
            "退货须在签收后7天内提出。 [2]",
        ),
        ("充电的环境温度是多少", &chinese, "环境温度为0℃至40℃。 [1]"),
        (
            "How long is the battery warranty?",
            &english,
            "24 months from the date of purchase. [3]",
        ),
        (
            "who pays for the shipping",
            &english,
            "the buyer pays for shipping. [2]",
        ),
        (
            "Are screens covered?",
            &english,
            "Screens are excluded. [3]",
        ),
        (
            "电池保修多久？",
            &[RETURNS, FAQ],
            "资料中写道：\n\n答：两年。 [2]",
        ),
        (
            "battery warranty in months?",
            &[CHARGING, WARRANTY_EN],
            "warranty of 24 months",
        ),
        ("保修范围不包括什么", &chinese, "屏幕不在保修范围内。 [3]"),
    ];
    for (question, passages, wanted) in cases {
        let answer = ask(question, passages);
        assert!(answer.contains(wanted), "{question} -> {answer}");
    }
}

#[test]
fn it_speaks_the_language_of_the_question() {
    let cases = [
        ("电池保修多久？", WARRANTY, "资料中写道："),
        ("X200电池", "The X200 battery is 电池.", "资料中写道："),
        ("battery warranty", WARRANTY_EN, "The documents say:"),
        ("今天天气", WARRANTY_EN, NOTHING),
        ("weather today", WARRANTY, NOTHING),
    ];
    for (question, passage, wanted) in cases {
        let answer = ask(question, &[passage]);
        assert!(answer.starts_with(wanted), "{question} -> {answer}");
    }
}

#[test]
fn a_stray_word_is_no_answer() {
    let line = "Service line: Monday to Friday, Beijing time.";
    let hotline = "服务热线：周一至周五，北京时间。";
    let cases = [
        ("What is the weather in Beijing?", [line, WARRANTY_EN]),
        ("Is there a shop in Beijing?", [line, WARRANTY_EN]),
        ("北京今天天气怎么样？", [hotline, WARRANTY]),
        ("北京有门店吗？", [hotline, WARRANTY]),
        ("电池多重？", [hotline, WARRANTY]),
        ("How much does the battery weigh?", [line, WARRANTY_EN]),
    ];
    for (question, passages) in cases {
        assert_eq!(ask(question, &passages), NOTHING, "{question}");
    }
}

#[test]
fn headings_speak_for_what_stands_under_them() {
    let under = |context: &str, text: &str| Excerpt {
        context: context.to_owned(),
        text: text.to_owned(),
    };
    let passages = [
        under(
            "Guide > Battery warranty",
            "Battery warranty\n\n- It is covered for 24 months.\n- Call us.",
        ),
        under(
            "手册 > 退货",
            "收到后 7 天内都行，包装齐全。运费由买家承担。",
        ),
        under("手册 > 退货 > 部件 | 期限", "车灯\t12 个月\n前叉\t24 个月"),
    ];
    let cases = [
        (
            "How long is the battery under warranty?",
            "It is covered for 24 months. [1]",
        ),
        ("退货有什么条件？", "收到后 7 天内都行，包装齐全。 [2]"),
        ("前叉的期限是多久？", "部件：前叉，期限：24 个月 [3]"),
    ];
    for (question, wanted) in cases {
        let answer = reply(question, &passages, NOTHING);
        assert!(answer.contains(wanted), "{question} -> {answer}");
    }
}

#[test]
fn what_two_passages_say_is_said_once() {
    let rules = "电池保修期为24个月。";
    let more = "电池保修期自签收之日起计算。";
    let answer = ask("电池保修期", &[more, rules, rules]);
    assert_eq!(
        answer,
        format!("资料中写道：\n\n- {more} [1]\n- {rules} [2]")
    );
}

#[test]
fn of_too_much_it_keeps_what_tells_most() {
    let cases: [(&str, [&str; 4], &str); 4] = [
        (
            "电池保修多久",
            [
                "电池保修须凭发票。",
                "电池保修由门店办。",
                "电池保修除人为外。",
                "电池保修为二十四个月。",
            ],
            "[4]",
        ),
        (
            "battery warranty",
            [
                "Battery warranty rules overview page",
                "Battery warranty claims contact list",
                "Battery warranty terms of use index",
                "The battery warranty ends after two years.",
            ],
            "[4]",
        ),
        (
            "电池保修",
            [
                "电池保修。",
                "电池保修！",
                "电池保修？",
                "电池保修期自购买日起算。",
            ],
            "[4]",
        ),
        (
            "保修",
            [
                "保修须凭发票。",
                "保修由门店办。",
                "保修除人为外。",
                "保修为两年整。",
            ],
            "[1]",
        ),
    ];
    for (question, passages, wanted) in cases {
        let answer = ask(question, &passages);
        assert!(answer.contains(wanted), "{question} -> {answer}");
    }
    let answer = ask("电池保修", &["电池保修。", "电池保修期自购买日起算。"]);
    assert!(
        !answer.contains("[1]"),
        "it only repeats the question: {answer}"
    );
}

#[test]
fn the_best_comes_first() {
    let passages = ["电池保修须凭发票办理。", "电池保修为24个月。"];
    let answer = ask("电池保修", &passages);
    assert!(answer.find("[1]") < answer.find("[2]"), "{answer}");
    let answer = ask("电池保修多久？", &passages);
    assert_eq!(answer, "资料中写道：\n\n电池保修为24个月。 [2]");
}

#[test]
fn no_more_than_three_sentences() {
    let text: String = (1..20)
        .map(|n| format!("电池保修条款{n}适用于型号{n}的用户{n}。\n"))
        .collect();
    let answer = ask("电池保修条款", &[&text]);
    assert_eq!(answer.matches(" [1]").count(), 3, "{answer}");
}

#[test]
fn numbers_in_brackets_are_only_ever_its_own_marks() {
    let answer = ask(
        "battery warranty",
        &["See [2]: the battery warranty is two years [7]."],
    );
    assert!(
        answer.ends_with("the battery warranty is two years . [1]"),
        "{answer}"
    );
    assert!(
        !answer.contains("[7]") && !answer.contains("[2]"),
        "{answer}"
    );
}

#[test]
fn nothing_comes_from_nothing() {
    assert_eq!(ask("电池保修多久？", &[]), "");
    let nothing = NOTHING;
    assert_eq!(ask("电池保修多久？", &["", "——"]), nothing);
    assert_eq!(ask("？", &[WARRANTY]), NOTHING);
}

#[test]
fn a_stranger_text_does_no_harm() {
    let odd = "\u{0}\u{feff}[[1]\n[\n]🔋".repeat(500);
    let long = "词".repeat(10_000);
    for question in [odd.as_str(), long.as_str(), "？？？", "\n"] {
        let answer = ask(question, &[&odd, &long, WARRANTY]);
        assert!(answer.chars().count() < 2_000, "{question}");
    }
}

#[tokio::test]
async fn it_streams_in_small_pieces_and_keeps_to_the_limit() {
    let model = Extractive::new("local");
    let mut request = ChatRequest {
        messages: Vec::new(),
        question: "电池保修多久？".to_owned(),
        passages: vec![bare(WARRANTY)],
        no_answer: NOTHING.to_owned(),
        output_tokens_max: 500,
        temperature: None,
    };
    let answered = |request: ChatRequest| async {
        let events: Vec<_> = model.answer(request).await.unwrap().collect().await;
        events
            .into_iter()
            .map(|event| event.unwrap())
            .collect::<Vec<_>>()
    };
    let events = answered(request.clone()).await;
    let pieces: Vec<&str> = events
        .iter()
        .map(|event| match event {
            ChatEvent::Delta(text) => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        pieces.len() > 2
            && pieces
                .iter()
                .all(|piece| piece.chars().count() <= DELTA_CHARS)
    );
    assert!(
        pieces.concat().contains("电池保修期为24个月。 [1]"),
        "{pieces:?}"
    );

    request.output_tokens_max = 8;
    let events = answered(request.clone()).await;
    assert_eq!(events.last(), Some(&ChatEvent::Cut("length".to_owned())));

    request.passages.clear();
    assert_eq!(answered(request).await, []);
}

//! A question and its answer, through the API.

mod ask_twice;
mod citations;
mod files;
mod handbook;
mod history;
mod otherwise;
mod refusals;
mod resume;
mod samples;
mod settings;
mod stop;
mod stream;
mod titles;
mod tree;
mod usage;
mod walls;

use std::{sync::Arc, time::Duration};

use concierge::models::{Script, Scripted, Step};

/// A manual with something in front of its sentences that is one code point and two UTF-16 units.
pub const MANUAL: &str = "# 😀 保修手册\n\n欢迎使用😀。电池保修期为24个月，自购买之日起计算。\
     屏幕不在保修范围内。\n\nA full charge of the battery takes five hours.\n";
/// A question that [`MANUAL`] answers.
pub const QUESTION: &str = "电池保修期多久？";
/// The answer, with its source.
pub const ANSWER: &str = "电池保修期为24个月[1]。";

/// A script of these steps.
pub fn script(steps: impl IntoIterator<Item = Step>) -> Script {
    Script(steps.into_iter().collect())
}

/// Says this.
pub fn say(text: &str) -> Step {
    Step::Say(text.to_owned())
}

/// A model that says this, two characters at a time.
pub fn saying(text: &str) -> Script {
    Script::saying(text, 2, Duration::ZERO)
}

/// A model that follows this script at every question.
pub fn model(script: Script) -> Arc<Scripted> {
    Arc::new(Scripted::new("scripted", script))
}

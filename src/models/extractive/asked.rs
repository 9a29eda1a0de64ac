//! What kind of quantity a question asks for, and whether a text names one.

use super::terms::is_han;

/// A kind of quantity: what asks for it, and its units.
#[derive(Debug)]
pub struct Kind {
    /// Phrases that only ask: they are no words of the answer.
    asking: &'static [&'static str],
    /// Words that name the kind: an answer may well have them.
    naming: &'static [&'static str],
    /// What stands behind the number, in lower case and the singular.
    units: &'static [&'static str],
    /// What stands before it.
    signs: &'static [char],
}

/// Those with a unit first: "多少" alone asks for any number. Within one, longer phrases first.
const KINDS: [Kind; 9] = [
    Kind {
        asking: &["多长时间", "多少时间", "多久", "how long", "how soon"],
        naming: &["期限", "duration"],
        units: &[
            "年",
            "月",
            "周",
            "星期",
            "天",
            "日",
            "小时",
            "分钟",
            "秒",
            "工作日",
            "year",
            "month",
            "week",
            "day",
            "hour",
            "minute",
            "second",
            "working day",
            "business day",
        ],
        signs: &[],
    },
    Kind {
        asking: &["多少钱", "几块钱", "怎么卖"],
        naming: &["价格", "售价", "费用", "收费", "cost", "price", "fee"],
        units: &[
            "元", "块", "yuan", "dollar", "euro", "rmb", "cny", "usd", "eur", "$", "€",
        ],
        signs: &['¥', '$', '€'],
    },
    Kind {
        asking: &["多重", "how heavy"],
        naming: &["重量", "weigh"],
        units: &[
            "公斤", "千克", "斤", "克", "吨", "kg", "kilogram", "gram", "pound", "lb",
        ],
        signs: &[],
    },
    Kind {
        asking: &["多快", "how fast", "how quick"],
        naming: &["时速", "车速", "速度", "speed"],
        units: &["km/h", "mph", "公里", "千米"],
        signs: &[],
    },
    Kind {
        asking: &[
            "多远",
            "多薄",
            "多粗",
            "多高",
            "多深",
            "多厚",
            "多宽",
            "how far",
            "how deep",
            "how high",
            "how tall",
            "how thick",
            "how thin",
            "how wide",
        ],
        naming: &["距离", "distance"],
        units: &[
            "公里",
            "千米",
            "厘米",
            "毫米",
            "米",
            "km",
            "mm",
            "cm",
            "mile",
            "metre",
            "meter",
            "kilometre",
            "kilometer",
            "millimetre",
            "millimeter",
        ],
        signs: &[],
    },
    Kind {
        asking: &[
            "多少度",
            "几度",
            "多热",
            "多冷",
            "how cold",
            "how hot",
            "how warm",
        ],
        naming: &["温度", "气温", "temperature"],
        units: &["摄氏度", "度", "°c", "° c", "degree"],
        signs: &[],
    },
    Kind {
        asking: &["百分之多少", "百分之几", "what percentage", "what percent"],
        naming: &["percentage"],
        units: &["%"],
        signs: &[],
    },
    Kind {
        asking: &["how many", "how much", "how often", "how old", "多少", "几"],
        naming: &[
            "多大",
            "when",
            "what time",
            "何时",
            "什么时候",
            "how big",
            "how large",
        ],
        units: &[""],
        signs: &[],
    },
    Kind {
        asking: &["多长"],
        naming: &["how wide"],
        units: &["米", "metre", "meter", "小时", "天", "年"],
        signs: &[],
    },
];

const NUMERALS: &str = "一二三四五六七八九十百千万两半";
const NUMBER_WORDS: [&str; 13] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "a",
    "an",
];

/// The kind that a question (lower case) asks for.
pub fn kind(question: &str) -> Option<&'static Kind> {
    let has = |words: &[&str]| words.iter().any(|word| stands_in(question, word));
    let asks = KINDS.iter().find(|kind| has(kind.asking));
    // "多少公里" asks for the unit that stands behind
    let counted = ["多少", "几个", "几", "how many "].iter().find_map(|word| {
        let (_, behind) = question.split_once(word)?;
        let starts = |unit: &&str| !unit.is_empty() && behind.starts_with(*unit);
        KINDS.iter().find(|kind| kind.units.iter().any(starts))
    });
    let named = || KINDS.iter().find(|kind| has(kind.naming));
    match asks {
        Some(kind) if kind.units != [""] => Some(kind),
        any => counted.or_else(named).or(any),
    }
}

/// Whether a word names a kind of quantity.
pub fn names_kind(word: &str) -> bool {
    KINDS
        .iter()
        .flat_map(|kind| kind.naming)
        .any(|name| *name == word)
}

/// Whether a phrase stands in a text, not in the middle of a word.
fn stands_in(text: &str, phrase: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic();
    text.match_indices(phrase).any(|(at, _)| {
        let behind = text[at + phrase.len()..].trim_start_matches('s');
        !phrase.starts_with(letter) || !text[..at].ends_with(letter) && !behind.starts_with(letter)
    })
}

/// A question without the phrases that only ask for a quantity.
pub fn without(question: &str) -> String {
    let mut rest = question.to_owned();
    for phrase in KINDS.iter().flat_map(|kind| kind.asking) {
        rest = rest.replace(phrase, " ");
    }
    rest
}

impl Kind {
    /// Whether a text (lower case) names a quantity of this kind.
    pub fn is_in(&self, text: &str) -> bool {
        let signed = |sign: &char| {
            let behind = text.split(*sign).skip(1);
            behind
                .into_iter()
                .any(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        };
        self.units.iter().any(|unit| counts(text, unit)) || self.signs.iter().any(signed)
    }
}

fn counts(text: &str, unit: &str) -> bool {
    if unit.is_empty() {
        return text.chars().any(char::is_numeric) || counts_in_words(text);
    }
    text.match_indices(unit).any(|(at, _)| {
        let behind = text[at + unit.len()..].trim_start_matches('s');
        let ends = !unit.ends_with(|c: char| c.is_ascii_alphabetic())
            || !behind.starts_with(|c: char| c.is_ascii_alphabetic());
        ends && is_number_before(&text[..at])
    })
}

fn is_number_before(text: &str) -> bool {
    let text = text.trim_end_matches([' ', '个', '多', '-']);
    let Some(last) = text.chars().next_back() else {
        return false;
    };
    if last.is_numeric() || NUMERALS.contains(last) {
        return true;
    }
    let word = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next();
    word.is_some_and(|word| NUMBER_WORDS.contains(&word))
}

fn counts_in_words(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let counted = |pair: &[char]| {
        NUMERALS.contains(pair[0])
            && is_han(pair[1])
            && "年月日天周个小时分元件次位".contains(pair[1])
    };
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
    // an article counts nothing here
    chars.windows(2).any(counted)
        || words.any(|word| word.len() > 2 && NUMBER_WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_its_kind_of_quantity() {
        let cases = [
            ("电池保修多久", "电池保修 24 个月", "电池须在 40 度以下"),
            ("电池保修几个月", "保修两年", "保修须凭发票"),
            ("最多能载多重", "100 公斤", "40 公里"),
            ("续航多少公里", "续航 70 公里", "保修 24 个月"),
            ("C2 卖多少钱", "4,999 元", "70 公里"),
            ("工时费多少", "每小时 120", "工时费另计"),
            ("温度不能超过多少度", "40 摄氏度", "40 公里"),
            ("how long is it", "for two years", "it costs 20 yuan"),
            ("how many months", "24 months", "the monthly fee"),
            ("what does it cost", "¥ 300 in total", "3 hours"),
            ("how many are there", "there are three", "there is a bike"),
            ("at what percentage", "about 50 %", "50 days"),
            ("how fast is it", "25 km/h", "25 kg"),
        ];
        for (question, is, is_not) in cases {
            let kind = kind(question).unwrap_or_else(|| panic!("{question}"));
            assert!(kind.is_in(is), "{question}: {is}");
            assert!(!kind.is_in(is_not), "{question}: {is_not}");
        }
        for question in ["怎么退货", "what does it mean"] {
            assert!(kind(question).is_none(), "{question}");
        }
    }
}

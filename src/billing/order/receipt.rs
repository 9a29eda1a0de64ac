//! A receipt as a page that prints: no script, nothing from elsewhere, every text escaped.

use time::{OffsetDateTime, macros::format_description};

use super::{Provider, State, shapes::ReceiptBody};

/// The language of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "ReceiptLang", rename_all = "snake_case")]
pub enum Lang {
    /// 中文。
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The first one that a browser asks for and that there is.
    pub fn accepted(header: &str) -> Self {
        let zh = |part: &&str| part.trim_start().to_ascii_lowercase().starts_with("zh");
        let en = |part: &&str| part.trim_start().to_ascii_lowercase().starts_with("en");
        match header.split(',').find(|part| zh(part) || en(part)) {
            Some(part) if zh(&part) => Self::Zh,
            _ => Self::En,
        }
    }
}

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em;color:#222}\
    table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500;color:#666;padding:.4em 2em .4em 0;\
    vertical-align:top;white-space:nowrap}td{padding:.4em 0;overflow-wrap:anywhere}\
    tr{border-bottom:1px solid #ddd}h1{font-size:1.5em}";

/// What the page may do: show itself.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub fn html(receipt: &ReceiptBody, lang: Lang) -> String {
    let say = |zh: &'static str, en: &'static str| match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
    let rows = [
        (say("编号", "Number"), receipt.number.clone()),
        (say("卖方", "Seller"), receipt.seller.clone()),
        (say("商品", "Item"), receipt.title.clone()),
        (
            say("点数", "Credits"),
            receipt.credits.clone().unwrap_or_default(),
        ),
        (say("金额", "Total"), receipt.total.clone()),
        (
            say("已退款", "Refunded"),
            receipt.went_back.clone().unwrap_or_default(),
        ),
        (
            say("付款日期（UTC）", "Paid (UTC)"),
            receipt.paid_at.map(day).unwrap_or_default(),
        ),
        (
            say("付款方式", "Paid by"),
            provider(receipt.provider, lang).into(),
        ),
        (
            say("付款编号", "Payment"),
            receipt.payment.clone().unwrap_or_default(),
        ),
        (say("订单", "Order"), receipt.order_id.to_string()),
        (say("状态", "State"), state(receipt.state, lang).into()),
    ];
    let rows: String = rows
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<tr><th>{}<td>{}", escaped(name), escaped(value)))
        .collect();
    let (title, tag) = (say("收据", "Receipt"), say("zh-CN", "en"));
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} {number}</title>\
         <style>{STYLE}</style><h1>{title}</h1><table>{rows}</table></html>",
        number = escaped(&receipt.number),
    )
}

fn day(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_default()
}

fn provider(provider: Provider, lang: Lang) -> &'static str {
    match (provider, lang) {
        (Provider::Stripe, _) => "Stripe",
        (Provider::Chain, Lang::Zh) => "链上转账",
        (Provider::Chain, Lang::En) => "On-chain transfer",
    }
}

fn state(state: State, lang: Lang) -> &'static str {
    match (state, lang) {
        (State::Refunded, Lang::Zh) => "已全额退款",
        (State::Refunded, Lang::En) => "Refunded",
        (State::Disputed, Lang::Zh) => "争议中",
        (State::Disputed, Lang::En) => "Disputed",
        (_, Lang::Zh) => "已付款",
        (_, Lang::En) => "Paid",
    }
}

/// Fit for the text of a page and for an attribute in quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::Example;

    use super::*;

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let receipt = ReceiptBody {
            title: "<script>alert(1)</script>".into(),
            seller: "\"><img src=x onerror='a()'>&amp;\u{0}".into(),
            ..ReceiptBody::example()
        };
        for lang in [Lang::Zh, Lang::En] {
            let page = html(&receipt, lang);
            assert!(
                !page.contains("<script") && !page.contains("<img"),
                "{page}"
            );
            assert!(
                page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
                "{page}"
            );
            assert!(
                page.contains("&quot;&gt;&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;amp; <"),
                "{page}"
            );
        }
    }

    #[test]
    fn a_receipt_speaks_the_language_that_is_asked_for() {
        for (header, lang) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.9,zh;q=0.8", Lang::En),
            ("fr, zh-TW;q=0.5", Lang::Zh),
            ("", Lang::En),
            ("*", Lang::En),
        ] {
            assert_eq!(Lang::accepted(header), lang, "{header}");
        }
        let receipt = ReceiptBody::example();
        assert!(html(&receipt, Lang::Zh).contains("<th>金额<td>12.50 USD"));
        assert!(html(&receipt, Lang::En).contains("<th>Total<td>12.50 USD"));
    }
}

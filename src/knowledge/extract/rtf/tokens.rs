//! The words of RTF: groups, control words, bytes.

/// A piece of an RTF file.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// `\name123`
    Word(&'a str, Option<i32>),
    /// `\*` and other marks.
    Mark(u8),
    /// A byte of text, in the encoding of the font.
    Byte(u8),
    /// Bytes of text that are ASCII.
    Text(&'a str),
}

/// Cuts a file into its pieces.
pub struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn control(&mut self) -> Option<Token<'a>> {
        let (&first, behind) = self.rest.split_first()?;
        if !first.is_ascii_alphabetic() {
            self.rest = behind;
            if first != b'\'' {
                return Some(Token::Mark(first));
            }
            let (digits, behind) = self.rest.split_at_checked(2)?;
            self.rest = behind;
            let byte = std::str::from_utf8(digits).ok();
            return Some(Token::Byte(
                byte.and_then(|hex| u8::from_str_radix(hex, 16).ok())
                    .unwrap_or(b'?'),
            ));
        }
        let length = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (name, behind) = self.rest.split_at(length);
        let sign = usize::from(behind.first() == Some(&b'-'));
        let digits = behind[sign..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, behind) = behind.split_at(if digits > 0 { sign + digits } else { 0 });
        let value = std::str::from_utf8(number)
            .ok()
            .and_then(|number| number.parse().ok());
        self.rest = behind.strip_prefix(b" ").unwrap_or(behind);
        let name = std::str::from_utf8(name).unwrap_or("");
        if name == "bin" {
            // raw bytes of a picture
            let length = usize::try_from(value.unwrap_or(0))
                .unwrap_or(0)
                .min(self.rest.len());
            self.rest = &self.rest[length..];
        }
        Some(Token::Word(name, value))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let (&first, behind) = self.rest.split_first()?;
            match first {
                b'\r' | b'\n' | 0 => self.rest = behind,
                b'{' | b'}' => {
                    self.rest = behind;
                    return Some(if first == b'{' {
                        Token::Open
                    } else {
                        Token::Close
                    });
                }
                b'\\' => {
                    self.rest = behind;
                    return self.control();
                }
                0x80.. => {
                    self.rest = behind;
                    return Some(Token::Byte(first));
                }
                _ => {
                    let is_text = |byte: &u8| byte.is_ascii() && !b"\r\n{}\\\0".contains(byte);
                    let length = self.rest.iter().take_while(|byte| is_text(byte)).count();
                    let (text, behind) = self.rest.split_at(length);
                    self.rest = behind;
                    return Some(Token::Text(std::str::from_utf8(text).unwrap_or("")));
                }
            }
        }
    }
}

//! What Windows calls the encodings of bytes.

use encoding_rs::Encoding;

/// The encoding of a code page of Windows.
pub fn code_page(number: i32) -> Option<&'static Encoding> {
    Some(match number {
        936 => encoding_rs::GB18030,
        950 => encoding_rs::BIG5,
        932 => encoding_rs::SHIFT_JIS,
        949 => encoding_rs::EUC_KR,
        65001 => encoding_rs::UTF_8,
        1250..=1258 => Encoding::for_label(format!("windows-{number}").as_bytes())?,
        _ => return None,
    })
}

/// The encoding of a font by its character set.
pub fn charset(number: i32) -> Option<&'static Encoding> {
    code_page(match number {
        134 => 936,
        136 => 950,
        128 => 932,
        129 => 949,
        204 => 1251,
        238 => 1250,
        161 => 1253,
        162 => 1254,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        163 => 1258,
        0 => 1252,
        _ => return None,
    })
}

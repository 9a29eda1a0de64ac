//! A small writer of PDFs, so that each test shows what is special about its document.

/// Object ids of what every document has.
const CATALOG: usize = 1;
const TREE: usize = 2;
const FONT: usize = 3;
const FIRST_PAGE: usize = 4;

/// A document of objects; their ids count from 1.
pub fn write(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", at + 1).bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let table = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    pdf.extend(
        format!("trailer\n<</Size {size}/Root {CATALOG} 0 R>>\nstartxref\n{table}\n%%EOF\n")
            .bytes(),
    );
    pdf
}

/// A stream object.
pub fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len()).into_bytes();
    object.extend(bytes);
    object.extend(b"\nendstream");
    object
}

/// The content of a page of lines, the first at the top.
pub fn lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut content = String::from("BT /F 12 Tf 15 TL 72 720 Td\n");
    for line in lines {
        content.push_str(&format!("({line}) Tj T*\n"));
    }
    content.push_str("ET");
    content.into_bytes()
}

/// A document with a page per content and this font, as a dictionary and what else it needs:
/// further objects, to which it may refer as `descendant`.
pub fn document(font: &str, further: &[&str], contents: &[Vec<u8>]) -> Vec<u8> {
    let streams: Vec<_> = contents.iter().map(|content| stream("", content)).collect();
    of_streams(font, further, &streams)
}

/// The same with finished stream objects.
pub fn of_streams(font: &str, further: &[&str], streams: &[Vec<u8>]) -> Vec<u8> {
    let pages = streams.len();
    let kids: String = (0..pages)
        .map(|at| format!("{} 0 R ", FIRST_PAGE + at))
        .collect();
    let descendant = FIRST_PAGE + 2 * pages;
    let mut objects = vec![
        format!("<</Type/Catalog/Pages {TREE} 0 R>>").into_bytes(),
        format!("<</Type/Pages/Kids[{kids}]/Count {pages}>>").into_bytes(),
        font.replace("descendant", &format!("{descendant} 0 R"))
            .into_bytes(),
    ];
    for at in 0..pages {
        let content = FIRST_PAGE + pages + at;
        objects.push(
            format!(
                "<</Type/Page/Parent {TREE} 0 R/MediaBox[0 0 595 842]\
                 /Resources<</Font<</F {FONT} 0 R>>>>/Contents {content} 0 R>>"
            )
            .into_bytes(),
        );
    }
    objects.extend(streams.iter().cloned());
    objects.extend(further.iter().map(|object| object.as_bytes().to_vec()));
    write(&objects)
}

/// Every reader has this font.
pub const HELVETICA: &str =
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";

/// A document in English with a page per slice of lines.
pub fn english(pages: &[&[&str]]) -> Vec<u8> {
    let contents: Vec<_> = pages
        .iter()
        .map(|page| lines(page.iter().copied()))
        .collect();
    document(HELVETICA, &[], &contents)
}

/// A page of Chinese whose font is not embedded and has no table back to Unicode: only the
/// predefined `encoding` says what its bytes mean.
pub fn chinese(encoding: &str, ordering: &str, encoded: &[Vec<u8>]) -> Vec<u8> {
    let font = format!(
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/{encoding}\
         /DescendantFonts[descendant]>>"
    );
    let descendant = format!(
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000\
         /CIDSystemInfo<</Registry(Adobe)/Ordering({ordering})/Supplement 2>>>>"
    );
    let mut content = b"BT /F 12 Tf 18 TL 72 720 Td\n".to_vec();
    for line in encoded {
        let hex: String = line.iter().map(|byte| format!("{byte:02x}")).collect();
        content.extend(format!("<{hex}> Tj T*\n").bytes());
    }
    content.extend(b"ET");
    document(&font, &[&descendant], &[content])
}

//! A page of a PDF as a picture, made by the confined worker.

use base64::{Engine, engine::general_purpose::STANDARD};
use pdfium_render::prelude::{PdfDocument, PdfRenderConfig};
use serde::{Deserialize, Serialize};

use super::{
    Limits, Output, Worker, died,
    frame::{Frame, Task, Work},
    refused, run_in_time,
};
use crate::error::{Error, Result};

/// Pixels of a picture: an A4 page 2,000 pixels wide has less than half of that.
const PIXELS_MAX: f32 = 12_000_000.0;
/// Seconds that one picture may take.
const SECONDS_MAX: u64 = 20;
/// The first bytes of a PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// Pixels from left to right.
    pub width: u32,
}

/// A page as PNG.
///
/// # Errors
/// `NotFound` for a page there is not, `Invalid` for a document that cannot be opened or takes too
/// long.
pub async fn draw(
    bytes: Vec<u8>,
    picture: Picture,
    limits: &Limits,
    worker: &Worker,
) -> Result<Vec<u8>> {
    let limits = Limits {
        seconds_max: limits.seconds_max.min(SECONDS_MAX),
        ..limits.clone()
    };
    let task = Task::new(Work::Draw(picture), &limits);
    let output = run_in_time(task, bytes, &limits, worker).await?;
    understand(&output, &limits)
}

fn understand(output: &Output, limits: &Limits) -> Result<Vec<u8>> {
    for frame in serde_json::Deserializer::from_slice(&output.frames).into_iter() {
        match frame {
            Ok(Frame::Picture { png }) => {
                let png = STANDARD.decode(png).map_err(Error::internal)?;
                // a browser shows it: nothing but a picture may come out of a worker
                return if png.starts_with(PNG) {
                    Ok(png)
                } else {
                    Err(died(output, limits))
                };
            }
            Ok(Frame::PageError { detail, .. }) => return Err(Error::Invalid(detail)),
            Ok(Frame::Refused(refusal)) => return Err(refused(refusal, output, limits)),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Err(died(output, limits))
}

/// The worker's side: draws the page. `None` when there is no such page.
pub fn drawn(document: &PdfDocument<'_>, picture: Picture) -> anyhow::Result<Option<Frame>> {
    let index = i32::try_from(picture.page).unwrap_or(0) - 1;
    if index < 0 || index >= document.pages().len() {
        return Ok(None);
    }
    let page = picture.page;
    let damaged = Frame::PageError {
        page,
        detail: "The page is damaged.".to_owned(),
    };
    let Ok(page) = document.pages().get(index) else {
        return Ok(Some(damaged));
    };
    let (width, height) = size(page.width().value, page.height().value, picture.width);
    let config = PdfRenderConfig::new().set_target_size(width, height);
    let Ok(bitmap) = page.render_with_config(&config) else {
        return Ok(Some(damaged));
    };
    let rgb: Vec<u8> = bitmap
        .as_rgba_bytes()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let png = encode(bitmap.width(), bitmap.height(), &rgb)?;
    Ok(Some(Frame::Picture {
        png: STANDARD.encode(png),
    }))
}

/// The size in pixels of a page that has this size in points: as wide as wanted, unless it is so long
/// that it would take too much memory.
fn size(width: f32, height: f32, wanted: u32) -> (i32, i32) {
    let ratio = (height / width.max(1.0)).clamp(0.001, 1_000.0);
    let widest = (PIXELS_MAX / ratio).sqrt();
    let wide = (wanted as f32).min(widest).max(1.0);
    (wide as i32, ((wide * ratio) as i32).max(1))
}

fn encode(width: i32, height: i32, rgb: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width.unsigned_abs(), height.unsigned_abs());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_wide_as_wanted_and_never_huge() {
        assert_eq!(size(595.0, 842.0, 1_000), (1_000, 1_415));
        assert_eq!(size(200.0, 100.0, 10), (10, 5));
        for (width, height) in [
            (1.0, 14_400.0),
            (14_400.0, 1.0),
            (0.0, 0.0),
            (f32::NAN, 1.0),
        ] {
            let (wide, high) = size(width, height, 2_000);
            assert!(wide >= 1 && high >= 1 && wide <= 2_000, "{wide} x {high}");
            assert!(f64::from(wide) * f64::from(high) <= 12_100_000.0);
        }
    }
}
